"""Draw how well the simulated truth was recovered."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from affectflow.viz.style import (
    BLUE,
    GREY,
    PAGE_MM,
    VERMILLION,
    figure_style,
    mark_simulated,
    new_figure,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

ALL = "all"


def plot_recovery(results: pl.DataFrame) -> Figure:
    """Draw correlations with the truth (left) and heart rate against its truth (right).

    Parameters
    ----------
    results
        What `stats.check_recovery` returned.

    Returns
    -------
    matplotlib.figure.Figure
    """
    with figure_style():
        figure = new_figure(width_mm=PAGE_MM, height_mm=72)
        left, right = figure.subplots(1, 2, width_ratios=[1.7, 1])
        _draw_correlations(left, results.filter(pl.col("statistic") != "error"))
        _draw_errors(right, results.filter(pl.col("statistic") == "error"))
        mark_simulated(figure, True)
    return figure


def _draw_correlations(axes: Axes, results: pl.DataFrame) -> None:
    names = results["quantity"].unique(maintain_order=True).to_list()
    for row, name in enumerate(names):
        own = results.filter(quantity=name)
        single = own.filter(pl.col("recording_id") != ALL)["value"].drop_nulls().to_numpy()
        # Spread evenly in height, so that equal values stay visible.
        height = row + np.linspace(-0.22, 0.22, len(single)) if len(single) > 1 else np.full(len(single), row)
        axes.plot(single, height, "o", ms=2.5, color=GREY, mec="none", alpha=0.8)
        overall = own.filter(recording_id=ALL).row(0, named=True)
        if overall["value"] is not None:
            axes.plot(overall["value"], row, "D", ms=5, color=BLUE)
        if overall["target"] is not None:
            axes.plot([overall["target"]] * 2, [row - 0.38, row + 0.38], color=VERMILLION, lw=1.2)
    for marker, colour, size, label in (
        ("D", BLUE, 5, "all recordings"),
        ("o", GREY, 2.5, "one recording"),
        ("|", VERMILLION, 8, "must be reached"),
    ):
        axes.plot([], [], marker, color=colour, ms=size, label=label)
    axes.set_yticks(range(len(names)), names)
    axes.invert_yaxis()
    axes.set_xlim(min(0.0, _least(results)) - 0.02, 1.02)
    axes.set_xlabel("correlation with the truth (blink times: F1)")
    axes.legend(loc="upper left", frameon=False)


def _least(results: pl.DataFrame) -> float:
    least = results["value"].min()
    return 0.0 if least is None else float(least)  # type: ignore[arg-type]


def _draw_errors(axes: Axes, results: pl.DataFrame) -> None:
    own = results.filter(pl.col("recording_id") != ALL).drop_nulls(["true_mean", "measured_mean"])
    true, measured = own["true_mean"].to_numpy(), own["measured_mean"].to_numpy()
    if len(own):
        low, high = min(true.min(), measured.min()) - 4, max(true.max(), measured.max()) + 4
        line = np.array([low, high])
        target = float(own["target"][0])
        axes.fill_between(line, line - target, line + target, color=VERMILLION, alpha=0.15, lw=0)
        axes.plot(line, line, color=GREY, lw=0.8)
        axes.plot(true, measured, "o", ms=3.5, color=BLUE, mec="white", mew=0.4)
        axes.set_xlim(low, high)
        axes.set_ylim(low, high)
        axes.text(0.05, 0.95, f"band: ±{target:g} bpm", transform=axes.transAxes, va="top", color=VERMILLION)
    axes.set_xlabel("true heart rate (bpm)")
    axes.set_ylabel("measured heart rate (bpm)")
    axes.set_aspect("equal", adjustable="box")
