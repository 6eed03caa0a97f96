"""The file of markers: moments on the video's and the signal's clock."""

from __future__ import annotations

from pathlib import Path

import polars as pl

from affectflow.config.decimals import decimal
from affectflow.errors import InputError, did_you_mean
from affectflow.io.plain_files import first_names, shown
from affectflow.io.text import read_text

LARGEST_S = 1e11
COLUMNS = ("video_s", "signal_s")


def read_markers(path: str | Path) -> pl.DataFrame:
    """Read shared moments from tab-separated text.

    Parameters
    ----------
    path
        UTF-8; the first row names the columns, of which ``video_s`` and ``signal_s`` (seconds)
        are needed and others are passed over. Empty rows are too.

    Returns
    -------
    ``row`` (its number in the file, the header is 1), ``video_s``, ``signal_s``; at least one row.

    Raises
    ------
    InputError
        Names file, row, column and value.
    """
    lines = read_text(path, what="markers").replace("\r\n", "\n").replace("\r", "\n").split("\n")
    names = [c.strip() for c in lines[0].split("\t")]
    for name in COLUMNS:
        if names.count(name) != 1:
            tabs = " Separate columns by tabs." if len(names) == 1 and lines[0].strip() else ""
            found = "occurs twice" if name in names else f"is missing (found {first_names(names)})"
            hint = "" if name in names else did_you_mean(name, names[:99])
            raise InputError(f"{path}: row 1: column {name} {found}.{hint}{tabs}")
    rows = []
    for number, line in enumerate(lines[1:], start=2):
        cells = [c.strip() for c in line.split("\t")]
        if not any(cells):
            continue
        if len(cells) != len(names):
            raise InputError(f"{path}: row {number} has {len(cells)} cells, the header has {len(names)}.")
        named = dict(zip(names, cells, strict=True))
        rows.append({"row": number, **{n: _seconds(named[n], n, f"{path}: row {number}") for n in COLUMNS}})
    if not rows:
        raise InputError(f"{path}: has no markers below the header. Write video_s and signal_s of each.")
    return pl.DataFrame(rows, schema={"row": pl.Int64, "video_s": pl.Float64, "signal_s": pl.Float64})


def _seconds(text: str, column: str, where: str) -> float:
    value = decimal(text)
    # Unix seconds are the largest that anybody writes.
    if not abs(value) <= LARGEST_S:
        raise InputError(f"{where}: {column} {shown(text)} is not a number of seconds. Use a decimal point.")
    return value
