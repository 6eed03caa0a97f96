"""The reference's cubic resampling of a crop, as two small sparse products in float32.

A square's sides are parallel to the frame's, so rows and columns are resampled
one after the other, each with four pixels.
"""

from __future__ import annotations

from functools import cache

import cv2
import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.sparse import csr_array

from affectflow.face.emoca.crop import CROP_PX

Picture = NDArray[np.uint8]

# Cubic convolution looks at so many pixels before and behind a place.
TAPS_BEFORE, TAPS_BEHIND = 1, 2
# A float32 result so near to a whole level stands for that level.
WHOLE = np.float32(2e-4)


def warp_fast(rgb: Picture, centre: ArrayLike, size: int, *, crop_px: int = CROP_PX) -> Picture:
    """Resample a square by cubic convolution with a = -0.5 (Keys 1981).

    Parameters
    ----------
    rgb
        (h, w, 3) uint8 frame.
    centre, size
        (2,) and side of the square, pixels in index space.
    crop_px
        Side of the crop, pixels.

    Returns
    -------
    (crop_px, crop_px, 3) uint8, zero outside the frame; against `warp_exact`
    at most one level away, in less than one percent of the values.
    """
    x, y = np.asarray(centre, np.float64)
    rows, columns = touched(y, size, rgb.shape[0]), touched(x, size, rgb.shape[1])
    near = rgb[rows, columns]
    if not near.size:
        return np.zeros((crop_px, crop_px, 3), np.uint8)
    row_before, row_fraction = _places(y, size, crop_px)
    column_before, column_fraction = _places(x, size, crop_px)
    # The largest array keeps no name: freed at once its memory serves the next ones, while memory
    # that is given back to the system and asked for again costs more than the arithmetic.
    down = _combined(_cubic_weights(row_before, row_fraction, rows), near.astype(np.float32))
    across = _combined(_cubic_weights(column_before, column_fraction, columns), cv2.transpose(down))
    across = across.reshape(crop_px, crop_px * 3)
    low, high = value_range(rgb, float(across.min()))
    np.clip(across, low, high, out=across)
    fraction = np.maximum.outer(
        column_fraction.astype(np.float32), np.repeat(row_fraction.astype(np.float32), 3)
    )
    levels = np.maximum(_rounded_down(across, fraction), np.uint8(low))
    return np.asarray(cv2.transpose(levels.reshape(crop_px, crop_px, 3)), dtype=np.uint8)


def touched(centre: float, size: int, length: int) -> slice:
    """Return the pixels 0..length-1 of a row or column that a square can touch, one more on either side."""
    first = int(np.floor(centre - size / 2)) - TAPS_BEFORE - 1
    last = int(np.ceil(centre + size / 2)) + TAPS_BEHIND + 1
    start = min(max(first, 0), length)
    return slice(start, max(min(last + 1, length), start))


def value_range(rgb: Picture, smallest: float) -> tuple[int, int]:
    """Return the least and the greatest level of a crop: the frame's, or 0 if the crop meets the dark outside.

    Parameters
    ----------
    rgb
        The whole frame: overshoot is clipped to what occurs anywhere in it.
    smallest
        Smallest value of the crop before it is clipped.
    """
    low, high = int(rgb.min()), int(rgb.max())
    return (0 if smallest <= 0 else low), high


def _places(centre: float, size: int, crop_px: int) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Where the crop's pixels lie along one axis of the frame: the pixel before, and how far behind it, 0..1."""
    places = centre - size / 2 + np.arange(crop_px) * (size / (crop_px - 1))
    before = np.floor(places)
    return before.astype(np.int64), places - before


def _cubic_weights(before: NDArray[np.int64], fraction: NDArray[np.float64], pixels: slice) -> csr_array:
    """The share of each of some pixels in each pixel of the crop along one axis, (crop_px, pixels)."""
    t = fraction[:, None]
    shares = np.hstack(
        [
            ((-0.5 * t + 1) * t - 0.5) * t,
            (1.5 * t - 2.5) * t * t + 1,
            ((-1.5 * t + 2) * t + 0.5) * t,
            (0.5 * t - 0.5) * t * t,
        ]
    )
    n_pixels = pixels.stop - pixels.start
    taps = before[:, None] - pixels.start + np.arange(-TAPS_BEFORE, TAPS_BEHIND + 1)
    inside = (taps >= 0) & (taps < n_pixels)
    ends = np.concatenate([[0], np.cumsum(inside.sum(axis=1))])
    return csr_array((shares[inside].astype(np.float32), taps[inside], ends), shape=(len(before), n_pixels))


def _combined(weights: csr_array, lines: NDArray[np.float32]) -> NDArray[np.float32]:
    """Weighted sums of lines of pixels, (n, p, 3) by (m, n) to (m, p, 3)."""
    sums = weights @ lines.reshape(len(lines), -1)
    return np.asarray(sums, dtype=np.float32).reshape(-1, *lines.shape[1:])


def _rounded_down(values: NDArray[np.float32], fraction: NDArray[np.float32]) -> Picture:
    """Levels 0..255 of values, rounded down as the reference does it, flat areas included.

    Parameters
    ----------
    values
        0..255.
    fraction
        Of the same shape: the larger one of a place's fractions along rows and columns.
    """
    # Lifted, what stands for a whole level lies above it by twice WHOLE at most.
    lifted = values + WHOLE
    levels = lifted.astype(np.uint8)
    whole = lifted - levels < 2 * WHOLE
    lost = fraction >= cv2.LUT(levels, _fraction_that_loses())
    return np.asarray(levels - (whole & lost), dtype=np.uint8)


@cache
def _fraction_that_loses() -> NDArray[np.float32]:
    """From which fraction on the reference loses one level in a flat area, (256,) per level; inf = never.

    It interpolates level / 255 in float64 by a polynomial whose terms cancel
    in a flat area but for the last bit. Where that bit is negative, 255 times
    the result falls just short of the level, and rounding down takes a whole
    one. Compressed video is full of flat areas, so this is no rare case.
    """
    level = np.arange(256.0)
    value = level / 255

    def loses(t: NDArray[np.float64]) -> NDArray[np.bool_]:
        # Four equal pixels: the first and third order terms are exactly zero.
        second = 2 * value - 5 * value + 4 * value - value
        return np.floor((value + 0.5 * t * (t * second)) * 255) < level

    safe, losing = np.zeros(256), np.ones(256)
    for _ in range(60):
        middle = (safe + losing) / 2
        lost = loses(middle)
        safe, losing = np.where(lost, safe, middle), np.where(lost, middle, losing)
    return np.where(losing < 1, losing, np.inf).astype(np.float32)
