"""Figures of the discriminant: scores of people it has not seen, ROC, and what the direction is made of."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

from affectflow.viz.labels import KINDS, label_of, p_text
from affectflow.viz.style import BASELINE_COLOUR, COLUMN_MM, CYCLE, GREY, PAGE_MM, STRESSOR_COLOUR, new_figure

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

MOST_UNITS = 30
N_COLUMNS = 20
# Two lines above the panels.
KEY_MM = 9


def plot_lda(tables: Mapping[str, pl.DataFrame], figure: str) -> Figure:
    """Draw "scores" or "direction" from the tables of lda."""
    result = tables["results"].row(0, named=True)
    if figure == "scores":
        return plot_scores(result, tables["scores"], tables["roc"])
    return plot_direction(result, tables["direction"])


def plot_scores(result: dict[str, Any], scores: pl.DataFrame, roc: pl.DataFrame) -> Figure:
    """Draw the out-of-fold scores per condition, per unit (up to 30), and the ROC curves.

    Parameters
    ----------
    result
        The row of ``results``.
    scores, roc
        Tables of lda.
    """
    units = scores["unit"].n_unique()
    by_unit = units <= MOST_UNITS
    height_mm = max(62, 20 + 3.2 * units) if by_unit else 62
    figure = new_figure(width_mm=PAGE_MM, height_mm=height_mm + KEY_MM)
    axes = figure.subplots(1, 3 if by_unit else 2, width_ratios=(1, 1.1, 1) if by_unit else (1.4, 1))
    _histogram(axes[0], result, scores)
    if by_unit:
        _strips(axes[1], scores)
    _roc(axes[-1], roc)
    # Curves may run anywhere in their panel: the key and the numbers stand above them.
    figure.legend(
        *axes[-1].get_legend_handles_labels(),
        loc="outside upper right",
        ncols=3,
        title=_roc_words(result),
        title_fontsize=6.5,
        alignment="right",
    )
    return figure


def plot_direction(result: dict[str, Any], direction: pl.DataFrame) -> Figure:
    """Draw how the 20 columns closest to the score go with it, coloured by kind.

    Bars are correlations of column and score (the pattern; Haufe et al. 2014):
    unlike weights they can be read as "higher under the stressor". Faint bars:
    the weight's sign differs in more than one fold of ten.

    Parameters
    ----------
    result
        The row of ``results``.
    direction
        Table of lda.
    """
    from matplotlib.patches import Patch

    top = (
        direction.sort(pl.col("pattern").abs(), "measure", descending=[True, False])
        .head(N_COLUMNS)
        .sort("pattern")
    )
    figure = new_figure(width_mm=COLUMN_MM * 1.15, height_mm=3.8 * len(top) + 24)
    axis = figure.subplots()
    colours = dict(zip(KINDS, (CYCLE[0], CYCLE[1], CYCLE[2], CYCLE[3]), strict=True))
    for y, row in enumerate(top.iter_rows(named=True)):
        axis.barh(
            y,
            row["pattern"],
            height=0.7,
            color=colours[row["kind"]],
            alpha=1 if row["same_sign"] > 0.9 else 0.4,
        )
    axis.axvline(0, color="black", linewidth=0.7)
    axis.set_yticks(range(len(top)), [label_of(m) for m in top["measure"]])
    axis.tick_params(axis="y", length=0)
    axis.spines["left"].set_visible(False)
    axis.set_ylim(-0.6, len(top) - 0.4)
    axis.grid(axis="x")
    some = f"{len(top)} of {len(direction)}" if len(top) < len(direction) else f"all {len(direction)}"
    axis.set_title(f"What the score goes with ({some})")
    axis.set_xlabel(
        f"correlation with the score (higher: {result['stressor']})\n{_stability(result, direction)}"
    )
    present = [k for k in KINDS if k in top["kind"].to_list()]
    handles = [Patch(color=colours[k]) for k in present]
    # Bars may fill every corner.
    figure.legend(handles, [KINDS[k] for k in present], loc="outside upper right", ncols=len(present))
    return figure


def _stability(result: dict[str, Any], direction: pl.DataFrame) -> str:
    """Say how alike the directions of the folds are."""
    if result["direction_cosine"] is None:
        return "direction of one fold"
    keep = int((direction["same_sign"] > 0.9).sum())
    return (
        f"{result['n_folds']} folds: mean cosine of directions {result['direction_cosine']:.2f}\n"
        f"{keep} of {len(direction)} weights keep their sign (others faint)"
    )


def _histogram(axis: Axes, result: dict[str, Any], scores: pl.DataFrame) -> None:
    n_bins = min(30, max(8, int(len(scores) ** 0.5)))
    edges = np.histogram_bin_edges(scores["score"].to_numpy(), bins=n_bins).tolist()
    for stressed, colour in ((False, BASELINE_COLOUR), (True, STRESSOR_COLOUR)):
        values = scores.filter(pl.col("stressed") == stressed)["score"].to_numpy()
        name = result["stressor" if stressed else "baseline"]
        axis.hist(values, edges, color=colour, alpha=0.45)
        axis.hist(
            values, edges, histtype="step", color=colour, linewidth=1.2, label=f"{name} (n = {len(values)})"
        )
    axis.axvline(0, ymax=0.78, color=GREY, linewidth=0.8, linestyle="--")
    axis.set_ylim(0, axis.get_ylim()[1] * 1.28)
    axis.set_xlabel("LDA score, units held out")
    axis.set_ylabel("rows")
    axis.set_title("a  Scores")
    axis.legend(loc="upper left")


def _strips(axis: Axes, scores: pl.DataFrame) -> None:
    order = (
        scores.group_by("unit")
        .agg(pl.col("stressed").any().cast(pl.Int8).alias("side"), pl.col("score").mean())
        .sort("side", "unit", descending=True)["unit"]
        .to_list()
    )
    for y, unit in enumerate(order):
        for stressed, colour, shift in ((False, BASELINE_COLOUR, 0.14), (True, STRESSOR_COLOUR, -0.14)):
            values = scores.filter((pl.col("unit") == unit) & (pl.col("stressed") == stressed))[
                "score"
            ].to_numpy()
            axis.plot(
                values,
                np.full(len(values), y + shift),
                "o",
                color=colour,
                markersize=2.6,
                alpha=0.6,
                markeredgewidth=0,
            )
            if len(values):
                axis.plot(
                    [values.mean()] * 2, [y + shift - 0.2, y + shift + 0.2], color=colour, linewidth=1.6
                )
    axis.axvline(0, color=GREY, linewidth=0.8, linestyle="--")
    axis.set_yticks(range(len(order)), order)
    axis.set_ylim(-0.7, len(order) - 0.3)
    axis.tick_params(axis="y", length=0)
    axis.grid(axis="y")
    axis.set_xlabel("LDA score, units held out")
    axis.set_title("b  Scores by unit")


def _roc(axis: Axes, roc: pl.DataFrame) -> None:
    for (fold,), curve in roc.filter(pl.col("fold").is_not_null()).group_by("fold", maintain_order=True):
        label = "each fold" if fold == roc["fold"].min() else None
        x, y = curve["false_positive_rate"], curve["true_positive_rate"]
        axis.plot(x, y, color=GREY, linewidth=0.6, alpha=0.6, label=label, drawstyle="steps-post")
    mean = roc.filter(pl.col("fold").is_null())
    x, y = mean["false_positive_rate"], mean["true_positive_rate"]
    axis.plot(x, y, color="black", linewidth=1.8, label="mean of folds", drawstyle="steps-post")
    axis.plot([0, 1], [0, 1], color=GREY, linewidth=0.8, linestyle="--", label="chance")
    axis.set_xlim(-0.01, 1.01)
    axis.set_ylim(-0.01, 1.01)
    axis.set_box_aspect(1)
    axis.set_xlabel("false positive rate")
    axis.set_ylabel("true positive rate")
    place = axis.get_subplotspec()
    axis.set_title(f"{'c' if place and place.colspan.start == 2 else 'b'}  ROC within folds")


def _roc_words(result: dict[str, Any]) -> str:
    p = result["p_permutation"]
    words = [f"ROC: AUROC {result['auroc']:.3f} [{result['auroc_low']:.3f}, {result['auroc_high']:.3f}]"]
    words += [] if p is None else [p_text(p, "permutation p")]
    return ", ".join([*words, f"{result['n_units']} units, {result['n_folds']} folds"])
