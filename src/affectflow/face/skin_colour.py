"""Mean colour of the facial skin in each frame: where the pulse shows without a sensor.

Skin is the face's outline, drawn in a little, without eyes, brows and mouth, whose
movements would drown the pulse. Forehead and cheeks count twice: they are well
supplied with blood and move least (Verkruysse et al. 2008, Opt. Express 16: 21434).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any

import cv2
import numpy as np
import polars as pl
from numpy.typing import NDArray

from affectflow.face.anatomy import BROW_RING, EYE_RING, FACE_OVAL, MOUTH_RING, mirrored
from affectflow.face.extract_codes import frames_of, primary_faces

_FOREHEAD = (103, 67, 109, 10, 338, 297, 332, 334, 296, 336, 9, 107, 66, 105)
_CHEEK = (116, 117, 118, 101, 36, 205, 187, 123)
# The outline is drawn in to this share of its size, so that hair and background stay out
# when landmarks tremble.
_INWARDS = 0.92
_SKIN, _DOUBLE = 64, 128
# Red, green, blue. A channel at the end of its range does not follow the light; skin without red is shadow.
_DARKEST, _BRIGHTEST = (26, 1, 1), (249, 249, 249)
# Fewer pixels than this average out too little noise.
MIN_PIXELS = 200
# Sub-pixel corners of polygons: OpenCV takes whole numbers of 1/16 pixel.
_SHIFT = 4


@dataclass(frozen=True)
class SkinColour:
    """Colour of the skin over a recording.

    Attributes
    ----------
    time_s
        (n,) float64: time of every frame, seconds.
    rgb
        (n, 3) float64: mean red, green, blue, 0..255; NaN in frames without a face or
        with less than `MIN_PIXELS` pixels of well exposed skin.
    """

    time_s: NDArray[np.float64]
    rgb: NDArray[np.float64]


def skin_colour(frames: Iterator[Any], faces: Iterable[pl.DataFrame]) -> SkinColour:
    """Measure the colour of the primary face's skin in every frame, one frame in memory at a time.

    Parameters
    ----------
    frames
        Decoded frames (`frame_id`, `rgb`), in order, from the first.
    faces
        `schema.FACES` in pieces, in order of frame.

    Raises
    ------
    TableError
        If the table and the video are not of the same frames.
    """
    times, colours = [np.empty(0)], [np.empty((0, 3))]
    for piece in primary_faces(faces):
        found = np.full((piece.height, 3), np.nan)
        landmarks = piece["landmarks_px"]
        for i, (frame, seen) in enumerate(zip(frames_of(piece, frames), piece["valid"], strict=True)):
            if seen:
                found[i] = mean_skin(frame.rgb, landmarks[i].to_numpy().reshape(-1, 3)[:, :2])
        times.append(piece["time_s"].to_numpy())
        colours.append(found)
    return SkinColour(np.concatenate(times), np.concatenate(colours))


def mean_skin(rgb: NDArray[np.uint8], landmarks_px: NDArray[np.floating]) -> NDArray[np.float64]:
    """Return the weighted mean colour of one face's skin.

    Parameters
    ----------
    rgb
        (height, width, 3) uint8.
    landmarks_px
        (468 or 478, 2) points, pixels of the picture, x right, y down.

    Returns
    -------
    (3,) red, green, blue, 0..255; NaN where too little skin is seen.
    """
    weights, (x0, y0) = skin_weights(landmarks_px, height=rgb.shape[0], width=rgb.shape[1])
    if weights.size == 0:
        return np.full(3, np.nan)
    face = rgb[y0 : y0 + weights.shape[0], x0 : x0 + weights.shape[1]]
    weights = cv2.bitwise_and(weights, cv2.inRange(face, _DARKEST, _BRIGHTEST))
    total = cv2.sumElems(weights)[0]
    if total < MIN_PIXELS * _SKIN:
        return np.full(3, np.nan)
    # Whole numbers throughout: the same sums for any number of threads.
    weighted = cv2.multiply(face, cv2.merge([weights] * 3), dtype=cv2.CV_16U)
    return np.array(cv2.sumElems(weighted)[:3]) / total


def skin_weights(
    landmarks_px: NDArray[np.floating], *, height: int, width: int
) -> tuple[NDArray[np.uint8], tuple[int, int]]:
    """Return how much each pixel around a face counts as skin.

    Parameters
    ----------
    landmarks_px
        (468 or 478, 2) points, pixels.
    height, width
        Size of the picture; what lies outside it is cut.

    Returns
    -------
    weights
        (rows, columns) uint8 of the face's box: 128 forehead and cheeks, 64 other skin,
        0 elsewhere, between these at edges.
    corner
        Column and row of the box's first pixel in the picture.
    """
    oval = landmarks_px[list(FACE_OVAL)].astype(np.float64)
    middle = oval.mean(axis=0)
    low = np.clip(np.floor(oval.min(axis=0)), 0, (width, height)).astype(int)
    high = np.clip(np.ceil(oval.max(axis=0)) + 1, 0, (width, height)).astype(int)
    weights = np.zeros(np.maximum(high - low, 0)[::-1], np.uint8)
    if weights.size == 0:
        return weights, (int(low[0]), int(low[1]))

    for points, value, inwards in _painted():
        corners = middle + inwards * (landmarks_px[points] - middle)
        # Picture coordinates count from a pixel's corner, OpenCV's from its centre.
        fixed = np.round((corners - low - 0.5) * 2**_SHIFT).astype(np.int32)
        cv2.fillPoly(weights, [fixed], value, cv2.LINE_AA, _SHIFT)
    return weights, (int(low[0]), int(low[1]))


@cache
def _painted() -> tuple[tuple[list[int], int, float], ...]:
    """Return the areas of a face in the order they are painted: points, weight, share of the size drawn in to."""
    return (
        (list(FACE_OVAL), _SKIN, _INWARDS),
        (list(_FOREHEAD), _DOUBLE, _INWARDS),
        *((side, _DOUBLE, _INWARDS) for side in (list(_CHEEK), mirrored(_CHEEK))),
        *((side, 0, 1.0) for ring in (EYE_RING, BROW_RING) for side in (list(ring), mirrored(ring))),
        (list(MOUTH_RING), 0, 1.0),
    )
