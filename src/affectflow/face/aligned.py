"""Tracked landmarks laid onto the template: what every backend starts its measures from."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from affectflow.face.anatomy import EYE_INNER, EYE_OUTER, mirrored
from affectflow.face.pose import Alignment, fit_pose
from affectflow.face.template import N_POINTS, from_picture_axes


def usable_faces(landmarks_px: NDArray[np.floating]) -> NDArray[np.bool_]:
    """Tell which faces (n, p, 3) can be fitted: all points finite, eye corners apart."""
    # A sum is finite only if all its terms are, and quicker to look at.
    finite = np.isfinite(landmarks_px.sum(axis=(1, 2), dtype=np.float64))
    corners = [EYE_INNER, *mirrored([EYE_OUTER, EYE_INNER])]
    gaps = landmarks_px[:, corners, :2] - landmarks_px[:, [EYE_OUTER], :2]
    return finite & (np.abs(gaps).max(axis=2) > 0).all(axis=1)


def align_faces(landmarks_px: NDArray[np.floating]) -> tuple[Alignment, NDArray[np.float32]]:
    """Lay faces onto the template.

    Parameters
    ----------
    landmarks_px
        (n, 468 or 478, 3) MediaPipe points that are usable; x right, y down, z
        away in the scale of x. The iris points are not used.

    Returns
    -------
    How each face lies, and the faces on the template (n, 468, 3) in
    centimetres, jaw as it is; `measures.measure_faces` takes them.
    """
    points = from_picture_axes(landmarks_px[:, :N_POINTS].astype(np.float32, copy=False))
    alignment = fit_pose(points)
    return alignment, alignment.to_template(points)
