"""Figures of the tests: which there are, and the forest of the largest effects."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

from affectflow.viz.labels import EFFECT_NAMES, KINDS, label_of
from affectflow.viz.plot_effect_map import plot_effect_map
from affectflow.viz.plot_units import plot_units
from affectflow.viz.style import (
    BASELINE_COLOUR,
    COLUMN_MM,
    GREY,
    PAGE_HEIGHT_MM,
    SMALLEST_PT,
    STRESSOR_COLOUR,
    new_figure,
    words_alone,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

ROWS_PER_KIND = 20
ROW_MM = 3.7


def plot_tests(tables: Mapping[str, pl.DataFrame], figure: str) -> Figure:
    """Draw "effects", "map" or "units" from the tables of paired_tests or grouped_tests."""
    if figure == "units":
        return plot_units(tables["results"], tables["units"])
    return (plot_effect_map if figure == "map" else plot_effects)(tables["results"])


def plot_effects(results: pl.DataFrame) -> Figure:
    """Draw the effect of every measure with its 95 % interval, by kind, largest on top.

    Filled: significant after correction. Of a kind with more than 20 measures
    (fewer where a page does not hold as many of each kind) the largest effects are
    shown, and the heading says of how many.

    Parameters
    ----------
    results
        Table ``results`` of paired_tests or grouped_tests.
    """
    tested = results.filter(pl.col("effect").is_not_null())
    kinds = [k for k in KINDS if k in tested["kind"].unique()]
    most = _rows_per_kind([tested.filter(pl.col("kind") == k).height for k in kinds])
    shown = {k: _largest(tested.filter(pl.col("kind") == k), most) for k in kinds}
    if not kinds:
        return words_alone("No measure could be tested; the table of results says why.")
    heights = [len(t) + 1.2 for t in shown.values()]
    figure = new_figure(width_mm=COLUMN_MM, height_mm=_height_mm([len(t) for t in shown.values()]))
    axes = figure.subplots(len(kinds), 1, sharex=True, squeeze=False, height_ratios=heights)[:, 0]
    reach = _reach(pl.concat(shown.values()))
    for axis, kind in zip(axes, kinds, strict=True):
        n_all = tested.filter(pl.col("kind") == kind).height
        _forest(axis, shown[kind], reach)
        n_significant = int(tested.filter(pl.col("kind") == kind)["significant"].sum())
        some = "" if n_all == len(shown[kind]) else f", {len(shown[kind])} shown"
        # From the right, over the names: a column is narrow.
        axis.set_title(f"{KINDS[kind]}: {n_significant} of {n_all} significant{some}", loc="right")
    first = results.row(0, named=True)
    axes[0].set_xlim(-reach * 1.04, reach * 1.04)
    axes[-1].set_xlabel(
        f"{EFFECT_NAMES[first['effect_name']]} of {first['stressor']} − {first['baseline']}, 95 % interval\n"
        f"filled: Holm-corrected p ≤ {first['alpha']:g}; {_units_text(tested)}",
        loc="right",
    )
    return figure


def _height_mm(n_rows: list[int]) -> float:
    return ROW_MM * sum(n + 1.2 for n in n_rows) + 8 * len(n_rows) + 14


def _rows_per_kind(n_rows: list[int]) -> int:
    """Return how many rows of each kind a page holds, at most 20."""
    fits = (
        m for m in range(ROWS_PER_KIND, 1, -1) if _height_mm([min(n, m) for n in n_rows]) <= PAGE_HEIGHT_MM
    )
    return next(fits)


def _largest(tests: pl.DataFrame, most: int) -> pl.DataFrame:
    return tests.sort(pl.col("effect").abs(), descending=True).head(most).sort("effect", "measure")


def _forest(axis: Axes, tests: pl.DataFrame, reach: float) -> None:
    axis.axvline(0, color=GREY, linewidth=0.8, zorder=0)
    for y, row in enumerate(tests.iter_rows(named=True)):
        colour = STRESSOR_COLOUR if row["effect"] > 0 else BASELINE_COLOUR
        significant = bool(row["significant"])
        axis.plot(
            [row["effect_low"], row["effect_high"]],
            [y, y],
            color=colour,
            linewidth=1.1,
            alpha=1 if significant else 0.45,
        )
        beyond = abs(row["effect"]) > reach
        if beyond:
            side = np.sign(row["effect"])
            axis.annotate(
                f"{row['effect']:.3g}", (side * reach, y), xytext=(-side * 6, 0), textcoords="offset points",
                ha="right" if side > 0 else "left", va="center", fontsize=SMALLEST_PT,
            )  # fmt: skip
        axis.plot(
            float(np.clip(row["effect"], -reach, reach)),
            y,
            (">" if row["effect"] > 0 else "<") if beyond else "o",
            markersize=4.2,
            markerfacecolor=colour if significant else "white",
            markeredgecolor=colour,
            markeredgewidth=1,
        )
    axis.set_yticks(range(len(tests)), [_name(row) for row in tests.iter_rows(named=True)])
    axis.set_ylim(-0.7, len(tests) - 0.3)
    axis.tick_params(axis="y", length=0)
    axis.spines["left"].set_visible(False)
    axis.grid(axis="x")


def _name(row: dict[str, Any]) -> str:
    phase = row.get("phase")
    return label_of(row["measure"]) + (f", {phase}" if phase else "")


def _reach(tests: pl.DataFrame) -> float:
    """Return how far the axis goes: one wide interval or huge effect must not press all others together.

    With few people a difference that is nearly the same for everyone has a d_z of hundreds; it becomes an arrow at
    the edge with its number.
    """
    ends = np.abs(tests.select("effect_low", "effect_high").drop_nulls().to_numpy())
    effects = np.abs(tests["effect"].to_numpy())
    widest = ends.max() if ends.size else np.inf
    return float(min(widest, 1.6 * effects.max() + 1, 6 * np.quantile(effects, 0.75) + 1))


def _units_text(tested: pl.DataFrame) -> str:
    if "n" in tested.columns:
        low, high = tested["n"].to_numpy().min(), tested["n"].to_numpy().max()
        return f"n = {low} people" if low == high else f"n = {low} to {high} people"
    most = tested.select("n_baseline", "n_stressor").max().row(0)
    return f"n = {most[0]} and {most[1]} units"
