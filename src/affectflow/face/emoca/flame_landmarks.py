"""Points on the surface of a FLAME head: 68 iBUG points and 105 of MediaPipe's.

Each point lies in a triangle, at barycentric coordinates that its table gives.
The contour of the jaw is what the camera sees of it, so its 17 points move over
the cheek as the head turns: a table of 79 rows, one per degree of yaw.

Axes: n = frames, v = vertices, p = points, k = the three corners of a triangle.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

# The contour table: rows 0..39 for that many degrees to one side, 40..78 for 1..39 to the other.
LARGEST_YAW_DEG = 39


@dataclass(frozen=True)
class SurfacePoints:
    """Points on triangles: the vertices at the corners, and how much of each.

    Attributes
    ----------
    corners
        (..., p, 3) int64 vertex numbers, in the winding of the triangle.
    shares
        (..., p, 3) barycentric coordinates, adding up to 1.
    """

    corners: Tensor
    shares: Tensor

    def at(self, rows_n: Tensor) -> SurfacePoints:
        """Return the points (n, p) of one row of the table per frame."""
        return SurfacePoints(self.corners[rows_n], self.shares[rows_n])

    def corners_on(self, vertices_nv3: Tensor) -> Tensor:
        """Return where the corners lie on heads: (n, p, 3 corners, 3)."""
        if self.corners.ndim == 2:
            return vertices_nv3.index_select(1, self.corners.flatten()).unflatten(1, self.corners.shape)
        frame_n11 = torch.arange(len(vertices_nv3), device=vertices_nv3.device)[:, None, None]
        return vertices_nv3[frame_n11, self.corners]

    def on(self, vertices_nv3: Tensor) -> Tensor:
        """Return where the points lie on heads (n, v, 3): (n, p, 3)."""
        return (self.corners_on(vertices_nv3) * self.shares[..., None]).sum(dim=-2)

    def facing(self, vertices_nv3: Tensor) -> Tensor:
        """Tell which points lie on triangles turned to the camera (normal's z > 0): (n, p) bool."""
        a, b, c = self.corners_on(vertices_nv3)[..., :2].unbind(dim=-2)
        across, along = b - a, c - a
        return across[..., 0] * along[..., 1] > across[..., 1] * along[..., 0]


@dataclass(frozen=True)
class LandmarkTables:
    """The landmark tables of a FLAME head.

    Attributes
    ----------
    contour
        (79, 17) points of the jaw's contour, a row per degree of yaw.
    inner
        (51,) brows, nose, eyes, lips.
    still
        (68,) all points as fixed places on the head.
    mediapipe
        (105,) in the order of `face.anatomy.EMOCA105`.
    """

    contour: SurfacePoints
    inner: SurfacePoints
    still: SurfacePoints
    mediapipe: SurfacePoints

    @classmethod
    def from_arrays(
        cls, arrays: Mapping[str, NDArray[Any]], *, device: torch.device | str, dtype: torch.dtype
    ) -> LandmarkTables:
        """Make the tables from those of the checkpoint (names without ``flame.``)."""
        faces = np.asarray(arrays["faces_tensor"], np.int64)

        def points(index: str, shares: str) -> SurfacePoints:
            triangle = np.asarray(arrays[index], np.int64)
            # The table of the fixed 68 points has a first axis of length 1.
            squeezed = triangle[0] if triangle.ndim == 2 and len(triangle) == 1 else triangle
            given = np.array(arrays[shares]).reshape(*squeezed.shape, 3)
            return SurfacePoints(
                torch.from_numpy(faces[squeezed]).to(device),
                torch.from_numpy(given).to(device=device, dtype=dtype),
            )

        return cls(
            points("dynamic_lmk_faces_idx", "dynamic_lmk_bary_coords"),
            points("lmk_faces_idx", "lmk_bary_coords"),
            points("full_lmk_faces_idx", "full_lmk_bary_coords"),
            points("lmk_faces_idx_mediapipe", "lmk_bary_coords_mediapipe"),
        )

    def touched(self) -> Tensor:
        """Return the vertices that any point depends on, sorted, each once: (m,) int64."""
        return torch.cat([getattr(self, f.name).corners.reshape(-1) for f in fields(self)]).unique()

    def renumbered(self, kept: Tensor) -> LandmarkTables:
        """Return the tables for a head that has only these vertices left (sorted, all `touched` ones)."""
        changed = {}
        for field in fields(self):
            points: SurfacePoints = getattr(self, field.name)
            changed[field.name] = replace(points, corners=torch.searchsorted(kept, points.corners))
        return replace(self, **changed)

    def seen68(self, rows_n: Tensor) -> SurfacePoints:
        """Return the 68 points as a camera sees them, for each frame's row of the contour: (n, 68)."""
        contour, n = self.contour.at(rows_n), len(rows_n)
        return SurfacePoints(
            torch.cat([contour.corners, self.inner.corners.expand(n, -1, -1)], dim=1),
            torch.cat([contour.shares, self.inner.shares.expand(n, -1, -1)], dim=1),
        )


def contour_rows(rotation_n33: Tensor) -> Tensor:
    """Return the row of the contour table that belongs to a head's rotation.

    The angle is the rotation's about the vertical axis, in whole degrees (a
    half goes to the even number), at most 39 to either side.

    Parameters
    ----------
    rotation_n33
        (n, 3, 3) rotation of the head: global times neck.

    Returns
    -------
    (n,) int64, 0..78: degrees 0..39, then -1..-39 as 40..78.
    """
    flat = torch.hypot(rotation_n33[:, 0, 0], rotation_n33[:, 1, 0])
    yaw_deg = torch.rad2deg(torch.atan2(-rotation_n33[:, 2, 0], flat))
    whole = yaw_deg.clamp(max=LARGEST_YAW_DEG).round().clamp(min=-LARGEST_YAW_DEG).long()
    return torch.where(whole >= 0, whole, LARGEST_YAW_DEG - whole)
