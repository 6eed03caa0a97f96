"""The mandible: how far it is turned about the hinge of the jaw, and what it takes along.

A rotation about one centre between the temporomandibular joints, measured on
points of the chin after head alignment. The skin follows with weights between
0 (skull) and 1 (mandible) that are harmonic on the mesh, so they pass smoothly
over the cheeks and jump between the lips (the mouth is open in the mesh).

Removing the jaw rotation is a weighted sum of turned and unturned points
(``h + ((1 - w) I + w R^T)(p - h)``), linear in the points; adding it is the
inverse of that. Both are exact, so codes → mesh → codes gives the same codes.
An opening jaw is a positive rotation about x, as in FLAME.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from affectflow.face.pose import nearest_rotation, pose_weights
from affectflow.face.template import N_POINTS, facemesh_template

# Skin over the body of the mandible. The jaw line further back is left out: those
# landmarks follow the silhouette, not the skin, when the head turns.
CHIN = (152, 148, 377, 176, 400, 149, 378, 175, 171, 396, 140, 369, 199, 208, 428, 32, 262, 200, 201, 421)
# The lower lip rides on the mandible as far as the two thirds nearest the midline.
LOWER_LIP = (17, 84, 314, 16, 85, 315, 15, 86, 316, 14, 87, 317)
# Skull: the upper lip and all that lies above the nose's base does not follow the jaw.
UPPER_LIP = (0, 37, 267, 39, 269, 11, 72, 302, 73, 303, 12, 38, 268, 41, 271, 13, 82, 312, 81, 311)
SKULL_ABOVE_CM = -1.2
# Points at the ears' height of the hinge: in front of the tragus lies the joint.
HINGE_POINTS = (234, 454)


@lru_cache(maxsize=1)
def jaw_hinge() -> NDArray[np.float64]:
    """Return the centre of the hinge, (3,), centimetres in template axes."""
    return facemesh_template().vertices[list(HINGE_POINTS)].mean(axis=0)


@lru_cache(maxsize=1)
def jaw_weights() -> NDArray[np.float64]:
    """Return how far each point follows the mandible, (468,), 0..1, symmetric.

    Harmonic on the mesh's edges between the points fixed at 1 (chin, lower
    lip) and at 0 (skull, upper lip, every point of the pose fit).
    """
    template = facemesh_template()
    laplacian = np.zeros((N_POINTS, N_POINTS))
    for a, b in ((0, 1), (1, 2), (2, 0)):
        laplacian[template.triangles[:, a], template.triangles[:, b]] = -1.0
        laplacian[template.triangles[:, b], template.triangles[:, a]] = -1.0
    np.fill_diagonal(laplacian, -laplacian.sum(axis=1))
    weights = np.full(N_POINTS, np.nan)
    weights[template.vertices[:, 1] > SKULL_ABOVE_CM] = 0.0
    weights[[*UPPER_LIP, *np.flatnonzero(pose_weights())]] = 0.0
    weights[[*CHIN, *LOWER_LIP]] = 1.0
    free = np.isnan(weights)
    weights[free] = np.linalg.solve(
        laplacian[np.ix_(free, free)], -laplacian[np.ix_(free, ~free)] @ weights[~free]
    )
    weights = (weights + weights[template.mirror]) / 2
    weights.setflags(write=False)
    return weights


def fit_jaw(aligned_cm: NDArray[np.floating]) -> NDArray[np.float64]:
    """Measure the rotation of the mandible relative to the head.

    Parameters
    ----------
    aligned_cm
        (n, 468, 3) faces laid onto the template, finite.

    Returns
    -------
    (n, 3, 3) rotations about `jaw_hinge` that lay the template's chin on the
    face's. A person's own chin adds a constant; differences within a person
    do not see it.
    """
    chin, hinge = list(CHIN), jaw_hinge()
    arm = facemesh_template().vertices[chin] - hinge
    seen = aligned_cm[:, chin].astype(np.float64) - hinge
    return nearest_rotation(np.einsum("npi,pj->nij", seen, arm))


def jaw_constraints() -> NDArray[np.float64]:
    """Return the equations a displacement fulfils when it holds no jaw rotation, (3, 468 * 3)."""
    arm = np.zeros((N_POINTS, 3))
    arm[list(CHIN)] = facemesh_template().vertices[list(CHIN)] - jaw_hinge()
    return np.stack([np.cross(np.eye(3)[axis], arm).ravel() for axis in range(3)])


def close_jaw(aligned_cm: NDArray[np.floating], rotation: NDArray[np.float64]) -> NDArray[np.floating]:
    """Take the jaw's rotation out of aligned faces.

    Parameters
    ----------
    aligned_cm
        (n, 468, 3), centimetres in template axes.
    rotation
        (n, 3, 3), as `fit_jaw` returns it.
    """
    kind, n = aligned_cm.dtype, len(aligned_cm)
    # All points in one row: numpy is slow on arrays whose last axis has length 3.
    flat = aligned_cm.reshape(n, N_POINTS * 3)
    arm = flat - np.tile(jaw_hinge(), N_POINTS).astype(kind)
    change = arm.reshape(n, N_POINTS, 3) @ (rotation - np.eye(3)).astype(kind)
    weighted = change.reshape(n, N_POINTS * 3) * np.repeat(jaw_weights(), 3).astype(kind)
    return (flat + weighted).reshape(n, N_POINTS, 3)


def open_jaw(closed_cm: NDArray[np.floating], rotation: NDArray[np.float64]) -> NDArray[np.floating]:
    """Turn the jaw of faces: the inverse of `close_jaw`, same shapes."""
    kind, hinge = closed_cm.dtype, jaw_hinge()
    moved = np.flatnonzero(jaw_weights())
    weights = jaw_weights()[moved]
    back = np.swapaxes(rotation, 1, 2)[:, None] - np.eye(3)
    blend = np.linalg.inv(np.eye(3) + weights[:, None, None] * back)
    opened = closed_cm.copy()
    arm = closed_cm[:, moved].astype(np.float64) - hinge
    opened[:, moved] = (np.einsum("npij,npj->npi", blend, arm) + hinge).astype(kind)
    return opened
