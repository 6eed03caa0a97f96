"""The pixels of a crop, cut out of a frame: the reference's way bit by bit, and a fast one.

Both follow the reference's resampling: cubic convolution with a = -0.5 (Keys
1981, "Catmull-Rom"; OpenCV and PyTorch use -0.75), zero outside the frame, the
result clipped to the smallest and largest value of the whole frame, and
rounded down to whole numbers. There is no antialiasing: a large face is
sampled at 224 × 224 places, as in the reference, and what lies between is lost.

Nothing here has a state, so crops may be made in many threads at once; what
takes the time releases the interpreter.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from affectflow.face.emoca.crop import CROP_PX, box_of_points, square_of_box
from affectflow.face.emoca.warp_fast import Picture, touched, value_range, warp_fast

# Squares smaller than this hold nothing of a face to code.
SIZE_MIN_PX = 8


@dataclass(frozen=True)
class FaceCrop:
    """What a network sees of a face, and where it was.

    Attributes
    ----------
    rgb
        (224, 224, 3) uint8.
    centre, size
        (2,) and side of the reference's square, pixels in index space; tables
        store its `crop.table_square`.
    """

    rgb: Picture
    centre: NDArray[np.float64]
    size: int


def crop_face(
    rgb: Picture, points: ArrayLike, *, method: Literal["fast", "exact"] = "fast"
) -> FaceCrop | None:
    """Cut a face out of a frame as EMOCA does.

    Parameters
    ----------
    rgb
        (h, w, 3) uint8 frame, upright.
    points
        (68, 2) points of the face, pixels in index space.
    method
        "exact": equal to the reference's crops to the last bit. "fast": at
        most one level of 255 away in a few pixels, at a fraction of the time.

    Returns
    -------
    The crop, or None where there is nothing to code: a point is not finite,
    the square is smaller than 8 pixels, or lies outside the frame. What of a
    square lies outside is black.
    """
    points = np.asarray(points, np.float64)
    if not np.isfinite(points).all():
        return None
    centre, side = square_of_box(box_of_points(points))
    size = int(side)
    low, high = centre - size / 2, centre + size / 2
    height, width = rgb.shape[:2]
    if size < SIZE_MIN_PX or high.min() <= 0 or low[0] >= width - 1 or low[1] >= height - 1:
        return None
    if method == "fast":
        return FaceCrop(warp_fast(rgb, centre, size), centre, size)
    return FaceCrop((warp_exact(rgb, centre, size) * 255).astype(np.uint8), centre, size)


def warp_exact(
    rgb: Picture, centre: ArrayLike, size: int, *, order: Literal[1, 3] = 3, crop_px: int = CROP_PX
) -> NDArray[np.float64]:
    """Resample a square by the reference's own means, without turning the whole frame into floats.

    The pixels are those of `skimage.transform.warp(rgb / 255, ...)`. Only
    pixels near the square are converted. They keep their places in an array of
    zeros, whose untouched part costs no memory, because places counted from
    another corner would round differently.

    Parameters
    ----------
    rgb
        (h, w, 3) uint8 frame.
    centre, size
        (2,) and side of the square, pixels in index space.
    order
        3 cubic (the reference's way with videos), 1 linear (with single images).
    crop_px
        Side of the crop, pixels.

    Returns
    -------
    (crop_px, crop_px, 3) 0..1. The reference makes videos' crops uint8 by
    rounding 255 × value down; single images stay as they are.
    """
    from skimage.transform import warp

    x, y = np.asarray(centre, np.float64)
    matrix = _estimated_frame_matrix(x, y, size, crop_px)
    rows = touched(y, size, rgb.shape[0])
    columns = touched(x, size, rgb.shape[1])
    planes = np.zeros((3, max(rows.stop, 1), max(columns.stop, 1)))
    near = np.moveaxis(rgb[rows, columns], -1, 0)
    np.divide(near, 255, out=planes[:, rows, columns])
    shape = (crop_px, crop_px)
    crop = np.dstack([warp(p, matrix, output_shape=shape, order=order, clip=False) for p in planes])
    low, high = value_range(rgb, float(crop.min()))
    return np.clip(crop, low / 255, high / 255, out=crop)


def _estimated_frame_matrix(x: float, y: float, size: int, crop_px: int) -> NDArray[np.float64]:
    """The transform from crop to index space as the reference fits it, rounding noise included.

    Its closed form is the same to 1e-13, but in a flat area a last bit
    decides between a level and the one below.
    """
    from skimage.transform import estimate_transform

    low_x, low_y, high_x, high_y = x - size / 2, y - size / 2, x + size / 2, y + size / 2
    corners = np.array([[low_x, low_y], [low_x, high_y], [high_x, low_y]])
    places = np.array([[0, 0], [0, crop_px - 1], [crop_px - 1, 0]])
    fitted = estimate_transform("similarity", corners, places)
    return np.asarray(np.linalg.inv(fitted.params), dtype=np.float64)
