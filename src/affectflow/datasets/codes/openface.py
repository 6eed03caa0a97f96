"""Face codes in the CSV form of OpenFace 2 (FeatureExtraction).

Intensities of action units 0..5 (``AU01_r``), head pose, direction of the eyes,
68 points in pixels. Frames count from 1; a frame without a face has a row with
``success`` 0.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from pathlib import Path

import numpy as np
import polars as pl
from scipy.spatial.transform import Rotation

from affectflow.datasets.codes.other_codes import Layout, read_layout

UNITS = (1, 2, 4, 5, 6, 7, 9, 10, 12, 14, 15, 17, 20, 23, 25, 26, 45)
EYES = tuple(f"gaze_{eye}_{axis}" for eye in (0, 1) for axis in "xyz")


def head_turn(angles: np.ndarray) -> np.ndarray:
    """Return rotation vectors in our axes, (n, 3), of pose_Rx, pose_Ry, pose_Rz (n, 3), radians.

    R = Rx Ry Rz in the camera's axes: x right, y down, z away from the camera. Half
    a turn about x brings these to ours.
    """
    return Rotation.from_euler("XYZ", angles).as_rotvec() * np.array([1.0, -1.0, -1.0])


def eyes_direction(values: pl.DataFrame) -> list[pl.Series]:
    """Return pitch (down > 0) and yaw (to the picture's right > 0) of the mean direction of both eyes, radians.

    Parameters
    ----------
    values
        `EYES`: vectors from the eyes in the camera's axes, x right, y down, z away from the camera.
    """
    both = values.select(EYES).fill_null(np.nan).to_numpy().astype(np.float64).reshape(-1, 2, 3)
    x, y, z = both.mean(axis=1).T
    turned = {"eyes_pitch_rad": np.arctan2(y, -z), "eyes_yaw_rad": np.arctan2(x, -z)}
    return [pl.Series(name, angle, dtype=pl.Float32).fill_nan(None) for name, angle in turned.items()]


LAYOUT = Layout(
    program="OpenFace",
    first_frame=1,
    columns={f"AU{n:02d}_r": f"au_{n:02d}" for n in UNITS},
    angles=("pose_Rx", "pose_Ry", "pose_Rz"),
    pose=head_turn,
    score="confidence",
    found="success",
    # OpenCV's pixels: a whole number is a pixel's centre.
    shift_px=0.5,
    derive=eyes_direction,
    needed=EYES,
)


class OpenfaceCsv:
    """The files of FeatureExtraction."""

    first_frame = LAYOUT.first_frame

    def files(self, path: str | Path) -> list[Path]:
        """Return the file itself: OpenFace writes one per video."""
        return [Path(path)]

    def read(self, path: str | Path, *, ids: Collection[str]) -> Iterator[pl.DataFrame]:
        """Read the codes of one recording; see `other_codes.read_layout`. The file names no person: `ids` is not used."""
        yield from read_layout(Path(path), LAYOUT)
