"""The sentence about models, and their lines in the summary: folds, repeats, seeds, controls."""

import polars as pl

from affectflow.cli.summary import _models
from affectflow.io.tables import write_free_table
from affectflow.viz.methods_statistics import models
from tests.unit.viz.test_plot_models import tables


def scores_of(**how):
    scores = tables(("logistic", "cross_modal"), ("pose_only",), **how)[0]
    return scores.with_columns(n_resamples=pl.lit(500), n_repeats=pl.lit(5), n_seeds=pl.lit(3))


def test_what_was_run_is_said_and_controls_apart():
    text = models(scores_of())
    assert "3 folds, repeated 5 times with other folds, 3 random starts each, with every person" in text
    assert (
        "AUROC: logistic 0.80 (0.60 to 0.95); cross modal 0.79 (0.60 to 0.95). Controls: pose only 0.78"
        in text
    )
    assert "repeated" not in models(scores_of().with_columns(n_repeats=pl.lit(1)))
    assert "AUROC: none could be computed." in models(scores_of(measured=False))


def test_the_summary_says_the_same(tmp_path):
    write_free_table(scores_of(), tmp_path / "scores.parquet", footer={})
    lines = _models(tmp_path / "scores.parquet")
    assert lines[0].endswith("(AUROC, 95 % interval over people; 3 folds, 5 repeats, 3 seeds)")
    assert lines[1].split() == ["logistic", "0.80", "[0.60,", "0.95]"]
    assert lines[3].split()[-1] == "control"
    write_free_table(scores_of(measured=False), tmp_path / "none.parquet", footer={})
    assert "no value" in _models(tmp_path / "none.parquet")[1]
