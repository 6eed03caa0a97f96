"""Columns that hold wall-clock time: Unix seconds, or ISO 8601 with a zone."""

from __future__ import annotations

import numpy as np
import polars as pl

from affectflow.config.moments import UNIX_RANGE, parse_moment
from affectflow.datasets.tables.csv_cells import Cells, column_of_numbers
from affectflow.errors import InputError

MOMENT_COLUMNS = ("time_unix_s", "time_iso")


def unix_column(cells: Cells, name: str) -> pl.Series:
    """Return a column of Unix seconds; `InputError` names the first cell that cannot be one."""
    seconds = column_of_numbers(cells, name)
    values = seconds.fill_null(UNIX_RANGE[0]).to_numpy()
    wrong = (values < UNIX_RANGE[0]) | (values >= UNIX_RANGE[1])
    if wrong.any():
        i = int(np.argmax(wrong))
        try:
            parse_moment(f"{values[i]:.17g}")
        except ValueError as error:
            raise InputError(f"{cells.path}: row {cells.row(i)}, column {name}: {error}") from None
    return seconds


def iso_column(cells: Cells, name: str) -> pl.Series:
    """Return a column of ISO 8601 moments as Unix seconds, to the microsecond; zones may change from row to row.

    Raises
    ------
    InputError
        Names the first cell that is no moment or has no zone.
    """
    column = cells.table[name]
    if isinstance(column.dtype, pl.Datetime):
        if column.dtype.time_zone is None:
            raise InputError(
                f"{cells.path}: column {name} has no time zone. Save it with one, or as time_unix_s (Unix seconds)."
            )
        return _seconds(column.dt.convert_time_zone("UTC"))
    if column.dtype != pl.String:
        raise InputError(f"{cells.path}: column {name} holds {column.dtype}, not ISO 8601 times.")
    # What most files have, all at once; what is left, cell by cell.
    plain = column.str.replace(" ", "T", literal=True).str.replace("(Z|z)$", "+00:00")
    found = _seconds(
        plain.str.to_datetime("%Y-%m-%dT%H:%M:%S%.f%:z", time_zone="UTC", time_unit="us", strict=False)
    )
    values = found.to_numpy().copy()
    for i in np.flatnonzero(found.is_null().to_numpy() & (column != "").to_numpy()):
        try:
            values[i] = parse_moment(column[int(i)])
        except ValueError as error:
            raise InputError(f"{cells.path}: row {cells.row(int(i))}, column {name}: {error}") from None
    return pl.Series(name, values, dtype=pl.Float64, nan_to_null=True)


def _seconds(moments: pl.Series) -> pl.Series:
    return moments.dt.epoch("us").cast(pl.Float64) / 1e6
