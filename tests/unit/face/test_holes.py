"""Where a recording has a hole, and how long its frames stand."""

from __future__ import annotations

import numpy as np

from affectflow.face.holes import after_hole, frame_durations


def test_frames_stand_until_the_next():
    np.testing.assert_allclose(frame_durations(np.array([0, 0.1, 0.4, 0.5])), [0.1, 0.3, 0.1, 0.1])
    np.testing.assert_array_equal(frame_durations(np.array([0.0])), [0])


def test_the_last_frame_before_a_hole_stands_for_the_usual_step():
    time_s = np.array([0, 0.04, 0.08, 30, 30.04, 30.08])
    assert after_hole(time_s).tolist() == [False, False, False, True, False, False]
    np.testing.assert_allclose(frame_durations(time_s), 0.04)


def test_a_quarter_of_a_second_and_three_steps_are_no_hole():
    assert not after_hole(np.array([0, 0.04, 0.08, 0.33, 0.37, 0.41])).any()
    assert after_hole(np.array([0, 0.04, 0.08, 0.34, 0.38, 0.42])).any()
    assert not after_hole(np.array([0, 0.5, 1.0, 2.5, 3.0, 3.5])).any()
    assert after_hole(np.array([0, 0.5, 1.0, 2.6, 3.1, 3.6])).any()


def test_too_few_frames_have_no_hole():
    assert after_hole(np.empty(0)).shape == (0,)
    assert after_hole(np.zeros(1)).tolist() == [False]
