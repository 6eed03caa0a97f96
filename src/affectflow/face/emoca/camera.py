"""EMOCA's camera: from points of the head to the crop's own coordinates.

A scaled orthographic camera, cam = (s, tx, ty): the picture's x is s (x + tx),
its y is -s (y + ty), since the head's y points up and the picture's down. The
result is in the unit coordinates of the crop: (0, 0) is its centre, -1 and 1
are its edges, x to the right, y downwards. Values may lie beyond.

Axes: n = frames, p = points.
"""

from __future__ import annotations

import torch
from torch import Tensor


def project(points_np3: Tensor, cam_n3: Tensor) -> Tensor:
    """Project points of heads into the unit coordinates of their crops.

    Parameters
    ----------
    points_np3
        (n, p, 3) in the head's space: metres, x to the picture's right, y up,
        z towards the camera.
    cam_n3
        (n, 3) scale s (per metre) and shift tx, ty (metres).

    Returns
    -------
    (n, p, 2), x right, y down, -1..1 from edge to edge; never less precise than float32.
    """
    return project_3d(points_np3, cam_n3)[..., :2]


def project_3d(points_np3: Tensor, cam_n3: Tensor) -> Tensor:
    """Project points and keep their depth, (n, p, 3): as `project`, and z = -s z, away from the camera.

    The reference adds a constant to this depth before it draws; here there is none.
    """
    cam_n3 = cam_n3.to(torch.promote_types(cam_n3.dtype, torch.float32))
    shift_n13 = torch.nn.functional.pad(cam_n3[:, None, 1:], (0, 1))
    moved_np3 = cam_n3[:, None, :1] * (points_np3 + shift_n13)
    return moved_np3 * moved_np3.new_tensor((1.0, -1.0, -1.0))
