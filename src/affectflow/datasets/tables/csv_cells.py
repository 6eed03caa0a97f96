"""The cells of a table that a person made: CSV, TSV or Parquet, with what stands above its header."""

from __future__ import annotations

import csv
import io
import re
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import polars as pl

from affectflow.config.moments import parse_moment
from affectflow.errors import InputError, did_you_mean
from affectflow.io.plain_files import open_plain, shown
from affectflow.io.text import read_text

SEPARATORS = {"\t": "tab", ";": "semicolon", ",": "comma"}
# Besides an empty cell, these mean "no value": BIDS's n/a and what R, NumPy and spreadsheets write.
MISSING = ("", "n/a", "na", "nan", "null")
# Nobody records as many signals at once; every column costs memory for each row.
MOST_COLUMNS = 1000
# As much as a text file of the largest size could mean: a few bytes of Parquet can promise any number of rows.
LARGEST_PARQUET_CELLS = 500_000_000
# What a line above the header may say.
SAYS = ("rate_hz", "start")
_SAID = re.compile(r"#\s*([A-Za-z_][A-Za-z0-9_]*)\s*[:=]\s*(.*)")
_DECIMAL_COMMA = r"^[+-]?\d*,\d+([eE][+-]?\d+)?$"
# Columns that are no plain numbers: a point in them says nothing about decimal points.
NOT_NUMBERS = ("time_iso",)


@dataclass(frozen=True)
class Cells:
    """What a file holds, before it is numbers.

    Attributes
    ----------
    path
        The file, for messages.
    table
        Stripped text, or a Parquet file's own types.
    first_row
        Row number of the first row of the table.
    rate_hz, start_unix_s
        From lines above the header; None without.
    notes
        What was repaired.
    """

    path: Path
    table: pl.DataFrame
    first_row: int
    rate_hz: float | None = None
    start_unix_s: float | None = None
    notes: list[str] = field(default_factory=list)

    def row(self, i: int) -> int:
        """Return the number of a row as an editor counts lines."""
        return i + self.first_row


def read_parquet_cells(path: Path) -> Cells:
    """Read a Parquet file; rows count from 1. What it promises is looked at before it is unpacked."""
    # Through an open file: of a path, polars would take * for a pattern and a folder for many files.
    with open_plain(path, what="signals") as file:
        try:
            schema = pl.read_parquet_schema(file)
            file.seek(0)
            n_rows = pl.scan_parquet(file).select(pl.len()).collect().item()
            if len(schema) > MOST_COLUMNS or n_rows * len(schema) > LARGEST_PARQUET_CELLS:
                raise InputError(
                    f"{path}: has {n_rows} rows of {len(schema)} columns (limit {MOST_COLUMNS} columns, "
                    f"{LARGEST_PARQUET_CELLS} cells). Save one file per recording."
                )
            for name, kind in schema.items():
                if not (kind.is_numeric() or kind.is_temporal() or kind == pl.String or kind == pl.Null):
                    raise InputError(f"{path}: column {shown(name)} holds {kind}, not numbers.")
            file.seek(0)
            return Cells(path, pl.read_parquet(file), 1)
        except (pl.exceptions.PolarsError, OSError) as error:
            raise InputError(f"{path}: cannot be read as Parquet ({str(error).splitlines()[0]}).") from None


def read_text_cells(path: Path) -> Cells:
    """Read CSV or TSV; ragged rows are refused with their number, decimal commas repaired where nothing else fits."""
    text = read_text(path, what="signals").replace("\r\n", "\n").replace("\r", "\n")
    said: dict[str, float] = {}
    n_above = 0
    while text.startswith("#"):
        line, _, text = text.partition("\n")
        n_above += 1
        said |= _said_above(line, f"{path}: row {n_above}")
    header_line, _, body = text.rstrip("\n").partition("\n")
    if not header_line.strip():
        raise InputError(f"{path}: row {n_above + 1} is empty. It names the columns: time_s, eda_usiemens, …")
    separator = max(SEPARATORS, key=header_line.count)
    header = [name.strip() for name in split_line(header_line, separator, f"{path}: row {n_above + 1}")]
    if len(header) > MOST_COLUMNS:
        raise InputError(
            f"{path}: row {n_above + 1} names {len(header)} columns (limit {MOST_COLUMNS}): this is no table of "
            "signals. It has a row per time and a column per signal."
        )
    for name in header:
        if header.count(name) > 1:
            raise InputError(
                f"{path}: row {n_above + 1}: column {shown(name)} occurs twice. Name each signal differently."
            )
    table, notes = pl.DataFrame(schema=dict.fromkeys(header, pl.String)), list[str]()
    if body:
        check_widths(body, separator, len(header), path, n_above + 2)
        try:
            table = pl.read_csv(
                io.BytesIO(body.encode()), separator=separator, has_header=False, schema=table.schema
            )
        except pl.exceptions.PolarsError as error:
            raise InputError(f"{path}: cannot be read as a table ({str(error).splitlines()[0]}).") from None
        table = table.with_columns(pl.all().fill_null("").str.strip_chars())
        if separator != ",":
            table, notes = _with_points(table)
    return Cells(path, table, n_above + 2, said.get("rate_hz"), said.get("start"), notes)


