"""Rasterising with PyTorch3D, as EMOCA's own renderer does it; an optional package."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from affectflow.errors import MissingDependencyError
from affectflow.viz.rasterisers.base import NOTHING, Fragments, Rasteriser

# PyTorch3D sees only what lies in front of its camera at z = 0.
IN_FRONT = 1.0
INSTALL = 'pip install --no-build-isolation "git+https://github.com/facebookresearch/pytorch3d.git@stable"'


class Pytorch3dRasteriser(Rasteriser):
    """PyTorch3D's `rasterize_meshes`: one face per pixel, no blur, no perspective.

    Its pixels lie as ours do, but its x points to the left and its y up, so
    both are negated on the way in; what it returns needs no turning back. A
    centre exactly on an edge is in no triangle.
    """

    name = "pytorch3d"

    def __init__(self, meshes: Any, rasterize_meshes: Any) -> None:
        self._meshes, self._rasterize = meshes, rasterize_meshes

    @classmethod
    def load(cls, *, threads: int = 1) -> Pytorch3dRasteriser:
        """Make the rasteriser ready; the number of threads is torch's own.

        Raises
        ------
        MissingDependencyError
            If PyTorch3D is not installed.
        """
        try:
            from pytorch3d.renderer.mesh import rasterize_meshes
            from pytorch3d.structures import Meshes
        except ImportError as error:
            raise MissingDependencyError(
                f"viz.vis_renderer: pytorch3d cannot be imported ({error}). Set it to open3d, or install it with a "
                f"compiler at hand: {INSTALL}"
            ) from None
        return cls(Meshes, rasterize_meshes)

    def rasterise(
        self, vertices: NDArray[np.floating], triangles: NDArray[np.integer], *, size_px: int
    ) -> Fragments:
        """Find what is seen in each pixel; see `Rasteriser.rasterise`."""
        import torch

        points = np.asarray(vertices, np.float32)
        shift = np.float32(IN_FRONT - points[:, 2].min())
        turned = points * np.array([-1, -1, 1], np.float32) + np.array([0, 0, shift], np.float32)
        mesh = self._meshes(
            verts=torch.from_numpy(turned)[None],
            faces=torch.from_numpy(np.ascontiguousarray(triangles, np.int64))[None],
        )
        number, depth, barycentric, _ = self._rasterize(
            mesh, image_size=size_px, blur_radius=0.0, faces_per_pixel=1, perspective_correct=False
        )
        number, depth, barycentric = (t[0, :, :, 0].cpu().numpy() for t in (number, depth, barycentric))
        seen = number >= 0
        return Fragments(
            np.where(seen, number, NOTHING).astype(np.int32),
            np.where(seen[..., None], barycentric, 0).astype(np.float32),
            np.where(seen, depth - shift, np.inf).astype(np.float32),
        )
