"""ROC and reliability curves of several models, the main one in front."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from affectflow.viz.style import BLUE, CYCLE, GREY

if TYPE_CHECKING:
    from matplotlib.axes import Axes

DASHES = ("-", "--", "-.")
CONTROL_DASHES = (":", (0, (5, 1)), (0, (1, 3)), (0, (5, 4)), (0, (3, 1, 1, 1)), (0, (8, 2)))


def line_styles(models: pl.DataFrame) -> dict[str, dict]:
    """Return how each model's line looks: the main one thick and blue, controls grey.

    Parameters
    ----------
    models
        `model` and `kind` (main, model or control), in the order of the legend.
    """
    others = [colour for colour in CYCLE if colour != BLUE]
    styles: dict[str, dict] = {}
    n_others = n_controls = 0
    for model, kind in models.select("model", "kind").iter_rows():
        if kind == "main":
            styles[model] = {"color": BLUE, "linewidth": 1.6, "zorder": 4}
        elif kind == "control":
            dash = CONTROL_DASHES[n_controls % len(CONTROL_DASHES)]
            styles[model] = {"color": GREY, "linewidth": 0.8, "linestyle": dash}
            n_controls += 1
        else:
            dash = DASHES[n_others // len(others) % len(DASHES)]
            styles[model] = {"color": others[n_others % len(others)], "linewidth": 0.9, "linestyle": dash}
            n_others += 1
    return styles


def draw_roc(axes: Axes, curves: pl.DataFrame, styles: dict[str, dict], *, main: str) -> None:
    """Draw `Evaluation.curves`; the band is that of the main model, for the others see the intervals."""
    for model, style in styles.items():
        curve = curves.filter(pl.col("model") == model).drop_nulls("tpr")
        if model == main:
            axes.fill_between(curve["fpr"], curve["low"], curve["high"], color=BLUE, alpha=0.12, linewidth=0)
        axes.plot(curve["fpr"], curve["tpr"], label=model.replace("_", " "), **style)
    _unit_square(axes, "false-positive rate", "true-positive rate")


def draw_reliability(axes: Axes, reliability: pl.DataFrame, styles: dict[str, dict], *, main: str) -> None:
    """Draw `Evaluation.reliability`: where the line is, scores are probabilities; bars are the main model's intervals."""
    for model, style in styles.items():
        curve = reliability.filter(pl.col("model") == model)
        axes.plot(curve["mean_score"], curve["share_stressor"], marker="o", markersize=1.6, **style)
        if model == main:
            known = curve.drop_nulls(["low", "high"])
            axes.vlines(known["mean_score"], known["low"], known["high"], color=BLUE, linewidth=0.6)
    _unit_square(axes, "score", "share of stressor windows")


def _unit_square(axes: Axes, x: str, y: str) -> None:
    axes.plot([0, 1], [0, 1], color="black", linestyle=":", linewidth=0.6, zorder=0)
    axes.set(xlim=(-0.02, 1.02), ylim=(-0.02, 1.02), xticks=(0, 0.5, 1), yticks=(0, 0.5, 1), aspect="equal")
    axes.set_xlabel(x, fontsize=7)
    axes.set_ylabel(y, fontsize=7)
