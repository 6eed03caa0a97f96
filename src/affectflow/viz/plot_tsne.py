"""Figure of the embedding: once by condition, once by person."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from affectflow.viz.style import BASELINE_COLOUR, CYCLE, GREY, PAGE_MM, STRESSOR_COLOUR, new_figure

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

MARKERS = "os^Dv<>Pph*X"
COLOURS = (*CYCLE, GREY)


def plot_tsne(tables: Mapping[str, pl.DataFrame], figure: str) -> Figure:
    """Draw the embedding twice: coloured by condition, and coloured and marked by unit.

    People often lie apart from each other more than conditions do; the second
    panel shows how much of the first panel's pattern is that.

    Parameters
    ----------
    tables
        ``results`` and ``embedding`` of tsne.
    figure
        "embedding".
    """
    result, points = tables["results"].row(0, named=True), tables["embedding"]
    drawn = new_figure(width_mm=PAGE_MM, height_mm=92)
    left, right = drawn.subplots(1, 2)
    size = float(np.clip(1500 / len(points), 3, 14))
    _by_condition(left, points, result, size)
    _by_unit(right, points, size)
    trust = result["trustworthiness"]
    share = result["same_condition_share"]
    sample = f"{result['n_points']} points, perplexity {result['perplexity']:.0f}"
    near = f"nearest 15: same unit {100 * result['same_unit_share']:.0f} %"
    others = (
        ""
        if share is None
        else f"\nnearest 15 of other units: same condition {100 * share:.0f} % (chance 50 %)"
    )
    left.set_xlabel(f"t-SNE 1\n{sample}" + ("" if trust is None else f"\ntrustworthiness {trust:.2f}"))
    right.set_xlabel(f"t-SNE 1\n{near}{others}")
    for axis in (left, right):
        axis.set_xticks([])
        axis.set_yticks([])
        axis.set_box_aspect(1)
        axis.set_aspect("equal", adjustable="datalim")
    left.set_ylabel("t-SNE 2")
    return drawn


def _by_condition(axis: Axes, points: pl.DataFrame, result: dict, size: float) -> None:
    # Drawn in the order of recordings' own time, conditions mixed, so that neither colour covers the other.
    mixed = points.with_columns(pl.int_range(pl.len()).over("stressed").alias("turn")).sort(
        "turn", "stressed"
    )
    colours = np.where(mixed["stressed"].to_numpy(), STRESSOR_COLOUR, BASELINE_COLOUR)
    axis.scatter(
        mixed["x"], mixed["y"], s=size, c=colours, alpha=0.6, linewidths=0, rasterized=len(points) > 5000
    )
    for name, colour in ((result["baseline"], BASELINE_COLOUR), (result["stressor"], STRESSOR_COLOUR)):
        axis.scatter([], [], s=14, color=colour, label=name)
    axis.legend(loc="best")
    axis.set_title("a  By condition")


def _by_unit(axis: Axes, points: pl.DataFrame, size: float) -> None:
    units = sorted(points["unit"].unique())
    for i, unit in enumerate(units):
        mine = points.filter(pl.col("unit") == unit)
        axis.scatter(
            mine["x"],
            mine["y"],
            s=size * 1.3,
            color=COLOURS[i % len(COLOURS)],
            marker=MARKERS[(i // len(COLOURS) + i) % len(MARKERS)],
            alpha=0.6,
            linewidths=0,
            label=unit,
        )
    if len(units) <= 24:
        axis.legend(
            loc="center left", bbox_to_anchor=(1.0, 0.5), markerscale=1.6, ncols=1 if len(units) <= 12 else 2
        )
    axis.set_title(f"b  By unit ({len(units)})")
