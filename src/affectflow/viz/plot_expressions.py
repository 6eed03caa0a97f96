"""Timing diagram of one recording: its expressions over time, raw, smoothed, ranked, stacked, and what lasts."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from affectflow.viz.expression_bands import bands_title, draw_bands
from affectflow.viz.expression_panels import (
    NO_FACE,
    OTHERS,
    axis_words,
    draw_affect,
    draw_density,
    draw_lines,
    draw_stacked,
    draw_threshold,
    shade_gaps,
    smoothing_words,
)
from affectflow.viz.expression_series import ExpressionSeries, expression_series
from affectflow.viz.labels import in_words
from affectflow.viz.style import BLACK, PAGE_MM, figure_style, mark_simulated, new_figure, words_alone

if TYPE_CHECKING:
    from matplotlib.artist import Artist
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

# Height of each panel, mm.
PANELS = {
    "raw": 27.0,
    "smoothed": 31.0,
    "top": 27.0,
    "stacked": 27.0,
    "bands": 31.0,
    "affect": 24.0,
    "density": 27.0,
}


def plot_expressions(
    expressions: pl.DataFrame,
    intervals: pl.DataFrame,
    *,
    recording_id: str,
    time_constant_s: float,
    cumulative_s: float,
    simulated: bool = False,
) -> Figure:
    """Draw the timing diagram of one recording.

    At most six expressions have a colour, those that are the label for longest;
    the others are grey lines. Frames without a face and holes in the video are shaded
    and break lines and bands.
    A recording of more than 1200 frames is drawn in means of neighbouring ones.

    Parameters
    ----------
    expressions, intervals
        `schema.EXPRESSIONS` and `schema.EXPRESSION_INTERVALS` of one recording.
    recording_id
        For the heading.
    time_constant_s, cumulative_s
        With which the scores were smoothed and the cumulative label was found, seconds (`face.expressions`):
        panels name them.
    simulated
        Mark the figure as simulated data.

    Returns
    -------
    A page wide.
    """
    with figure_style():
        if not expressions["valid"].any():
            figure = words_alone(f"{recording_id}: there is no frame with expressions.")
            mark_simulated(figure, simulated)
            return figure
        series = expression_series(expressions, time_constant_s=time_constant_s, cumulative_s=cumulative_s)
        figure = new_figure(width_mm=PAGE_MM, height_mm=sum(PANELS.values()) + 14)
        axes = _axes(figure, _titles(series))
        draw_lines(axes["raw"], series, series.raw)
        draw_lines(axes["smoothed"], series, series.score)
        draw_threshold(axes["smoothed"], series)
        draw_lines(axes["top"], series, np.where(series.top, series.score, np.nan))
        draw_stacked(axes["stacked"], series)
        draw_bands(axes["bands"], series, intervals)
        draw_affect(axes["affect"], series)
        raw = expressions.select(f"raw_{name}" for name in series.names).cast(pl.Float64).to_numpy()
        draw_density(axes["density"], series, raw)
        for name in list(PANELS)[:-1]:
            shade_gaps(axes[name], series.score[:, 0], series.edges_s)
        axes["affect"].set_xlabel(axis_words(series))
        axes["affect"].set_xlim(series.edges_s[0], series.edges_s[-1])
        _key(figure, series, f"{recording_id}, action units: {expressions['method'][0]}")
        mark_simulated(figure, simulated)
    return figure


def _titles(series: ExpressionSeries) -> dict[str, str]:
    return {
        "raw": "scores of each frame, as measured",
        "smoothed": f"scores, {smoothing_words(series)}; dashed: neutral below",
        "top": "of these, the three highest of each moment",
        "stacked": "the same scores of the coloured expressions, stacked: the height is their sum",
        "bands": bands_title(series),
        "affect": "rough valence and arousal, from the signs of the expressions",
        "density": "how often each score occurs, before smoothing, all frames and expressions together",
    }


def _axes(figure: Figure, titles: dict[str, str]) -> dict[str, Axes]:
    """One panel below the other; all but the density share the time."""
    grid = figure.add_gridspec(len(PANELS), 1, height_ratios=list(PANELS.values()))
    axes: dict[str, Axes] = {}
    for i, name in enumerate(PANELS):
        timed = axes.get("raw") if name != "density" else None
        axes[name] = figure.add_subplot(grid[i], sharex=timed)
        axes[name].set_title(titles[name], pad=3)
        if name not in ("affect", "density"):
            axes[name].tick_params(labelbottom=False)
    return axes


def _key(figure: Figure, series: ExpressionSeries, title: str) -> None:
    from matplotlib.lines import Line2D
    from matplotlib.patches import Patch

    handles: list[Artist] = [Line2D([], [], color=c, linewidth=2) for c in series.colours.values()]
    names = [in_words(name) for name in series.colours]
    if len(series.names) > len(names):
        handles.append(Line2D([], [], color=OTHERS, linewidth=1))
        names.append(f"{len(series.names) - len(names)} others")
    missing = np.isnan(series.score[:, 0])
    gaps = {"no face": (missing & ~series.hole).any(), "no video": series.hole.any()}
    if any(gaps.values()):
        handles.append(Patch(facecolor=NO_FACE, edgecolor=BLACK, linewidth=0.3))
        names.append(" or ".join(words for words, there in gaps.items() if there))
    figure.legend(
        handles,
        names,
        loc="outside upper left",
        ncols=len(names),
        title=title,
        title_fontsize=8,
        alignment="left",
    )
