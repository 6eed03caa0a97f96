"""Anybody's biosignals: one table with time_s and one column per signal."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import numpy as np
import polars as pl

from affectflow.errors import InputError, did_you_mean
from affectflow.io.text import read_text
from affectflow.schema import SIGNAL_UNITS
from affectflow.signal.ranges import split_name
from affectflow.signal.raw import RawRecording, raw_signals

SEPARATORS = {"\t": "tab", ";": "semicolon", ",": "comma"}
# Besides an empty cell, these mean "no value": BIDS's n/a and what R, NumPy and spreadsheets write.
MISSING = ("", "n/a", "na", "nan", "null")


def read_csv_signals(path: str | Path) -> RawRecording:
    """Read the signals of a recording from CSV, TSV or Parquet; see `read_signal_table`."""
    return RawRecording(raw_signals(read_signal_table(path)))


def read_signal_table(path: str | Path) -> pl.DataFrame:
    """Read a table of signals from CSV, TSV or Parquet.

    The first row names the columns: ``time_s`` (seconds, strictly increasing,
    may start before 0) and any number of signals whose names end in a unit
    (`schema.SIGNAL_UNITS`), such as ``eda_usiemens``, ``ppg_au``, ``hr_bpm``.
    An empty cell, or n/a, means no sample at that time, so signals of different
    rates can share a file. Columns are separated by tabs, semicolons or commas;
    numbers have a decimal point.

    Parameters
    ----------
    path
        ``.parquet`` is read as Parquet, everything else as UTF-8 text.

    Returns
    -------
    ``time_s`` and the signals, all Float64, missing values null.

    Raises
    ------
    InputError
        Names file, row (the header is row 1), column and value.
    """
    path = Path(path)
    cells, first_row = (
        (_read_parquet(path), 1) if path.suffix.lower() == ".parquet" else (_read_text(path), 2)
    )
    _check_columns(cells.columns, path)
    if cells.height == 0:
        raise InputError(f"{path}: has no samples below the header.")
    table = cells.select(_numbers(cells[name], path, first_row) for name in cells.columns)
    _check_times(table["time_s"], path, first_row)
    return table


def _read_parquet(path: Path) -> pl.DataFrame:
    try:
        return pl.read_parquet(path)
    except FileNotFoundError:
        raise InputError(f"{path}: there is no such file. Check the path in the sheet.") from None
    except (pl.exceptions.PolarsError, OSError) as error:
        raise InputError(f"{path}: cannot be read as Parquet ({str(error).splitlines()[0]}).") from None


def _read_text(path: Path) -> pl.DataFrame:
    """Return all cells as stripped text; ragged rows are refused with their number."""
    text = read_text(path, what="signals").replace("\r\n", "\n").replace("\r", "\n")
    header_line, _, body = text.rstrip("\n").partition("\n")
    if not header_line.strip():
        raise InputError(f"{path}: row 1 is empty. It names the columns: time_s, eda_usiemens, …")
    separator = max(SEPARATORS, key=header_line.count)
    header = [name.strip() for name in next(csv.reader([header_line], delimiter=separator))]
    for name in header:
        if header.count(name) > 1:
            raise InputError(f"{path}: row 1: column {name!r} occurs twice. Name each signal differently.")
    schema = dict.fromkeys(header, pl.String)
    if not body:
        return pl.DataFrame(schema=schema)
    _check_widths(body, separator, len(header), path)
    try:
        cells = pl.read_csv(io.BytesIO(body.encode()), separator=separator, has_header=False, schema=schema)
    except pl.exceptions.PolarsError as error:
        raise InputError(f"{path}: cannot be read as a table ({str(error).splitlines()[0]}).") from None
    return cells.with_columns(pl.all().fill_null("").str.strip_chars())


def _check_widths(body: str, separator: str, n_columns: int, path: Path) -> None:
    for number, line in enumerate(body.split("\n"), start=2):
        found = line.count(separator) + 1
        if not line.strip():
            raise InputError(f"{path}: row {number} is empty. Remove it.")
        if found != n_columns and '"' not in line:
            too_many_commas = separator == "," and found > n_columns
            hint = " Are these decimal commas? Save numbers with a decimal point." if too_many_commas else ""
            raise InputError(f"{path}: row {number} has {found} cells, the header has {n_columns}.{hint}")


def _check_columns(names: list[str], path: Path) -> None:
    if "time_s" not in names:
        near = did_you_mean("time_s", names)
        raise InputError(
            f"{path}: there is no column time_s (found {', '.join(map(repr, names[:8]))}).{near} "
            "Add the time of each row in seconds."
        )
    if len(names) == 1:
        raise InputError(f"{path}: has time_s but no signal. Add columns such as eda_usiemens.")
    for name in names:
        if name != "time_s" and (split_name(name) is None or not name.isascii() or name != name.lower()):
            unit = name.rpartition("_")[2]
            near = did_you_mean(unit.lower(), SIGNAL_UNITS)
            raise InputError(
                f"{path}: column {name!r} does not end in a known unit.{near} Name it in lower case with one of: "
                + ", ".join(f"_{u}" for u in SIGNAL_UNITS)
                + "."
            )


def _numbers(cells: pl.Series, path: Path, first_row: int) -> pl.Series:
    """Return one column as numbers, or name the first cell that is none."""
    if cells.dtype != pl.String:
        if not cells.dtype.is_numeric():
            raise InputError(f"{path}: column {cells.name} holds {cells.dtype}, not numbers.")
        numbers = cells.cast(pl.Float64).fill_nan(None)
        wrong = numbers.is_infinite()
    else:
        absent = cells.str.to_lowercase().is_in(MISSING)
        numbers = cells.cast(pl.Float64, strict=False).set(absent, None)
        wrong = ~absent & (numbers.is_null() | numbers.is_infinite() | numbers.is_nan())
    wrong = wrong.fill_null(False)
    if wrong.any():
        row = int(np.argmax(wrong.to_numpy()))
        value = str(cells[row])
        comma = value.count(",") == 1 and value.replace(",", "").lstrip("-").isdigit()
        hint = "Use a decimal point." if comma else "Correct it, or leave the cell empty."
        raise InputError(
            f"{path}: row {row + first_row}, column {cells.name}: {value!r} is not a number. {hint}"
        )
    return numbers


def _check_times(time: pl.Series, path: Path, first_row: int) -> None:
    if time.null_count():
        row = int(np.argmax(time.is_null().to_numpy())) + first_row
        raise InputError(f"{path}: row {row}: time_s is empty. Every row needs its time in seconds.")
    steps = np.diff(time.to_numpy())
    wrong = np.flatnonzero(steps <= 0)
    if wrong.size:
        i = int(wrong[0])
        before, after = time[i], time[i + 1]
        row = i + 1 + first_row
        if before == after:
            raise InputError(
                f"{path}: row {row}: time_s {after} occurs twice. Put signals of one time in one row."
            )
        raise InputError(f"{path}: row {row}: time_s {after} comes after {before}. Times must increase.")
