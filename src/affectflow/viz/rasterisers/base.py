"""What every rasteriser offers: for each pixel the triangle seen there, and where on it."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

NOTHING = -1


@dataclass(frozen=True)
class Fragments:
    """What is seen in each pixel of a picture of h rows and w columns.

    Attributes
    ----------
    triangle
        (h, w) int32 number of the triangle, `NOTHING` (-1) where there is none.
    barycentric
        (h, w, 3) float32 weights of the triangle's three corners, in their
        order, adding up to 1; zeros where there is no triangle.
    depth
        (h, w) float32 z of the point seen; inf where there is none.
    """

    triangle: NDArray[np.int32]
    barycentric: NDArray[np.float32]
    depth: NDArray[np.float32]

    @property
    def covered(self) -> NDArray[np.bool_]:
        """(h, w) whether something is seen there."""
        return self.triangle != NOTHING

    def spread(self, values: NDArray[np.floating], corners: NDArray[np.integer]) -> NDArray[np.float32]:
        """Interpolate values between the corners of the triangles that are seen.

        Parameters
        ----------
        values
            (k, c) one row per vertex (or per corner of a texture layout).
        corners
            (t, 3) which rows belong to each triangle, in the order of the
            triangles that were drawn.

        Returns
        -------
        (h, w, c) float32; zeros where nothing is seen.
        """
        picture = np.zeros((*self.triangle.shape, values.shape[1]), np.float32)
        seen = self.covered
        at_corners = np.asarray(values, np.float32)[corners[self.triangle[seen]]]
        picture[seen] = np.einsum("pk,pkc->pc", self.barycentric[seen], at_corners)
        return picture


class Rasteriser(ABC):
    """Looks straight down the z axis at a mesh (no perspective).

    The picture shows the square -1..1 of both axes: x to the right, y
    downwards, z away from the viewer; what has the smallest z is seen, from
    whichever side. A pixel is asked at its centre: row r, column c of a picture
    of s pixels is the point ((2c + 1) / s - 1, (2r + 1) / s - 1). What lies
    exactly on an edge is up to the rasteriser.

    Attributes
    ----------
    name
        The name in the registry.
    """

    name: ClassVar[str]

    @classmethod
    @abstractmethod
    def load(cls, *, threads: int = 1) -> Rasteriser:
        """Make the rasteriser ready.

        Raises
        ------
        MissingDependencyError
            If its package is not installed.
        """

    @abstractmethod
    def rasterise(
        self, vertices: NDArray[np.floating], triangles: NDArray[np.integer], *, size_px: int
    ) -> Fragments:
        """Find what is seen in each pixel.

        Parameters
        ----------
        vertices
            (v, 3) finite; x right, y down, -1..1 across the picture (they may
            lie beyond), z away from the viewer.
        triangles
            (t, 3) vertex numbers, t >= 1. Triangles without area are not seen.
        size_px
            Side of the square picture, pixels.
        """
