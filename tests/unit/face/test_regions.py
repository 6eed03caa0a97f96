"""Geometry of regions and boxes, against answers worked out by hand."""

from __future__ import annotations

import math

import numpy as np
import pytest
from numpy.testing import assert_allclose

from affectflow.face.regions import (
    EYE_LEFT,
    EYE_RIGHT,
    Region,
    box_of_landmarks,
    overlap,
    region_of_box,
    region_of_landmarks,
)


def test_region_is_square_around_the_longer_side_and_levels_the_eyes():
    region = region_of_box(10, 20, 50, 100, eye_right=(20, 50), eye_left=(40, 70))
    assert (region.x_px, region.y_px) == (30, 60)
    assert region.size_px == pytest.approx(1.5 * 80)
    # The subject's left eye, on the right of the picture, is lower: the head leans clockwise.
    assert region.angle_rad == pytest.approx(math.pi / 4)


def test_region_of_an_upside_down_face():
    region = region_of_box(0, 0, 10, 10, eye_right=(8, 5), eye_left=(2, 5))
    assert abs(region.angle_rad) == pytest.approx(math.pi)


def test_points_of_a_region_come_back_to_the_picture():
    region = Region(100, 50, 40, math.pi / 2)
    unit = np.array([[0.5, 0.5, 0.0], [1.0, 0.5, 0.25], [0.5, 0.0, -1.0]], dtype=np.float32)
    # A quarter turn clockwise: right becomes down, up becomes right.
    assert_allclose(region.to_picture(unit), [[100, 50, 0], [100, 70, 10], [120, 50, -40]], atol=1e-4)
    assert unit[1, 0] == 1.0


def test_region_of_landmarks_agrees_with_that_of_their_box():
    landmarks = np.random.default_rng(3).uniform(20, 90, (478, 3)).astype(np.float32)
    x0, y0, x1, y1 = box_of_landmarks(landmarks)
    assert_allclose([x0, y0], landmarks[:, :2].min(axis=0))
    assert_allclose([x1, y1], landmarks[:, :2].max(axis=0))
    expected = region_of_box(
        x0, y0, x1, y1, eye_right=tuple(landmarks[EYE_RIGHT, :2]), eye_left=tuple(landmarks[EYE_LEFT, :2])
    )
    found = region_of_landmarks(landmarks)
    assert_allclose(
        [found.x_px, found.y_px, found.size_px, found.angle_rad],
        [expected.x_px, expected.y_px, expected.size_px, expected.angle_rad],
        rtol=1e-6,
    )


def test_overlap():
    boxes = np.array([[0, 0, 10, 10], [5, 5, 5, 5]], dtype=float)
    others = np.array([[0, 0, 10, 10], [1, 0, 11, 10], [10, 10, 20, 20], [2, 2, 4, 4]], dtype=float)
    # 90/110 as in reference/face-tracking.md's worked example; boxes without an area share nothing.
    assert_allclose(overlap(boxes, others), [[1, 90 / 110, 0, 4 / 100], [0, 0, 0, 0]])
