"""A result table as a page."""

from __future__ import annotations

import polars as pl

from affectflow.viz.table_page import table_page


def test_values_are_shown_and_text_is_escaped():
    page = table_page(
        pl.DataFrame({"name": ["<script>"], "x": [1.23456], "y": [None]}), title="A & B", note="n <i>"
    )
    assert "<script>" not in page
    assert "&lt;script&gt;" in page
    assert "A &amp; B" in page
    assert "1.235" in page
