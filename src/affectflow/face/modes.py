"""Smooth deformation modes of the template: what the 50 expression numbers stand for.

A Gaussian-process morphable model (Luethi, Gerig, Jud and Vetter 2017, IEEE
TPAMI 40:1860): displacements of the 468 points are drawn from a Gaussian
process whose covariance says which points move together. The modes are the
leading eigenvectors of that covariance. No face data enter: the model is
computed from the template and from anatomy, the same on every machine.

What the covariance says, and why:

- Near points move together, over 2, 4 and 8 cm (skin over muscle, regions, the
  whole face).
- Lids, brows and lips have movements of their own, finer than the rest; but the
  two edges of an opening do not move together, however near they are when it
  is shut. Without that, a blink needs dozens of modes.
- Most facial muscles pull up or down, so y varies more.
- Left and right tend to do the same: the mirrored movement is correlated.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import null_space
from scipy.spatial.distance import cdist

from affectflow.face import anatomy
from affectflow.face.jaw import jaw_constraints
from affectflow.face.pose import pose_constraints
from affectflow.face.template import N_POINTS, facemesh_template
from affectflow.schema import N_EXP

LENGTHS_CM = (2.0, 4.0, 8.0)
FINE_LENGTH_CM = 1.5
# How far beyond its landmarks a lid, brow or lip reaches, and how much it adds to the smooth part.
FINE_REACH_CM = 0.7
FINE_GAIN = 3.0
AXIS_GAIN = (1.0, 1.2, 1.0)
MIRROR_CORRELATION = 0.3
# Root mean square displacement of a point under the prior: about that of a face in motion.
# It sets the unit of the codes, not the modes.
PRIOR_RMS_CM = 0.3


@dataclass(frozen=True)
class Modes:
    """The leading modes.

    Attributes
    ----------
    basis
        (n_modes, 468 * 3) orthonormal displacements, points in order, x, y, z together.
    deviation
        (n_modes,) standard deviation of each coefficient under the prior, centimetres
        (root of the eigenvalue), falling; codes are in units of it.
    parity
        (n_modes,) 1 for a mode that is its own mirror image, -1 for one that is its negative.
    """

    basis: NDArray[np.float64]
    deviation: NDArray[np.float64]
    parity: NDArray[np.int64]


@lru_cache(maxsize=4)
def expression_modes(n_modes: int = N_EXP) -> Modes:
    """Return the leading modes of the template.

    Each mode is exactly symmetric or antisymmetric, and orthogonal to the head
    pose and the jaw rotation (`pose_constraints`, `jaw_constraints`): what those
    measure is not counted twice. Order: falling deviation. Sign: the product
    with a fixed generic direction is positive.
    """
    covariance = displacement_covariance()
    constraints = np.vstack([pose_constraints(), jaw_constraints()])
    values, vectors, parities = [], [], []
    for parity in (1, -1):
        room = _parity_basis(parity)
        room = room @ null_space(constraints @ room)
        value, vector = np.linalg.eigh(room.T @ covariance @ room)
        values.append(value)
        vectors.append(room @ vector)
        parities.append(np.full(len(value), parity))
    value = np.concatenate(values)
    order = np.argsort(-value, kind="stable")[:n_modes]
    basis = np.ascontiguousarray(np.hstack(vectors)[:, order].T)
    basis *= np.sign(basis @ _generic_direction())[:, None]
    modes = Modes(basis, np.sqrt(value[order]), np.concatenate(parities)[order])
    for array in (modes.basis, modes.deviation, modes.parity):
        array.setflags(write=False)
    return modes


def displacement_covariance() -> NDArray[np.float64]:
    """Return the prior covariance of the displacements, (1404, 1404), square centimetres."""
    template = facemesh_template()
    squared = cdist(template.vertices, template.vertices, "sqeuclidean")
    smooth = sum(np.exp(-squared / (2 * length**2)) for length in LENGTHS_CM)
    feature, share = _features()
    fine = np.exp(-squared / (2 * FINE_LENGTH_CM**2)) * np.outer(share, share)
    fine *= feature[:, None] == feature[None, :]
    axes = np.diag(np.square(AXIS_GAIN))
    covariance = np.kron(smooth + FINE_GAIN * fine, axes)
    covariance += MIRROR_CORRELATION * _mirror_rows(covariance)
    return covariance * (PRIOR_RMS_CM**2 * N_POINTS / np.trace(covariance))


def _features() -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Nearest lid, brow, lip or corner of each point, and how much the point belongs to it (0..1)."""
    groups = [
        anatomy.UPPER_LID,
        anatomy.LOWER_LID,
        [anatomy.EYE_OUTER],
        [anatomy.EYE_INNER],
        anatomy.BROW,
        anatomy.UPPER_LIP,
        anatomy.LOWER_LIP,
        [anatomy.MOUTH_CORNER, anatomy.INNER_MOUTH_CORNER],
    ]
    vertices = facemesh_template().vertices
    # Both sides form one group: a point of the midline has no nearest side.
    places = [vertices[anatomy.both_sides(group)] for group in groups]
    distance = np.stack([cdist(vertices, place).min(axis=1) for place in places])
    # Rounded, so that a tie is a tie on every machine; the first group wins it.
    nearest = np.argmin(np.round(distance, 6), axis=0)
    share = np.exp(-(distance.min(axis=0) ** 2) / (2 * FINE_REACH_CM**2))
    return nearest, share


def _mirror_rows(covariance: NDArray[np.float64]) -> NDArray[np.float64]:
    """Covariance of the mirrored displacement with the displacement itself."""
    blocks = covariance.reshape(N_POINTS, 3, N_POINTS * 3)[facemesh_template().mirror]
    blocks = blocks * np.array([-1.0, 1.0, 1.0])[:, None]
    return blocks.reshape(N_POINTS * 3, N_POINTS * 3)


def _parity_basis(parity: int) -> NDArray[np.float64]:
    """Orthonormal displacements (1404, m) that the mirror leaves alone (parity 1) or negates (-1)."""
    columns = []
    for point, partner in enumerate(facemesh_template().mirror):
        if partner < point:
            continue
        for axis in range(3):
            sign = parity * (-1 if axis == 0 else 1)
            if partner == point and sign < 0:
                continue
            column = np.zeros((N_POINTS, 3))
            column[point, axis] += 1.0
            column[partner, axis] += sign
            columns.append(column.ravel() / np.linalg.norm(column))
    return np.stack(columns, axis=1)


def _generic_direction() -> NDArray[np.float64]:
    """A fixed displacement without symmetry or zeros, to tell a mode from its negative."""
    steps = np.arange(1, N_POINTS * 3 + 1, dtype=np.float64)
    return np.cos(steps * np.sqrt(2.0)) + np.cos(steps**2 / 97.0)
