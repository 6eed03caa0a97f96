"""A result table as a page of HTML, for the report and for reading in a browser."""

from __future__ import annotations

import html
from collections.abc import Mapping

import pandas as pd
import polars as pl

_STYLE = """
body { font: 14px/1.45 system-ui, sans-serif; color: #222; margin: 1.5rem; }
h1 { font-size: 1.15rem; } p { max-width: 60rem; }
table { border-collapse: collapse; } th, td { padding: .25rem .6rem; text-align: right; white-space: nowrap; }
th { border-bottom: 2px solid #888; position: sticky; top: 0; background: #fff; }
td:first-child, th:first-child { text-align: left; } tr:nth-child(even) td { background: #f5f6f8; }
"""

_WRAPPED = "td, th { white-space: normal; text-align: left; vertical-align: top; max-width: 32rem; }"


def table_page(
    table: pl.DataFrame,
    *,
    title: str,
    note: str = "",
    links: Mapping[str, str] | None = None,
    wrap: bool = False,
) -> str:
    """Return a table as a self-contained page.

    Parameters
    ----------
    table
        Any table; its text is escaped.
    title
        Heading.
    note
        A sentence or two below it: what the columns mean, which data; a line break begins a new paragraph.
    links
        Where texts of the first column lead to.
    wrap
        Whether cells are sentences, in lines of their own, and not numbers.
    """
    frame = pd.DataFrame(table.to_dict(as_series=False), columns=table.columns)
    links = links or {}
    for number, name in enumerate(table.columns):
        if table[name].null_count() == table.height:
            # pandas makes objects of a column without any number, and prints None.
            frame[name] = ""
        elif table.schema[name] == pl.String:
            frame[name] = [_cell(text, links if number == 0 else {}) for text in table[name].to_list()]
        elif table.schema[name] == pl.Boolean:
            frame[name] = ["" if v is None else "yes" if v else "no" for v in table[name].to_list()]
    frame.columns = [html.escape(name) for name in table.columns]
    body = frame.to_html(index=False, border=0, na_rep="", escape=False, float_format=lambda x: f"{x:.4g}")
    heading = html.escape(title)
    notes = "".join(f"<p>{html.escape(line)}</p>" for line in note.split("\n"))
    return (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{heading}</title><style>{_STYLE}{_WRAPPED if wrap else ""}</style></head>'
        f"<body><h1>{heading}</h1>{notes}{body}</body></html>\n"
    )


def with_interval(name: str) -> pl.Expr:
    """Return a number with its interval, the columns low and high, as text; alone without one, null without a number."""
    whole = pl.format("{} [{}, {}]", two_decimals(name), two_decimals("low"), two_decimals("high"))
    return pl.coalesce(whole, two_decimals(name))


def two_decimals(name: str) -> pl.Expr:
    """Return a column of numbers as text with two decimals; what rounds to 0 has no sign."""
    # In Python: polars takes "+ 0.0", which would lose the sign, for nothing to do.
    return pl.col(name).map_elements(lambda v: f"{round(v, 2) or 0.0:.2f}", return_dtype=pl.String)


def _cell(text: str | None, links: Mapping[str, str]) -> str:
    if text is None:
        return ""
    shown = html.escape(text)
    return f'<a href="{html.escape(links[text])}">{shown}</a>' if text in links else shown
