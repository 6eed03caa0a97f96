"""How much of a face's movement its codes hold."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from affectflow.face.backends.facemesh import FaceMeshBackend
from affectflow.face.pose import nearest_rotation
from affectflow.face.template import facemesh_template


def explained_motion(
    landmarks_px: NDArray[np.floating], backend: FaceMeshBackend, *, align: str = "head"
) -> dict[str, float]:
    """Return the share of movement that the mesh drawn back from the codes explains.

    Movement is what is left of the landmarks after rigid alignment in every
    frame and removal of the person's median face. The mesh comes from the 50
    expression numbers and the jaw rotation.

    Parameters
    ----------
    landmarks_px
        (n, 468 or 478, 3) MediaPipe points of one person, finite.
    backend
        The loaded backend.
    align
        "head": both as the head fit lays them (skull points rest). "all":
        both turned once more by a rigid fit of all points to the template,
        which takes more of the movement away; the stricter figure.

    Returns
    -------
    Shares of the sum of squares, at most 1: "all", and "x", "y", "z" of the template's axes.
    """
    aligned, exp, pose = backend.encode(landmarks_px)
    still = np.concatenate([np.zeros((len(pose), 3)), pose[:, 3:]], axis=1)
    drawn = backend.mesh(exp, still).astype(np.float64)
    seen = aligned.astype(np.float64)
    if align == "all":
        seen, drawn = _rigidly_aligned(seen), _rigidly_aligned(drawn)
    movement = seen - np.median(seen, axis=0)
    left = movement - (drawn - np.median(drawn, axis=0))
    total, rest = (movement**2).sum(axis=(0, 1)), (left**2).sum(axis=(0, 1))
    shares = dict(zip("xyz", (1 - rest / total).tolist(), strict=True))
    return {"all": float(1 - rest.sum() / total.sum()), **shares}


def _rigidly_aligned(faces: NDArray[np.float64]) -> NDArray[np.float64]:
    """Turn and shift each face (n, 468, 3) onto the template by all its points, size kept."""
    template = facemesh_template().vertices
    centred = faces - faces.mean(axis=1, keepdims=True)
    rotation = nearest_rotation(np.einsum("pi,npj->nij", template - template.mean(axis=0), centred))
    return centred @ np.swapaxes(rotation, 1, 2)
