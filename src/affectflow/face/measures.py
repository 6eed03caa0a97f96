"""Measures of a face that have a plain meaning, taken on aligned landmarks.

All are taken after head alignment (`affectflow.face.pose`), in the frontal plane
of the template, so turning the head changes them little, and are ratios, so
the person's size and distance do not enter. Faces differ at rest: compare
within a person.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from affectflow.face.anatomy import (
    BROW,
    EYE_INNER,
    EYE_OUTER,
    MOUTH_CORNER,
    both_sides,
    mirrored,
)

# The six points of the eye aspect ratio, subject's right: corners, upper and lower lid.
EYE_UPPER, EYE_LOWER = (160, 158), (144, 153)
UPPER_LIP_MID, LOWER_LIP_MID = 0, 17
INNER_LIPS = ((13, 14), (82, 87), (312, 317))
LIP_EDGES = ((0, 13), (14, 17), (37, 82), (267, 312), (87, 84), (317, 314))


def measure_faces(aligned_cm: NDArray[np.floating]) -> dict[str, NDArray[np.float32]]:
    """Measure aligned faces.

    Parameters
    ----------
    aligned_cm
        (n, 468, 3) faces laid onto the template (`pose.Alignment.to_template`).

    Returns
    -------
    `schema.MEASURES`: name → (n,) float32.

    - ear_left, ear_right: eye aspect ratio (Soukupova and Cech 2016), mean
      opening of two pairs of lid points / width of the eye.
    - brow_raise: mean height of the brows above the line of the eye corners.
    - smile: mouth width + height of the corners above the middle of the lips'
      outer edges. The middle moves half as far as the jaw opens, and so do the
      corners, so opening the mouth changes it little.
    - mouth_open: gap between the inner edges of the lips, three pairs, mean.
    - lip_press: height of the red of both lips: upper plus lower.

    All but the first two in outer-eye distances.
    """
    face = np.asarray(aligned_cm)
    width = _distance(face, EYE_OUTER, mirrored([EYE_OUTER])[0])
    heights = face[:, :, 1]
    corners = both_sides([MOUTH_CORNER])
    eye_line = heights[:, both_sides([EYE_OUTER, EYE_INNER])].mean(axis=1)
    lips_middle = (heights[:, UPPER_LIP_MID] + heights[:, LOWER_LIP_MID]) / 2
    lift = heights[:, corners].mean(axis=1) - lips_middle
    measures = {
        "ear_left": eye_aspect_ratio(face, left=True),
        "ear_right": eye_aspect_ratio(face, left=False),
        "brow_raise": (heights[:, both_sides(BROW)].mean(axis=1) - eye_line) / width,
        "smile": (_distance(face, *corners) + lift) / width,
        "mouth_open": _mean_gap(face, INNER_LIPS) / width,
        "lip_press": 2 * _mean_gap(face, LIP_EDGES) / width,
    }
    return {name: values.astype(np.float32) for name, values in measures.items()}


def eye_aspect_ratio(face: NDArray[np.floating], *, left: bool) -> NDArray[np.floating]:
    """Return the opening of one eye over its width, (n,), in the plane of x and y.

    Parameters
    ----------
    face
        (n, 468 or 478, 2 or 3) points, any unit; the corners of the eye apart.
    left
        The subject's left eye (points 362, 385, 387, 263, 373, 380) or the
        right one (33, 160, 158, 133, 153, 144).
    """
    side = mirrored if left else list
    outer, inner = side([EYE_OUTER, EYE_INNER])
    upper, lower = side(EYE_UPPER), side(EYE_LOWER)
    return _mean_gap(face, tuple(zip(upper, lower, strict=True))) / _distance(face, outer, inner)


def _mean_gap(face: NDArray[np.floating], pairs: tuple[tuple[int, int], ...]) -> NDArray[np.floating]:
    return np.stack([_distance(face, a, b) for a, b in pairs]).mean(axis=0)


def _distance(face: NDArray[np.floating], a: int, b: int) -> NDArray[np.floating]:
    """Distance of two points in the frontal plane, (n,): the depths are the network's guess."""
    return np.hypot(face[:, a, 0] - face[:, b, 0], face[:, a, 1] - face[:, b, 1])
