"""Face codes in the CSV form of the EMOCA driving-stress study.

``T019_exp_pose.csv`` with subject_id, frame_id, exp_00 … exp_49, pose_00 …
pose_05 (columns shape_00 …, tex_, cam_, light_, detail_ are kept too), and
``lands/T019_landmarks_xy.csv`` with l68_x001, l68_y001, …, mp_x105, mp_y105 in
unit-centre crop coordinates. `io.export_csv` writes it.

In that form **frame_id counts from 1**: it is the number of the frame's PNG. A
frame without a face has no row, a frame with two faces has two rows; a recording
without a face is a header alone.
"""

from __future__ import annotations

import logging
from collections.abc import Collection, Iterator, Sequence
from pathlib import Path

import numpy as np
import polars as pl

from affectflow.datasets.codes.join_landmarks import join_landmarks
from affectflow.datasets.tables.csv_pieces import CsvPieces, numbers, open_csv
from affectflow.errors import InputError, did_you_mean
from affectflow.io.export_csv import (
    EXP_POSE_ENDING,
    KEY_COLUMNS,
    LANDMARKS_ENDING,
    LANDMARKS_FOLDER,
    VIEWS,
    point_columns,
)
from affectflow.io.plain_files import shown
from affectflow.schema import CODES, CODES_COLUMNS

logger = logging.getLogger("affectflow")
WHAT = "codes"
LARGEST_FRAME = 2**31 - 1


class EmocaCsv:
    """The form as the study's own programs write it: frames count from 1."""

    first_frame = 1

    def files(self, path: str | Path) -> list[Path]:
        """Return the files of one recording that are there: the codes, and their landmarks.

        The landmarks of ``X_exp_pose.csv`` are ``X_landmarks_xy.csv`` in the
        folder ``lands`` beside it, or else in the same folder.
        """
        path = Path(path)
        stem = path.name.removesuffix(EXP_POSE_ENDING) if path.name.endswith(EXP_POSE_ENDING) else path.stem
        name = stem + LANDMARKS_ENDING
        places = (path.parent / LANDMARKS_FOLDER / name, path.parent / name)
        return [path, *[p for p in places if p.is_file()][:1]]

    def read(self, path: str | Path, *, ids: Collection[str]) -> Iterator[pl.DataFrame]:
        """Read the codes of one recording, in bounded memory.

        Parameters
        ----------
        path
            The file with expression and pose.
        ids
            What the recording may be called in the column subject_id (the
            person, or the recording); rows of others are passed over.

        Yields
        ------
        pl.DataFrame
            `frame_id` (0-based Int32, ascending, each once), expression, pose
            and further codes (Float32), landmark views (arrays) when there is a
            file of them. Of two faces in a frame the first is kept. A row with
            an empty code is passed over, since half a code is none. What was
            passed over is said in the log. A header alone gives one piece without rows.

        Raises
        ------
        InputError
            Names file, row (the header is row 1), column and value.
        """
        codes, *landmarks = self.files(path)
        rows = _read_codes(codes, ids, self.first_frame)
        if not landmarks:
            logger.info("%s: no landmarks file beside it; the landmark columns stay empty", codes)
            yield from rows
            return
        points = _read_landmarks(landmarks[0], ids, self.first_frame)
        yield from join_landmarks(rows, points, where=landmarks[0], first_frame=self.first_frame)


class EmocaCsvFrom0(EmocaCsv):
    """The same columns, written by a program that counts frames from 0."""

    first_frame = 0


def _read_codes(path: Path, ids: Collection[str], first_frame: int) -> Iterator[pl.DataFrame]:
    file = open_csv(path, what=WHAT)
    further = [name for name in file.header if CODES.allows(name)]
    names = [*CODES_COLUMNS, *sorted(further)]
    n_whole = n_incomplete = 0
    empty = pl.DataFrame(schema={"frame_id": pl.Int32, **dict.fromkeys(names, pl.Float32)})
    for keys, cells in _rows(file, names, ids, first_frame):
        piece = pl.concat([keys, numbers(cells, names, path)], how="horizontal")
        whole = piece.filter(~pl.any_horizontal(pl.col(CODES_COLUMNS).is_null()))
        n_whole += whole.height
        n_incomplete += piece.height - whole.height
        if whole.height:
            yield whole
    if not n_whole + n_incomplete:
        logger.warning("%s: has no rows below the header: every frame counts as one without a face", path)
        yield empty
    elif not n_whole:
        raise InputError(f"{path}: not one row has all of {names[0]} … {CODES_COLUMNS[-1]}. Export it again.")
    if n_incomplete:
        logger.info("%s: %d rows with empty codes count as frames without a face", path, n_incomplete)


def _read_landmarks(path: Path, ids: Collection[str], first_frame: int) -> Iterator[pl.DataFrame]:
    """Yield frame_id and the landmark views; a view with a blank point is null."""
    file = open_csv(path, what="landmarks")
    names = [name for view in VIEWS for name in point_columns(view)]
    # Without rows the columns are there all the same.
    nothing = pl.DataFrame(schema=dict.fromkeys(names, pl.Float32))
    yield _views(pl.DataFrame(schema={"frame_id": pl.Int32}), nothing)
    for keys, cells in _rows(file, names, ids, first_frame):
        yield _views(keys, numbers(cells, names, path))


