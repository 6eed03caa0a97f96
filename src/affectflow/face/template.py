"""The neutral face everything is measured against: 468 points, their mirror partners, triangles.

Axes of the template and of all meshes made from it: x to the subject's left
(= to the picture's right when the subject faces the camera), y up, z towards
the camera; centimetres; right-handed. MediaPipe's landmarks have y and z the
other way round (`from_picture_axes`).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files

import numpy as np
from numpy.typing import NDArray

N_POINTS = 468
DATA = files("affectflow.face") / "data"


@dataclass(frozen=True)
class Template:
    """The neutral face.

    Attributes
    ----------
    vertices
        (468, 3) float64, centimetres; x to the subject's left, y up, z to the camera.
    mirror
        (468,) int64: index of each point's partner across the midline; 28
        points are their own.
    triangles
        (852, 3) int32, counter-clockwise seen from outside. Eyes and mouth are open.
    """

    vertices: NDArray[np.float64]
    mirror: NDArray[np.int64]
    triangles: NDArray[np.int32]


@lru_cache(maxsize=1)
def facemesh_template() -> Template:
    """Return the template that ships with the package (see `face/data/README.txt`).

    The table is rounded to 1e-4 cm; it is made exactly symmetric here, so that
    modes computed on it are exactly symmetric or antisymmetric. Arrays are
    read-only, since every caller shares them.
    """
    with (DATA / "facemesh_neutral_template.csv").open("r", encoding="utf-8") as handle:
        table = np.loadtxt(handle, delimiter=",", skiprows=1)
    with (DATA / "facemesh_triangles.csv").open("r", encoding="utf-8") as handle:
        triangles = np.loadtxt(handle, delimiter=",", skiprows=1, dtype=np.int32)
    mirror = table[:, 4].astype(np.int64)
    vertices = (table[:, 1:4] + table[mirror, 1:4] * (-1.0, 1.0, 1.0)) / 2
    for array in (vertices, mirror, triangles):
        array.setflags(write=False)
    return Template(vertices, mirror, triangles)


def from_picture_axes(landmarks_px: NDArray[np.floating]) -> NDArray[np.floating]:
    """Turn picture axes (x right, y down, z away) into the template's (x right, y up, z to the camera).

    Parameters
    ----------
    landmarks_px
        (..., points, 3), any unit.

    Returns
    -------
    (..., points, 3), a new array of the same type and unit.
    """
    # All points in one row: numpy is slow on arrays whose last axis has length 3.
    *before, n_points, _ = landmarks_px.shape
    signs = np.tile(np.asarray((1, -1, -1), landmarks_px.dtype), n_points)
    return (landmarks_px.reshape(*before, n_points * 3) * signs).reshape(landmarks_px.shape)
