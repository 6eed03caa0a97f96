"""The numbers of a codes table that pictures show: angles, coefficients, measures over time."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
import polars as pl
from numpy.typing import NDArray
from scipy.spatial.transform import Rotation

from affectflow.errors import TableError
from affectflow.face.blinks import find_blinks
from affectflow.schema import EXP, POSE

TIME_TOLERANCE_S = 1e-3


class Frame(Protocol):
    """What is asked of a video frame; `io.video.VideoFrame` is one."""

    frame_id: int
    time_s: float

    @property
    def rgb(self) -> NDArray[np.uint8]:
        """The upright picture, uint8 (height, width, 3)."""


@dataclass(frozen=True)
class CodeSeries:
    """What is drawn of one recording, a row per frame; NaN where the face is not valid.

    Attributes
    ----------
    frame_id, time_s, valid
        (n,) as in the table.
    score
        (n,) confidence, 0..1.
    angles_deg
        (n, 4) yaw, pitch, roll of the head and opening of the jaw; see `head_angles`.
    exp
        (n, 50) coefficients.
    pose
        (n, 6) as in the table, radians.
    ear
        (n,) eye aspect ratio, mean of both eyes.
    blink
        (n,) bool, whether the eyes are shut (`face.blinks`).
    brow_raise, smile, mouth_open
        (n,) in outer-eye distances.
    landmarks_68, landmarks_105
        (n, 68, 2) and (n, 105, 2) float32, pixels of the upright picture.
    crop_px
        (n, 3) centre x, y and side of the square crop.
    """

    frame_id: NDArray[np.int32]
    time_s: NDArray[np.float64]
    valid: NDArray[np.bool_]
    score: NDArray[np.float64]
    angles_deg: NDArray[np.float64]
    exp: NDArray[np.float64]
    pose: NDArray[np.float64]
    ear: NDArray[np.float64]
    blink: NDArray[np.bool_]
    brow_raise: NDArray[np.float64]
    smile: NDArray[np.float64]
    mouth_open: NDArray[np.float64]
    landmarks_68: NDArray[np.float32]
    landmarks_105: NDArray[np.float32]
    crop_px: NDArray[np.float64]

    @property
    def n_frames(self) -> int:
        """Number of rows."""
        return len(self.frame_id)


def code_series(codes: pl.DataFrame, *, close_below: float = 0.65, open_above: float = 0.8) -> CodeSeries:
    """Take what is drawn out of a codes table.

    Parameters
    ----------
    codes
        `schema.CODES` of one recording.
    close_below, open_above
        When eyes count as shut: shares of the open-eye level, see `find_blinks`.
    """
    codes = codes.sort("frame_id")
    valid = codes["valid"].to_numpy()

    def columns(*names: str) -> NDArray[np.float64]:
        values = codes.select(pl.col(names).cast(pl.Float64)).to_numpy()
        return np.where(valid[:, None], values, np.nan)

    pose, ear = columns(*POSE), columns("ear_left", "ear_right").mean(axis=1)
    time_s = codes["time_s"].to_numpy()
    crop_px = columns("crop_x_px", "crop_y_px", "crop_size_px")
    return CodeSeries(
        frame_id=codes["frame_id"].to_numpy(),
        time_s=time_s,
        valid=valid,
        score=columns("score")[:, 0],
        angles_deg=head_angles(pose),
        exp=columns(*EXP),
        pose=pose,
        ear=ear,
        blink=find_blinks(ear, time_s, close_below=close_below, open_above=open_above),
        brow_raise=columns("brow_raise")[:, 0],
        smile=columns("smile")[:, 0],
        mouth_open=columns("mouth_open")[:, 0],
        landmarks_68=_to_picture(codes, "l68_x", "l68_y", crop_px),
        landmarks_105=_to_picture(codes, "mp_x", "mp_y", crop_px),
        crop_px=crop_px,
    )


class Rows(Protocol):
    """What is asked of a recording's numbers: a row per frame, in order."""

    @property
    def frame_id(self) -> NDArray[np.int32]:
        """(n,) numbers of the frames, ascending."""

    @property
    def time_s(self) -> NDArray[np.float64]:
        """(n,) seconds."""


def row_of(frame: Frame, series: Rows, recording_id: str, *, table: str = "codes") -> int:
    """Return the row that belongs to a video frame; `table` is what the rows are called in errors.

    Raises
    ------
    TableError
        If there is none, or it has another time: the video was made anew since.
    """
    n_rows = len(series.frame_id)
    row = int(np.searchsorted(series.frame_id, frame.frame_id))
    if row >= n_rows or series.frame_id[row] != frame.frame_id:
        raise TableError(
            f"recording {recording_id}: frame {frame.frame_id} of the video has no row in its {table} "
            f"({n_rows} rows). Re-run: snakemake -R track_faces"
        )
    if abs(series.time_s[row] - frame.time_s) > TIME_TOLERANCE_S:
        raise TableError(
            f"recording {recording_id}: frame {frame.frame_id} is shown at {frame.time_s:.3f} s, its {table} say "
            f"{series.time_s[row]:.3f} s. Re-run: snakemake -R track_faces"
        )
    return row


def head_angles(pose: NDArray[np.floating]) -> NDArray[np.float64]:
    """Turn pose codes into angles that people read.

    Parameters
    ----------
    pose
        (n, 6) radians: head rotation as axis-angle, then jaw rotation, in
        axes x to the picture's right, y up, z to the camera; NaN where missing.

    Returns
    -------
    (n, 4) degrees: yaw (positive = face turns to the picture's right), pitch
    (positive = chin down), roll (positive = counter-clockwise in the picture),
    jaw (positive = open). NaN where missing.
    """
    angles = np.full((len(pose), 4), np.nan)
    # Codes of other programs have the head without the jaw.
    rows = np.flatnonzero(np.isfinite(pose[:, :3]).all(axis=1))
    if rows.size:
        angles[rows, :3] = Rotation.from_rotvec(pose[rows, :3]).as_euler("YXZ", degrees=True)
    angles[:, 3] = np.degrees(pose[:, 3])
    return angles


def _to_picture(codes: pl.DataFrame, x: str, y: str, crop_px: NDArray[np.float64]) -> NDArray[np.float32]:
    centre, half = crop_px[:, None, :2], crop_px[:, None, 2:] / 2
    size = codes.schema[x].shape  # type: ignore[attr-defined]
    unit = np.stack(
        [_array_column(codes[name], *size) for name in (x, y)],
        axis=-1,
    )
    return (centre + half * unit).astype(np.float32)


def _array_column(column: pl.Series, size: int) -> NDArray[np.float32]:
    filled = (
        column.fill_null(pl.Series([[np.nan] * size], dtype=column.dtype)) if column.null_count() else column
    )
    return filled.to_numpy().reshape(-1, size)
