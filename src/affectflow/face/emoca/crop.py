"""From a face's box to EMOCA's square crop, and how tables store that square.

========  =====================================================================
space     meaning of a coordinate
========  =====================================================================
picture   pixels of the upright frame, (0, 0) at the outer corner of the first
          pixel: the centre of pixel i is i + 0.5. All tables are in it.
index     the same pixels with the centre of pixel i at i, as the reference
          counts: picture - 0.5.
crop      pixels of the crop, centre of pixel i at i. The square's edges lie at
          0 and 223, so one crop pixel is size / 223 pixels of the frame.
unit      -1..1 over the crop, 0 its centre: crop = (0.5 unit + 0.5) * 224.
========  =====================================================================

The reference maps its square to 0..223 but its unit coordinates to 0..224. We
keep both for parity, and store in tables the square that the unit coordinates
really span (`table_square`): picture = centre + size / 2 * unit, exactly.

Square: Feng et al. 2021 (DECA) and Danecek et al. 2022 (EMOCA), which share it.
"""

from __future__ import annotations

from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]
BoxRule = Literal["kpt68", "mediapipe", "bbox"]

CROP_PX = 224
# A box around points is taken for 1 / 1.1 of the face, and the crop for 1.25 of that.
BOX_TO_FACE = 1.1
FACE_TO_CROP = 1.25
# A detector's rectangle sits too high on the face by this share of its side.
DETECTION_SHIFT = 0.12
# Where the centre of pixel 0 lies in tables.
PIXEL_CENTRE = 0.5


def box_of_points(points: ArrayLike) -> Floats:
    """Return the smallest boxes (..., 4) left, top, right, bottom around points (..., p, 2)."""
    points = np.asarray(points, dtype=np.float64)
    return np.concatenate([points.min(axis=-2), points.max(axis=-2)], axis=-1)


def face_size(boxes: ArrayLike, *, rule: BoxRule = "kpt68") -> Floats:
    """Return the sizes (...) that boxes (..., 4) left, top, right, bottom give a face, pixels."""
    boxes = np.asarray(boxes, dtype=np.float64)
    left, top, right, bottom = np.moveaxis(boxes, -1, 0)
    # In the reference's order: the side is rounded down later, where a last bit can be a whole pixel.
    mean_side = (right - left + bottom - top) / 2
    return mean_side if rule == "bbox" else mean_side * BOX_TO_FACE


def square_of_box(
    boxes: ArrayLike,
    *,
    rule: BoxRule = "kpt68",
    scale: float = FACE_TO_CROP,
    shift_x: float = 0.0,
    shift_y: float = 0.0,
) -> tuple[Floats, Floats]:
    """Return the square that EMOCA cuts around a face.

    Parameters
    ----------
    boxes
        (..., 4) left, top, right, bottom, pixels; index or picture space.
    rule
        What the boxes are: "kpt68" around 68 points, "mediapipe" around the
        points of a face mesh, "bbox" a detector's rectangle.
    scale
        Side of the square as a multiple of the face's size.
    shift_x, shift_y
        Shift of the square to the right and downwards, in widths and heights
        of the box.

    Returns
    -------
    Centres (..., 2), in the space of the boxes, and sides (...), pixels. Sides
    are whole numbers, rounded down, as in the reference.
    """
    boxes = np.asarray(boxes, dtype=np.float64)
    size = face_size(boxes, rule=rule)
    # The reference's own way to a centre, to its last bit: a far edge minus half the side.
    centre = boxes[..., 2:] - (boxes[..., 2:] - boxes[..., :2]) / 2
    if rule == "bbox":
        centre[..., 1] += size * DETECTION_SHIFT
    centre = centre + (boxes[..., 2:] - boxes[..., :2]) * (shift_x, shift_y)
    return centre, np.floor(size * scale)


def table_square(centre: ArrayLike, size: ArrayLike, *, crop_px: int = CROP_PX) -> tuple[Floats, Floats]:
    """Return the square that tables store for a square of the reference.

    Parameters
    ----------
    centre, size
        (..., 2) and (...) in index space, as of `square_of_box`.
    crop_px
        Side of the crop, pixels.

    Returns
    -------
    Centres (..., 2) and sides (...) in picture space, for crop_x_px, crop_y_px
    and crop_size_px: picture = centre + size / 2 * unit. The side is no whole
    number; it is the reference's × 224 / 223.
    """
    centre, size = np.asarray(centre, np.float64), np.asarray(size, np.float64)
    middle = crop_px / 2 / (crop_px - 1) - 0.5
    return centre + PIXEL_CENTRE + size[..., None] * middle, size * crop_px / (crop_px - 1)


def reference_square(centre: ArrayLike, size: ArrayLike, *, crop_px: int = CROP_PX) -> tuple[Floats, Floats]:
    """Return the reference's square, in index space, of a square stored in tables.

    The inverse of `table_square`; the side is made a whole number again, so
    that it survives being stored in float32.
    """
    centre = np.asarray(centre, np.float64)
    whole = np.rint(np.asarray(size, np.float64) * (crop_px - 1) / crop_px)
    middle = crop_px / 2 / (crop_px - 1) - 0.5
    return centre - PIXEL_CENTRE - whole[..., None] * middle, whole
