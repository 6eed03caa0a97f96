"""Rotations for smoothing: quaternions that do not jump.

An axis-angle vector jumps by 2 pi when the angle passes pi, and filtering its
three numbers bends large rotations. Quaternions do neither once their sign is
aligned: q and -q are the same rotation, so each is given the sign nearest to
the one before it. Interpolated and filtered quaternions are scaled back to
length 1; over the short gaps and windows used here that equals slerp to far below
what a face tracker resolves.
"""

from __future__ import annotations

import numpy as np
from scipy.spatial.transform import Rotation


def aligned_quaternions(vectors: np.ndarray) -> np.ndarray:
    """Turn axis-angle vectors into quaternions (x, y, z, w) of continuous sign.

    Parameters
    ----------
    vectors
        Shape (n, 3), radians; rows with a NaN are missing.

    Returns
    -------
    Shape (n, 4), NaN where missing.
    """
    out = np.full((vectors.shape[0], 4), np.nan)
    rows = np.flatnonzero(np.isfinite(vectors).all(axis=1))
    if rows.size == 0:
        return out
    quaternions = Rotation.from_rotvec(vectors[rows]).as_quat()
    if quaternions[0, 3] < 0:
        quaternions[0] *= -1
    turned = np.sum(quaternions[1:] * quaternions[:-1], axis=1) < 0
    sign = np.concatenate([[1.0], np.where(np.cumsum(turned) % 2 == 1, -1.0, 1.0)])
    out[rows] = quaternions * sign[:, None]
    return out


def rotation_vectors(quaternions: np.ndarray) -> np.ndarray:
    """Turn quaternions of any length into axis-angle vectors that do not jump.

    The angle runs through pi without a jump as long as the quaternions' sign does
    (it is then above pi for a while, which is the same rotation).

    Parameters
    ----------
    quaternions
        Shape (n, 4), NaN where missing.

    Returns
    -------
    Shape (n, 3), radians, NaN where missing.
    """
    # A column on its own: the last one of a table seems to reach beyond it, and where the memory behind it happens to be
    # the output, arctan2 takes another loop with other last digits.
    imaginary, real = quaternions[:, :3], np.ascontiguousarray(quaternions[:, 3])
    length = np.linalg.norm(imaginary, axis=1)
    angle = 2 * np.arctan2(length, real)
    # angle / length → 2 / real as the rotation vanishes.
    factor = np.divide(angle, length, out=np.full_like(angle, 2.0), where=length > 1e-12)
    return imaginary * factor[:, None]


def relative_to(vectors: np.ndarray, reference: np.ndarray) -> np.ndarray:
    """Express rotations relative to a mean rotation: R → R R0⁻¹.

    Parameters
    ----------
    vectors
        Shape (n, 3), radians, NaN where missing.
    reference
        Rotations whose mean is R0, shape (m, 3), without NaN, m ≥ 1.
    """
    out = np.full(vectors.shape, np.nan)
    rows = np.isfinite(vectors).all(axis=1)
    if rows.any():
        back = Rotation.from_rotvec(reference).mean().inv()
        out[rows] = (Rotation.from_rotvec(vectors[rows]) * back).as_rotvec()
    return out