def _views(keys: pl.DataFrame, points: pl.DataFrame) -> pl.DataFrame:
    return keys.with_columns(_view(points, view, axis) for view in VIEWS for axis in "xy")


def _view(points: pl.DataFrame, view: str, axis: str) -> pl.Series:
    columns = [c for c in point_columns(view) if c.startswith(f"{view}_{axis}")]
    matrix = points.select(columns).to_numpy()
    name = f"{view}_{axis}"
    arrays = pl.Series(name, np.ascontiguousarray(matrix), dtype=pl.Array(pl.Float32, len(columns)))
    return arrays.set(pl.Series(np.isnan(matrix).any(axis=1)), None)


def _rows(
    file: CsvPieces, names: Sequence[str], ids: Collection[str], first_frame: int
) -> Iterator[tuple[pl.DataFrame, pl.DataFrame]]:
    """Yield frame_id and the text cells of this recording's rows, each frame once, in order."""
    _check_header(file, names)
    last, n_doubled, others = -1, 0, dict[str, int]()
    found = False
    for cells in file.pieces([*KEY_COLUMNS, *names]):
        mine = cells.filter(pl.col("subject_id").is_in(list(ids)))
        if mine.height < cells.height:
            for name, n in (
                cells.filter(~pl.col("subject_id").is_in(list(ids)))["subject_id"].value_counts().rows()
            ):
                others[name] = others.get(name, 0) + n
        if mine.is_empty():
            continue
        found = True
        frames = _frame_numbers(mine, file.path, first_frame)
        steps = np.diff(frames, prepend=last)
        if (steps < 0).any():
            i = int(np.argmax(steps < 0))
            before = (frames[i - 1] if i else last) + first_frame
            raise InputError(
                f"{file.path}: row {mine['row'][i]}: frame_id {frames[i] + first_frame} comes after {before}. "
                "Sort the rows by frame_id."
            )
        last = int(frames[-1])
        new = pl.Series(steps > 0)
        n_doubled += int((~new).sum())
        if new.any():
            keys = pl.DataFrame({"frame_id": pl.Series(frames, dtype=pl.Int32)}).filter(new)
            yield keys, mine.filter(new)
    _report(file.path, ids, found, others, n_doubled)


def _check_header(file: CsvPieces, names: Sequence[str]) -> None:
    missing = [name for name in (*KEY_COLUMNS, *names) if name not in file.header]
    if missing:
        near = did_you_mean(missing[0], [n for n in file.header if n not in names])
        more = f" and {len(missing) - 1} more" if len(missing) > 1 else ""
        raise InputError(
            f"{file.path}: column {missing[0]}{more} is missing (found {len(file.header)} columns: "
            f"{', '.join(map(shown, file.header[:4]))}, …).{near}"
        )
    ignored = [name for name in file.header if name and name not in names and name not in KEY_COLUMNS]
    if ignored:
        few = ", ".join(ignored[:5]) + (" …" if len(ignored) > 5 else "")
        logger.info("%s: %d columns are not used: %s", file.path, len(ignored), few)


def _frame_numbers(cells: pl.DataFrame, path: Path, first_frame: int) -> np.ndarray:
    """Return 0-based frame numbers (n,) int64; 12.0, as tables with gaps are often saved, is 12."""
    values = cells["frame_id"].cast(pl.Float64, strict=False).fill_null(np.nan).to_numpy()
    # A comparison with NaN is false.
    wrong = ~((values == np.floor(values)) & (values >= 0) & (values <= LARGEST_FRAME))
    if wrong.any():
        i = int(np.argmax(wrong))
        raise InputError(
            f"{path}: row {cells['row'][i]}, column frame_id: {shown(cells['frame_id'][i])} is not the number of a frame."
        )
    if (values < first_frame).any():
        row = cells["row"][int(np.argmin(values))]
        raise InputError(
            f"{path}: row {row}: frame_id 0, but emoca_csv counts frames from 1. If this file counts from 0, write "
            "emoca_csv_from_0 into codes_format in the sheet."
        )
    return values.astype(np.int64) - first_frame


def _report(path: Path, ids: Collection[str], found: bool, others: dict[str, int], n_doubled: int) -> None:
    names = ", ".join(map(repr, sorted(others)[:5])) + (" …" if len(others) > 5 else "")
    wanted = " or ".join(map(repr, sorted(ids)))
    if not found and others:
        raise InputError(
            f"{path}: has rows of {names}, none of {wanted}. Correct subject_id in the sheet, or the path of the codes."
        )
    if others:
        logger.info("%s: %d rows of %s are passed over", path, sum(others.values()), names)
    if n_doubled:
        logger.info(
            "%s: %d rows repeat a frame_id (more faces in one frame); the first is kept", path, n_doubled
        )
