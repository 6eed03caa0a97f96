"""The bands of the timing diagram: which expression each moment is called by, and what lasts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import polars as pl

from affectflow.face.expressions.mapping import NEUTRAL
from affectflow.viz.expression_series import NEUTRAL_GREY, OTHERS_GREY, ExpressionSeries, colour_of
from affectflow.viz.labels import in_words
from affectflow.viz.style import BLACK, GREY, PAGE_MM, SMALLEST_PT, takes_white, text_width_mm

if TYPE_CHECKING:
    from matplotlib.axes import Axes

BANDS = {"one_dominant": "one leads", "two_dominant": "two lead", "unstable": "unstable"}
# What axis labels and margins leave of a page's width.
PLOT_MM = PAGE_MM - 24
# Room for the names of expressions without a colour, beside the title.
KEY_MM = 36.0
# Height of a band, and of the stripes below names that share one; rows are 1 apart.
HIGH, STRIPES = 0.8, 0.24


def bands_title(series: ExpressionSeries) -> str:
    """Return what the bands show."""
    return f"label of the frame, label of the last {series.cumulative_s:g} s, and what lasts"


def draw_bands(axis: Axes, series: ExpressionSeries, intervals: pl.DataFrame) -> None:
    """Draw rows of bands: the label, the label of the last seconds, and the three analyses.

    A band has its name where there is room. Bands of several names have a
    stripe in the colour of each. A key says what the greys are.

    Parameters
    ----------
    axis
        Its time is that of the series.
    series
        What the diagram shows.
    intervals
        `schema.EXPRESSION_INTERVALS` of the recording.
    """
    for row, labels in enumerate((series.label, series.cumulative_label)):
        _strip(axis, series, labels, row)
    for row, analysis in enumerate(BANDS, start=2):
        for each in intervals.filter(analysis=analysis).iter_rows(named=True):
            _band(axis, series, each["names"].split("+"), row, each["onset_s"], each["duration_s"])
    axis.set(ylim=(2 + len(BANDS), -0.1))
    rows = ["label", f"last {series.cumulative_s:g} s", *BANDS.values()]
    axis.set_yticks([k + HIGH / 2 for k in range(len(rows))], rows)
    axis.tick_params(left=False)
    axis.spines["left"].set_visible(False)
    _key(axis, series, intervals)


def _strip(axis: Axes, series: ExpressionSeries, labels: list[str | None], row: int) -> None:
    """One row of colours; neighbouring moments of the same label are one bar."""
    starts = [i for i in range(len(labels)) if i == 0 or labels[i] != labels[i - 1]]
    for start, end in zip(starts, [*starts[1:], len(labels)], strict=True):
        if (name := labels[start]) is not None:
            onset_s = float(series.edges_s[start])
            _band(axis, series, [name], row, onset_s, float(series.edges_s[end]) - onset_s)


def _band(
    axis: Axes, series: ExpressionSeries, names: list[str], row: int, onset_s: float, duration_s: float
) -> None:
    """One name on its colour; of several names, words and below them a stripe each, or stripes alone."""
    from matplotlib.colors import to_rgb

    words = _fitting(names, PLOT_MM * duration_s / float(series.edges_s[-1] - series.edges_s[0]))
    place: dict[str, Any] = dict(ha="center", va="center", fontsize=SMALLEST_PT)
    middle_s = onset_s + duration_s / 2
    if len(names) == 1:
        ground = colour_of(series, names[0])
        axis.broken_barh([(onset_s, duration_s)], (row, HIGH), color=ground, linewidth=0)
        ink = "white" if takes_white(to_rgb(ground)) else BLACK
        axis.text(middle_s, row + HIGH / 2 + 0.02, words, color=ink, **place)
        return
    above = HIGH - STRIPES if words else 0.0
    each = (HIGH - above) / len(names)
    for k, name in enumerate(names):
        stripe = (row + above + k * each, each)
        axis.broken_barh([(onset_s, duration_s)], stripe, color=colour_of(series, name), linewidth=0)
    axis.text(middle_s, row + above / 2 + 0.02, words, color=BLACK, **place)


def _fitting(names: list[str], room_mm: float, *, between: str = " + ") -> str:
    """As many of the names as fit, an ellipsis for the rest, or nothing."""
    for n in range(len(names), 0, -1):
        words = between.join(in_words(name) for name in names[:n]) + (" …" if n < len(names) else "")
        if text_width_mm(words, SMALLEST_PT) + 1.5 <= room_mm:
            return words
    return ""


def _key(axis: Axes, series: ExpressionSeries, intervals: pl.DataFrame) -> None:
    """What the greys are, beside the title, where no band is."""
    from matplotlib.patches import Patch

    shown = {name for name in (*series.label, *series.cumulative_label) if name is not None}
    shown.update(name for names in intervals["names"] for name in names.split("+"))
    greys = {NEUTRAL_GREY: f"{NEUTRAL.name} (neutral)"} if NEUTRAL.name in shown else {}
    if others := [name for name in series.names if name in shown and name not in series.colours]:
        greys[OTHERS_GREY] = _fitting(others, KEY_MM, between=", ")
    handles = [
        Patch(facecolor=colour, edgecolor=GREY, linewidth=0.3, label=words) for colour, words in greys.items()
    ]
    if handles:
        axis.legend(
            handles=handles, loc="lower right", bbox_to_anchor=(1, 0.97), borderaxespad=0, ncols=len(handles)
        )
