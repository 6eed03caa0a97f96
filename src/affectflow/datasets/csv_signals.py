"""Anybody's biosignals: one table with the time of each row and one column per signal."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import polars as pl

from affectflow.datasets.tables.csv_cells import Cells, column_of_numbers, read_parquet_cells, read_text_cells
from affectflow.datasets.tables.csv_times import MOMENT_COLUMNS, iso_column, unix_column
from affectflow.errors import InputError, did_you_mean
from affectflow.io.plain_files import shown
from affectflow.schema import SIGNAL_UNITS
from affectflow.signal.ranges import split_name
from affectflow.signal.raw import RawRecording, raw_signals

# Names become columns and parts of the names of figures.
NAME = re.compile(r"[a-z][a-z0-9_]*")
TIME_COLUMNS = ("time_s", *MOMENT_COLUMNS)


def read_csv_signals(path: str | Path) -> RawRecording:
    """Read the signals of a recording from CSV, TSV or Parquet.

    The first row names the columns: the time and any number of signals whose names
    end in a unit (`schema.SIGNAL_UNITS`), such as ``eda_usiemens``, ``ppg_au``, ``hr_bpm``.
    The time is one of

    - ``time_s``: seconds, strictly increasing, may start before 0;
    - ``time_unix_s``: Unix seconds, or ``time_iso``: ISO 8601 with a zone in every
      cell. The first row's moment becomes time 0 and `start_unix_s`;
    - no column, but a line ``# rate_hz: 64`` above the header: row i is at i / rate.

    A line ``# start: 2022-02-07T09:52:00Z`` above the header says when ``time_s`` 0 was.
    An empty cell, or n/a, means no sample at that time, so signals of different
    rates can share a file. Columns are separated by tabs, semicolons or commas. Numbers
    have a decimal point; commas are read as such where that is the only way to
    read the file (the separator is another, and there is no point in any number).
    Rows that repeat the row before them are left out. Both is said in the notes.

    Parameters
    ----------
    path
        ``.parquet`` is read as Parquet, everything else as UTF-8 text.

    Raises
    ------
    InputError
        Names file, row (as an editor counts lines), column and value.
    """
    table, start, notes = _read(Path(path))
    return RawRecording(raw_signals(table), start_unix_s=start, notes=notes)


def _read(path: Path) -> tuple[pl.DataFrame, float | None, list[str]]:
    cells = read_parquet_cells(path) if path.suffix.lower() == ".parquet" else read_text_cells(path)
    time_name = _time_column(cells)
    _check_names([n for n in cells.table.columns if n != time_name], path, time_name)
    if cells.table.height == 0:
        raise InputError(f"{path}: has no samples below the header.")
    time, start = _times(cells, time_name)
    signals = [column_of_numbers(cells, name) for name in cells.table.columns if name != time_name]
    notes = list(cells.notes)
    table = pl.DataFrame([time, *signals])
    if time_name is not None:
        table = _increasing(table, cells, time_name, notes)
    return table, start, notes


def _time_column(cells: Cells) -> str | None:
    path, names = cells.path, cells.table.columns
    found = [name for name in TIME_COLUMNS if name in names]
    if len(found) > 1:
        raise InputError(f"{path}: has {' and '.join(found)}. Keep one column of times.")
    if found and cells.rate_hz is not None:
        raise InputError(f"{path}: has {found[0]} and a line # rate_hz. Remove one of them.")
    if found and found[0] != "time_s" and cells.start_unix_s is not None:
        raise InputError(f"{path}: has {found[0]} and a line # start. Remove one of them.")
    if not found and cells.rate_hz is None:
        near = did_you_mean("time_s", names)
        raise InputError(
            f"{path}: row {cells.first_row - 1}: there is no column time_s (found {', '.join(map(shown, names[:8]))})."
            f"{near} This row names the columns. Remove what stands above the names, add the time of each row in "
            "seconds, or a first line such as # rate_hz: 64."
        )
    return found[0] if found else None


def _check_names(names: list[str], path: Path, time_name: str | None) -> None:
    if not names:
        raise InputError(f"{path}: has {time_name} but no signal. Add columns such as eda_usiemens.")
    for name in names:
        if split_name(name) is None or not NAME.fullmatch(name):
            unit = name.rpartition("_")[2]
            near = did_you_mean(unit.lower(), SIGNAL_UNITS)
            raise InputError(
                f"{path}: column {shown(name)} does not end in a known unit.{near} Name it in lower case (a-z, 0-9, _) with one of: "
                + ", ".join(f"_{u}" for u in SIGNAL_UNITS)
                + "."
            )


def _times(cells: Cells, name: str | None) -> tuple[pl.Series, float | None]:
    """Return time_s, and the Unix time of its 0 where it is known."""
    if name is None:
        assert cells.rate_hz is not None
        return pl.Series("time_s", np.arange(cells.table.height) / cells.rate_hz), cells.start_unix_s
    if name == "time_s":
        return _complete(column_of_numbers(cells, name), cells, name), cells.start_unix_s
    moments = _complete((unix_column if name == "time_unix_s" else iso_column)(cells, name), cells, name)
    start = float(moments[0])
    return (moments - start).alias("time_s"), start


def _complete(time: pl.Series, cells: Cells, name: str) -> pl.Series:
    if time.null_count():
        row = int(np.argmax(time.is_null().to_numpy()))
        what = "time in seconds" if name == "time_s" else "time"
        raise InputError(f"{cells.path}: row {cells.row(row)}: {name} is empty. Every row needs its {what}.")
    return time


def _increasing(table: pl.DataFrame, cells: Cells, name: str, notes: list[str]) -> pl.DataFrame:
    """Leave out rows that repeat the row before; refuse any other time that does not increase."""
    steps = np.diff(table["time_s"].to_numpy())
    if (steps > 0).all():
        return table
    same = (
        table.select(pl.all().eq_missing(pl.all().shift(1))).select(pl.all_horizontal(pl.all())).to_series()
    )
    repeated = same.to_numpy()[1:]
    wrong = np.flatnonzero((steps <= 0) & ~repeated)
    if wrong.size:
        i = int(wrong[0])
        before, after = (
            cells.table[name][k] if name == "time_iso" else table["time_s"][k] for k in (i, i + 1)
        )
        place = f"{cells.path}: row {cells.row(i + 1)}: {name} {after}"
        if steps[i] == 0:
            raise InputError(f"{place} occurs twice. Put signals of one time in one row.")
        raise InputError(f"{place} comes after {before}. Times must increase.")
    first = cells.row(int(np.argmax(repeated)) + 1)
    notes.append(
        f"{int(repeated.sum())} rows repeat the row before them (first: row {first}); they are left out"
    )
    return table.filter(pl.Series(np.concatenate([[True], ~repeated])))
