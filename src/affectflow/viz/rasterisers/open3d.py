"""Rasterising by parallel rays with Open3D (Embree); needs no display and no GPU."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from affectflow.viz.rasterisers.base import NOTHING, Fragments, Rasteriser

MISSED = np.uint32(0xFFFFFFFF)
# From where rays start, before the nearest vertex.
AHEAD = 1.0


class Open3dRasteriser(Rasteriser):
    """One ray per pixel, all parallel to the z axis.

    A centre exactly on an edge that two triangles share is in one of them.

    Parameters
    ----------
    threads
        Threads for the rays; the result is the same for any number.
    """

    name = "open3d"

    def __init__(self, *, threads: int = 1) -> None:
        self._threads = threads

    @classmethod
    def load(cls, *, threads: int = 1) -> Open3dRasteriser:
        """Make the rasteriser ready; Open3D belongs to the project."""
        return cls(threads=threads)

    def rasterise(
        self, vertices: NDArray[np.floating], triangles: NDArray[np.integer], *, size_px: int
    ) -> Fragments:
        """Find what is seen in each pixel; see `Rasteriser.rasterise`."""
        import open3d as o3d

        def tensor(array: NDArray) -> o3d.core.Tensor:
            return o3d.core.Tensor.from_numpy(np.ascontiguousarray(array))

        points = np.asarray(vertices, np.float32)
        start = points[:, 2].min() - AHEAD
        scene = o3d.t.geometry.RaycastingScene(nthreads=self._threads)
        scene.add_triangles(tensor(points), tensor(np.asarray(triangles, np.uint32)))
        found = scene.cast_rays(tensor(parallel_rays(size_px, start)))
        number = found["primitive_ids"].numpy()
        seen = number != MISSED
        # Embree's u and v belong to the second and third corner.
        uv = found["primitive_uvs"].numpy()
        barycentric = np.concatenate([1 - uv.sum(axis=2, keepdims=True), uv], axis=2)
        return Fragments(
            np.where(seen, number.astype(np.int64), NOTHING).astype(np.int32),
            np.where(seen[..., None], barycentric, 0).astype(np.float32),
            np.where(seen, found["t_hit"].numpy() + start, np.inf).astype(np.float32),
        )


def parallel_rays(size_px: int, start: float) -> NDArray[np.float32]:
    """Return rays through the centres of all pixels, (size, size, 6): origin at z = start, direction +z."""
    centre = ((2 * np.arange(size_px) + 1) / size_px - 1).astype(np.float32)
    rays = np.zeros((size_px, size_px, 6), np.float32)
    rays[..., 0], rays[..., 1] = centre, centre[:, None]
    rays[..., 2], rays[..., 5] = start, 1.0
    return rays
