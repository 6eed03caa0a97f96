"""Which pixels count as skin, and what their mean is."""

from __future__ import annotations

from types import SimpleNamespace

import cv2
import numpy as np
import polars as pl
import pytest

from affectflow.datasets.simulated.person import portrait, portrait_points
from affectflow.errors import TableError
from affectflow.face.skin_colour import mean_skin, skin_colour, skin_weights
from affectflow.schema import FACES

HEIGHT = WIDTH = 512
# Middles of parts of the portrait's face, by Face Mesh points.
CHEEKS, CHIN, NOSE, FOREHEAD = (50, 280), 199, 4, 151
PUPILS, LIPS = (468, 473), (13, 14)


@pytest.fixture(scope="module")
def points() -> np.ndarray:
    return portrait_points()[:, :2]


def spread(weights: np.ndarray, corner: tuple[int, int]) -> np.ndarray:
    """The weights laid over the whole picture."""
    full = np.zeros((HEIGHT, WIDTH), np.uint8)
    x0, y0 = corner
    full[y0 : y0 + weights.shape[0], x0 : x0 + weights.shape[1]] = weights
    return full


def at(full: np.ndarray, point: np.ndarray) -> int:
    return int(full[int(point[1]), int(point[0])])


def test_cheeks_and_forehead_count_twice_eyes_and_mouth_not_at_all(points):
    full = spread(*skin_weights(points, height=HEIGHT, width=WIDTH))
    assert [at(full, points[i]) for i in (*CHEEKS, FOREHEAD)] == [128, 128, 128]
    assert [at(full, points[i]) for i in (CHIN, NOSE)] == [64, 64]
    assert [at(full, points[i]) for i in (*PUPILS, *LIPS)] == [0, 0, 0, 0]
    brows = [at(full, points[i]) for i in (52, 282)]
    assert brows == [0, 0]
    assert full[:, : int(points[:, 0].min())].max() == 0
    assert full[int(points[:, 1].max()) + 1 :].max() == 0


def test_the_sides_are_alike():
    mesh = portrait_points()[:, :2]
    flipped = mesh * [-1, 1] + [WIDTH, 0]
    one = spread(*skin_weights(mesh, height=HEIGHT, width=WIDTH))
    # In a mirror left becomes right: the mesh's left points are then seen on the other side, which
    # changes nothing about what is skin.
    two = spread(*skin_weights(flipped, height=HEIGHT, width=WIDTH))[:, ::-1]
    assert np.mean(np.abs(one.astype(int) - two) > 40) < 0.001


def test_the_mean_of_one_colour_is_that_colour(points):
    picture = np.tile(np.array([180, 140, 120], np.uint8), (HEIGHT, WIDTH, 1))
    np.testing.assert_array_equal(mean_skin(picture, points), [180, 140, 120])


def test_what_moves_does_not_count(points):
    picture = np.tile(np.array([180, 140, 120], np.uint8), (HEIGHT, WIDTH, 1))
    for i in (*PUPILS, *LIPS):
        cv2.circle(picture, tuple(int(v) for v in points[i]), 3, (30, 200, 30), -1)
    cv2.rectangle(picture, (0, 0), (WIDTH, int(points[:, 1].min()) - 2), (30, 200, 30), -1)
    np.testing.assert_array_equal(mean_skin(picture, points), [180, 140, 120])


def test_the_mean_is_weighted(points):
    """Against the plain formula, on a picture of noise."""
    rng = np.random.default_rng(1)
    picture = rng.integers(60, 200, (HEIGHT, WIDTH, 3)).astype(np.uint8)
    full = spread(*skin_weights(points, height=HEIGHT, width=WIDTH)).astype(float)
    expected = (picture * full[..., None]).sum(axis=(0, 1)) / full.sum()
    np.testing.assert_allclose(mean_skin(picture, points), expected, rtol=1e-12)


def test_burnt_out_and_black_pixels_are_left_out(points):
    picture = np.tile(np.array([180, 140, 120], np.uint8), (HEIGHT, WIDTH, 1))
    middle = int(points[NOSE, 0])
    picture[:, :middle] = (255, 200, 180)
    np.testing.assert_array_equal(mean_skin(picture, points), [180, 140, 120])
    picture[:, :middle] = (20, 20, 20)
    np.testing.assert_array_equal(mean_skin(picture, points), [180, 140, 120])
    picture[:] = 255
    assert np.isnan(mean_skin(picture, points)).all()


def test_faces_at_the_edge_outside_and_too_small(points):
    picture = np.tile(np.array([180, 140, 120], np.uint8), (HEIGHT, WIDTH, 1))
    half_out = points - [points[:, 0].mean(), 0]
    np.testing.assert_array_equal(mean_skin(picture, half_out), [180, 140, 120])
    for away in (points - [5000, 0], points - [0, 5000], points * 0.05):
        assert np.isnan(mean_skin(picture, away)).all()


def face_row(frame_id: int, points: np.ndarray | None) -> dict:
    row = dict.fromkeys(FACES.names) | {
        "recording_id": "r1", "frame_id": frame_id, "time_s": frame_id * 0.1,
        "track_id": -1 if points is None else 0, "primary": points is not None, "valid": points is not None,
    }  # fmt: skip
    if points is not None:
        row["landmarks_px"] = np.column_stack([points, np.zeros(len(points))]).ravel().tolist()
    return row


class Unseen:
    """A frame nobody may look at."""

    def __init__(self, frame_id: int) -> None:
        self.frame_id = frame_id

    @property
    def rgb(self) -> np.ndarray:
        raise AssertionError("a frame without a face was converted")


def test_one_colour_per_frame_and_none_without_a_face(points):
    table = pl.DataFrame(
        [face_row(0, points), face_row(1, None), face_row(2, points)], schema=FACES.empty().schema
    )
    frames = [
        SimpleNamespace(frame_id=0, rgb=portrait()),
        Unseen(1),
        SimpleNamespace(frame_id=2, rgb=portrait()),
    ]
    found = skin_colour(iter(frames), [table[:2], table[2:]])
    np.testing.assert_allclose(found.time_s, [0, 0.1, 0.2])
    assert np.isfinite(found.rgb).all(axis=1).tolist() == [True, False, True]
    red, green, blue = found.rgb[0]
    assert red > green > blue > 50
    np.testing.assert_array_equal(found.rgb[0], found.rgb[2])


def test_a_table_of_another_video_is_refused(points):
    table = pl.DataFrame([face_row(0, None), face_row(1, None)], schema=FACES.empty().schema)
    with pytest.raises(TableError, match="track_faces"):
        skin_colour(iter([Unseen(0)]), [table])


def test_no_frames_at_all():
    found = skin_colour(iter([]), [])
    assert found.time_s.shape == (0,)
    assert found.rgb.shape == (0, 3)
