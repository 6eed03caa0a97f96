"""Parquet tables with a checked schema and a footer that says where they come from."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq

from affectflow.errors import TableError, did_you_mean
from affectflow.io.files import whole_file
from affectflow.schema import TABLES

FOOTER_KEY = b"affectflow"
COMPRESSION = "zstd"


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
    _write_arrow(_to_arrow(check_table(table, kind, str(path)), kind, footer), path)


def write_free_table(
    table: pl.DataFrame, path: str | Path, *, footer: Mapping[str, Any] | None = None
) -> None:
    """Write a table of results that has no fixed schema (statistics, scores), whole, as Parquet."""
    _write_arrow(_to_arrow(table, "free", footer), path)


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
    table = _with_arrays(read_free_table(path, columns=columns), kind)
    return table if columns else check_table(table, kind, str(path))


def read_free_table(path: str | Path, *, columns: list[str] | None = None) -> pl.DataFrame:
    """Read a Parquet table of results."""
    try:
        return pl.read_parquet(path, columns=columns)
    except FileNotFoundError:
        raise TableError(f"{path}: there is no such table. Run the stage that writes it.") from None
    except (pl.exceptions.ComputeError, pl.exceptions.ColumnNotFoundError) as error:
        raise TableError(
            f"{path}: cannot be read as Parquet ({str(error).splitlines()[0]}). Delete it and re-run."
        ) from None


def column_names(path: str | Path) -> list[str]:
    """Return the names of a Parquet table's columns without reading it.

    Raises
    ------
    TableError
        If the file is absent or no Parquet file.
    """
    try:
        return pq.read_schema(path).names
    except FileNotFoundError:
        raise TableError(f"{path}: there is no such table. Run the stage that writes it.") from None
    except pa.ArrowInvalid as error:
        raise TableError(
            f"{path}: cannot be read as Parquet ({str(error).splitlines()[0]}). Delete it and re-run."
        ) from None


def read_footer(path: str | Path) -> dict[str, Any]:
    """Return the provenance that `write_table` put into the file's footer."""
    metadata = pq.read_schema(path).metadata or {}
    return json.loads(metadata.get(FOOTER_KEY, b"{}"))


@contextmanager
def stream_table(
    path: str | Path, kind: str, *, footer: Mapping[str, Any] | None = None
) -> Iterator[TableStream]:
    """Write a long table piece by piece, in bounded memory, whole or not at all.

    Yields
    ------
    TableStream
        Call its `append` with pieces that fit the schema.
    """
    with whole_file(path) as temporary:
        stream = TableStream(temporary, kind, footer, str(path))
        try:
            yield stream
        finally:
            stream.close()


class TableStream:
    """The open end of `stream_table`."""

    def __init__(self, temporary: Path, kind: str, footer: Mapping[str, Any] | None, where: str) -> None:
        self._temporary, self._kind, self._footer, self._where = temporary, kind, footer, where
        self._writer: pq.ParquetWriter | None = None
        self.n_rows = 0

    def append(self, piece: pl.DataFrame) -> None:
        """Check a piece and write it as one row group."""
        checked = check_table(piece, self._kind, self._where)
        arrow = _to_arrow(checked, self._kind, self._footer)
        if self._writer is None:
            self._writer = _open_writer(self._temporary, arrow.schema)
        self._writer.write_table(arrow)
        self.n_rows += piece.height

    def close(self) -> None:
        """Finish the file; a table without a single row is valid too."""
        if self._writer is None:
            self.append(TABLES[self._kind].empty())
        assert self._writer is not None
        self._writer.close()


