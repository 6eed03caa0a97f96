"""Figure of each person's own values: slopes from baseline to stressor, or points where people differ."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl
from scipy import stats

from affectflow.viz.labels import label_of, natural_order, p_text
from affectflow.viz.style import (
    BASELINE_COLOUR,
    BLACK,
    GREY,
    PAGE_MM,
    SMALLEST_PT,
    STRESSOR_COLOUR,
    new_figure,
    words_alone,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

N_PANELS = 6
# By phase: a line of panels per measure, one panel per phase.
N_LINES, MOST_PHASES = 3, 8
PANEL_MM = 52.0


def plot_units(results: pl.DataFrame, units: pl.DataFrame) -> Figure:
    """Draw each unit's values of the strongest measures: slopes when paired, points when grouped.

    Strongest are those with the smallest p, as many of each kind (two of each of
    three kinds, six of a single one). Where phases were tested apart, each
    measure gets a line of small panels, one per phase, on one scale.

    The thick line joins the means. In a paired design its bar is the 95 %
    interval of the mean *change*, drawn around the stressor's mean: people's
    levels differ far more than their changes do, and an interval of each mean
    would say little of the difference. In a grouped design each mean has its own.

    Parameters
    ----------
    results, units
        Tables of paired_tests or grouped_tests.
    """
    tested = results.filter(pl.col("p").is_not_null())
    if tested.is_empty():
        return words_alone("No measure could be tested; the table of results says why.")
    if "phase" in tested.columns and tested["phase"].null_count() < tested.height:
        return _by_phase(tested, units)
    top = _strongest(tested, N_PANELS)
    n_columns = min(3, len(top))
    n_rows = -(-len(top) // n_columns)
    figure = new_figure(width_mm=PAGE_MM * n_columns / 3, height_mm=PANEL_MM * n_rows + 4)
    axes = figure.subplots(n_rows, n_columns, squeeze=False).ravel()
    for axis, row in zip(axes, top.iter_rows(named=True), strict=False):
        _draw(axis, units.filter(pl.col("measure") == row["measure"]), row)
        axis.set_title(label_of(row["measure"]), fontsize=8)
        _say(axis, f"{_effect_text(row)}, {p_text(row['p_holm'], 'Holm p')}")
        _make_room(axis, 1)
        axis.set_xticks([0, 1], [row["baseline"], row["stressor"]])
    for axis in axes[len(top) :]:
        axis.set_visible(False)
    return figure


def _by_phase(tested: pl.DataFrame, units: pl.DataFrame) -> Figure:
    best = _strongest(tested.sort("p", "measure").unique("measure", keep="first"), N_LINES)
    phases = sorted(tested["phase"].drop_nulls().unique(), key=natural_order)[:MOST_PHASES]
    # Room beside the first panel for the measure's name, and panels no wider than three to a page.
    width = min(PAGE_MM, 12 + PAGE_MM / 3 * len(phases))
    figure = new_figure(width_mm=width, height_mm=46 * len(best) + 6)
    axes = figure.subplots(len(best), len(phases), squeeze=False, sharex=True, sharey="row")
    for line, measure in zip(axes, best["measure"], strict=True):
        for axis, phase in zip(line, phases, strict=True):
            here = (pl.col("measure") == measure) & (pl.col("phase") == phase)
            found = tested.filter(here)
            axis.set_xticks([])
            if found.is_empty():
                axis.text(0.5, 0.5, "not tested", transform=axis.transAxes, ha="center", color=GREY)
                continue
            row = found.row(0, named=True)
            _draw(axis, units.filter(here), row)
            name = {"d_z": "$d_z$", "g": "$g$"}[row["effect_name"]]
            _say(
                axis, f"{name} {row['effect']:.2f}\n".replace("-", "−") + f"{p_text(row['p_holm'], 'Holm p')}"
            )
            axis.set_xticks([0, 1], [row["baseline"], row["stressor"]])
        line[0].set_ylabel(label_of(measure))
        _make_room(line[0], 2)
    for axis, phase in zip(axes[0], phases, strict=True):
        axis.set_title(phase)
    for axis in axes[-1]:
        axis.tick_params(axis="x", labelrotation=0 if len(phases) <= 4 else 30)
    return figure


def _strongest(tested: pl.DataFrame, n: int) -> pl.DataFrame:
    ranked = tested.sort("kind", "p", "measure")
    share = max(n // ranked["kind"].n_unique(), 1)
    return ranked.filter(pl.int_range(pl.len()).over("kind") < share).sort("p", "measure").head(n)


def _draw(axis: Axes, units: pl.DataFrame, row: dict[str, Any]) -> None:
    (_slopes if "delta" in units.columns else _points)(axis, units, row)
    axis.set_xlim(-0.4, 1.4)


def _say(axis: Axes, words: str) -> None:
    axis.text(
        0.5,
        1.0,
        words,
        transform=axis.transAxes,
        ha="center",
        va="top",
        fontsize=SMALLEST_PT,
        color="#444444",
    )


def _make_room(axis: Axes, n_lines: int) -> None:
    """Keep what is written above free of values; panels that share an axis share the room."""
    low, high = axis.get_ylim()
    axis.set_ylim(low, high + (0.02 + 0.1 * n_lines) * (high - low))


def _slopes(axis: Axes, units: pl.DataFrame, row: dict[str, Any]) -> None:
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
    means = values.mean(axis=0)
    axis.plot([0, 1], means, color=BLACK, linewidth=2, zorder=3)
    ends = [[row["delta"] - row["delta_low"]], [row["delta_high"] - row["delta"]]]
    axis.errorbar(
        [1.12], means[1:], yerr=ends, fmt="_", color=BLACK, linewidth=1.2, capsize=2.5, markersize=5, zorder=3
    )


def _points(axis: Axes, units: pl.DataFrame, row: dict[str, Any]) -> None:
    for x, (word, colour) in enumerate(
        ((row["baseline"], BASELINE_COLOUR), (row["stressor"], STRESSOR_COLOUR))
    ):
        values = np.sort(units.filter(pl.col("condition") == word)["value"].to_numpy())
        # Neighbours in value are set apart sideways in turn: the same picture every time.
        aside = 0.12 * (np.arange(len(values)) % 3 - 1)
        axis.plot(x + aside, values, "o", color=colour, markersize=3, alpha=0.75, markeredgewidth=0)
        axis.plot([x - 0.25, x + 0.25], [values.mean()] * 2, color=BLACK, linewidth=2)
        if len(values) > 1:
            half = stats.t.ppf(0.975, len(values) - 1) * values.std(ddof=1) / np.sqrt(len(values))
            axis.errorbar([x], [values.mean()], yerr=[half], color=BLACK, linewidth=1.2, capsize=2.5)


def _effect_text(row: dict[str, Any]) -> str:
    name = {"d_z": "$d_z$", "g": "$g$"}[row["effect_name"]]
    words = f"{name} = {row['effect']:.2f} [{row['effect_low']:.2f}, {row['effect_high']:.2f}]"
    return words.replace("-", "−")
