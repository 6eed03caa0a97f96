"""A result table as a page."""

from __future__ import annotations

import polars as pl

from affectflow.viz.table_page import table_page, with_interval


def test_values_are_shown_and_text_is_escaped():
    page = table_page(
        pl.DataFrame({"name": ["<script>"], "x": [1.23456], "y": [None]}), title="A & B", note="n <i>"
    )
    assert "<script>" not in page
    assert "&lt;script&gt;" in page
    assert "A &amp; B" in page
    assert "1.235" in page
    assert "None" not in page


def test_missing_values_are_empty_cells_and_links_lead_to_the_first_column_only():
    table = pl.DataFrame(
        {"a": ["x", None], "b": ["x", "y"], "c": [True, None], "d": [1, None], "e": [None, 2.5]}
    )
    page = table_page(table, title="t", links={"x": "x&y.html"})
    assert page.count('<a href="x&amp;y.html">x</a>') == 1
    assert "<td>yes</td>" in page
    assert "None" not in page
    assert "nan" not in page.lower()


def test_a_column_without_any_number_is_empty():
    table = pl.DataFrame(
        {"a": ["x", "y"], "b": [None, None], "c": [None, None], "d": [None, 0.5]},
        schema={"a": pl.String, "b": pl.Float64, "c": pl.Int32, "d": pl.Float64},
    )
    page = table_page(table, title="t")
    assert "None" not in page
    assert page.count("<td></td>") == 5


def test_what_rounds_to_nothing_has_no_sign():
    table = pl.DataFrame(
        {"x": [-0.001, -0.2, 0.004, None], "low": [-0.004, -0.3, None, None], "high": [0.0, -0.1, None, None]}
    )
    shown = table.select(with_interval("x")).to_series().to_list()
    assert shown == ["0.00 [0.00, 0.00]", "-0.20 [-0.30, -0.10]", "0.00", None]
