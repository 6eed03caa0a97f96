"""A long table that an interrupted job goes on writing where it was.

Finished pieces lie as whole files in a hidden folder beside the table, with the
identity of the job that made them. The table itself is put together from them
at the end, so its bytes do not tell whether the job was ever interrupted. Beside
each piece lies its sha256: a piece that is not what was written is made again.
"""

from __future__ import annotations

import json
import logging
import shutil
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing
from pathlib import Path
from typing import Any

import polars as pl
import pyarrow.parquet as pq

from affectflow.io.files import sha256_of, write_text
from affectflow.io.table_stream import read_pieces, stream_table
from affectflow.io.tables import write_table

logger = logging.getLogger("affectflow")
JOB = "job.json"


def resumable_table(
    path: str | Path,
    kind: str,
    make_pieces: Callable[[int], Iterator[pl.DataFrame]],
    *,
    footer: Mapping[str, Any],
    how: Mapping[str, Any] | None = None,
) -> int:
    """Write a long table piece by piece; after an interruption, go on after the last finished piece.

    Parameters
    ----------
    path
        Parquet file to write, whole or not at all. Its bytes are those that
        `io.table_stream.stream_table` writes for the same pieces.
    kind
        A name in `schema.TABLES`.
    make_pieces
        Called with the number of rows that are finished already; returns a
        generator of the pieces after them. The same pieces must come whether
        it begins at 0 or after any of them.
    footer
        Provenance for the footer, as `io.log.provenance` returns it. Pieces of
        a job with another footer are thrown away.
    how
        What else makes the job what it is but does not belong into the footer
        (device, threads).

    Returns
    -------
    How many rows were there already.
    """
    path = Path(path)
    pieces = _Pieces(pieces_folder(path), kind, _identity(footer, how or {}))
    done = pieces.n_rows
    if done:
        logger.info("%s: goes on after the %d rows of an interrupted run", path, done)
    with closing(make_pieces(done)) as made:  # type: ignore[type-var]
        for piece in made:
            pieces.append(piece)
    with stream_table(path, kind, footer=footer) as stream:
        for piece in pieces.read():
            stream.append(piece)
    pieces.remove()
    return done


def pieces_folder(path: str | Path) -> Path:
    """Return the folder that holds the finished pieces of a table being written."""
    path = Path(path)
    return path.with_name(f".{path.stem}.pieces")


def _identity(footer: Mapping[str, Any], how: Mapping[str, Any]) -> str:
    """Return the text that tells one job from another."""
    # Inputs too large for a digest are known by their size and age.
    undigested = {
        name: [stat.st_size, stat.st_mtime_ns]
        for name, digest in dict(footer.get("inputs", {})).items()
        if digest is None and Path(name).exists() and (stat := Path(name).stat())
    }
    content = {"footer": dict(footer), "how": dict(how), "undigested": undigested}
    return json.dumps(content, sort_keys=True, indent=1)


class _Pieces:
    """The finished pieces of one table."""

    def __init__(self, folder: Path, kind: str, job: str) -> None:
        self._folder, self._kind = folder, kind
        if not self._is_of(job):
            if folder.exists():
                logger.info("%s: pieces of another job; starting afresh", folder)
                shutil.rmtree(folder)
            folder.mkdir(parents=True)
            write_text(job, folder / JOB)
        heights = self._heights()
        self._n, self.n_rows = len(heights), sum(heights)

    def _is_of(self, job: str) -> bool:
        try:
            return (self._folder / JOB).read_bytes() == job.encode()
        except OSError:
            return False

    def _path(self, number: int) -> Path:
        return self._folder / f"{number:06d}.parquet"

    def _heights(self) -> list[int]:
        """Rows of each piece, up to the first that is missing or other than it was written."""
        heights: list[int] = []
        while (path := self._path(len(heights))).exists():
            if not _digest_path(path).exists():
                # The job ended before it could write it.
                break
            if not _is_whole(path):
                logger.warning("%s: is damaged; it and what follows are made again", path)
                break
            heights.append(pq.read_metadata(path).num_rows)
        return heights

    def append(self, piece: pl.DataFrame) -> None:
        path = self._path(self._n)
        write_table(piece, path, self._kind)
        # After the piece: without its digest it does not count.
        write_text(sha256_of(path), _digest_path(path))
        self._n += 1

    def read(self) -> Iterator[pl.DataFrame]:
        for number in range(self._n):
            yield from read_pieces(self._path(number), self._kind)

    def remove(self) -> None:
        shutil.rmtree(self._folder)


def _digest_path(path: Path) -> Path:
    return path.with_suffix(".sha256")


def _is_whole(path: Path) -> bool:
    try:
        return _digest_path(path).read_bytes() == sha256_of(path).encode()
    except OSError:
        return False
