"""A slow stand-in for the two things of PyTorch3D that we use, with its documented conventions.

x to the left, y up, z away from the camera; only z > 0 is seen; a pixel is
asked at its centre; a point exactly on an edge is in no triangle.
"""

from __future__ import annotations

import sys
from types import ModuleType
from typing import Any

import numpy as np
import torch


class Meshes:
    """Batch of meshes; wants what the real one wants."""

    def __init__(self, verts: torch.Tensor, faces: torch.Tensor) -> None:
        assert verts.ndim == faces.ndim == 3
        assert verts.dtype == torch.float32
        assert faces.dtype == torch.int64
        self.verts, self.faces = verts, faces


def rasterize_meshes(
    meshes: Meshes, image_size: int, blur_radius: float, faces_per_pixel: int, perspective_correct: bool
) -> tuple[torch.Tensor, ...]:
    """Rasterise one mesh by brute force, sharply, one face per pixel, without perspective."""
    assert (blur_radius, faces_per_pixel, perspective_correct) == (0.0, 1, False)
    vertices, faces = meshes.verts[0].double().numpy(), meshes.faces[0].numpy()
    number = np.full((image_size, image_size), -1)
    depth = np.full((image_size, image_size), np.inf)
    weights = np.full((image_size, image_size, 3), -1.0)
    centre = 1 - (2 * np.arange(image_size) + 1) / image_size
    for face, corners in enumerate(vertices[faces]):
        low, high = corners[:, :2].min(axis=0), corners[:, :2].max(axis=0)
        columns = np.flatnonzero((centre >= low[0]) & (centre <= high[0]))
        rows = np.flatnonzero((centre >= low[1]) & (centre <= high[1]))
        system = np.vstack([corners[:, :2].T, np.ones(3)])
        if not rows.size or not columns.size or abs(np.linalg.det(system)) < 1e-12:
            continue
        x, y = np.meshgrid(centre[columns], centre[rows])
        own = np.einsum("ij,jrc->rci", np.linalg.inv(system), np.stack([x, y, np.ones_like(x)]))
        z = own @ corners[:, 2]
        where = np.ix_(rows, columns)
        nearer = (own > 0).all(axis=2) & (z > 0) & (z < depth[where])
        for picture, values in ((number, np.full(z.shape, face)), (depth, z), (weights, own)):
            part = picture[where]
            part[nearer] = values[nearer]
            picture[where] = part
    depth[number < 0] = -1
    found = (number, depth.astype(np.float32), weights.astype(np.float32))
    number_t, depth_t, weights_t = (torch.from_numpy(a)[None, :, :, None] for a in found)
    return number_t, depth_t, weights_t, torch.zeros_like(depth_t)


def install(monkeypatch: Any) -> None:
    """Let `import pytorch3d` find the stand-in for the length of a test."""
    parts = {name: ModuleType(name) for name in ("pytorch3d", "pytorch3d.renderer")}
    structures, mesh = ModuleType("pytorch3d.structures"), ModuleType("pytorch3d.renderer.mesh")
    structures.Meshes, mesh.rasterize_meshes = Meshes, rasterize_meshes  # type: ignore[attr-defined]
    for module in (*parts.values(), structures, mesh):
        monkeypatch.setitem(sys.modules, module.__name__, module)
