"""What EmoNet saw of faces in its training: a square of 256 × 256 around the 68 points, with a wide margin.

Its authors' demonstration has another rule, which is not equivalent: a
detector's rectangle, without any margin, stretched to the same size
(`face.box_crop`).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.ndimage import affine_transform

from affectflow.face.affect.emonet import PICTURE_PX
from affectflow.face.box_crop import SIDE_MIN_PX, Picture

# The square is so many times the mean side of the points' box: 200 of EmoNet's units, which are 1 / 220 of width + height.
BOX_TO_SQUARE = 200 * 2 / 220


def points_crop(rgb: Picture, points: ArrayLike) -> Picture | None:
    """Cut a face out as the checkpoints were trained and tested: a square around its 68 points.

    Parameters
    ----------
    rgb
        (h, w, 3) uint8 frame, upright.
    points
        (68, 2) pixels in index space (a pixel's centre at a whole number).

    Returns
    -------
    (256, 256, 3) uint8, black where the square leaves the frame; None where
    there is nothing to see: a point is not finite, or the box of the points is
    smaller than 8 pixels or outside the frame.
    """
    points = np.asarray(points, np.float64)
    if not np.isfinite(points).all():
        return None
    low, high = points.min(axis=0), points.max(axis=0)
    height, width = rgb.shape[:2]
    outside = high.min() < 0 or low[0] > width - 1 or low[1] > height - 1
    if (high - low).mean() < SIDE_MIN_PX or outside:
        return None
    (scale, _, shift_x), (_, _, shift_y) = square_matrix([*low, *high])
    # OpenCV's warp changed with release 4.12: before, it knew 32 places between two pixels. This one knows all.
    crop = affine_transform(
        rgb,
        [1 / scale, 1 / scale, 1.0],
        offset=[-shift_y / scale, -shift_x / scale, 0.0],
        output_shape=(PICTURE_PX, PICTURE_PX, 3),
        output=np.float32,
        order=1,
        mode="grid-constant",
    )
    return np.rint(crop).astype(np.uint8)


def square_matrix(box: ArrayLike) -> NDArray[np.float64]:
    """Return the map from index space to the crop of `points_crop`, (2, 3).

    Parameters
    ----------
    box
        (4,) left, top, right, bottom of the points.
    """
    left, top, right, bottom = np.asarray(box, np.float64)
    side = BOX_TO_SQUARE * (right - left + bottom - top) / 2
    scale = PICTURE_PX / side
    shift_x, shift_y = (
        PICTURE_PX / 2 - scale * middle for middle in ((left + right) / 2, (top + bottom) / 2)
    )
    return np.array([[scale, 0.0, shift_x], [0.0, scale, shift_y]])
