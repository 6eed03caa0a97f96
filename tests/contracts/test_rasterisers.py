"""What every registered rasteriser must do, against scenes that can be worked out on paper."""

from __future__ import annotations

import sys

import numpy as np
import pytest

from affectflow.errors import MissingDependencyError
from affectflow.registry import load
from affectflow.viz.rasterisers import RASTERISERS
from affectflow.viz.rasterisers.base import NOTHING
from tests.support import fake_pytorch3d
from tests.support.synth_codes import ball

SIZE = 64


def centres(size: int = SIZE) -> tuple[np.ndarray, np.ndarray]:
    """x and y of the pixels' centres, (size, size) each."""
    centre = (2 * np.arange(size) + 1) / size - 1
    return np.meshgrid(centre, centre)


@pytest.fixture(params=[*sorted(RASTERISERS), "pytorch3d on a stand-in"])
def rasteriser(request, monkeypatch):
    name = request.param.split()[0]
    if name != request.param:
        fake_pytorch3d.install(monkeypatch)
    made = load(RASTERISERS, name, "rasteriser")
    try:
        return made.load(threads=1)
    except MissingDependencyError as error:
        pytest.skip(str(error))


def weights_at(corners: np.ndarray, x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Barycentric coordinates of points in a triangle (3, 2), float64, by solving for them."""
    system = np.vstack([corners.T, np.ones(3)])
    points = np.stack([x.ravel(), y.ravel(), np.ones(x.size)])
    return np.linalg.solve(system, points).T.reshape(*x.shape, 3)


def test_one_tilted_triangle(rasteriser):
    corners = np.array([(-0.83, -0.61, 0.2), (0.77, -0.35, 1.4), (-0.12, 0.91, -0.6)])
    found = rasteriser.rasterise(corners, np.array([[0, 1, 2]]), size_px=SIZE)
    expected = weights_at(corners[:, :2], *centres())
    inside = expected.min(axis=2)
    # A centre within a millionth of an edge may fall on either side.
    assert (found.covered[inside > 1e-6]).all()
    assert not found.covered[inside < -1e-6].any()
    assert found.covered.sum() > 500
    seen = found.covered
    np.testing.assert_allclose(found.barycentric[seen], expected[seen], atol=1e-4)
    np.testing.assert_allclose(found.depth[seen], expected[seen] @ corners[:, 2], atol=1e-4)
    assert (found.triangle[seen] == 0).all()


def test_where_nothing_is_seen(rasteriser):
    corners = np.array([(-0.2, -0.2, 0), (0.2, -0.2, 0), (0, 0.2, 0)])
    found = rasteriser.rasterise(corners, np.array([[0, 1, 2]]), size_px=SIZE)
    empty = ~found.covered
    assert (found.triangle[empty] == NOTHING).all()
    assert (found.barycentric[empty] == 0).all()
    assert np.isinf(found.depth[empty]).all()
    assert found.triangle.dtype == np.int32
    assert found.barycentric.dtype == found.depth.dtype == np.float32


def test_right_is_right_and_down_is_down(rasteriser):
    corners = np.array([(0.5, 0.5, 0), (1.01, 0.5, 0), (0.5, 1.01, 0)])
    rows, columns = np.nonzero(rasteriser.rasterise(corners, np.array([[0, 1, 2]]), size_px=SIZE).covered)
    assert rows.min() == columns.min() == 3 * SIZE // 4
    assert rows.max() == columns.max() == SIZE - 1


def test_either_side_is_seen(rasteriser):
    corners = np.array([(-0.5, -0.5, 0), (0.5, -0.5, 0), (0.1, 0.6, 0)])
    front, back = (
        rasteriser.rasterise(corners, np.array([order]), size_px=SIZE) for order in ([0, 1, 2], [2, 1, 0])
    )
    np.testing.assert_array_equal(front.covered, back.covered)
    assert front.covered.any()
    np.testing.assert_allclose(front.barycentric, back.barycentric[..., ::-1], atol=1e-4)


def test_the_pixels_of_a_rectangle_by_its_edges(rasteriser):
    """Edges 0.1 pixels before and behind a centre: the rule of pixel centres, exactly."""
    step = 2 / SIZE
    left, right = -1 + 10.4 * step, -1 + 20.6 * step  # centres 10.5 … 20.5
    top, bottom = -1 + 5.6 * step, -1 + 7.3 * step  # centre 6.5 only
    corners = np.array([(left, top, 0), (right, top, 0), (right, bottom, 0), (left, bottom, 0)])
    found = rasteriser.rasterise(corners, np.array([[0, 1, 2], [0, 2, 3]]), size_px=SIZE)
    rows, columns = np.nonzero(found.covered)
    assert set(rows) == {6}
    assert columns.tolist() == list(range(10, 21))


def test_no_gap_along_a_shared_edge():
    """A square cut along its diagonal, which runs through the centres of pixels. (PyTorch3D has gaps there.)"""
    rasteriser = load(RASTERISERS, "open3d", "rasteriser").load()
    corners = np.array([(-1, -1, 0), (1, -1, 0), (1, 1, 0), (-1, 1, 0)], float)
    found = rasteriser.rasterise(corners, np.array([[0, 1, 2], [0, 2, 3]]), size_px=SIZE)
    assert found.covered.all()
    assert set(np.unique(found.triangle)) == {0, 1}


def test_the_nearer_of_two_is_seen_whatever_their_order(rasteriser):
    # A little down, so that no diagonal runs through the centres of pixels.
    square = np.array([(-1, -1), (1, -1), (1, 1), (-1, 1)]) * 0.8 + (0, 0.003)
    behind = np.column_stack([square, np.full(4, 0.5)])
    before = np.column_stack([square * 0.5, np.full(4, -3.0)])
    triangles = np.array([[0, 1, 2], [0, 2, 3], [4, 5, 6], [4, 6, 7]])
    x, y = centres()
    for order in (triangles, triangles[::-1]):
        found = rasteriser.rasterise(np.concatenate([behind, before]), order, size_px=SIZE)
        inner = (np.abs(x) < 0.39) & (np.abs(y) < 0.39)
        assert (order[found.triangle[inner]] >= 4).all()
        np.testing.assert_allclose(found.depth[inner], -3.0, atol=1e-5)
        outer = (np.maximum(np.abs(x), np.abs(y)) < 0.79) & (np.maximum(np.abs(x), np.abs(y)) > 0.41)
        np.testing.assert_allclose(found.depth[outer], 0.5, atol=1e-5)


def test_a_ball_is_a_disc_with_the_depth_of_a_ball(rasteriser):
    vertices, triangles = ball(60, 120)
    found = rasteriser.rasterise(vertices * 0.7, triangles, size_px=SIZE)
    x, y = centres()
    radius = np.hypot(x, y)
    assert found.covered[radius < 0.695].all()
    assert not found.covered[radius > 0.7].any()
    flat = radius < 0.6
    np.testing.assert_allclose(found.depth[flat], -np.sqrt(0.49 - radius[flat] ** 2), atol=2e-3)
    # The point found by its weights is the point of the pixel.
    where = found.spread(vertices * 0.7, triangles)
    seen = found.covered
    np.testing.assert_allclose(where[seen][:, 0], x[seen], atol=1e-4)
    np.testing.assert_allclose(where[seen][:, 1], y[seen], atol=1e-4)
    np.testing.assert_allclose(where[seen][:, 2], found.depth[seen], atol=1e-4)


def test_far_away_is_as_good_as_near(rasteriser):
    """EMOCA's heads are about ten units deep; parts of them lie outside the picture."""
    corners = np.array([(-30, -20, 90), (25, -20, 90), (0.3, 40, 110)], float)
    found = rasteriser.rasterise(corners, np.array([[0, 1, 2]]), size_px=SIZE)
    assert found.covered.all()
    expected = weights_at(corners[:, :2], *centres())
    np.testing.assert_allclose(found.barycentric, expected, atol=1e-4)


def test_inputs_stay_and_twice_is_the_same(rasteriser):
    vertices, triangles = ball(12, 24)
    kept = vertices.copy(), triangles.copy()
    first, second = (rasteriser.rasterise(vertices, triangles, size_px=SIZE) for _ in range(2))
    assert first.barycentric.tobytes() == second.barycentric.tobytes()
    assert first.depth.tobytes() == second.depth.tobytes()
    np.testing.assert_array_equal(vertices, kept[0])
    np.testing.assert_array_equal(triangles, kept[1])


def test_a_missing_package_is_one_line_with_a_way_out(monkeypatch):
    monkeypatch.setitem(sys.modules, "pytorch3d", None)
    monkeypatch.setitem(sys.modules, "pytorch3d.renderer.mesh", None)
    with pytest.raises(
        MissingDependencyError, match=r"viz\.vis_renderer: pytorch3d .* Set it to open3d"
    ) as said:
        load(RASTERISERS, "pytorch3d", "rasteriser").load()
    assert "\n" not in str(said.value)


def test_the_choices_of_the_configuration_are_the_registry():
    from typing import get_args

    from affectflow.config.viz import Viz

    assert set(get_args(Viz.model_fields["vis_renderer"].annotation)) == set(RASTERISERS)
