"""Distances on a frontal face that action units change."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from affectflow.face.anatomy import EYE_INNER, EYE_OUTER, MOUTH_CORNER, both_sides, mirrored

# Of paired features the subject's right; `mirrored` gives the left.
INNER_BROW, OUTER_BROW = (55, 107), (70, 63, 105)
LIDS = (159, 145)
CHEEK = (50, 117, 101)
NOSE_WINGS, NOSE_SIDE = (129, 98), (193, 122)
NOSE_BASE, NOSE_TIP = 2, 1
UPPER_LIP, LOWER_LIP = (37, 0, 267), 17
LIP_GAP = (13, 14)
BESIDE_MOUTH = 57
CHIN = (152, 199)


def unit_distances(aligned_cm: NDArray[np.floating]) -> dict[str, NDArray[np.float64]]:
    """Measure what action units move, on faces laid onto the template.

    Parameters
    ----------
    aligned_cm
        (n, 468, 3) faces on the template (`aligned.align_faces`): x to the
        subject's left, y up, z to the camera.

    Returns
    -------
    Name → (n,), in distances of the outer eye corners; right and left side averaged.

    - inner_brow, outer_brow: height above the inner, outer corner of the eye.
    - brow_gap: between the inner ends of the brows.
    - aperture: between the lids.
    - cheek, nose_wings: their height, up towards the corners of the eyes.
    - nose_side: length of the skin beside the nose's bridge.
    - upper_lip, lower_lip, corner_to_nose: height of the lips' middle and of the mouth's corners, towards the nose.
    - smile: half of how far the corners of the mouth are out, and their height above its middle.
    - corner_height: the height alone.
    - corner_depth: how far the corners lie behind the skin beside them.
    - mouth_width; lip_gap: between the inner lips; lips: height of the red of both lips.
    - chin_to_lip: the chin's nearness to the lower lip; chin_drop: the chin below the tip of the nose.
    """
    face = np.asarray(aligned_cm, np.float64)
    x, y, z = face[:, :, 0], face[:, :, 1], face[:, :, 2]
    corners = both_sides([MOUTH_CORNER])
    middle = y[:, LIP_GAP].mean(axis=1)
    corner_y = y[:, corners].mean(axis=1)
    out = np.abs(x[:, corners] - x[:, LIP_GAP].mean(axis=1, keepdims=True)).mean(axis=1)
    nose_side = (_gap(face, *NOSE_SIDE) + _gap(face, *mirrored(NOSE_SIDE))) / 2
    lips = _gap(face, 0, LIP_GAP[0]) + _gap(face, LIP_GAP[1], LOWER_LIP)
    found = {
        "inner_brow": _height(y, INNER_BROW, [EYE_INNER]),
        "outer_brow": _height(y, OUTER_BROW, [EYE_OUTER]),
        "brow_gap": _gap(face, INNER_BROW[0], *mirrored(INNER_BROW[:1])),
        "aperture": (_gap(face, *LIDS) + _gap(face, *mirrored(LIDS))) / 2,
        # Not above the lower lids: the muscle lifts them too, and blinks move them.
        "cheek": _height(y, CHEEK, [EYE_INNER, EYE_OUTER]),
        "nose_wings": _height(y, NOSE_WINGS, [EYE_INNER]),
        "nose_side": nose_side,
        "upper_lip": y[:, UPPER_LIP].mean(axis=1) - y[:, NOSE_BASE],
        "corner_to_nose": corner_y - y[:, NOSE_BASE],
        "smile": out / 2 + corner_y - middle,
        "corner_height": corner_y - middle,
        "corner_depth": (z[:, both_sides([BESIDE_MOUTH])] - z[:, corners]).mean(axis=1),
        "mouth_width": _gap(face, *corners),
        "lower_lip": y[:, LOWER_LIP] - y[:, NOSE_BASE],
        "lip_gap": _gap(face, *LIP_GAP),
        "lips": lips,
        "chin_to_lip": y[:, CHIN].mean(axis=1) - y[:, LOWER_LIP],
        "chin_drop": y[:, NOSE_TIP] - y[:, CHIN[0]],
    }
    outer = _gap(face, EYE_OUTER, *mirrored([EYE_OUTER]))
    return {name: value / outer for name, value in found.items()}


def _height(
    y: NDArray[np.float64], points: tuple[int, ...], above: tuple[int, ...] | list[int]
) -> NDArray[np.float64]:
    """Mean height of points and their partners above others and theirs, (n,)."""
    return y[:, both_sides(points)].mean(axis=1) - y[:, both_sides(above)].mean(axis=1)


def _gap(face: NDArray[np.float64], a: int, b: int) -> NDArray[np.float64]:
    """Distance of two points in the frontal plane, (n,): the depths are the network's guess."""
    return np.hypot(face[:, a, 0] - face[:, b, 0], face[:, a, 1] - face[:, b, 1])
