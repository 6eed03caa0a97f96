"""A face's box stretched to the square that a network wants, as demonstrations of face networks do."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import ArrayLike, NDArray

Picture = NDArray[np.uint8]
# Less than this holds nothing of a face to read.
SIDE_MIN_PX = 8


def box_crop(rgb: Picture, box: ArrayLike, *, side_px: int = 256) -> Picture | None:
    """Cut a face's box out of a frame and stretch it to a square, bilinearly and without a margin.

    Parameters
    ----------
    rgb
        (h, w, 3) uint8 frame, upright.
    box
        (4,) left, top, right, bottom, pixels in picture space; rounded towards
        0, and cut at the frame's edges.
    side_px
        Side of the crop.

    Returns
    -------
    (side_px, side_px, 3) uint8, or None where there is nothing to see: a number is not
    finite, or less than 8 pixels of a side lie in the frame.
    """
    box = np.asarray(box, np.float64)
    if not np.isfinite(box).all():
        return None
    height, width = rgb.shape[:2]
    left, right = np.clip(box[[0, 2]].astype(np.int32), 0, width)
    top, bottom = np.clip(box[[1, 3]].astype(np.int32), 0, height)
    if min(right - left, bottom - top) < SIDE_MIN_PX:
        return None
    cut = rgb[top:bottom, left:right]
    return np.asarray(cv2.resize(cut, (side_px, side_px), interpolation=cv2.INTER_LINEAR), np.uint8)
