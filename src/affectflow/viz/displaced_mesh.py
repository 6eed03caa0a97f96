"""A face mesh coloured by how far each point has moved, drawn straight from the front."""

from __future__ import annotations

import numpy as np
from matplotlib.colors import Colormap
from numpy.typing import NDArray

from affectflow.viz.draw import Picture
from affectflow.viz.mesh_renderer import vertex_normals
from affectflow.viz.rasterisers.base import Rasteriser
from affectflow.viz.subdivision import SMOOTH_FROM_TRIANGLES, loop_subdivision

# Room around the face that sets the framing, as a factor of its half height or width.
MARGIN = 1.08
# Each pixel is the mean of 2 × 2 that were looked at.
FINER = 2
# From where the light comes, and how dark its shadow is: dark enough for the shape, light enough for the colour.
LIGHT = np.array([-0.35, 0.45, 0.85], np.float32) / np.linalg.norm([-0.35, 0.45, 0.85])
SHADOW = 0.5


class DisplacedMesh:
    """Draws the shapes of one mesh in one framing and on one scale of colours.

    Parameters
    ----------
    triangles
        (T, 3) vertex numbers. A mesh of few triangles is smoothed by Loop subdivision.
    n_vertices
        Number of vertices V of a shape.
    framed
        (k, 3) points that set the framing: x to the picture's right, y up, z towards the viewer.
    rasteriser
        What finds the triangle behind each pixel.
    size_px
        Side of the square pictures.
    """

    def __init__(
        self,
        triangles: NDArray[np.integer],
        n_vertices: int,
        *,
        framed: NDArray[np.floating],
        rasteriser: Rasteriser,
        size_px: int,
    ) -> None:
        from scipy import sparse

        self._triangles = np.asarray(triangles, np.int32)
        self._smooth = sparse.identity(n_vertices, dtype=np.float32, format="csr")
        while 0 < len(self._triangles) < SMOOTH_FROM_TRIANGLES:
            weights, self._triangles = loop_subdivision(self._triangles, self._smooth.shape[0])
            self._smooth = weights @ self._smooth
        low, high = np.min(framed, axis=0), np.max(framed, axis=0)
        self._centre = ((low + high) / 2).astype(np.float32)
        self._half = float(max(high[0] - low[0], high[1] - low[1]) / 2 * MARGIN)
        self._rasteriser, self._size_px = rasteriser, size_px

    def draw(
        self,
        vertices: NDArray[np.floating],
        moved: NDArray[np.floating],
        *,
        largest: float,
        colours: Colormap,
    ) -> Picture:
        """Draw one shape on white.

        Parameters
        ----------
        vertices
            (V, 3), unit and axes as of the framing.
        moved
            (V,) what is shown as colour, >= 0.
        largest
            Value of the last colour, > 0.
        colours
            The scale.

        Returns
        -------
        (size_px, size_px, 3) uint8 RGB.
        """
        points = self._smooth @ np.asarray(vertices, np.float32)
        placed = (points - self._centre) / self._half * np.array([1, -1, -1], np.float32)
        seen = self._rasteriser.rasterise(placed, self._triangles, size_px=self._size_px * FINER)
        values = np.column_stack(
            [vertex_normals(points, self._triangles), self._smooth @ np.asarray(moved, np.float32)]
        )
        at_pixel = seen.spread(values, self._triangles)
        normal = at_pixel[..., :3] / np.maximum(
            np.linalg.norm(at_pixel[..., :3], axis=2, keepdims=True), 1e-9
        )
        # The inside of the face, seen through an opening, is lit like its outside but lies in shadow.
        light = SHADOW + (1 - SHADOW) * np.clip(normal @ LIGHT, 0, 1)
        colour = colours(np.clip(at_pixel[..., 3] / largest, 0, 1))[..., :3] * light[..., None]
        picture = np.where(seen.covered[..., None], colour, 1.0)
        blocks = picture.reshape(self._size_px, FINER, self._size_px, FINER, 3)
        return (blocks.mean(axis=(1, 3)) * 255 + 0.5).astype(np.uint8)
