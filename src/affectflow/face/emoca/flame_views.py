"""The landmarks that codes stand for, in the coordinates of their crops."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import torch
from numpy.typing import NDArray

from affectflow.face.emoca.camera import project
from affectflow.face.emoca.flame import FlameModel, full_pose

# Heads posed at once: keeps every intermediate array below 10 MiB with `FlameModel.landmarks_only`.
CHUNK_HEADS = 256


@torch.inference_mode()
def flame_views(model: FlameModel, codes: Mapping[str, NDArray[np.float32]]) -> dict[str, NDArray]:
    """Return the landmarks of heads as the camera sees them.

    Parameters
    ----------
    model
        The head model, or its `landmarks_only`.
    codes
        shape (n, 100), exp (n, 50), pose (n, 6) and cam (n, 3), as `Encoders.encode` gives them.

    Returns
    -------
    Name → array: l68_x, l68_y (n, 68) and mp_x, mp_y (n, 105) float32 in unit
    coordinates of the crop (-1..1 from edge to edge, may lie beyond), and
    l68_visible (n, 68), mp_visible (n, 105) bool: the surface there is turned
    to the camera.
    """
    n = len(codes["pose"])
    parts = [_chunk(model, codes, slice(i, i + CHUNK_HEADS)) for i in range(0, n, CHUNK_HEADS)]
    parts = parts or [_chunk(model, codes, slice(0, 0))]
    return {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}


def _chunk(model: FlameModel, codes: Mapping[str, NDArray[np.float32]], rows: slice) -> dict[str, NDArray]:
    device = model.template_3v.device
    shape, exp, pose, cam = (
        torch.from_numpy(np.ascontiguousarray(codes[name][rows])).to(device)
        for name in ("shape", "exp", "pose", "cam")
    )
    posed = full_pose(pose)
    vertices, _ = model.skin(posed, shape, exp)
    points = {"l68": model.landmarks68(vertices, posed), "mp": model.landmarks105(vertices)}
    seen = dict(zip(points, model.weak_visibility(vertices, posed), strict=True))
    views = {}
    for name, places in points.items():
        unit = project(places, cam).cpu().numpy()
        views[f"{name}_x"], views[f"{name}_y"] = unit[..., 0], unit[..., 1]
        views[f"{name}_visible"] = seen[name].cpu().numpy()
    return views
