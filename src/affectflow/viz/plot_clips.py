"""Figure of a classifier of clips: its scores beside the most frequent emotion's, and what is told for what."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from affectflow.viz.style import (
    BLACK,
    BLUE,
    GREY,
    PAGE_MM,
    figure_style,
    mark_simulated,
    new_figure,
    takes_white,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

METHODS = (("baseline", "most frequent", GREY), ("predicted", "network", BLUE))
MEASURES = ("war", "uar")
NO_FACE = "no face"
LETTERS_PT = 6.5


def plot_clips(scores: pl.DataFrame, confusion: pl.DataFrame, *, simulated: bool = False) -> Figure:
    """Draw the scores of the network and of the baseline with their intervals, and the confusion matrix.

    Parameters
    ----------
    scores, confusion
        `clips.evaluate_clips.ClipEvaluation`.
    simulated
        Mark the figure as simulated data.

    Returns
    -------
    A page wide. Rows of the matrix are labels and add up to 1; clips of which nothing was told stand in a column of
    their own.
    """
    with figure_style():
        figure = new_figure(width_mm=PAGE_MM, height_mm=40 + 7 * confusion["label"].n_unique())
        left, right = figure.subplots(1, 2, width_ratios=(2, 3))
        _scores(left, scores)
        _confusion(right, confusion)
        n_clips, n_people, n_folds = scores.select("n_clips", "n_people", "n_folds").row(0)
        # Where every clip counts as a person of its own, who is seen is most likely not known.
        people = f" of {n_people} people" if n_people < n_clips else ""
        folds = "fold" if n_folds == 1 else "folds"
        heading = f"{n_clips} tested clips{people}, {n_folds} {folds}"
        figure.suptitle(heading, fontsize=8.5, x=0.01, ha="left")
        mark_simulated(figure, simulated)
    return figure


def _scores(axis: Axes, scores: pl.DataFrame) -> None:
    for i, measure in enumerate(MEASURES):
        for shift, (method, words, colour) in zip((-0.12, 0.12), METHODS, strict=True):
            row = scores.filter(method=method, measure=measure)
            value, low, high = row.select("value", "low", "high").row(0)
            if low is not None and high is not None:
                axis.plot([i + shift] * 2, [low, high], color=colour, linewidth=1.2)
            axis.plot(i + shift, value, "o", color=colour, markersize=4.5, label=words if i == 0 else None)
    axis.set_xticks(range(len(MEASURES)), [m.upper() for m in MEASURES])
    axis.set_xlim(-0.5, len(MEASURES) - 0.5)
    axis.set_ylim(0, 1)
    axis.set_ylabel("recall, mean over folds")
    axis.set_title("a  Scores and 95 % intervals over people")
    axis.legend(loc="best", frameon=False, fontsize=LETTERS_PT + 0.5)


def _confusion(axis: Axes, confusion: pl.DataFrame) -> None:
    import matplotlib

    shown = confusion.filter(
        pl.col("predicted").is_not_null() | (pl.col("n_clips").sum().over("predicted") > 0)
    )
    rows = shown["label_name"].unique(maintain_order=True).to_list()
    heads = shown["predicted_name"].fill_null(NO_FACE).unique(maintain_order=True).to_list()
    share = shown["share"].to_numpy().reshape(len(rows), len(heads))
    count = shown["n_clips"].to_numpy().reshape(len(rows), len(heads))
    colours = matplotlib.colormaps["cividis"]
    axis.imshow(share, cmap=colours, vmin=0, vmax=1, interpolation="nearest", aspect="auto")
    for (i, j), value in np.ndenumerate(share):
        if count[i, j]:
            letters = "white" if takes_white(colours(value)[:3]) else BLACK
            axis.text(j, i, f"{value:.2f}", ha="center", va="center", fontsize=LETTERS_PT, color=letters)
    axis.set_xticks(range(len(heads)), heads, rotation=45, ha="right", fontsize=LETTERS_PT)
    words = [f"{name} ({n})" for name, n in zip(rows, count.sum(axis=1), strict=True)]
    axis.set_yticks(range(len(rows)), words, fontsize=LETTERS_PT)
    axis.tick_params(length=0, pad=2)
    axis.set_xlabel("told by the network")
    axis.set_ylabel("label (clips)")
    axis.set_title("b  What is told, share of the label's clips")
