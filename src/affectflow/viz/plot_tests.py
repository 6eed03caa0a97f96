"""Figures of the tests: effects with intervals, and each unit's values."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from affectflow.viz.labels import KINDS, label_of, p_text
from affectflow.viz.style import BASELINE_COLOUR, GREY, PAGE_MM, STRESSOR_COLOUR, new_figure

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

ROWS_PER_KIND = 20
N_PANELS = 6
ROW_MM = 3.7
EFFECT_NAMES = {"d_z": r"effect $d_z$", "g": "effect, Hedges' $g$"}


def plot_tests(tables: Mapping[str, pl.DataFrame], figure: str) -> Figure:
    """Draw "effects" or "units" from the tables of paired_tests or grouped_tests."""
    return (
        plot_effects(tables["results"])
        if figure == "effects"
        else plot_units(tables["results"], tables["units"])
    )


def plot_effects(results: pl.DataFrame) -> Figure:
    """Draw the effect of every measure with its 95 % interval, by kind, largest on top.

    Filled: significant after correction. Of a kind with more than 20 measures
    the 20 largest effects are shown, and the heading says of how many.

    Parameters
    ----------
    results
        Table ``results`` of paired_tests or grouped_tests.
    """
    tested = results.filter(pl.col("effect").is_not_null())
    kinds = [k for k in KINDS if k in tested["kind"].unique()]
    shown = {k: _largest(tested.filter(pl.col("kind") == k)) for k in kinds}
    if not kinds:
        return _empty("No measure could be tested; the table of results says why.")
    heights = [len(t) + 1.2 for t in shown.values()]
    figure = new_figure(width_mm=120, height_mm=ROW_MM * sum(heights) + 8 * len(kinds) + 14)
    axes = figure.subplots(len(kinds), 1, sharex=True, squeeze=False, height_ratios=heights)[:, 0]
    for axis, kind in zip(axes, kinds, strict=True):
        n_all = tested.filter(pl.col("kind") == kind).height
        _forest(axis, shown[kind])
        n_significant = int(tested.filter(pl.col("kind") == kind)["significant"].sum())
        some = "" if n_all == len(shown[kind]) else f", {len(shown[kind])} shown"
        axis.set_title(f"{KINDS[kind]}: {n_significant} of {n_all} significant{some}")
    first = results.row(0, named=True)
    _limit(axes[0], tested)
    axes[-1].set_xlabel(
        f"{EFFECT_NAMES[first['effect_name']]} of {first['stressor']} − {first['baseline']}, 95 % interval\n"
        f"filled: Holm-corrected p ≤ {first['alpha']:g}; {_units_text(tested)}"
    )
    return figure


def plot_units(results: pl.DataFrame, units: pl.DataFrame) -> Figure:
    """Draw each unit's values for six measures: slopes when paired, points when grouped.

    Shown are those with the smallest p, as many of each kind (two of each of
    three kinds, six of a single one).

    Parameters
    ----------
    results, units
        Tables of paired_tests or grouped_tests.
    """
    tested = results.filter(pl.col("p").is_not_null()).sort("kind", "p", "measure")
    share = N_PANELS // max(tested["kind"].n_unique(), 1)
    top = tested.filter(pl.int_range(pl.len()).over("kind") < share).sort("p", "measure")
    if top.is_empty():
        return _empty("No measure could be tested; the table of results says why.")
    n_columns = min(3, len(top))
    n_rows = -(-len(top) // n_columns)
    figure = new_figure(width_mm=PAGE_MM * n_columns / 3, height_mm=52 * n_rows + 4)
    axes = figure.subplots(n_rows, n_columns, squeeze=False).ravel()
    paired = "delta" in units.columns
    for axis, row in zip(axes, top.iter_rows(named=True), strict=False):
        mine = units.filter(pl.col("measure") == row["measure"])
        (_slopes if paired else _points)(axis, mine, row)
        axis.set_title(label_of(row["measure"]), fontsize=8)
        axis.text(
            0.5,
            1.0,
            f"{_effect_text(row)}, {p_text(row['p_holm'], 'Holm p')}",
            transform=axis.transAxes,
            ha="center",
            va="top",
            fontsize=6.5,
            color="#444444",
        )
        axis.set_xticks([0, 1], [row["baseline"], row["stressor"]])
        axis.set_xlim(-0.4, 1.4)
        low, high = axis.get_ylim()
        axis.set_ylim(low, high + 0.12 * (high - low))
    for axis in axes[len(top) :]:
        axis.set_visible(False)
    return figure


def _largest(tests: pl.DataFrame) -> pl.DataFrame:
    return tests.sort(pl.col("effect").abs(), descending=True).head(ROWS_PER_KIND).sort("effect", "measure")


def _forest(axis: Axes, tests: pl.DataFrame) -> None:
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
        axis.plot(
            row["effect"],
            y,
            "o",
            markersize=4.2,
            markerfacecolor=colour if significant else "white",
            markeredgecolor=colour,
            markeredgewidth=1,
        )
    axis.set_yticks(range(len(tests)), [label_of(m) for m in tests["measure"]])
    axis.set_ylim(-0.7, len(tests) - 0.3)
    axis.tick_params(axis="y", length=0)
    axis.spines["left"].set_visible(False)
    axis.grid(axis="x")


def _limit(axis: Axes, tests: pl.DataFrame) -> None:
    """Let one very wide interval run out of the picture rather than press all others together."""
    ends = np.abs(tests.select("effect_low", "effect_high").to_numpy())
    reach = min(ends.max(), 1.6 * np.abs(tests["effect"].to_numpy()).max() + 1)
    axis.set_xlim(-reach * 1.04, reach * 1.04)


def _slopes(axis: Axes, units: pl.DataFrame, row: dict) -> None:
    values = units.select("value_baseline", "value_stressor").to_numpy()
    for pair in values:
        axis.plot([0, 1], pair, color=GREY, linewidth=0.7, alpha=0.7, zorder=1)
    for x, colour in ((0, BASELINE_COLOUR), (1, STRESSOR_COLOUR)):
        axis.plot(
            np.full(len(values), x),
            values[:, x],
            "o",
            color=colour,
            markersize=3,
            alpha=0.75,
            markeredgewidth=0,
        )
    axis.plot([0, 1], values.mean(axis=0), color="black", linewidth=2, zorder=3)


def _points(axis: Axes, units: pl.DataFrame, row: dict) -> None:
    for x, (word, colour) in enumerate(
        ((row["baseline"], BASELINE_COLOUR), (row["stressor"], STRESSOR_COLOUR))
    ):
        values = np.sort(units.filter(pl.col("condition") == word)["value"].to_numpy())
        # Neighbours in value are set apart sideways in turn: the same picture every time.
        aside = 0.12 * (np.arange(len(values)) % 3 - 1)
        axis.plot(x + aside, values, "o", color=colour, markersize=3, alpha=0.75, markeredgewidth=0)
        axis.plot([x - 0.25, x + 0.25], [values.mean()] * 2, color="black", linewidth=2)


def _effect_text(row: dict) -> str:
    name = {"d_z": "$d_z$", "g": "$g$"}[row["effect_name"]]
    return f"{name} = {row['effect']:.2f} [{row['effect_low']:.2f}, {row['effect_high']:.2f}]"


def _units_text(tested: pl.DataFrame) -> str:
    if "n" in tested.columns:
        low, high = tested["n"].to_numpy().min(), tested["n"].to_numpy().max()
        return f"n = {low} people" if low == high else f"n = {low} to {high} people"
    most = tested.select("n_baseline", "n_stressor").max().row(0)
    return f"n = {most[0]} and {most[1]} units"


def _empty(words: str) -> Figure:
    figure = new_figure(height_mm=30)
    figure.text(0.5, 0.5, words, ha="center", va="center", wrap=True)
    return figure
