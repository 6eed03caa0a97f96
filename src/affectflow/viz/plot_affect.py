"""Valence and arousal of one recording: its path through the circumplex, and both over time."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from affectflow.viz.affect_series import AffectSeries, affect_series
from affectflow.viz.circumplex import draw_circumplex, time_colours
from affectflow.viz.expression_panels import draw_affect, shade_gaps
from affectflow.viz.labels import in_words
from affectflow.viz.style import (
    BLUE,
    GREEN,
    ORANGE,
    PAGE_MM,
    PINK,
    SKY,
    VERMILLION,
    figure_style,
    mark_simulated,
    new_figure,
    words_alone,
    wrapped,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

# As in the timing diagram of expressions, where both know a name.
COLOURS = {
    "neutral": "#E3E3E3",
    "happy": ORANGE,
    "sad": BLUE,
    "surprise": SKY,
    "fear": PINK,
    "disgust": GREEN,
    "anger": VERMILLION,
    "contempt": "#F0E442",
}
# Heights, mm; expressions only where there are probabilities.
COURSES_MM = {"affect": 42.0, "expressions": 30.0, "time": 3.0}
HEIGHT_MM = 92.0
# Bold letters are wider than those whose width is measured.
HEADING_PT, HEADING_SHARE = 8.5, 0.84


def plot_affect(affect: pl.DataFrame, *, recording_id: str, simulated: bool = False) -> Figure:
    """Draw valence and arousal of one recording.

    Left the circumplex (Russell 1980) with the path through it, coloured by time;
    right both over time, and below them the expressions' probabilities where
    there are any. A rough estimate is called so, and its circle has a radius of
    its own. Frames without a face break the path and are shaded.

    Parameters
    ----------
    affect
        `schema.AFFECT` of one recording.
    recording_id
        For the heading.
    simulated
        Mark the figure as simulated data.

    Returns
    -------
    A page wide.
    """
    with figure_style():
        known = affect.drop_nulls(["valence", "arousal"])
        if known.is_empty():
            figure = words_alone(f"{recording_id}: there is no frame with valence and arousal.")
            mark_simulated(figure, simulated)
            return figure
        series = affect_series(affect)
        figure = new_figure(width_mm=PAGE_MM, height_mm=HEIGHT_MM)
        lines = wrapped(_heading(series, recording_id), PAGE_MM * HEADING_SHARE, HEADING_PT)
        figure.suptitle("\n".join(lines), x=0.01, ha="left", fontsize=HEADING_PT, fontweight="bold")
        sides = figure.add_gridspec(1, 2, width_ratios=[78, 102])
        circle = figure.add_subplot(sides[0])
        draw_circumplex(circle, series)
        circle.legend(loc="lower left", bbox_to_anchor=(-0.02, -0.04), handletextpad=0.1)
        names = [n for n in COURSES_MM if n != "expressions" or series.names]
        heights = [COURSES_MM[n] for n in names]
        grid = sides[1].subgridspec(len(names), 1, height_ratios=heights)
        axes: dict[str, Axes] = {}
        for i, name in enumerate(names):
            axes[name] = figure.add_subplot(grid[i], sharex=axes.get("affect"))
            axes[name].tick_params(labelbottom=name == "time")
        _draw_courses(axes["affect"], series)
        if series.names:
            _draw_expressions(axes["expressions"], series)
        for name in names[:-1]:
            shade_gaps(axes[name], series.valence, series.edges_s)
        _draw_time(axes["time"], series)
        mark_simulated(figure, simulated)
    return figure


def _heading(series: AffectSeries, recording_id: str) -> str:
    if not series.rough:
        return f"{recording_id}: valence and arousal, {in_words(series.method)}"
    return (
        f"{recording_id}: rough estimate of valence and arousal, from the signs of the expressions; "
        "not on the scale of ratings"
    )


def _draw_courses(axis: Axes, series: AffectSeries) -> None:
    draw_affect(axis, series)
    if not series.rough:
        axis.set_ylim(-1.05, 1.05)
    axis.set_title("over time, in units of scores" if series.rough else "over time", pad=3)


def _draw_expressions(axis: Axes, series: AffectSeries) -> None:
    """Stack the probabilities as bands; the most probable at the bottom."""
    base = np.zeros(len(series.time_s))
    for k, name in enumerate(series.names):
        above = base + series.probability[:, k]
        axis.fill_between(series.time_s, base, above, color=COLOURS[name], linewidth=0, label=name)
        base = above
    axis.set_title("probability of each expression", pad=3)
    axis.set(ylim=(0, 1), yticks=[0, 0.5, 1])
    axis.legend(
        loc="upper left", bbox_to_anchor=(1.0, 1.03), borderaxespad=0.2, handlelength=0.9, labelspacing=0.25
    )


def _draw_time(axis: Axes, series: AffectSeries) -> None:
    """A strip in the path's colours, which is its key."""
    first, last = series.edges_s[0], series.edges_s[-1]
    axis.imshow(
        np.linspace(0, 1, 256)[None, :], cmap=time_colours(), extent=(first, last, 0, 1), aspect="auto"
    )
    n = series.frames_per_moment
    means = "" if n == 1 else f"; each point: mean of {n} frames"
    axis.set(xlim=(first, last), yticks=[], xlabel=f"time, s (colour: that of the path{means})")
    axis.spines["left"].set_visible(False)
