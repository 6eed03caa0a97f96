"""Smoothing by time: the same whatever the frame rate, and over gaps."""

from __future__ import annotations

import numpy as np
import pytest

from affectflow.face.expressions.smoothing import shares_kept, smooth


def smoothed(values, time_s, known=None, *, time_constant_s=0.5):
    values, time_s = np.asarray(values, float)[:, None], np.asarray(time_s, float)
    known = np.isfinite(values[:, 0]) if known is None else known
    return smooth(values, shares_kept(time_s, known, time_constant_s=time_constant_s))[:, 0]


def test_by_hand():
    kept = np.array([0.7, 0.7, 0.5])
    np.testing.assert_allclose(smooth(np.array([[1.0], [0.0], [2.0]]), kept)[:, 0], [1, 0.7, 1.35])


def test_a_step_falls_to_1_over_e_after_the_time_constant_at_any_rate():
    for fps in (5.0, 25.0, 120.0):
        time_s = np.arange(2 * fps) / fps
        y = smoothed(time_s == 0, time_s)
        assert y[np.searchsorted(time_s, 0.5)] == pytest.approx(
            np.exp(-time_s[np.searchsorted(time_s, 0.5)] / 0.5)
        )


def test_irregular_frames_that_say_the_same_leave_the_same():
    # From 0.2 s on the value is 1: that half of the frames are missing changes nothing at 1 s.
    dense = np.arange(11) / 10
    sparse = np.delete(dense, [4, 5, 7, 8, 9])
    assert smoothed(sparse > 0.15, sparse)[-1] == pytest.approx(smoothed(dense > 0.15, dense)[-1])


def test_gaps_stay_null_and_are_forgotten_by_their_length():
    y = smoothed([1, np.nan, np.nan, 0], [0, 0.1, 0.2, 0.3])
    assert np.isnan(y[1:3]).all()
    assert y[3] == pytest.approx(np.exp(-0.3 / 0.5))
    assert smoothed([1, np.nan, 0], [0, 0.1, 60])[2] == pytest.approx(0)


def test_no_start_towards_zero_and_no_smoothing():
    np.testing.assert_array_equal(smoothed([np.nan, 3, 3], [0, 1, 2])[1:], [3, 3])
    np.testing.assert_array_equal(smoothed([1, 5, 2], [0, 1, 2], time_constant_s=0), [1, 5, 2])
    assert smoothed([], []).shape == (0,)
