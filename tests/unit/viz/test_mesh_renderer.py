"""Meshes as pictures: geometry, light, outline, and the smoothing of coarse meshes."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from affectflow.face.backends.facemesh import FaceMeshBackend
from affectflow.viz import mesh_renderer
from affectflow.viz.mesh_renderer import CAMERA_DISTANCE_CM, MARGIN, MeshRenderer, vertex_normals
from affectflow.viz.subdivision import SMOOTH_FROM_TRIANGLES, loop_subdivision
from tests.support.synth_codes import ball

SIZE = 200
RADIUS = 9.0


@pytest.fixture(scope="module")
def sphere() -> tuple[np.ndarray, np.ndarray]:
    vertices, triangles = ball(36, 72)
    assert len(triangles) >= SMOOTH_FROM_TRIANGLES  # drawn as it is
    return vertices * np.float32(RADIUS), triangles


@pytest.fixture(scope="module")
def renderer(sphere) -> MeshRenderer:
    return MeshRenderer(sphere[0], sphere[1], size_px=SIZE)


def drawn(renderer: MeshRenderer, picture: np.ndarray) -> np.ndarray:
    return (picture != renderer.background).any(axis=2)


def test_a_ball_covers_the_disc_that_optics_says(renderer, sphere):
    """A ball of radius r at distance d is seen as a disc of radius f r / sqrt(d² - r²)."""
    distance = CAMERA_DISTANCE_CM + RADIUS
    focal = SIZE / 2 * distance / (RADIUS * MARGIN)
    expected = focal * RADIUS / np.sqrt(distance**2 - RADIUS**2)
    mask = drawn(renderer, renderer.render(sphere[0]))
    # The softened outline counts as drawn: half a pixel more all round.
    assert np.sqrt(mask.sum() / np.pi) == pytest.approx(expected + 0.5, abs=0.5)
    y, x = np.nonzero(mask)
    assert (x.mean(), y.mean()) == pytest.approx((SIZE / 2 - 0.5, SIZE / 2 - 0.5), abs=0.3)


def test_right_is_right_and_up_is_up(renderer, sphere):
    moved = sphere[0] * np.float32(0.3) + np.array([5, 4, 0], np.float32)
    y, x = np.nonzero(drawn(renderer, renderer.render(moved)))
    assert x.mean() > SIZE * 0.65
    assert y.mean() < SIZE * 0.4


def test_what_is_nearer_hides_what_is_behind(sphere):
    """A small ball in front of a large one is seen; inside it, the picture is that of the large one alone."""
    vertices, triangles = sphere
    small = vertices * np.float32(0.3)
    renderer = MeshRenderer(
        np.concatenate([vertices, small]),
        np.concatenate([triangles, triangles + len(vertices)]),
        size_px=SIZE,
    )
    inside, in_front, alone = (
        renderer.render(np.concatenate([vertices, small * scale + np.array([0, 0, z], np.float32)]))
        for scale, z in ((1, 0), (1, 12), (0.01, 0))
    )
    assert (inside == alone).all()
    y, x = np.nonzero((in_front != alone).any(axis=2))
    assert (x.mean(), y.mean()) == pytest.approx((SIZE / 2, SIZE / 2), abs=5)
    assert 40 < np.ptp(x) < 80


def test_light_comes_from_the_upper_left(renderer, sphere):
    picture = renderer.render(sphere[0]).astype(int).sum(axis=2)
    assert picture[60, 60] > picture[140, 140] + 100
    assert picture[60, 60] > picture[60, 140]


def test_the_outline_is_soft(renderer, sphere):
    """Along the row through the middle there is a pixel between ground and surface somewhere on the rim."""
    picture = renderer.render(sphere[0]).astype(int)
    softened = 0
    for row in range(40, 160):
        line, ground = picture[row].sum(axis=1), renderer.background[row].astype(int).sum(axis=1)
        first = np.flatnonzero(line != ground)[0]
        softened += abs(line[first] - ground[first]) < 0.75 * abs(line[first + 2] - ground[first + 2])
    assert softened > 60


def test_an_opening_shows_the_ground_and_a_back_the_dark_inside():
    """A square with a square hole, seen from the front and from behind."""
    outer = np.array([(-8, -8, 0), (8, -8, 0), (8, 8, 0), (-8, 8, 0)], np.float32)
    vertices = np.concatenate([outer, outer / 2])
    triangles = []
    for a in range(4):
        b = (a + 1) % 4
        triangles += [(a, b, 4 + a), (b, 4 + b, 4 + a)]
    triangles = np.array(triangles, np.int32)
    front = MeshRenderer(vertices, triangles, size_px=SIZE)
    back = MeshRenderer(vertices, triangles[:, ::-1], size_px=SIZE)
    seen, turned = front.render(vertices), back.render(vertices)
    middle, rim = (SIZE // 2, SIZE // 2), (SIZE // 2, SIZE // 5)
    assert (seen[middle] == front.background[middle]).all()
    assert seen[rim].astype(int).sum() > 2 * turned[rim].astype(int).sum()
    assert (turned[rim] != back.background[rim]).any()


def test_muted_is_grey_and_darker(renderer, sphere):
    lit, muted = renderer.render(sphere[0]), renderer.render(sphere[0], muted=True)
    mask = drawn(renderer, muted)
    assert muted[mask].mean() < 0.75 * lit[mask].mean()
    assert np.ptp(muted[SIZE // 2, SIZE // 2].astype(int)) < 15


def test_same_bytes_for_any_number_of_threads_and_inputs_stay(sphere):
    vertices, triangles = sphere[0].copy(), sphere[1].copy()
    pictures = [
        MeshRenderer(vertices, triangles, size_px=SIZE, threads=t).render(vertices) for t in (1, 2, 1)
    ]
    assert pictures[0].tobytes() == pictures[1].tobytes() == pictures[2].tobytes()
    assert (vertices == sphere[0]).all()
    assert (triangles == sphere[1]).all()


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_a_mesh_that_is_not_finite_or_out_of_sight_leaves_the_ground(renderer, sphere, bad):
    broken = sphere[0].copy()
    broken[3, 1] = bad
    assert (renderer.render(broken) == renderer.background).all()
    assert (renderer.render(sphere[0] + np.array([500, 0, 0], np.float32)) == renderer.background).all()
    assert (renderer.render(sphere[0] + np.array([0, 0, 200], np.float32)) == renderer.background).all()


def test_interpolated_pixels_look_like_cast_ones(monkeypatch):
    """Against a picture in which every pixel has its own ray."""
    backend = FaceMeshBackend.load()
    exp = np.random.default_rng(0).normal(0, 0.7, (1, 50))
    rest, face = backend.mesh(
        np.concatenate([np.zeros((1, 50)), exp]), np.array([[0.0] * 6, [0.1, 0.3, 0, 0.2, 0, 0]])
    )
    renderer = MeshRenderer(rest, backend.triangles, size_px=301)
    cast = []
    call = mesh_renderer._Caster.__call__
    monkeypatch.setattr(
        mesh_renderer._Caster, "__call__", lambda self, rays: cast.append(rays.size // 6) or call(self, rays)
    )
    quick, n_quick = renderer.render(face), sum(cast)
    cast.clear()
    monkeypatch.setattr(mesh_renderer, "ALIKE", -1)
    full, n_full = renderer.render(face), sum(cast)
    difference = np.abs(quick.astype(int) - full).max(axis=2)
    assert difference.mean() < 0.5
    assert (difference > 8).mean() < 5e-4
    assert n_quick < 0.75 * n_full


def test_normals_of_a_ball_point_outwards(sphere):
    normals = vertex_normals(*sphere)
    assert np.einsum("ij,ij->i", normals, sphere[0] / RADIUS).min() > 0.99
    assert np.linalg.norm(normals, axis=1) == pytest.approx(1.0, abs=1e-5)


def test_the_face_opens_its_mouth_and_turns():
    backend = FaceMeshBackend.load()
    exp = np.zeros((3, 50))
    pose = np.zeros((3, 6))
    pose[1, 3] = 0.45  # jaw
    pose[2, 1] = 0.5  # to the picture's right
    rest, opened, turned = backend.mesh(exp, pose)
    renderer = MeshRenderer(rest, backend.triangles, size_px=SIZE)
    pictures = [drawn(renderer, renderer.render(v)) for v in (rest, opened, turned)]
    assert 0.3 < pictures[0].mean() < 0.7
    column = slice(SIZE // 2 - 4, SIZE // 2 + 4)

    def gap(mask: np.ndarray) -> int:
        rows = np.flatnonzero(mask[:, column].any(axis=1))
        return int((~mask[rows[0] : rows[-1], column]).all(axis=1).sum())

    assert gap(pictures[1]) > gap(pictures[0]) + 8
    # Eyes are holes; the far one (on the picture's right) narrows as the head turns.
    near, far = eye_areas(pictures[2])
    assert near > 1.3 * far > 0
    left, right = eye_areas(pictures[0])
    assert left == pytest.approx(right, rel=0.1)


def eye_areas(mask: np.ndarray) -> tuple[int, int]:
    """Areas of the two largest holes of the upper half, from left to right, pixels."""
    _, _, stats, centres = cv2.connectedComponentsWithStats((~mask).astype(np.uint8), connectivity=4)
    holes = [
        (area, x)
        for (left, top, _, _, area), (x, y) in zip(stats[1:].tolist(), centres[1:].tolist(), strict=True)
        if left > 0 and top > 0 and y < SIZE / 2
    ]
    two = sorted(sorted(holes)[-2:], key=lambda hole: hole[1])
    return two[0][0], two[1][0]


class TestSubdivision:
    def test_a_closed_mesh_stays_closed_and_wound_alike(self):
        vertices, triangles = ball(8, 12)
        weights, finer = loop_subdivision(triangles, len(vertices))
        smooth = weights @ vertices
        n_edges = len(triangles) * 3 // 2
        assert smooth.shape == (len(vertices) + n_edges, 3)
        assert len(finer) == 4 * len(triangles)
        directed = np.concatenate([finer[:, [0, 1]], finer[:, [1, 2]], finer[:, [2, 0]]])
        # Every edge runs once each way: closed and consistently wound.
        assert len(np.unique(directed, axis=0)) == len(directed)
        assert {tuple(e) for e in directed.tolist()} == {tuple(e) for e in directed[:, ::-1].tolist()}
        outwards = np.einsum("ij,ij->i", vertex_normals(smooth.astype(np.float32), finer), smooth)
        assert outwards.min() > 0

    def test_weights_sum_to_one_and_smooth(self):
        vertices, triangles = ball(8, 12)
        weights, _ = loop_subdivision(triangles, len(vertices))
        assert np.asarray(weights.sum(axis=1)).ravel() == pytest.approx(1.0, abs=1e-6)
        noisy = vertices + np.random.default_rng(0).normal(0, 0.05, vertices.shape)
        # Distances from the ball become more alike.
        assert np.linalg.norm(weights @ noisy, axis=1).std() < 0.8 * np.linalg.norm(noisy, axis=1).std()

    def test_two_triangles_by_hand(self):
        """A unit square: the diagonal's middle is 3/8, 3/8, 1/8, 1/8; rim middles halve; rim corners 3/4, 1/8, 1/8."""
        square = np.array([(0, 0, 0), (1, 0, 0), (1, 1, 0), (0, 1, 0)], float)
        weights, finer = loop_subdivision(np.array([(0, 1, 2), (0, 2, 3)], np.int32), 4)
        smooth = weights @ square
        assert smooth[0] == pytest.approx((0.125, 0.125, 0))
        expected = {(0.5, 0.5), (0.5, 0.0), (1.0, 0.5), (0.5, 1.0), (0.0, 0.5)}
        assert {tuple(np.round(p[:2], 6)) for p in smooth[4:]} == expected
        assert (vertex_normals(smooth.astype(np.float32), finer)[:, 2] > 0.99).all()

    def test_coarse_meshes_are_smoothed_by_the_renderer(self, monkeypatch):
        vertices, triangles = ball(5, 6)

        def rim_variation() -> float:
            renderer = MeshRenderer(vertices, triangles, size_px=SIZE)
            y, x = np.nonzero(drawn(renderer, renderer.render(vertices))) - np.array([[SIZE / 2], [SIZE / 2]])
            angle, reach = np.arctan2(y, x), np.hypot(y, x)
            rim = [reach[np.abs(angle - a) < 0.05].max() for a in np.linspace(-3, 3, 80)]
            # How sharp the corners are: second differences.
            return float(np.abs(np.diff(rim, 2)).max())

        smoothed = rim_variation()
        monkeypatch.setattr("affectflow.viz.mesh_renderer.SMOOTH_FROM_TRIANGLES", 0)
        assert smoothed < 0.7 * rim_variation()
