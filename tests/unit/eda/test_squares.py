"""The nearest frame or none, and a square that does not tremble."""

from __future__ import annotations

import numpy as np
import pytest

from affectflow.eda.squares import nearest_frames, steady_squares

FPS = 35.0


def test_never_further_than_half_a_frame_and_the_tolerance():
    time_f = np.arange(700) / FPS
    at = np.arange(80) / 4
    frame = nearest_frames(at, time_f, tolerance_s=0.0)
    assert (frame >= 0).all()
    assert np.abs(time_f[frame] - at).max() <= 0.5 / FPS + 1e-9
    # A stretch that the camera lost has no picture, and its edges have.
    kept = np.delete(np.arange(700), np.s_[200:400])
    frame = nearest_frames(at, time_f[kept], tolerance_s=0.005)
    lost = (at > time_f[199] + 0.5 / FPS + 0.005) & (at < time_f[400] - 0.5 / FPS - 0.005)
    np.testing.assert_array_equal(frame < 0, lost)
    assert np.abs(time_f[kept][frame[~lost]] - at[~lost]).max() <= 0.5 / FPS + 0.005


@pytest.mark.parametrize(("at", "expected"), [(-0.3, -1), (-0.05, 0), (0.05, 0), (0.06, 1), (0.26, -1)])
def test_by_hand(at, expected):
    assert nearest_frames(np.array([at]), np.array([0.0, 0.1, 0.2]), tolerance_s=0.0)[0] == expected


def test_no_frames():
    assert nearest_frames(np.array([0.0, 1.0]), np.empty(0), tolerance_s=1.0).tolist() == [-1, -1]


def boxes_of(centre_f2, side=100.0):
    return np.column_stack([centre_f2 - side / 2, centre_f2 + side / 2])


def test_a_still_face_gives_a_still_square():
    rng = np.random.default_rng(0)
    time_f, at = np.arange(700) / FPS, np.arange(80) / 4
    trembling = boxes_of(np.array([300.0, 200.0]) + rng.normal(0, 3, (700, 2)))
    steady = steady_squares(trembling, time_f, at, scale=1.5, smoothing_s=4.0)
    alone = steady_squares(trembling, time_f, at, scale=1.5, smoothing_s=0.0)
    assert np.diff(alone[:, 0]).std() > 3
    assert np.diff(steady[:, 0]).std() < 0.15
    np.testing.assert_allclose(steady[:, 2], 150, atol=0.01)
    # A wrong box in one frame of twenty moves nothing.
    wrong = trembling.copy()
    wrong[::20] += 200
    assert np.abs(steady_squares(wrong, time_f, at, scale=1.5, smoothing_s=4.0) - steady).max() < 1


def test_the_square_follows_the_face_and_bridges_nothing_of_its_own():
    time_f, at = np.arange(700) / FPS, np.arange(80) / 4
    boxes = boxes_of(np.column_stack([100 + 10 * time_f, np.full(700, 50.0)]))
    boxes[300:600] = np.nan
    made = steady_squares(boxes, time_f, at, scale=1.0, smoothing_s=2.0)
    inside = (at > 1) & (at < 7.5)
    np.testing.assert_allclose(made[inside, 0], 100 + 10 * at[inside], atol=0.2)
    nobody = (at > time_f[299] + 1.01) & (at < time_f[600] - 1.01)
    assert np.isnan(made[nobody]).all()
