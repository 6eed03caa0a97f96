"""Long tables, piece by piece in bounded memory: written, read, and changed."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import polars as pl
import pyarrow.parquet as pq

from affectflow.io.files import whole_file
from affectflow.io.parquet import open_writer, to_arrow, told_if_unreadable, with_arrays
from affectflow.io.tables import check_table
from affectflow.schema import TABLES


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
        arrow = to_arrow(checked, self._kind, self._footer)
        if self._writer is None:
            self._writer = open_writer(self._temporary, arrow.schema)
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
    with told_if_unreadable(path):
        groups = pq.ParquetFile(path)
    with groups:
        for i in range(groups.num_row_groups):
            piece = pl.from_arrow(groups.read_row_group(i))
            assert isinstance(piece, pl.DataFrame)
            yield check_table(with_arrays(piece, kind), kind, str(path))


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
