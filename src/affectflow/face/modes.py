"""Smooth deformation modes of the template: what the 50 expression numbers stand for.

A Gaussian-process morphable model (Luethi, Gerig, Jud and Vetter 2017, IEEE
TPAMI 40:1860): displacements of the 468 points are drawn from a Gaussian
process whose covariance says how near points move together. The modes are the
leading eigenvectors of that covariance. No face data enter: the model is
computed from the template alone, the same on every machine.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import eigh, null_space
from scipy.spatial.distance import cdist

from affectflow.face.jaw import jaw_constraints
from affectflow.face.pose import pose_constraints
from affectflow.face.template import N_POINTS, facemesh_template
from affectflow.schema import N_EXP

LENGTHS_CM = (1.0, 2.0, 4.0)


@dataclass(frozen=True)
class Modes:
    """The leading modes.

    Attributes
    ----------
    basis
        (n_modes, 468 * 3) orthonormal displacements, points in order, x, y, z together.
    deviation
        (n_modes,) standard deviation of each coefficient under the prior, centimetres
        (root of the eigenvalue); codes are in units of it.
    """

    basis: NDArray[np.float64]
    deviation: NDArray[np.float64]


def kernel(points_cm: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the prior covariance of the displacements of points, (3p, 3p), square centimetres."""
    squared = cdist(points_cm, points_cm, "sqeuclidean")
    scalar = sum(np.exp(-squared / (2 * length**2)) for length in LENGTHS_CM) / len(LENGTHS_CM)
    return np.kron(scalar, np.eye(3))


@lru_cache(maxsize=4)
def expression_modes(n_modes: int = N_EXP) -> Modes:
    """Return the leading modes of the template.

    Each mode is exactly symmetric or antisymmetric, and orthogonal to the head
    pose and the jaw rotation (`pose_constraints`, `jaw_constraints`): what those
    measure is not counted twice. Order: falling deviation. Sign: the summed
    displacement along a fixed generic direction is positive.
    """
    template = facemesh_template()
    covariance = kernel(template.vertices)
    constraints = np.vstack([pose_constraints(), jaw_constraints()])
    values, vectors = [], []
    for parity in (1, -1):
        room = _free_of(_parity_basis(parity), constraints)
        value, vector = eigh(room.T @ covariance @ room)
        values.append(value)
        vectors.append(room @ vector)
    value, vector = np.concatenate(values), np.hstack(vectors)
    order = np.argsort(-value, kind="stable")[:n_modes]
    basis = vector[:, order].T
    basis *= np.sign(basis @ _generic_direction())[:, None]
    deviation = np.sqrt(value[order])
    for array in (basis, deviation):
        array.setflags(write=False)
    return Modes(basis, deviation)


def _parity_basis(parity: int) -> NDArray[np.float64]:
    """Orthonormal displacements (1404, m) that the mirror leaves alone (parity 1) or negates (-1)."""
    mirror = facemesh_template().mirror
    columns = []
    for point, partner in enumerate(mirror):
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


def _free_of(space: NDArray[np.float64], constraints: NDArray[np.float64]) -> NDArray[np.float64]:
    """The part of a space (1404, m) in which all constraints (k, 1404) are zero."""
    return space @ null_space(constraints @ space)


def _generic_direction() -> NDArray[np.float64]:
    """A fixed displacement without symmetry or zeros, to tell a mode from its negative."""
    steps = np.arange(1, N_POINTS * 3 + 1, dtype=np.float64)
    return np.cos(steps * np.sqrt(2.0)) + np.cos(steps**2 / 97.0)
