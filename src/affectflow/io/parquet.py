"""How tables lie in Parquet: provenance in the footer, encodings, lists for arrays; and what is said of a file that is none."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq

from affectflow.errors import TableError
from affectflow.schema import TABLES

FOOTER_KEY = b"affectflow"
COMPRESSION = "zstd"


@contextmanager
def told_if_unreadable(path: str | Path) -> Iterator[None]:
    """Turn what libraries raise for an absent or damaged Parquet file into one line.

    Raises
    ------
    TableError
        If the file is absent, no Parquet file, or lacks a column that was asked for.
    """
    try:
        yield
    except FileNotFoundError:
        raise TableError(f"{path}: there is no such table. Run the stage that writes it.") from None
    except (pa.ArrowInvalid, pl.exceptions.ComputeError, pl.exceptions.ColumnNotFoundError) as error:
        raise TableError(
            f"{path}: cannot be read as Parquet ({str(error).splitlines()[0]}). Delete it and re-run."
        ) from None


def to_arrow(table: pl.DataFrame, kind: str, footer: Mapping[str, Any] | None) -> pa.Table:
    """Return the table as it is written: provenance in the footer, arrays as plain lists.

    pyarrow, and with it pandas, cannot read back a fixed-size list that has an
    empty row; `with_arrays` is the way back.
    """
    arrow = table.to_arrow(compat_level=pl.CompatLevel.oldest())
    for i, field in enumerate(arrow.schema):
        if pa.types.is_fixed_size_list(field.type):
            arrow = arrow.set_column(i, field.name, arrow.column(i).cast(pa.list_(field.type.value_type)))
    content = {"table": kind, **(footer or {})}
    return arrow.replace_schema_metadata({FOOTER_KEY: json.dumps(content, sort_keys=True).encode()})


def with_arrays(table: pl.DataFrame, kind: str) -> pl.DataFrame:
    """Give the lists of a table that was read the fixed length their schema asks for."""
    return table.with_columns(
        pl.col(c.name).list.to_array(c.dtype.size)
        for c in TABLES[kind].columns
        if isinstance(c.dtype, pl.Array) and isinstance(table.schema.get(c.name), pl.List)
    )


def open_writer(path: Path, schema: pa.Schema) -> pq.ParquetWriter:
    """Open a Parquet file for a schema.

    Measured numbers hardly repeat: a dictionary of them costs twenty times the
    time of writing them byte plane by byte plane, which zstd packs to half the
    size.
    """
    words = [f.name for f in schema if pa.types.is_string(f.type) or pa.types.is_large_string(f.type)]
    floats = [f.name for f in schema if pa.types.is_floating(f.type)]
    floats += [
        f"{f.name}.list.element"
        for f in schema
        if pa.types.is_list(f.type) and pa.types.is_floating(f.type.value_type)
    ]
    return pq.ParquetWriter(
        path,
        schema,
        compression=COMPRESSION,
        use_dictionary=words or False,
        column_encoding={name: "BYTE_STREAM_SPLIT" for name in floats} or None,
    )