def read_pieces(path: str | Path, kind: str) -> Iterator[pl.DataFrame]:
    """Read a long table row group by row group, in bounded memory, each checked against its schema.

    Parameters
    ----------
    path
        Parquet file, as `stream_table` wrote it.
    kind
        A name in `schema.TABLES`.

    Raises
    ------
    TableError
        If the file is no Parquet file or does not fit the schema.
    """
    try:
        groups = pq.ParquetFile(path)
    except FileNotFoundError:
        raise TableError(f"{path}: there is no such table. Run the stage that writes it.") from None
    except pa.ArrowInvalid as error:
        reason = str(error).splitlines()[0]
        raise TableError(f"{path}: cannot be read as Parquet ({reason}). Delete it and re-run.") from None
    with groups:
        for i in range(groups.num_row_groups):
            piece = pl.from_arrow(groups.read_row_group(i))
            assert isinstance(piece, pl.DataFrame)
            yield check_table(_with_arrays(piece, kind), kind, str(path))


def transform_table(
    source: str | Path,
    target: str | Path,
    kind: str,
    change: Callable[[pl.DataFrame], pl.DataFrame],
    *,
    footer: Mapping[str, Any] | None = None,
) -> None:
    """Write a changed copy of a long table, row group by row group, in bounded memory.

    Parameters
    ----------
    source
        Table of this kind, as `stream_table` wrote it.
    target
        Parquet file to write, whole or not at all.
    kind
        A name in `schema.TABLES`.
    change
        Called with each row group; returns what takes its place.
    footer
        Provenance for the copy.
    """
    with stream_table(target, kind, footer=footer) as stream:
        for piece in read_pieces(source, kind):
            stream.append(change(piece))


def stream_twice(
    path: str | Path,
    kind: str,
    pieces: Iterable[pl.DataFrame],
    finish: Callable[[], Callable[[pl.DataFrame], pl.DataFrame]],
    *,
    footer: Mapping[str, Any] | None = None,
) -> None:
    """Write a long table of which something is known only at its end, in bounded memory.

    Parameters
    ----------
    path
        Parquet file to write, whole or not at all; a draft lies beside it meanwhile.
    kind
        A name in `schema.TABLES`.
    pieces
        The draft's rows.
    finish
        Called after the last piece; returns the change that each piece of the draft gets.
    footer
        Provenance for the table.
    """
    with TemporaryDirectory(dir=Path(path).parent, prefix=f".{kind}.") as folder:
        draft = Path(folder) / "draft.parquet"
        with stream_table(draft, kind) as stream:
            for piece in pieces:
                stream.append(piece)
        transform_table(draft, path, kind, finish(), footer=footer)


def concat_tables(paths: Iterable[str | Path], kind: str) -> pl.DataFrame:
    """Read the same kind of table of several recordings, one below the other.

    Columns that only some of them have (a signal only some people were
    recorded with) are null in the others.
    """
    tables = [read_table(path, kind) for path in paths]
    return pl.concat(tables, how="diagonal") if tables else TABLES[kind].empty()


def _to_arrow(table: pl.DataFrame, kind: str, footer: Mapping[str, Any] | None) -> pa.Table:
    """Return the table as it is written: provenance in the footer, arrays as plain lists.

    pyarrow, and with it pandas, cannot read back a fixed-size list that has an
    empty row; `_with_arrays` is the way back.
    """
    arrow = table.to_arrow(compat_level=pl.CompatLevel.oldest())
    for i, field in enumerate(arrow.schema):
        if pa.types.is_fixed_size_list(field.type):
            arrow = arrow.set_column(i, field.name, arrow.column(i).cast(pa.list_(field.type.value_type)))
    content = {"table": kind, **(footer or {})}
    return arrow.replace_schema_metadata({FOOTER_KEY: json.dumps(content, sort_keys=True).encode()})


def _with_arrays(table: pl.DataFrame, kind: str) -> pl.DataFrame:
    """Give the lists of a table that was read the fixed length their schema asks for."""
    return table.with_columns(
        pl.col(c.name).list.to_array(c.dtype.size)
        for c in TABLES[kind].columns
        if isinstance(c.dtype, pl.Array) and isinstance(table.schema.get(c.name), pl.List)
    )


def _open_writer(path: Path, schema: pa.Schema) -> pq.ParquetWriter:
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


def _write_arrow(arrow: pa.Table, path: str | Path) -> None:
    with whole_file(path) as temporary, _open_writer(temporary, arrow.schema) as writer:
        writer.write_table(arrow)
