"""Codes as the two CSV files of the EMOCA driving-stress study, for programs that read that form.

``CSV_stream/T019_exp_pose.csv`` and ``CSV_stream/lands/T019_landmarks_xy.csv``:
a header, comma-separated, lines end in CR LF (as Python's csv writer ends
them). **frame_id counts from 1 there**, and a frame without a face has no row.
`datasets.emoca_csv` reads them back.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import BinaryIO

import numpy as np
import polars as pl
from numpy.typing import NDArray

from affectflow.io.files import whole_file
from affectflow.schema import CODES_COLUMNS, N_LANDMARKS_68, N_LANDMARKS_105

FIRST_FRAME = 1
LINE_END = "\r\n"
KEY_COLUMNS = ("subject_id", "frame_id")
# The files' name of each landmark view, and how many points it has.
VIEWS = {"l68": N_LANDMARKS_68, "mp": N_LANDMARKS_105}
EXP_POSE_ENDING = "_exp_pose.csv"
LANDMARKS_ENDING = "_landmarks_xy.csv"
LANDMARKS_FOLDER = "lands"


def point_columns(view: str) -> list[str]:
    """Return the column names of a landmark view: x and y of point 1, then of point 2 and so on."""
    return [f"{view}_{axis}{i:03d}" for i in range(1, VIEWS[view] + 1) for axis in "xy"]


EXP_POSE_HEADER = [*KEY_COLUMNS, *CODES_COLUMNS]
LANDMARKS_HEADER = [*KEY_COLUMNS, *(name for view in VIEWS for name in point_columns(view))]


def export_csv(
    codes: Iterable[pl.DataFrame], exp_pose: str | Path, landmarks: str | Path, *, subject_id: str
) -> int:
    """Write the codes of one recording as CSV, in bounded memory, both files whole or not at all.

    Numbers are written with all digits of the float32 value, as the study's own
    writer does: reading them back as float32 gives the same bits.

    Parameters
    ----------
    codes
        `schema.CODES` in pieces.
    exp_pose
        File to write: `EXP_POSE_HEADER`.
    landmarks
        File to write: `LANDMARKS_HEADER`, unit-centre crop coordinates, blank
        where a point is missing.
    subject_id
        The person, for the first column.

    Returns
    -------
    Frames written: those with a face.
    """
    n_written = 0
    with (
        whole_file(exp_pose) as numbers_path,
        whole_file(landmarks) as points_path,
        numbers_path.open("wb") as numbers,
        points_path.open("wb") as points,
    ):
        numbers.write((",".join(EXP_POSE_HEADER) + LINE_END).encode())
        points.write((",".join(LANDMARKS_HEADER) + LINE_END).encode())
        for piece in codes:
            seen = piece.filter("valid")
            keys = seen.select(pl.lit(subject_id).alias("subject_id"), pl.col("frame_id") + FIRST_FRAME)
            values = seen.select(pl.col(CODES_COLUMNS).cast(pl.Float64))
            _append(pl.concat([keys, values], how="horizontal"), numbers)
            _append(pl.concat([keys, _point_table(seen)], how="horizontal"), points)
            n_written += seen.height
    return n_written


def _point_table(codes: pl.DataFrame) -> pl.DataFrame:
    """Return the landmarks as one column per coordinate, null where missing."""
    tables = []
    for view, n_points in VIEWS.items():
        xy = np.stack([_rows_of(codes[f"{view}_{axis}"], n_points) for axis in "xy"], axis=-1)
        flat = xy.reshape(codes.height, 2 * n_points).astype(np.float64)
        tables.append(pl.DataFrame(flat, schema=point_columns(view), orient="row").fill_nan(None))
    return pl.concat(tables, how="horizontal")


def _rows_of(arrays: pl.Series, n_points: int) -> NDArray[np.float32]:
    """Return a column of arrays as (rows, points); NaN where a row is null."""
    rows = np.full((len(arrays), n_points), np.nan, np.float32)
    rows[arrays.is_not_null().to_numpy()] = arrays.drop_nulls().to_numpy().reshape(-1, n_points)
    return rows


def _append(table: pl.DataFrame, file: BinaryIO) -> None:
    table.write_csv(file, include_header=False, line_terminator=LINE_END)
