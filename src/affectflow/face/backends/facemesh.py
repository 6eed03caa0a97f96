"""The default backend: codes from the landmarks alone, on a CPU, with nothing to download.

Head pose by a similarity fit of the neutral template, jaw by a rigid fit of the
mandible, expression as coefficients of smooth deformation modes. It has the
columns of EMOCA, but it is not FLAME: exp_00 here and exp_00 there mean
different movements.

The coefficients are relative to the template, so they hold the person's face as
well as its movement. A person's own offset is the same in all of that person's
frames and cancels in paired comparisons; subtract the person's median to look
at movement alone.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from affectflow.face.aligned import align_faces, usable_faces
from affectflow.face.backends.base import FaceBackend
from affectflow.face.extract_codes import codes_table
from affectflow.face.jaw import close_jaw, fit_jaw, open_jaw
from affectflow.face.measures import measure_faces
from affectflow.face.modes import expression_modes
from affectflow.face.pose import rotation_matrices, rotation_vectors
from affectflow.face.template import N_POINTS, facemesh_template
from affectflow.face.views import landmark_views
from affectflow.schema import EXP, N_LANDMARKS, POSE

# Frames worked on at once: keeps every intermediate array below 10 MiB.
CHUNK_FRAMES = 1024


class FaceMeshBackend(FaceBackend):
    """Codes from MediaPipe's landmarks."""

    name = "facemesh"

    def __init__(self) -> None:
        template, modes = facemesh_template(), expression_modes()
        self.triangles = template.triangles
        self._deviation = modes.deviation
        self._basis = modes.basis
        analysis = (modes.basis / modes.deviation[:, None]).T
        self._analysis = np.ascontiguousarray(analysis, dtype=np.float32)
        self._neutral_exp = (template.vertices.ravel() @ analysis).astype(np.float32)

    @classmethod
    def load(
        cls,
        weights: Mapping[str, NDArray[Any]] | None = None,
        *,
        device: str = "cpu",
        options: Mapping[str, Any] | None = None,
    ) -> FaceMeshBackend:
        """Make the backend ready; it has no weights and runs on the CPU whatever the device."""
        return cls()

    def extract(
        self, faces: Iterable[pl.DataFrame], frames: Iterable[Any] | None = None
    ) -> Iterator[pl.DataFrame]:
        """Make codes from the landmarks; see `FaceBackend.extract`."""
        for piece in faces:
            for chunk in piece.iter_slices(CHUNK_FRAMES):
                yield self._extract_chunk(chunk)

    def _extract_chunk(self, faces: pl.DataFrame) -> pl.DataFrame:
        present = (faces["valid"] & faces["landmarks_px"].is_not_null()).to_numpy().copy()
        flat = faces["landmarks_px"].filter(pl.Series(present)).to_numpy()
        landmarks = flat.reshape(-1, N_LANDMARKS, 3)
        usable = usable_faces(landmarks)
        present[present] = usable
        landmarks = landmarks if usable.all() else landmarks[usable]
        aligned, exp, pose = self.encode(landmarks)
        columns = dict(zip(EXP, exp.T, strict=True)) | dict(zip(POSE, pose.T, strict=True))
        columns |= measure_faces(aligned) | landmark_views(landmarks)
        return codes_table(faces, present, columns)

    def encode(
        self, landmarks_px: NDArray[np.floating]
    ) -> tuple[NDArray[np.float32], NDArray[np.float32], NDArray[np.float32]]:
        """Turn landmarks into codes.

        Parameters
        ----------
        landmarks_px
            (n, 468 or 478, 3) MediaPipe points, finite; x right, y down, z away
            in the scale of x. The iris points are not used.

        Returns
        -------
        Faces laid onto the template (n, 468, 3) in centimetres, jaw as it is;
        exp (n, 50) in standard deviations of the prior; pose (n, 6) radians,
        head then jaw, axis-angle. All float32.
        """
        alignment, aligned = align_faces(landmarks_px)
        jaw = fit_jaw(aligned)
        closed = close_jaw(aligned, jaw)
        exp = closed.reshape(-1, N_POINTS * 3) @ self._analysis - self._neutral_exp
        pose = np.hstack([rotation_vectors(alignment.rotation), rotation_vectors(jaw)])
        return aligned, exp, pose.astype(np.float32)

    def mesh(self, exp: NDArray[np.floating], pose: NDArray[np.floating]) -> NDArray[np.float32]:
        """Build the meshes of codes, (n, 468, 3); see `FaceBackend.mesh`."""
        exp, pose = np.asarray(exp, np.float64), np.asarray(pose, np.float64)
        displaced = (exp * self._deviation) @ self._basis
        closed = facemesh_template().vertices + displaced.reshape(-1, N_POINTS, 3)
        opened = open_jaw(closed, rotation_matrices(pose[:, 3:]))
        head = rotation_matrices(pose[:, :3])
        return (opened @ np.swapaxes(head, 1, 2)).astype(np.float32)
