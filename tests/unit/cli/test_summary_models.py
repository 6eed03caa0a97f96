"""The summary's lines about models."""

import polars as pl
import pytest

from affectflow.cli.summary import _models
from affectflow.io.tables import write_free_table
from tests.unit.viz.test_plot_models import tables


@pytest.mark.parametrize("note", [None, "no test fold has windows of both labels"])
def test_what_limits_the_scores_is_said_below_them(tmp_path, note):
    scores = tables(("logistic", "cross_modal"), ("time_only",))[0]
    path = tmp_path / "scores.parquet"
    footer = {"stage": "evaluate_models", "stage_version": 1}
    write_free_table(scores.with_columns(note=pl.lit(note, pl.String)), path, footer=footer)
    lines = _models(path)
    assert len(lines) == 4 + (note is not None)
    assert lines[3].split()[0] == "time_only"
    assert note is None or lines[4] == "  No test fold has windows of both labels."
