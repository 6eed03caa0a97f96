"""The template as a small picture: where its points lie, and which pixels belong to which region of a face."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache

import cv2
import numpy as np
from numpy.typing import NDArray

from affectflow.face.anatomy import BROW_RING, EYE_RING, FACE_OVAL, MOUTH_RING, mirrored
from affectflow.face.template import facemesh_template

# Side of the picture, and of the picture over the face's longer side.
SIZE_PX = 128
SCALE = 1.3
REGIONS = ("forehead", "brows", "eyes", "mouth", "nose, cheeks and chin", "beside the face")


@cache
def template_points() -> NDArray[np.float64]:
    """Return where the template's points are in its picture, (468, 2) pixels, x right, y down; read-only."""
    points = facemesh_template().vertices[:, :2] * (1.0, -1.0)
    low, high = points.min(axis=0), points.max(axis=0)
    made = (points - (low + high) / 2) * (SIZE_PX / (SCALE * (high - low).max())) + SIZE_PX / 2
    made.setflags(write=False)
    return made


@cache
def region_masks() -> tuple[NDArray[np.bool_], ...]:
    """Return the pixels of each of `REGIONS`, (SIZE_PX, SIZE_PX) each: every pixel is in exactly one."""
    points = template_points()

    def inside(*rings: Iterable[int]) -> NDArray[np.bool_]:
        mask = np.zeros((SIZE_PX, SIZE_PX), np.uint8)
        for ring in rings:
            cv2.fillPoly(mask, [np.round(points[list(ring)] - 0.5).astype(np.int32)], 1)
        return mask.astype(bool)

    face = inside(FACE_OVAL)
    brows, eyes, mouth = (
        inside(BROW_RING, mirrored(BROW_RING)), inside(EYE_RING, mirrored(EYE_RING)), inside(MOUTH_RING)
    )  # fmt: skip
    brows, mouth = brows & ~eyes, mouth & ~eyes
    above = np.arange(SIZE_PX)[:, None] < points[list(BROW_RING), 1].mean()
    forehead = face & above & ~brows & ~eyes
    rest = face & ~(forehead | brows | eyes | mouth)
    return forehead, brows & face, eyes & face, mouth & face, rest, ~face
