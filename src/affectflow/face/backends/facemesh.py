"""The default backend: codes from the landmarks alone, on a CPU, with nothing to download.

Head pose by a rigid fit of the neutral template, jaw by a rigid fit of the
mandible, expression as coefficients of smooth deformation modes. It has the
columns of EMOCA, but it is not FLAME: exp_00 here and exp_00 there mean
different movements.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray
from scipy.spatial.transform import Rotation

from affectflow.face.backends.base import FaceBackend
from affectflow.face.jaw import open_jaw
from affectflow.face.modes import expression_modes
from affectflow.face.template import N_POINTS, facemesh_template


class FaceMeshBackend(FaceBackend):
    """Codes from MediaPipe's landmarks."""

    name = "facemesh"

    def __init__(self) -> None:
        self.triangles = facemesh_template().triangles
        self._modes = expression_modes()

    @classmethod
    def load(cls, weights: Path | None = None, *, device: str = "cpu") -> FaceMeshBackend:
        """Make the backend ready; it has no weights and runs on the CPU whatever the device."""
        return cls()

    def extract(self, faces: pl.DataFrame, frames: Iterable[Any] | None = None) -> Iterator[pl.DataFrame]:
        """Make codes from the landmarks; see `FaceBackend.extract`."""
        raise NotImplementedError

    def mesh(self, exp: NDArray[np.floating], pose: NDArray[np.floating]) -> NDArray[np.float32]:
        """Build the meshes of codes, (n, 468, 3); see `FaceBackend.mesh`."""
        exp, pose = np.asarray(exp, np.float64), np.asarray(pose, np.float64)
        displaced = (exp * self._modes.deviation) @ self._modes.basis
        closed = facemesh_template().vertices + displaced.reshape(-1, N_POINTS, 3)
        opened = open_jaw(closed, Rotation.from_rotvec(pose[:, 3:]).as_matrix())
        head = Rotation.from_rotvec(pose[:, :3]).as_matrix()
        return (opened @ np.swapaxes(head, 1, 2)).astype(np.float32)
