"""The figure that compares models."""

import numpy as np
import polars as pl
import pytest

from affectflow.viz.plot_models import plot_models
from affectflow.viz.style import write_figure


def tables(models=("logistic", "cross_modal")):
    measures = ("auroc", "auprc", "balanced_accuracy")
    scores = pl.DataFrame(
        [
            {"model": m, "measure": q, "estimate": 0.8 + 0.05 * i, "low": 0.6, "high": 0.95, "chance": 0.5}
            | {"n_people": 6, "n_windows": 48, "n_positive": 24, "n_folds": 3, "subject_norm": "none"}
            for i, m in enumerate(models)
            for q in measures
        ]
    )
    pairs = [(a, b) for i, a in enumerate(models) for b in models[i + 1 :]]
    comparisons = pl.DataFrame(
        [
            {"model": b, "than": a, "measure": q, "difference": -0.1, "low": -0.2, "high": 0.1}
            for a, b in pairs
            for q in measures
        ],
        schema={"model": pl.String, "than": pl.String, "measure": pl.String}
        | dict.fromkeys(("difference", "low", "high"), pl.Float64),
    )
    x = np.linspace(0, 1, 11)
    curves = [
        pl.DataFrame({"model": [m] * 11, "fpr": x, "tpr": x**0.3, "low": x, "high": x**0.1}) for m in models
    ]
    return scores, comparisons, pl.concat(curves)


def texts(figure):
    from matplotlib.text import Text

    return [t.get_text() for t in figure.findobj(Text)]


@pytest.mark.parametrize("models", [("logistic",), ("logistic", "cross_modal"), ("a", "b", "c", "d")])
def test_every_model_is_drawn_with_its_numbers(models):
    figure = plot_models(*tables(models), simulated=False)
    words = texts(figure)
    for i, model in enumerate(models):
        assert f"{model} ({0.8 + 0.05 * i:.2f})" in words
        assert f"{0.8 + 0.05 * i:.2f} [0.60, 0.95]" in words
    assert "chance (0.50)" in words
    assert "simulated data" not in words
    assert any(
        "6 people, 48 windows (24 stressor), 3 folds by person; inputs scaled by training people" in w
        for w in words
    )


def test_simulated_and_transductive_are_said():
    scores, comparisons, curves = tables()
    words = texts(
        plot_models(
            scores.with_columns(subject_norm=pl.lit("transductive")), comparisons, curves, simulated=True
        )
    )
    assert "simulated data" in words
    assert any("transductive" in w for w in words)


def test_same_figure_same_bytes(tmp_path):
    for suffix in (".svg", ".png"):
        for name in "ab":
            write_figure(plot_models(*tables(), simulated=True), tmp_path / f"{name}{suffix}")
        assert (tmp_path / f"a{suffix}").read_bytes() == (tmp_path / f"b{suffix}").read_bytes()
