"""Head pose: the similarity transform that lays the template on a face's landmarks.

Weighted orthogonal Procrustes fit (Kabsch 1976; Umeyama 1991) on points that
facial expression hardly moves. MediaPipe's landmarks are a weak-perspective
guess: x and y in pixels, z in the scale of x.

A transform maps template to picture: ``points = scale * R @ template + offset``.
Scale and offset are chosen to be least squares in *that* direction, so that an
aligned face d = aligned - template fulfils seven linear equations exactly
(`pose_constraints`). The expression modes are orthogonal to them: pose and
expression do not compete.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from scipy.spatial.transform import Rotation

from affectflow.face.template import N_POINTS, facemesh_template

# Points of the basis MediaPipe's own pose fit uses (geometry_pipeline_metadata of
# google/mediapipe, Apache-2.0), without those on the mandible and the cheeks
# (132, 136, 147, 198, 205 and partners), which jaw and smile move.
MEDIAPIPE_BASIS = {
    4: 0.070909939706326,
    6: 0.032100144773722,
    10: 0.008446550928056,
    33: 0.058724168688059,
    54: 0.007667080033571,
    67: 0.009078059345484,
    117: 0.009791937656701,
    119: 0.014565368182957,
    121: 0.018591361120343,
    127: 0.005197994410992,
    129: 0.120625205338001,
    133: 0.05328618362546,
    143: 0.014816547743976,
}


@dataclass(frozen=True)
class Alignment:
    """Where the template lies in each frame: ``points = scale * R @ template + offset``.

    Attributes
    ----------
    rotation
        (n, 3, 3), proper rotations.
    scale
        (n,), units of the points per centimetre, > 0.
    offset
        (n, 3), where the template's origin lies, in the unit of the points.
    """

    rotation: NDArray[np.float64]
    scale: NDArray[np.float64]
    offset: NDArray[np.float64]

    def to_template(self, points: NDArray[np.floating]) -> NDArray[np.floating]:
        """Lay points (n, p, 3) onto the template: centimetres in its axes, same type as `points`."""
        kind = points.dtype
        back = self.rotation / self.scale[:, None, None]
        aligned = points @ back.astype(kind)
        aligned -= np.einsum("ni,nij->nj", self.offset, back).astype(kind)[:, None]
        return aligned


@lru_cache(maxsize=1)
def pose_weights() -> NDArray[np.float64]:
    """Return the weight of each point in the pose fit, (468,), symmetric, sum 1."""
    mirror = facemesh_template().mirror
    weights = np.zeros(N_POINTS)
    for point, weight in MEDIAPIPE_BASIS.items():
        weights[point] = weights[mirror[point]] = weight
    weights /= weights.sum()
    weights.setflags(write=False)
    return weights


def fit_pose(points: NDArray[np.floating]) -> Alignment:
    """Fit the template to faces.

    Parameters
    ----------
    points
        (n, 468, 3) in the template's axes (see `from_picture_axes`), any unit, all finite.

    Returns
    -------
    Alignment of the n faces.
    """
    weights, template = pose_weights(), facemesh_template().vertices
    used = np.flatnonzero(weights)
    w = weights[used]
    centre_t = w @ template[used]
    target = template[used] - centre_t
    picked = points[:, used].astype(np.float64)
    centre_p = np.einsum("p,npi->ni", w, picked)
    covariance = np.einsum("npi,pj->nij", picked - centre_p[:, None], w[:, None] * target)
    rotation = nearest_rotation(covariance)
    scale = np.einsum("nij,nij->n", rotation, covariance) / np.sum(w[:, None] * target**2)
    offset = centre_p - scale[:, None] * (rotation @ centre_t)
    return Alignment(rotation, scale, offset)


def pose_constraints() -> NDArray[np.float64]:
    """Return the rows of linear equations that a displacement of an aligned face fulfils.

    Returns
    -------
    (7, 468 * 3): weighted translation (3), rotation (3) and scale (1) of the
    displacement are zero, points in order, x, y, z of each together.
    """
    weights, template = pose_weights(), facemesh_template().vertices
    arm = template - weights @ template
    rows = [np.tile(np.eye(3)[axis], (N_POINTS, 1)) for axis in range(3)]
    rows += [np.cross(np.eye(3)[axis], arm) for axis in range(3)]
    rows.append(arm)
    return np.stack([(weights[:, None] * row).ravel() for row in rows])


def nearest_rotation(matrices: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the proper rotation nearest to each matrix (n, 3, 3), by singular value decomposition."""
    left, _, right = np.linalg.svd(matrices)
    left[:, :, 2] *= np.linalg.det(left @ right)[:, None]
    return left @ right


def rotation_vectors(matrices: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the axis-angle vectors (n, 3), radians, of rotation matrices (n, 3, 3)."""
    # SciPy refuses an empty stack.
    return Rotation.from_matrix(matrices).as_rotvec() if len(matrices) else np.zeros((0, 3))


def rotation_matrices(vectors: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the matrices (n, 3, 3) of axis-angle vectors (n, 3), radians."""
    return Rotation.from_rotvec(vectors).as_matrix() if len(vectors) else np.zeros((0, 3, 3))
