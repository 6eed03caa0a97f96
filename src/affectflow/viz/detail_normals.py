"""Wrinkles: a displacement map in texture coordinates, turned into the directions of the surface.

EMOCA's detail is a map of how far the skin lies above or below the coarse
mesh, laid out as a texture. Pictures need the directions (normals) of the
displaced surface, looked up where each pixel lies on the texture.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import map_coordinates

from affectflow.viz.mesh_renderer import vertex_normals
from affectflow.viz.rasterisers.base import Fragments, Rasteriser


class TextureLayout:
    """Where the mesh lies on its texture; the same for all faces, so worked out once.

    Parameters
    ----------
    coordinates
        (n, 2) texture coordinates u, v in 0..1, u to the right, v upwards as
        in an OBJ file.
    corners
        (t, 3) rows of `coordinates` of each triangle, in the order of the
        mesh's triangles.
    size_px
        Side of the maps, pixels.
    rasteriser
        What finds the triangle under each pixel of the map.
    """

    def __init__(
        self,
        coordinates: NDArray[np.floating],
        corners: NDArray[np.integer],
        *,
        size_px: int,
        rasteriser: Rasteriser,
    ) -> None:
        self.size_px = size_px
        self.coordinates = np.asarray(coordinates, np.float32)
        self.corners = np.asarray(corners, np.int64)
        flat = np.zeros((len(self.coordinates), 3), np.float32)
        flat[:, 0] = 2 * self.coordinates[:, 0] - 1
        flat[:, 1] = 1 - 2 * self.coordinates[:, 1]
        self.fragments = rasteriser.rasterise(flat, self.corners, size_px=size_px)
        # A slope is known where the pixel and its neighbours lie on the mesh.
        covered = self.fragments.covered.astype(np.uint8)
        inside = cv2.erode(covered, np.ones((3, 3), np.uint8), borderType=cv2.BORDER_CONSTANT, borderValue=0)
        self.inside: NDArray[np.bool_] = inside.astype(bool)

    def look_up(self, texture: NDArray[np.floating], seen: Fragments) -> NDArray[np.float32]:
        """Fetch a map's values where a picture shows the mesh, linearly between its pixels.

        Parameters
        ----------
        texture
            (size, size, c) map of this layout.
        seen
            What a picture (h, w) shows of the mesh.

        Returns
        -------
        (h, w, c) float32; zeros where nothing is seen.
        """
        covered = seen.covered
        u, v = seen.spread(self.coordinates, self.corners)[covered].T
        # The centre of the map's first pixel lies half a pixel from its edge.
        places = np.stack([(1 - v) * self.size_px - 0.5, u * self.size_px - 0.5])
        picture = np.zeros((*covered.shape, texture.shape[2]), np.float32)
        picture[covered] = np.stack(
            [
                map_coordinates(channel, places, order=1, mode="nearest")
                for channel in np.moveaxis(texture, 2, 0)
            ],
            axis=1,
        )
        return picture


def detail_normals(
    vertices: NDArray[np.floating],
    triangles: NDArray[np.integer],
    displacement: NDArray[np.floating],
    mask: NDArray[np.floating],
    *,
    layout: TextureLayout,
) -> NDArray[np.float32]:
    """Return the directions of a displaced surface, as a map.

    Each point of the map is moved along the coarse mesh's normal, and the
    normal is taken anew from the slopes of the moved points. Outside the mask,
    and where the map ends, it is the coarse mesh's.

    Parameters
    ----------
    vertices
        (v, 3) coarse mesh; any axes.
    triangles
        (t, 3) of the mesh, in the order of the layout's, counter-clockwise
        seen from outside.
    displacement
        (size, size) how far outwards, in the unit of `vertices`.
    mask
        (size, size) 0..1, how much of the detail is used.
    layout
        Where the mesh lies on the map.

    Returns
    -------
    (size, size, 3) float32 unit normals, zeros outside the layout.
    """
    mesh = np.asarray(vertices, np.float32)
    normals = vertex_normals(mesh, np.asarray(triangles, np.int32))
    coarse = unit(layout.fragments.spread(normals, triangles))
    moved = (
        layout.fragments.spread(mesh, triangles) + np.asarray(displacement, np.float32)[..., None] * coarse
    )
    down, right = np.gradient(moved, axis=(0, 1))
    # The texture's right and up span the surface; their cross product points outwards if it is not mirrored.
    fine = unit(np.cross(right, -down))
    outwards = np.where(np.einsum("rck,rck->rc", fine, coarse) < 0, -1, 1)
    share = np.where(layout.inside, np.asarray(mask, np.float32), 0)[..., None]
    return unit(share * fine * outwards[..., None] + (1 - share) * coarse)


def unit(vectors: NDArray[np.floating]) -> NDArray[np.float32]:
    """Scale vectors (..., 3) to length 1; zeros stay zeros."""
    length = np.linalg.norm(vectors, axis=-1, keepdims=True)
    return np.divide(vectors, length, out=np.zeros_like(vectors, np.float32), where=length > 0)
