"""Displacement maps as directions: against surfaces with known slopes."""

from __future__ import annotations

import numpy as np
import pytest

from affectflow.viz.detail_normals import TextureLayout, detail_normals, unit
from affectflow.viz.rasterisers.open3d import Open3dRasteriser

SIZE = 128


def sheet(*, flip_u: bool = False) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """A flat square 0..1 in x and y facing +z; its texture fills 0.1..0.9, v upwards as y."""
    vertices = np.array([(0, 0, 0), (1, 0, 0), (1, 1, 0), (0, 1, 0)], np.float32)
    coordinates = 0.1 + 0.8 * vertices[:, :2]
    if flip_u:
        coordinates = np.column_stack([1 - coordinates[:, 0], coordinates[:, 1]])
    return vertices, np.array([(0, 1, 2), (0, 2, 3)]), coordinates


def layout_of(coordinates: np.ndarray, triangles: np.ndarray) -> TextureLayout:
    return TextureLayout(coordinates, triangles, size_px=SIZE, rasteriser=Open3dRasteriser())


def map_places() -> tuple[np.ndarray, np.ndarray]:
    """x and y of the sheet at the centres of the map's pixels."""
    centre = (np.arange(SIZE) + 0.5) / SIZE
    u, v = np.meshgrid(centre, 1 - centre)
    return (u - 0.1) / 0.8, (v - 0.1) / 0.8


def test_the_layout_has_v_upwards():
    vertices, triangles, coordinates = sheet()
    layout = layout_of(coordinates, triangles)
    covered = layout.fragments.covered
    assert covered.mean() == pytest.approx(0.64, abs=0.02)
    x, y = map_places()
    where = layout.fragments.spread(vertices, triangles)
    np.testing.assert_allclose(where[covered][:, 0], x[covered], atol=1e-5)
    np.testing.assert_allclose(where[covered][:, 1], y[covered], atol=1e-5)


@pytest.mark.parametrize("flip_u", [False, True])
def test_a_slope_tilts_the_normal(flip_u):
    """Height 0.3 x - 0.2 y: the normal is (-0.3, 0.2, 1), whichever way round the texture lies."""
    vertices, triangles, coordinates = sheet(flip_u=flip_u)
    layout = layout_of(coordinates, triangles)
    x, y = map_places()
    x = 1 - x if flip_u else x
    normals = detail_normals(vertices, triangles, 0.3 * x - 0.2 * y, np.ones((SIZE, SIZE)), layout=layout)
    expected = np.array([-0.3, 0.2, 1]) / np.sqrt(1.13)
    np.testing.assert_allclose(normals[layout.inside], np.tile(expected, (layout.inside.sum(), 1)), atol=1e-4)


def test_a_wave_has_the_wave_s_slopes():
    vertices, triangles, coordinates = sheet()
    layout = layout_of(coordinates, triangles)
    x, _ = map_places()
    normals = detail_normals(vertices, triangles, 0.02 * np.sin(12 * x), np.ones((SIZE, SIZE)), layout=layout)
    slope = 0.24 * np.cos(12 * x)
    expected = np.stack([-slope, np.zeros_like(slope), np.ones_like(slope)], axis=-1)
    expected /= np.linalg.norm(expected, axis=-1, keepdims=True)
    np.testing.assert_allclose(normals[layout.inside], expected[layout.inside], atol=2e-3)


def test_outside_the_mask_and_at_the_rim_it_is_the_coarse_mesh():
    vertices, triangles, coordinates = sheet()
    layout = layout_of(coordinates, triangles)
    x, _ = map_places()
    mask = np.zeros((SIZE, SIZE))
    mask[:, SIZE // 2 :] = 1
    normals = detail_normals(vertices, triangles, 0.5 * x, mask, layout=layout)
    left = layout.inside & (mask == 0)
    rim = layout.fragments.covered & ~layout.inside
    for flat in (left, rim):
        assert flat.any()
        np.testing.assert_allclose(normals[flat], np.tile([0, 0, 1], (flat.sum(), 1)), atol=1e-6)
    assert (normals[layout.inside & (mask == 1)][:, 0] < -0.4).all()
    assert (normals[~layout.fragments.covered] == 0).all()


def test_no_displacement_is_the_coarse_mesh():
    vertices, triangles, coordinates = sheet()
    vertices = vertices @ np.array([[0.8, 0, -0.6], [0, 1, 0], [0.6, 0, 0.8]], np.float32)
    layout = layout_of(coordinates, triangles)
    normals = detail_normals(
        vertices, triangles, np.zeros((SIZE, SIZE)), np.ones((SIZE, SIZE)), layout=layout
    )
    covered = layout.fragments.covered
    np.testing.assert_allclose(normals[covered], np.tile([0.6, 0, 0.8], (covered.sum(), 1)), atol=1e-4)


def test_a_map_is_fetched_between_its_pixels():
    """A picture of the sheet sees the map's ramp where it lies, pixel by pixel."""
    vertices, triangles, coordinates = sheet()
    layout = layout_of(coordinates, triangles)
    ramp = np.stack(map_places(), axis=-1).astype(np.float32)
    # The sheet in the picture: x to the right, y (up in space) downwards negative.
    placed = vertices * np.array([1.2, -1.2, 1], np.float32) + np.array([-0.61, 0.58, 0], np.float32)
    seen = Open3dRasteriser().rasterise(placed, triangles, size_px=50)
    fetched = layout.look_up(ramp, seen)
    centre = (2 * np.arange(50) + 1) / 50 - 1
    column, row = np.meshgrid(centre, centre)
    expected = np.stack([(column + 0.61) / 1.2, (0.58 - row) / 1.2], axis=-1)
    np.testing.assert_allclose(fetched[seen.covered], expected[seen.covered], atol=1e-4)
    assert (fetched[~seen.covered] == 0).all()


def test_zeros_stay_zeros():
    np.testing.assert_allclose(unit(np.array([[0, 0, 0], [3.0, 0, 4.0]])), [[0, 0, 0], [0.6, 0, 0.8]])
