from __future__ import annotations

import numpy as np
import pytest

from affectflow.face.anatomy import EMOCA105, IBUG68
from affectflow.face.backends.facemesh import FaceMeshBackend
from affectflow.face.views import landmark_views, square_crop
from tests.support.synth_faces import landmarks_of, random_codes


@pytest.fixture(scope="module")
def landmarks() -> np.ndarray:
    return landmarks_of(FaceMeshBackend.load().mesh(*random_codes(6)))


def test_the_crop_is_the_box_of_the_points_enlarged():
    points = np.zeros((1, 68, 2))
    points[0, 1] = (100, 60)
    centre, size = square_crop(points)
    assert centre.tolist() == [[50, 30]]
    assert size.tolist() == [np.floor(80 * 1.1 * 1.25)]


def test_coordinates_lead_back_to_the_picture(landmarks):
    before = landmarks.copy()
    views = landmark_views(landmarks)
    for name, points in (("l68", IBUG68), ("mp", EMOCA105)):
        for axis, letter in enumerate("xy"):
            back = (
                views[f"crop_{letter}_px"][:, None]
                + views["crop_size_px"][:, None] / 2 * views[f"{name}_{letter}"]
            )
            np.testing.assert_allclose(back, landmarks[:, list(points), axis], atol=1e-3)
    assert np.abs(views["l68_x"]).max() < 1
    assert all(v.dtype == np.float32 for v in views.values())
    assert np.array_equal(landmarks, before)


def test_a_face_of_one_point_has_a_crop_of_one_pixel():
    assert landmark_views(np.full((1, 478, 3), 7, np.float32))["crop_size_px"].tolist() == [1.0]


def test_no_faces():
    views = landmark_views(np.zeros((0, 478, 3), np.float32))
    assert views["l68_x"].shape == (0, 68)
    assert views["mp_y"].shape == (0, 105)
