"""The panels of the timing diagram: lines, areas and the density of a recording's expressions; its bands are in `expression_bands`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

import numpy as np
from numpy.typing import NDArray

from affectflow.viz.expression_series import ExpressionSeries
from affectflow.viz.style import BLACK, GREY, SMALLEST_PT

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Array = NDArray[np.float64]

OTHERS = "#C4C4C4"
NO_FACE = "#F4F4F4"
# Scores whose density is estimated: enough for the curve, few enough for an hour of frames.
MOST_SCORES = 5000


class Courses(Protocol):
    """What is asked of moments whose valence and arousal are drawn: (n,) each, NaN without a face."""

    @property
    def time_s(self) -> Array:
        """Seconds."""

    @property
    def valence(self) -> Array:
        """-1..1."""

    @property
    def arousal(self) -> Array:
        """-1..1."""


def shade_gaps(axis: Axes, values: Array, edges_s: Array) -> None:
    """Shade the moments in which values (n,) are NaN; they lie between edges (n + 1,)."""
    edges = np.diff(np.isnan(values).astype(np.int8), prepend=0, append=0)
    for a, b in zip(np.flatnonzero(edges == 1), np.flatnonzero(edges == -1), strict=True):
        axis.axvspan(edges_s[a], edges_s[b], color=NO_FACE, linewidth=0, zorder=0)


def axis_words(series: ExpressionSeries) -> str:
    """Return what the time axis says: of how many frames a point is the mean."""
    n = series.frames_per_moment
    return "time, s" if n == 1 else f"time, s (each point: mean of {n} frames)"


def smoothing_words(series: ExpressionSeries) -> str:
    """Return how the smoothed scores were smoothed."""
    if series.time_constant_s == 0:
        return "not smoothed"
    return f"smoothed exponentially over {series.time_constant_s:g} s"


def draw_lines(axis: Axes, series: ExpressionSeries, values: Array) -> None:
    """Draw a line per expression, those without a colour below in grey; lines break where there is no face."""
    for k, name in reversed(list(enumerate(series.names))):
        colour = series.colours.get(name)
        axis.plot(
            series.time_s,
            values[:, k],
            color=colour or OTHERS,
            linewidth=1.1 if colour else 0.5,
            zorder=3 if colour else 2,
        )
    axis.set_ylim(0, max(1.05 * float(np.nanmax(values, initial=0.0)), 0.1))


def draw_threshold(axis: Axes, series: ExpressionSeries) -> None:
    """Mark below which score a face counts as neutral."""
    if np.isfinite(series.threshold):
        axis.axhline(series.threshold, color=BLACK, linewidth=0.7, linestyle=(0, (4, 3)), zorder=4)


def draw_stacked(axis: Axes, series: ExpressionSeries) -> None:
    """Draw the coloured expressions' smoothed scores on top of each other."""
    coloured = [series.names.index(name) for name in series.colours]
    base = np.zeros(len(series.time_s))
    for k in coloured:
        above = base + series.score[:, k]
        axis.fill_between(
            series.time_s, base, above, color=series.colours[series.names[k]], linewidth=0, alpha=0.85
        )
        base = above
    axis.set_ylim(0, max(1.05 * float(np.nanmax(base, initial=0.0)), 0.1))


def draw_affect(axis: Axes, series: Courses) -> None:
    """Draw valence and arousal over time, as large as they get."""
    axis.axhline(0, color=GREY, linewidth=0.5)
    axis.plot(series.time_s, series.valence, color=BLACK, label="valence")
    axis.plot(series.time_s, series.arousal, color=GREY, linestyle=(0, (3, 1.5)), label="arousal")
    both = np.concatenate([series.valence, series.arousal])
    limit = max(1.1 * float(np.nanmax(np.abs(both), initial=0.0)), 0.1)
    axis.set_ylim(-limit, limit)
    # Beside the title, where no line runs.
    axis.legend(loc="lower right", bbox_to_anchor=(1, 0.97), borderaxespad=0, ncols=2)


def draw_density(axis: Axes, series: ExpressionSeries, raw: Array) -> None:
    """Draw how often which raw score occurs, of all expressions together, and the neutral threshold.

    Parameters
    ----------
    axis, series
        Where, and whose threshold.
    raw
        Scores of all frames and expressions, any shape; missing ones are left out.
    """
    from scipy.stats import gaussian_kde

    known = raw[np.isfinite(raw)]
    axis.set(xlabel="score before smoothing", yticks=[], xlim=(0, 1))
    axis.spines["left"].set_visible(False)
    if known.size < 2 or np.ptp(known) == 0:
        axis.text(0.5, 0.5, "no scores that differ", transform=axis.transAxes, ha="center", color=GREY)
        return
    shown = np.sort(known)[:: -(-known.size // MOST_SCORES)]
    at = np.linspace(0, max(float(known.max()), 0.1) * 1.05, 300)
    density = gaussian_kde(shown)(at)
    axis.fill_between(at, density, color=OTHERS, linewidth=0)
    axis.set(xlim=(0, at[-1]), ylim=(0, 1.15 * float(density.max())))
    axis.axvline(series.threshold, color=BLACK, linewidth=0.7, linestyle=(0, (4, 3)))
    axis.text(
        series.threshold, 0.97, f" neutral below {series.threshold:.2f}", fontsize=SMALLEST_PT + 0.5,
        transform=axis.get_xaxis_transform(), va="top",
    )  # fmt: skip