def column_of_numbers(cells: Cells, name: str) -> pl.Series:
    """Return a column as Float64, missing = null; `InputError` names the first cell that is no finite number."""
    column = cells.table[name]
    if column.dtype != pl.String:
        if not column.dtype.is_numeric():
            raise InputError(f"{cells.path}: column {name} holds {column.dtype}, not numbers.")
        numbers = column.cast(pl.Float64).fill_nan(None)
        wrong = numbers.is_infinite()
    else:
        absent = column.str.to_lowercase().is_in(MISSING)
        numbers = column.cast(pl.Float64, strict=False).set(absent, None)
        wrong = ~absent & (numbers.is_null() | numbers.is_infinite() | numbers.is_nan())
    wrong = wrong.fill_null(False)
    if wrong.any():
        i = int(np.argmax(wrong.to_numpy()))
        value = str(column[i])
        comma = value.count(",") == 1 and value.replace(",", "").lstrip("-").isdigit()
        hint = "Use a decimal point." if comma else "Correct it, or leave the cell empty."
        raise InputError(
            f"{cells.path}: row {cells.row(i)}, column {name}: {shown(value)} is not a number. {hint}"
        )
    return numbers


def _said_above(line: str, where: str) -> dict[str, float]:
    """Return what a line above the header says; any other line that begins with # says nothing."""
    found = _SAID.fullmatch(line.strip())
    if found is None:
        return {}
    name, text = found[1].lower(), found[2].strip()
    if name not in SAYS:
        near = did_you_mean(name, SAYS)
        if near:
            raise InputError(f"{where}: # {found[1]} is not known.{near}")
        return {}
    if name == "start":
        try:
            return {name: parse_moment(text)}
        except ValueError as error:
            raise InputError(f"{where}: # start: {error}") from None
    try:
        rate_hz = float(text)
    except ValueError:
        rate_hz = float("nan")
    if not 0 < rate_hz <= 1e6:
        raise InputError(f"{where}: # rate_hz: {text!r} is not a number of samples per second, such as 64.")
    return {name: rate_hz}


def split_line(line: str, separator: str, where: str) -> list[str]:
    """Split one line into cells; a quotation mark that is never closed takes the rest of the line, not of the file."""
    try:
        return next(csv.reader([line], delimiter=separator), [])
    except csv.Error as error:
        raise InputError(f"{where}: cannot be split into cells ({error}). Export the file again.") from None


def check_widths(body: str, separator: str, n_columns: int, path: Path, first_row: int) -> None:
    """Refuse the first row whose cells are not as many as the header's: polars would fill short ones up in silence."""
    for number, line in enumerate(body.split("\n"), start=first_row):
        if not line.strip():
            raise InputError(f"{path}: row {number} is empty. Remove it.")
        if '"' in line:
            if line.count('"') % 2:
                raise InputError(
                    f'{path}: row {number} has a quotation mark (") without a partner. Remove it.'
                )
            found = len(split_line(line, separator, f"{path}: row {number}"))
        else:
            found = line.count(separator) + 1
        if found != n_columns:
            too_many_commas = separator == "," and found > n_columns
            hint = " Are these decimal commas? Save numbers with a decimal point." if too_many_commas else ""
            raise InputError(f"{path}: row {number} has {found} cells, the header has {n_columns}.{hint}")


def _with_points(table: pl.DataFrame) -> tuple[pl.DataFrame, list[str]]:
    """Read decimal commas where no number of the file has a point: then a comma can mean nothing else."""
    names = [name for name in table.columns if name not in NOT_NUMBERS]
    text = table.select(names)
    if text.select(pl.any_horizontal(pl.all().str.contains(".", literal=True).any())).item():
        return table, []
    commas = text.select(pl.all().str.contains(_DECIMAL_COMMA).any()).row(0)
    repaired = [name for name, found in zip(names, commas, strict=True) if found]
    if not repaired:
        return table, []
    # A cell with two commas, or another thing, stays as it is and is refused by its value.
    points = [
        pl.when(pl.col(n).str.contains(_DECIMAL_COMMA))
        .then(pl.col(n).str.replace(",", ".", literal=True))
        .otherwise(n)
        for n in repaired
    ]
    note = f"decimal commas in {', '.join(repaired)} are read as decimal points"
    return table.with_columns(p.alias(n) for p, n in zip(points, repaired, strict=True)), [note]
