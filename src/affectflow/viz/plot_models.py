"""One figure that compares the models: ROC curves, measures with intervals, paired differences."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from affectflow.viz.style import CYCLE, GREY, PAGE_MM, figure_style, mark_simulated, new_figure

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

MEASURES = {"auroc": "AUROC", "auprc": "AUPRC", "balanced_accuracy": "balanced accuracy"}
NORMS = {
    "none": "inputs scaled by training people only",
    "transductive": "transductive: inputs z-scored within each test person",
}


def plot_models(
    scores: pl.DataFrame, comparisons: pl.DataFrame, curves: pl.DataFrame, *, simulated: bool
) -> Figure:
    """Draw the comparison of models on people they never saw.

    Parameters
    ----------
    scores, comparisons, curves
        Tables of `train.evaluate_models.Evaluation`.
    simulated
        Whether to say that the data are simulated.
    """
    models = scores["model"].unique(maintain_order=True).to_list()
    colours = {model: CYCLE[i % len(CYCLE)] for i, model in enumerate(models)}
    with figure_style():
        height = 80 + 10 * max(0, len(models) - 2)
        figure = new_figure(width_mm=PAGE_MM, height_mm=height)
        rows = [max(3, 3 * len(models)), max(2, 1.5 * comparisons.height)] if comparisons.height else [1]
        grid = figure.add_gridspec(len(rows), 2, width_ratios=[1.25, 1], height_ratios=rows)
        _draw_curves(figure.add_subplot(grid[:, 0]), curves, scores, colours)
        _draw_scores(figure.add_subplot(grid[0, 1]), scores, colours)
        if comparisons.height:
            _draw_differences(figure.add_subplot(grid[1, 1]), comparisons)
        first = scores.row(0, named=True)
        figure.suptitle(
            f"{first['n_people']} people, {first['n_windows']} windows ({first['n_positive']} stressor), "
            f"{first['n_folds']} folds by person; {NORMS.get(first['subject_norm'], first['subject_norm'])}",
            x=0.01,
            ha="left",
            fontsize=7,
        )
        mark_simulated(figure, simulated)
    return figure


def _draw_curves(axes: Axes, curves: pl.DataFrame, scores: pl.DataFrame, colours: dict[str, str]) -> None:
    for model, colour in colours.items():
        curve = curves.filter(pl.col("model") == model)
        auroc = scores.filter((pl.col("model") == model) & (pl.col("measure") == "auroc"))["estimate"][0]
        axes.fill_between(curve["fpr"], curve["low"], curve["high"], color=colour, alpha=0.08, linewidth=0)
        axes.plot(curve["fpr"], curve["tpr"], color=colour, label=f"{model} ({auroc:.2f})")
    axes.plot([0, 1], [0, 1], color=GREY, linestyle=":", linewidth=0.8, label="chance (0.50)")
    axes.set(xlim=(-0.01, 1.01), ylim=(-0.01, 1.01), aspect="equal", title="a  ROC, mean over folds")
    axes.set_xlabel("false-positive rate")
    axes.set_ylabel("true-positive rate")
    # A white ground: the bands of few people fill the corner.
    axes.legend(
        loc="lower right",
        title="model (AUROC)",
        title_fontsize=7,
        frameon=True,
        facecolor="white",
        edgecolor="none",
    )


def _draw_scores(axes: Axes, scores: pl.DataFrame, colours: dict[str, str]) -> None:
    ticks, labels, y = [], [], 0.0
    for measure, name in MEASURES.items():
        own = scores.filter(pl.col("measure") == measure)
        ticks.append(y + (own.height - 1) / 2)
        labels.append(name)
        chance = own["chance"][0]
        axes.plot([chance] * 2, [y - 0.45, y + own.height - 0.55], color=GREY, linestyle=":", linewidth=0.8)
        for row in own.iter_rows(named=True):
            _draw_interval(axes, row, row["estimate"], y, colours[row["model"]])
            y += 1
        y += 0.6
    axes.set_yticks(ticks, labels)
    axes.tick_params(axis="y", length=0)
    axes.set(ylim=(y - 0.9, -0.7), xlim=(min(0.0, scores["low"].min() or 0.0), 1.0))
    axes.set_title("b  Estimate, 95 % interval over people")


def _draw_differences(axes: Axes, comparisons: pl.DataFrame) -> None:
    for y, row in enumerate(comparisons.iter_rows(named=True)):
        _draw_interval(axes, row, row["difference"], y, "black")
    names = [f"{MEASURES[m]}" for m in comparisons["measure"]]
    pairs = comparisons.select("model", "than").unique().height
    if pairs > 1:
        names = [
            f"{a} − {b}, {n}"
            for a, b, n in zip(comparisons["model"], comparisons["than"], names, strict=True)
        ]
    axes.axvline(0, color=GREY, linestyle=":", linewidth=0.8)
    axes.set_yticks(range(comparisons.height), names)
    axes.tick_params(axis="y", length=0)
    axes.set_ylim(comparisons.height - 0.4, -0.6)
    title = f"{comparisons['model'][0]} − {comparisons['than'][0]}" if pairs == 1 else "differences"
    axes.set_title(f"c  Paired difference: {title}")


def _draw_interval(axes: Axes, row: dict, value: float, y: float, colour: str) -> None:
    axes.plot([row["low"], row["high"]], [y, y], color=colour, linewidth=1.2, solid_capstyle="butt")
    axes.plot([value], [y], "o", color=colour, clip_on=False, zorder=3)
    text = f"{value:.2f} [{row['low']:.2f}, {row['high']:.2f}]".replace("-", "−")
    axes.annotate(
        text,
        (1.01, y),
        xycoords=("axes fraction", "data"),
        va="center",
        ha="left",
        fontsize=6.5,
        color=colour,
    )
