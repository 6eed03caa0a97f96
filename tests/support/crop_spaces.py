"""From a frame to a crop's pixels and unit coordinates and back, as the reference goes: what tables must agree with."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from affectflow.face.emoca.crop import CROP_PX, Floats


def crop_matrix(centre: ArrayLike, size: ArrayLike, *, crop_px: int = CROP_PX) -> Floats:
    """Return the transforms (..., 3, 3) from index to crop space of squares.

    Parameters
    ----------
    centre, size
        (..., 2) and (...) pixels in index space, as of `square_of_box`.
    crop_px
        Side of the crop, pixels.
    """
    centre, size = np.asarray(centre, np.float64), np.asarray(size, np.float64)
    scale = (crop_px - 1) / size
    corner = centre - size[..., None] / 2
    matrix = np.zeros((*size.shape, 3, 3))
    matrix[..., 0, 0] = matrix[..., 1, 1] = scale
    matrix[..., :2, 2] = -scale[..., None] * corner
    matrix[..., 2, 2] = 1
    return matrix


def frame_matrix(centre: ArrayLike, size: ArrayLike, *, crop_px: int = CROP_PX) -> Floats:
    """Return the transforms (..., 3, 3) from crop to index space: the inverse of `crop_matrix`."""
    centre, size = np.asarray(centre, np.float64), np.asarray(size, np.float64)
    matrix = np.zeros((*size.shape, 3, 3))
    matrix[..., 0, 0] = matrix[..., 1, 1] = size / (crop_px - 1)
    matrix[..., :2, 2] = centre - size[..., None] / 2
    matrix[..., 2, 2] = 1
    return matrix


def move_points(points: ArrayLike, matrix: Floats) -> Floats:
    """Move points (..., p, 2) by transforms (..., 3, 3) such as `crop_matrix` and `frame_matrix` give."""
    points = np.asarray(points, np.float64)
    return points @ np.swapaxes(matrix[..., :2, :2], -1, -2) + matrix[..., None, :2, 2]


def index_to_unit(points: ArrayLike, centre: ArrayLike, size: ArrayLike, *, crop_px: int = CROP_PX) -> Floats:
    """Turn points (..., p, 2) of the frame, index space, into unit coordinates of squares."""
    return move_points(points, crop_matrix(centre, size, crop_px=crop_px)) / crop_px * 2 - 1


def unit_to_index(points: ArrayLike, centre: ArrayLike, size: ArrayLike, *, crop_px: int = CROP_PX) -> Floats:
    """Turn unit coordinates (..., p, 2) of squares into points of the frame, index space."""
    crop = (np.asarray(points, np.float64) * 0.5 + 0.5) * crop_px
    return move_points(crop, frame_matrix(centre, size, crop_px=crop_px))
