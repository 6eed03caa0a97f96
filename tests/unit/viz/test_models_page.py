"""The page of all models and measures."""

import re

import polars as pl

from affectflow.viz.models_page import models_page
from tests.unit.viz.test_plot_models import tables

SLOPES = pl.DataFrame({"model": ["logistic", "cross_modal", "pose_only"], "slope": [0.5, None, 1.25]})


def page_of(measured=True):
    scores, comparisons, *_ = tables(("logistic", "cross_modal"), ("pose_only",), measured=measured)
    return models_page(scores, comparisons, SLOPES, simulated=True)


def cells_of(page):
    """Row name → column name → text of the cell."""
    rows = [re.findall(r"<t[hd][^>]*>(.*?)</t[hd]>", row) for row in re.findall(r"<tr.*?</tr>", page, re.S)]
    return {row[0]: dict(zip(rows[0], row, strict=True)) for row in rows[1:]}


def test_every_model_has_its_row_with_numbers():
    page = page_of()
    table = cells_of(page)
    assert list(table) == ["cross_modal", "logistic", "pose_only", "chance"]
    assert [row["kind"] for row in table.values()] == ["main model", "model", "control", ""]
    assert table["logistic"]["AUROC"] == "0.80 [0.60, 0.95]"
    assert table["logistic"]["difference"] == "-0.10 [-0.20, 0.10]"
    assert table["logistic"]["p"] == "0.0204"
    assert table["logistic"]["slope"] == "0.50"
    assert table["cross_modal"]["difference"] == table["cross_modal"]["slope"] == ""
    assert table["chance"]["AUROC"] == "0.50"
    assert "Simulated data" in page
    assert "6 people, 48 windows, 3 folds, 1 repeats, 1 seeds" in page


def test_what_has_no_value_is_empty():
    table = cells_of(page_of(measured=False))
    assert [row["AUROC"] for row in table.values()] == ["", "", "", "0.50"]
    assert {row["p"] for row in table.values()} == {""}


def test_what_a_reader_must_know_of_a_row_is_said():
    scores, comparisons, *_ = tables(("logistic", "cross_modal"), ("pose_only",))
    scores = scores.with_columns(
        note=pl.when(pl.col("model") == "pose_only").then(pl.lit("of 4 people only"))
    )
    assert "pose_only: of 4 people only." in models_page(scores, comparisons, SLOPES, simulated=False)
