"""Parquet tables with a checked schema and a footer that says where they come from."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq

from affectflow.errors import TableError, did_you_mean
from affectflow.io.files import whole_file
from affectflow.io.parquet import FOOTER_KEY, open_writer, to_arrow, told_if_unreadable, with_arrays
from affectflow.schema import TABLES


def check_table(table: pl.DataFrame, kind: str, where: str) -> pl.DataFrame:
    """Return the table with its columns in schema order, or say what is wrong.

    Parameters
    ----------
    table
        Any table.
    kind
        A name in `schema.TABLES`.
    where
        File or recording, for the message.

    Raises
    ------
    TableError
        If a column is missing, unknown or of another type, a key is null or
        double, or a column that may not be null is.
    """
    schema = TABLES[kind]
    for name in schema.names:
        if name not in table.columns:
            near = did_you_mean(name, [c for c in table.columns if c not in schema.names])
            raise TableError(
                f"{where}: column {name} is missing (found {table.width} columns).{near} Re-run the stage that writes it."
            )
    others = [c for c in table.columns if c not in schema.names]
    for name in others:
        if not schema.allows(name):
            raise TableError(f"{where}: column {name} does not belong in a {kind} table.")
    for column in schema.columns:
        found = table.schema[column.name]
        if found != column.dtype:
            raise TableError(f"{where}: column {column.name} is {found}, expected {column.dtype}.")
        if not column.nullable and table[column.name].null_count():
            raise TableError(
                f"{where}: column {column.name} has {table[column.name].null_count()} empty values."
            )
    doubled = table.select(schema.key).is_duplicated()
    if doubled.any():
        row = table.filter(doubled).select(schema.key).row(0, named=True)
        raise TableError(f"{where}: the key {row} occurs more than once.")
    return table.select(schema.names + sorted(others))


def write_table(
    table: pl.DataFrame, path: str | Path, kind: str, *, footer: Mapping[str, Any] | None = None
) -> None:
    """Check a table and write it whole as zstd Parquet.

    Parameters
    ----------
    table
        What to write; see `check_table`.
    path
        Parquet file to write.
    kind
        A name in `schema.TABLES`.
    footer
        Provenance (JSON values) for the file's footer, as `io.log.provenance`
        returns it.
    """
    _write_arrow(to_arrow(check_table(table, kind, str(path)), kind, footer), path)


def write_free_table(
    table: pl.DataFrame, path: str | Path, *, footer: Mapping[str, Any] | None = None
) -> None:
    """Write a table of results that has no fixed schema (statistics, scores), whole, as Parquet."""
    _write_arrow(to_arrow(table, "free", footer), path)


def read_table(path: str | Path, kind: str, *, columns: list[str] | None = None) -> pl.DataFrame:
    """Read a Parquet table and check it against its schema.

    Parameters
    ----------
    path
        Parquet file.
    kind
        A name in `schema.TABLES`.
    columns
        Only these (then only their presence is checked).

    Raises
    ------
    TableError
        If the file is no Parquet file or does not fit the schema.
    """
    table = with_arrays(read_free_table(path, columns=columns), kind)
    return table if columns else check_table(table, kind, str(path))


def read_free_table(path: str | Path, *, columns: list[str] | None = None) -> pl.DataFrame:
    """Read a Parquet table of results."""
    with told_if_unreadable(path):
        return pl.read_parquet(path, columns=columns)


def column_names(path: str | Path) -> list[str]:
    """Return the names of a Parquet table's columns without reading it.

    Raises
    ------
    TableError
        If the file is absent or no Parquet file.
    """
    with told_if_unreadable(path):
        return pq.read_schema(path).names


def read_footer(path: str | Path) -> dict[str, Any]:
    """Return the provenance that `write_table` put into the file's footer."""
    metadata = pq.read_schema(path).metadata or {}
    return json.loads(metadata.get(FOOTER_KEY, b"{}"))


def concat_tables(paths: Iterable[str | Path], kind: str) -> pl.DataFrame:
    """Read the same kind of table of several recordings, one below the other.

    Columns that only some of them have (a signal only some people were
    recorded with) are null in the others.
    """
    tables = [read_table(path, kind) for path in paths]
    return pl.concat(tables, how="diagonal") if tables else TABLES[kind].empty()


def _write_arrow(arrow: pa.Table, path: str | Path) -> None:
    with whole_file(path) as temporary, open_writer(temporary, arrow.schema) as writer:
        writer.write_table(arrow)
