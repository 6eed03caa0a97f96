"""The landmarks in the layouts other tools use, in the coordinates of a square crop.

The crop is EMOCA's: a square around the 68 points, side = mean of the sides of
their box × 1.1 × 1.25, centre = centre of the box. A coordinate is -1 at the
crop's left or upper edge and 1 at the right or lower edge, and may lie beyond:
``picture = centre + size / 2 * coordinate``.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from affectflow.face.anatomy import EMOCA105, IBUG68
from affectflow.face.emoca.crop import box_of_points, square_of_box


def square_crop(points68_px: NDArray[np.floating]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the square crop of faces.

    Parameters
    ----------
    points68_px
        (n, 68, 2) pixels.

    Returns
    -------
    Centres (n, 2) and sides (n,), pixels. Sides are whole numbers (rounded
    down), as in the reference, and at least 1.
    """
    centre, side = square_of_box(box_of_points(points68_px))
    return centre, np.maximum(side, 1.0)


def landmark_views(landmarks_px: NDArray[np.floating]) -> dict[str, NDArray[np.float32]]:
    """Return crop and landmark views of faces.

    Parameters
    ----------
    landmarks_px
        (n, 468 or 478, 2 or 3) MediaPipe points, pixels, x right, y down.

    Returns
    -------
    Name → array, float32: crop_x_px, crop_y_px, crop_size_px (n,); l68_x,
    l68_y (n, 68); mp_x, mp_y (n, 105).
    """
    picked = landmarks_px[:, IBUG68 + EMOCA105, :2]
    centre, size = square_crop(picked[:, : len(IBUG68)])
    views = {"crop_x_px": centre[:, 0], "crop_y_px": centre[:, 1], "crop_size_px": size}
    for axis, letter in enumerate("xy"):
        inside = (picked[:, :, axis] - centre[:, axis, None]) * (2 / size)[:, None]
        views[f"l68_{letter}"], views[f"mp_{letter}"] = np.split(inside, [len(IBUG68)], axis=1)
    return {name: np.ascontiguousarray(values, dtype=np.float32) for name, values in views.items()}
