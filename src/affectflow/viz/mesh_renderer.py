"""Draw a face mesh as a shaded picture by ray casting; needs no display and no GPU."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from affectflow.viz.light import light_table, shade
from affectflow.viz.subdivision import SMOOTH_FROM_TRIANGLES, loop_subdivision

CAMERA_DISTANCE_CM = 60.0
# Room around the resting face for a turned head and an open jaw, as a factor of its half height.
MARGIN = 1.24
# Positions of the four extra rays in a pixel of the outline.
SUBPIXELS = np.array([(-0.375, -0.125), (0.125, -0.375), (0.375, 0.125), (-0.125, 0.375)], np.float32)
SURFACE_RGB = (156, 176, 196)
MUTED_RGB = (104, 108, 114)
BACKGROUND_TOP_RGB = (46, 52, 62)
BACKGROUND_BOTTOM_RGB = (24, 27, 33)
# Pixels between four that differ by no more than this (of 255) are interpolated.
ALIKE = 8
MISSED = np.uint32(0xFFFFFFFF)


class MeshRenderer:
    """Draws one mesh topology in many shapes.

    Rays are cast with Open3D's `RaycastingScene` (Embree), and only inside the
    box that the vertices project to. Pixels of the outline are cast four times
    more and averaged; where the shading is smooth every second pixel is cast
    and the others are interpolated (see `_fill`). Normals are interpolated
    between the vertices, and light is looked up by the normal in a picture of a
    lit sphere made once, so a pixel costs one look-up. The camera stands still, `CAMERA_DISTANCE_CM` in
    front of the resting face: what moves is the face.

    Parameters
    ----------
    resting
        (V, 3) vertices of the neutral face in cm: x to the picture's right, y
        up, z towards the camera. Sets the framing.
    triangles
        (T, 3) vertex numbers, counter-clockwise seen from outside. A mesh of
        fewer than `SMOOTH_FROM_TRIANGLES` is smoothed by Loop subdivision.
    size_px
        Side of the square picture.
    threads
        Threads for the rays.
    """

    def __init__(
        self, resting: NDArray[np.float32], triangles: NDArray[np.int32], *, size_px: int, threads: int = 1
    ) -> None:
        self.size_px = size_px
        self.threads = threads
        self._smooth, self._triangles = _smoothing(np.asarray(triangles, np.int32), len(resting))
        low, high = np.min(resting, axis=0), np.max(resting, axis=0)
        centre = (low + high) / 2
        self._eye = np.array([centre[0], centre[1], high[2] + CAMERA_DISTANCE_CM], np.float32)
        half = max(high[0] - low[0], high[1] - low[1]) / 2 * MARGIN
        self._focal = size_px / 2 * (CAMERA_DISTANCE_CM + (high[2] - low[2]) / 2) / half
        self._rays = self._pixel_rays()
        self._lit, self._muted = light_table(SURFACE_RGB), light_table(MUTED_RGB)
        self.background = _background(size_px)

    def render(self, vertices: NDArray[np.float32], *, muted: bool = False) -> NDArray[np.uint8]:
        """Draw the mesh in one shape.

        Parameters
        ----------
        vertices
            (V, 3) in cm, axes as for the resting face.
        muted
            Draw it in dull grey: a placeholder, not a measurement.

        Returns
        -------
        (size_px, size_px, 3) uint8, RGB.
        """
        points = self._smooth @ np.asarray(vertices, np.float32)
        picture = self.background.copy()
        box = self._projected_box(points)
        if box is None:
            return picture
        rows, columns = box
        cast = _Caster(points, self._triangles, self._muted if muted else self._lit, self.threads)
        part = picture[rows, columns]
        hit = _fill(part, self._rays[rows, columns], cast)
        self._soften_outline(part, hit, rows.start, columns.start, cast)
        return picture

    def _pixel_rays(self) -> NDArray[np.float32]:
        centre = (np.arange(self.size_px, dtype=np.float32) + 0.5 - self.size_px / 2) / self._focal
        rays = np.empty((self.size_px, self.size_px, 6), np.float32)
        rays[..., :3] = self._eye
        rays[..., 3] = centre
        rays[..., 4] = -centre[:, None]
        rays[..., 5] = -1.0
        return rays

    def _projected_box(self, points: NDArray[np.float32]) -> tuple[slice, slice] | None:
        depth = self._eye[2] - points[:, 2]
        if not np.all(np.isfinite(points)) or np.any(depth <= 1.0):
            return None
        across = (points[:, 0] - self._eye[0]) / depth * self._focal + self.size_px / 2
        down = (self._eye[1] - points[:, 1]) / depth * self._focal + self.size_px / 2
        # One pixel more all round: the outline's neighbours belong to it.
        x0, y0 = (max(int(np.floor(v.min())) - 1, 0) for v in (across, down))
        x1, y1 = (min(int(np.ceil(v.max())) + 1, self.size_px) for v in (across, down))
        return (slice(y0, y1), slice(x0, x1)) if x0 < x1 and y0 < y1 else None

    def _soften_outline(
        self, part: NDArray[np.uint8], hit: NDArray[np.bool_], top: int, left: int, cast: _Caster
    ) -> None:
        solid = hit.view(np.uint8)
        kernel = np.ones((3, 3), np.uint8)
        outline = cv2.dilate(solid, kernel) != cv2.erode(solid, kernel)
        y, x = np.nonzero(outline)
        if y.size == 0:
            return
        rays = self._rays[y + top, x + left][:, None, :].repeat(len(SUBPIXELS), axis=1)
        rays[..., 3] += SUBPIXELS[:, 0] / self._focal
        rays[..., 4] -= SUBPIXELS[:, 1] / self._focal
        sub_hit, sub_colours = cast(rays)
        samples = np.broadcast_to(self.background[y + top, x + left][:, None, :], (*sub_hit.shape, 3)).astype(
            np.float32
        )
        samples[sub_hit] = sub_colours
        part[y, x] = (samples.mean(axis=1) + 0.5).astype(np.uint8)


class _Caster:
    """One shape of the mesh, ready for rays."""

    def __init__(
        self,
        points: NDArray[np.float32],
        triangles: NDArray[np.int32],
        table: NDArray[np.uint8],
        threads: int,
    ) -> None:
        import open3d as o3d

        self._core = o3d.core
        self._scene = o3d.t.geometry.RaycastingScene(nthreads=threads)
        self._scene.add_triangles(
            *(
                o3d.core.Tensor.from_numpy(a)
                for a in (np.ascontiguousarray(points), triangles.astype(np.uint32))
            )
        )
        a, b, c = np.take(vertex_normals(points, triangles), triangles.T, axis=0)
        # One row per triangle: its normal is row[:3] + u × row[3:6] + v × row[6:].
        self._normals = np.concatenate([a, b - a, c - a], axis=1)
        self._table = table

    def __call__(self, rays: NDArray[np.float32]) -> tuple[NDArray[np.bool_], NDArray[np.uint8]]:
        """Return which rays (…, 6) hit, (…) bool, and the colours of those, (n_hit, 3)."""
        found = self._scene.cast_rays(self._core.Tensor.from_numpy(np.ascontiguousarray(rays)))
        triangle = found["primitive_ids"].numpy()
        hit = triangle != MISSED
        where = np.flatnonzero(hit)
        rows = self._normals.take(triangle.ravel().take(where), axis=0)
        uv = found["primitive_uvs"].numpy().reshape(-1, 2).take(where, axis=0)
        normal = rows[:, :3] + uv[:, :1] * rows[:, 3:6] + uv[:, 1:] * rows[:, 6:]
        return hit, shade(normal, self._table)


def _fill(part: NDArray[np.uint8], rays: NDArray[np.float32], cast: _Caster) -> NDArray[np.bool_]:
    """Paint the surface into `part` and return where it is, both (height, width).

    Every second pixel of every second row is cast. Between four that are
    nearly alike the colour is interpolated; elsewhere (lids, lips, outline)
    each pixel gets a ray of its own.
    """
    coarse_hit, colours = cast(rays[::2, ::2])
    coarse = np.zeros((*coarse_hit.shape, 3), np.uint8)
    coarse[coarse_hit] = colours
    brightness, square = np.ascontiguousarray(coarse[..., 1]), np.ones((2, 2), np.uint8)
    brightest = cv2.dilate(brightness, square, anchor=(0, 0))
    darkest = cv2.erode(brightness, square, anchor=(0, 0))
    alike = cv2.erode(coarse_hit.view(np.uint8), square, anchor=(0, 0)).astype(bool)
    alike &= brightest - darkest <= ALIKE
    # The last row and column have no neighbours to lie between.
    alike[-1:] = alike[:, -1:] = False
    height, width = part.shape[:2]
    between = alike.repeat(2, axis=0).repeat(2, axis=1)[:height, :width]
    doubled = cv2.warpAffine(coarse, np.diag([2.0, 2.0, 1.0])[:2], (width, height), flags=cv2.INTER_LINEAR)
    np.copyto(part, doubled, where=between[..., None])
    hit = between.copy()
    hit[::2, ::2] = coarse_hit
    part[::2, ::2][coarse_hit] = colours
    own = ~between
    own[::2, ::2] = False
    y, x = np.nonzero(own)
    own_hit, colours = cast(rays[y, x])
    part[y[own_hit], x[own_hit]] = colours
    hit[y[own_hit], x[own_hit]] = True
    return hit


def vertex_normals(points: NDArray[np.float32], triangles: NDArray[np.int32]) -> NDArray[np.float32]:
    """Return unit normals at the vertices, (V, 3), weighted by the triangles' areas.

    A vertex in no triangle gets a zero normal.
    """
    a, b, c = (points[triangles[:, k]] for k in range(3))
    across = np.cross(b - a, c - a)
    total = np.empty_like(points)
    corner = triangles.T.ravel()
    for axis in range(3):
        total[:, axis] = np.bincount(corner, np.tile(across[:, axis], 3), minlength=len(points))
    length = np.linalg.norm(total, axis=1, keepdims=True)
    return np.divide(total, length, out=np.zeros_like(total), where=length > 0)


def _smoothing(triangles: NDArray[np.int32], n_vertices: int):
    from scipy import sparse

    smooth = sparse.identity(n_vertices, dtype=np.float32, format="csr")
    while 0 < len(triangles) < SMOOTH_FROM_TRIANGLES:
        weights, triangles = loop_subdivision(triangles, smooth.shape[0])
        smooth = weights @ smooth
    return smooth, triangles


def _background(size_px: int) -> NDArray[np.uint8]:
    down = np.linspace(0, 1, size_px)[:, None, None]
    column = (1 - down) * np.array(BACKGROUND_TOP_RGB) + down * np.array(BACKGROUND_BOTTOM_RGB)
    return np.broadcast_to(column + 0.5, (size_px, size_px, 3)).astype(np.uint8)
