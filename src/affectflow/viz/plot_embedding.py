"""Figures of embeddings: all people once by condition and once by person, and each person alone."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

from affectflow.viz.style import BASELINE_COLOUR, CYCLE, GREY, PAGE_MM, STRESSOR_COLOUR, new_figure

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

MARKERS = "os^Dv<>Pph*X"
COLOURS = (*CYCLE, GREY)
# Panels on one page; of more people the first by name are shown.
MOST_PEOPLE = 64


def plot_embedding(tables: Mapping[str, pl.DataFrame], figure: str) -> Figure:
    """Draw "embedding" or "subjects" from the tables of tsne, pca or umap."""
    result = tables["results"].row(0, named=True)
    if figure == "subjects":
        return plot_people(result, tables["people"], tables["people_embedding"])
    return plot_study(result, tables["embedding"])


def plot_study(result: dict[str, Any], points: pl.DataFrame) -> Figure:
    """Draw the embedding of all people twice: coloured by condition, and coloured and marked by unit.

    People often lie apart from each other more than conditions do; the second
    panel shows how much of the first panel's pattern is that.

    Parameters
    ----------
    result
        The row of ``results``.
    points
        ``embedding``.
    """
    drawn = new_figure(width_mm=PAGE_MM, height_mm=98)
    left, right = drawn.subplots(1, 2)
    size = float(np.clip(1500 / len(points), 3, 14))
    _by_condition(left, points, result, size)
    _by_unit(right, points, size)
    across, up = _axes(result)
    trust = "" if result["trustworthiness"] is None else f"\ntrustworthiness {result['trustworthiness']:.2f}"
    share = result["same_condition_share"]
    near = f"nearest 15: same unit {100 * result['same_unit_share']:.0f} %"
    others = (
        ""
        if share is None
        else f"\nnearest 15 of other units: same condition {100 * share:.0f} % (chance 50 %)"
    )
    left.set_xlabel(f"{across}\n{result['n_points']} points{_used(result)}{trust}")
    right.set_xlabel(f"{across}\n{near}{others}")
    for axis in (left, right):
        _bare(axis)
    left.set_ylabel(up)
    return drawn


def plot_people(result: dict[str, Any], people: pl.DataFrame, points: pl.DataFrame) -> Figure:
    """Draw each person's own embedding, coloured by condition.

    Parameters
    ----------
    result
        The row of ``results``, for the names of the conditions.
    people, points
        ``people`` and ``people_embedding``.
    """
    with_picture = people.filter(pl.col("reason").is_null()).sort("unit")
    shown = with_picture.head(MOST_PEOPLE)
    if shown.is_empty():
        return _nothing(people)
    n_columns = 4 if len(shown) <= 8 else 6 if len(shown) <= 24 else 8
    n_rows = -(-len(shown) // n_columns)
    side = PAGE_MM / n_columns
    drawn = new_figure(width_mm=PAGE_MM, height_mm=n_rows * (side + 2) + 16)
    axes = drawn.subplots(n_rows, n_columns, squeeze=False).ravel()
    for axis in axes[len(shown) :]:
        axis.set_axis_off()
    for axis, person in zip(axes, shown.iter_rows(named=True), strict=False):
        mine = points.filter(pl.col("unit") == person["unit"])
        _points(axis, mine, size=float(np.clip(600 / len(mine), 1, 10)))
        _bare(axis)
        axis.set_title(person["unit"])
    for name, colour in ((result["baseline"], BASELINE_COLOUR), (result["stressor"], STRESSOR_COLOUR)):
        axes[0].scatter([], [], s=14, color=colour, label=name)
    drawn.legend(*axes[0].get_legend_handles_labels(), loc="outside upper right", ncols=2)
    some = f"{len(shown)} of {len(people)} people" if len(shown) < len(people) else f"{len(shown)} people"
    drawn.supxlabel(
        f"{_axes(result)[0].split(' 1')[0]} of each person alone ({some}{_people_used(shown)}):\n"
        "axes and distances of two panels have nothing to do with each other",
        fontsize=7,
    )
    return drawn


def _axes(result: dict[str, Any]) -> tuple[str, str]:
    if "explained_1" in result:
        shares = (f"{100 * result[f'explained_{k}']:.0f} % of the variance" for k in (1, 2))
        across, up = (f"component {k} ({share})" for k, share in enumerate(shares, 1))
        return across, up
    name = "UMAP" if "min_dist" in result else "t-SNE"
    return f"{name} 1", f"{name} 2"


def _used(result: dict[str, Any]) -> str:
    if "perplexity" in result:
        return f", perplexity {result['perplexity']:.0f}"
    if "min_dist" in result:
        return f", {result['n_neighbors']} neighbours, least distance {result['min_dist']:g}"
    return ""


def _people_used(shown: pl.DataFrame) -> str:
    for column, word in (("perplexity", "perplexity"), ("n_neighbors", "neighbours")):
        if column in shown.columns:
            low, high = (float(v) for v in np.quantile(shown[column].to_numpy(), (0, 1)))
            return f"; {word} {low:.0f}" + ("" if low == high else f" to {high:.0f}")
    return ""


def _bare(axis: Axes) -> None:
    # No method here gives its axes a unit.
    axis.set_xticks([])
    axis.set_yticks([])
    axis.set_box_aspect(1)
    axis.set_aspect("equal", adjustable="datalim")


def _nothing(people: pl.DataFrame) -> Figure:
    drawn = new_figure(height_mm=30)
    axis = drawn.subplots()
    axis.set_axis_off()
    words = (
        "No person has rows enough of both conditions\nfor a picture of their own."
        if len(people)
        else "No pictures of single people were asked for\n(subject_points is 0)."
    )
    axis.text(0.5, 0.5, words, ha="center", va="center")
    return drawn


def _by_condition(axis: Axes, points: pl.DataFrame, result: dict[str, Any], size: float) -> None:
    _points(axis, points, size=size)
    for name, colour in ((result["baseline"], BASELINE_COLOUR), (result["stressor"], STRESSOR_COLOUR)):
        axis.scatter([], [], s=14, color=colour, label=name)
    axis.legend(loc="best")
    axis.set_title("a  By condition")


def _points(axis: Axes, points: pl.DataFrame, *, size: float) -> None:
    # Drawn in the order of recordings' own time, conditions mixed, so that neither colour covers the other.
    mixed = points.with_columns(pl.int_range(pl.len()).over("stressed").alias("turn")).sort(
        "turn", "stressed"
    )
    colours = np.where(mixed["stressed"].to_numpy(), STRESSOR_COLOUR, BASELINE_COLOUR)
    axis.scatter(
        mixed["x"], mixed["y"], s=size, c=colours, alpha=0.6, linewidths=0, rasterized=len(points) > 5000
    )


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
