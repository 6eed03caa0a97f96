"""Face codes of a recording: the primary face's row of every frame, through a backend."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Any

import numpy as np
import polars as pl

from affectflow.errors import TableError
from affectflow.face.backends.base import FaceBackend
from affectflow.schema import CODES, FACES

NO_TRACK = -1
# Rows worked on and written at once: enough that a file's list of pieces stays short, few enough for memory.
PIECE_ROWS = 1024


def extract_codes(
    faces: Iterable[pl.DataFrame],
    backend: FaceBackend,
    *,
    frames: Iterable[Any] | None = None,
    done_rows: int = 0,
) -> Iterator[pl.DataFrame]:
    """Code the primary face of a recording, frame by frame, in bounded memory.

    Parameters
    ----------
    faces
        `schema.FACES` in pieces, in order of frame; a frame may have several faces.
    backend
        A loaded backend.
    frames
        The decoded frames of the same video, for a backend that `needs_video`.
    done_rows
        Leave out so many frames at the beginning, whose codes are known: the
        rows of all pieces that an interrupted run made. Only for a backend that
        `needs_video`; their frames are decoded, but their pixels not looked at.

    Yields
    ------
    pl.DataFrame
        `schema.CODES` in pieces: one row per frame, in order. A frame without
        the primary face has nulls and valid = false. For a backend that
        `needs_video`, pieces have exactly `PIECE_ROWS` rows, the last one fewer,
        and do not depend on each other.

    Raises
    ------
    TableError
        If frames are out of order, or a frame has two primary faces.
    """
    if not backend.needs_video:
        if done_rows:
            raise ValueError(f"{backend.name} is quick and makes all its codes at once")
        single = primary_faces(_regrouped(faces, PIECE_ROWS))
        yield from _regrouped(backend.extract(single, None), PIECE_ROWS)
        return
    if frames is None:
        raise ValueError(f"{backend.name} looks at pixels and needs the frames")
    yield from backend.extract(primary_pieces(faces, leave_out=done_rows), islice(frames, done_rows, None))


def primary_pieces(faces: Iterable[pl.DataFrame], *, leave_out: int = 0) -> Iterator[pl.DataFrame]:
    """Return the primary face of every frame in pieces of exactly `PIECE_ROWS` rows, the last one shorter.

    Parameters
    ----------
    faces
        `schema.FACES` in pieces, in order of frame.
    leave_out
        Rows (of the result) to leave out at the beginning.
    """
    return _cut(primary_faces(_regrouped(faces, PIECE_ROWS)), PIECE_ROWS, leave_out=leave_out)


def _regrouped(pieces: Iterable[pl.DataFrame], rows: int) -> Iterator[pl.DataFrame]:
    """Put short pieces together until they have at least so many rows."""
    waiting: list[pl.DataFrame] = []
    for piece in pieces:
        waiting.append(piece)
        if sum(p.height for p in waiting) >= rows:
            yield pl.concat(waiting, rechunk=True)
            waiting = []
    if waiting:
        yield pl.concat(waiting, rechunk=True)


def _cut(pieces: Iterable[pl.DataFrame], rows: int, *, leave_out: int) -> Iterator[pl.DataFrame]:
    """Cut into pieces of exactly so many rows, the last one shorter, after leaving out the first rows."""
    waiting = FACES.empty()
    for piece in pieces:
        rest = piece[leave_out:]
        leave_out = max(leave_out - piece.height, 0)
        waiting = pl.concat([waiting, rest])
        while waiting.height >= rows:
            yield waiting[:rows].rechunk()
            waiting = waiting[rows:]
    if waiting.height:
        yield waiting.rechunk()


def frames_of(faces: pl.DataFrame, frames: Iterator[Any]) -> Iterator[Any]:
    """Take the frame of each row.

    Parameters
    ----------
    faces
        `schema.FACES`, one row per frame.
    frames
        Decoded frames (`frame_id`), the next one being that of the first row.

    Yields
    ------
    The frame of each row, in order.

    Raises
    ------
    TableError
        If the table and the video are not of the same frames.
    """
    for frame_id in faces["frame_id"]:
        frame = next(frames, None)
        if frame is None or frame.frame_id != frame_id:
            found = (
                "its video ends before" if frame is None else f"its video goes on with frame {frame.frame_id}"
            )
            raise TableError(
                f"recording {faces['recording_id'][0]}: the faces table has frame {frame_id}, {found}. "
                "Re-run: snakemake -R track_faces"
            )
        yield frame


def primary_faces(faces: Iterable[pl.DataFrame]) -> Iterator[pl.DataFrame]:
    """Keep one row per frame: the primary face, or a row without a face.

    Parameters
    ----------
    faces
        `schema.FACES` in pieces, in order of frame. A frame's rows may lie in
        two pieces.

    Yields
    ------
    pl.DataFrame
        `schema.FACES` with every frame once, in pieces about as long as those given.
    """
    held, last_frame = FACES.empty(), -1
    for piece in faces:
        rows = pl.concat([held, piece]) if held.height else piece
        if rows.is_empty():
            continue
        _check_order(rows, last_frame)
        # The last frame may go on in the next piece.
        ids = rows["frame_id"].to_numpy()
        n_whole = int(np.searchsorted(ids, ids[-1]))
        held = rows[n_whole:]
        if n_whole:
            last_frame = int(ids[n_whole - 1])
            yield _one_row_per_frame(rows[:n_whole])
    if held.height:
        yield _one_row_per_frame(held)


def _check_order(rows: pl.DataFrame, last_frame: int) -> None:
    ids = rows["frame_id"].to_numpy()
    if ids[0] <= last_frame or np.any(np.diff(ids) < 0):
        recording = rows["recording_id"][0]
        raise TableError(
            f"recording {recording}: the faces table is not in order of frame_id near frame {ids[0]}. "
            "Re-run: snakemake -R track_faces"
        )


def _one_row_per_frame(faces: pl.DataFrame) -> pl.DataFrame:
    alone = np.diff(faces["frame_id"].to_numpy()).all()
    if alone and (faces["primary"] & faces["valid"]).all():
        return faces
    primary = faces.filter(pl.col("primary") & pl.col("valid"))
    doubled = primary.filter(pl.col("frame_id").is_duplicated())
    if doubled.height:
        raise TableError(
            f"recording {doubled['recording_id'][0]}: frame {doubled['frame_id'][0]} has two primary faces. "
            "Re-run: snakemake -R track_faces"
        )
    seen = faces.select("recording_id", "frame_id", "time_s").unique("frame_id", maintain_order=True)
    joined = seen.join(
        primary.drop("recording_id", "time_s"), on="frame_id", how="left", maintain_order="left"
    )
    return joined.with_columns(
        pl.col("track_id").fill_null(NO_TRACK),
        pl.col("primary").fill_null(False),
        pl.col("valid").fill_null(False),
    ).select(FACES.names)


def codes_table(
    faces: pl.DataFrame, coded: np.ndarray, columns: dict[str, np.ndarray], *, score: np.ndarray | None = None
) -> pl.DataFrame:
    """Lay the arrays a backend computed beside their frames.

    Parameters
    ----------
    faces
        `schema.FACES`, one row per frame.
    coded
        (rows,) bool: the rows that were coded.
    columns
        Name → array with a row per *coded* row, (m,) or (m, k); any subset of
        `schema.CODES` and its extra columns. What is not given is null.
    score
        (m,) confidence of the backend, 0..1; None = the face's own score.

    Returns
    -------
    `schema.CODES`, one row per row of `faces`.
    """
    kinds = {c.name: c.dtype for c in CODES.columns}
    if score is not None:
        columns = {**columns, "score": score}
    measured = pl.DataFrame(
        [pl.Series(name, values, dtype=kinds.get(name, pl.Float32)) for name, values in columns.items()]
    )
    if "score" not in columns:
        measured = measured.with_columns(faces["score"].filter(pl.Series(coded)))
    if not coded.all():
        # Row of each frame among the coded ones; a null takes a row of nulls.
        row = pl.Series(np.cumsum(coded) - 1, dtype=pl.Int64).set(pl.Series(~coded), None)
        measured = measured.select(pl.all().gather(row))
    frames = faces.select("recording_id", "frame_id", "time_s").with_columns(
        pl.Series("valid", coded, dtype=pl.Boolean)
    )
    table = pl.concat([frames, measured], how="horizontal")
    absent = [pl.lit(None, kinds[name]).alias(name) for name in CODES.names if name not in table.columns]
    further = sorted(name for name in table.columns if name not in kinds)
    return table.with_columns(absent).select(CODES.names + further)
