"""A result table as a page of HTML, for the report and for reading in a browser."""

from __future__ import annotations

import html

import pandas as pd
import polars as pl

_STYLE = """
body { font: 14px/1.45 system-ui, sans-serif; color: #222; margin: 1.5rem; }
h1 { font-size: 1.15rem; } p { max-width: 60rem; }
table { border-collapse: collapse; } th, td { padding: .25rem .6rem; text-align: right; white-space: nowrap; }
th { border-bottom: 2px solid #888; position: sticky; top: 0; background: #fff; }
td:first-child, th:first-child { text-align: left; } tr:nth-child(even) td { background: #f5f6f8; }
"""


def table_page(table: pl.DataFrame, *, title: str, note: str = "") -> str:
    """Return a table as a self-contained page.

    Parameters
    ----------
    table
        Any table; its text is escaped.
    title
        Heading.
    note
        A sentence or two below it: what the columns mean, which data.
    """
    frame = pd.DataFrame(table.to_dict(as_series=False), columns=table.columns)
    body = frame.to_html(index=False, border=0, na_rep="", escape=True, float_format=lambda x: f"{x:.4g}")
    heading = html.escape(title)
    return (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{heading}</title><style>{_STYLE}</style></head>'
        f"<body><h1>{heading}</h1><p>{html.escape(note)}</p>{body}</body></html>\n"
    )
