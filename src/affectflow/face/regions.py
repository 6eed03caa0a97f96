"""Where a face is: rotated squares for the networks, upright boxes for tracking."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

# Mesh points at the outer corners of the subject's right and left eye; they give a face's roll.
EYE_RIGHT, EYE_LEFT = 33, 263
# The network was trained on squares 1.5 times as wide as the longer side of the face's box.
REGION_SCALE = 1.5


@dataclass(frozen=True)
class Region:
    """A rotated square of the picture: centre, side (pixels) and clockwise angle (radians)."""

    x_px: float
    y_px: float
    size_px: float
    angle_rad: float

    def to_picture(self, unit: np.ndarray) -> np.ndarray:
        """Turn points of the square into pixels of the picture.

        Parameters
        ----------
        unit
            (n, 3): x and y from 0 to 1 across the square, z in its scale.

        Returns
        -------
        float32 (n, 3): pixels.
        """
        cosine, sine = math.cos(self.angle_rad), math.sin(self.angle_rad)
        turn = self.size_px * np.array([[cosine, sine, 0.0], [-sine, cosine, 0.0], [0.0, 0.0, 1.0]])
        centred = unit.astype(np.float64) - (0.5, 0.5, 0.0)
        return (centred @ turn + (self.x_px, self.y_px, 0.0)).astype(np.float32)


@dataclass(frozen=True)
class Detection:
    """A face that the detector found: its score (0..1) and the region for the mesh."""

    score: float
    region: Region


def region_of_box(
    x0: float,
    y0: float,
    x1: float,
    y1: float,
    *,
    eye_right: tuple[float, float],
    eye_left: tuple[float, float],
) -> Region:
    """Return the square for the mesh network around a face, all in pixels.

    It is centred on the box, 1.5 times its longer side wide, and turned so that
    the eyes lie level (as MediaPipe does it).
    """
    angle_rad = math.atan2(eye_left[1] - eye_right[1], eye_left[0] - eye_right[0])
    return Region((x0 + x1) / 2, (y0 + y1) / 2, REGION_SCALE * max(x1 - x0, y1 - y0), angle_rad)


def region_of_landmarks(landmarks_px: np.ndarray) -> Region:
    """Return the square for the mesh network around landmarks, (478, 3) pixels."""
    x0, y0, x1, y1 = box_of_landmarks(landmarks_px).tolist()
    right, left = landmarks_px[EYE_RIGHT].tolist(), landmarks_px[EYE_LEFT].tolist()
    return region_of_box(x0, y0, x1, y1, eye_right=(right[0], right[1]), eye_left=(left[0], left[1]))


def box_of_landmarks(landmarks_px: np.ndarray) -> np.ndarray:
    """Return the upright box around landmarks, (n, 3) → x0, y0, x1, y1 in pixels, float64."""
    x, y = landmarks_px[:, 0], landmarks_px[:, 1]
    return np.array([x.min(), y.min(), x.max(), y.max()], dtype=np.float64)


def overlap(boxes: np.ndarray, others: np.ndarray) -> np.ndarray:
    """Return the share that boxes have in common (intersection over union).

    Parameters
    ----------
    boxes, others
        (n, 4) and (m, 4): x0, y0, x1, y1.

    Returns
    -------
    (n, m), 0..1; 0 for boxes without an area.
    """
    a, b = boxes.reshape(-1, 1, 4), others.reshape(1, -1, 4)
    sides = np.minimum(a[..., 2:], b[..., 2:]) - np.maximum(a[..., :2], b[..., :2])
    common = np.prod(np.clip(sides, 0, None), axis=-1)
    union = np.prod(a[..., 2:] - a[..., :2], axis=-1) + np.prod(b[..., 2:] - b[..., :2], axis=-1) - common
    return np.divide(common, union, out=np.zeros_like(common), where=union > 0)
