"""EmoNet's smoothing over time: its weights, its times, its beginning and its gaps."""

import numpy as np
import pytest

from affectflow.face.affect.smoothing import WEIGHTS, smooth_affect

AT_25 = np.arange(12) / 25


def test_a_pulse_shows_the_weights():
    pulse = np.zeros((12, 1))
    pulse[5] = 1
    found = smooth_affect(pulse, AT_25)[:, 0]
    np.testing.assert_allclose(found[5:10], WEIGHTS)
    np.testing.assert_allclose(np.delete(found, range(5, 10)), 0)


@pytest.mark.parametrize("rate_hz", [8, 25, 30, 60])
def test_what_does_not_change_stays_from_the_first_frame_on(rate_hz):
    still = np.full((40, 3), -0.7)
    np.testing.assert_allclose(smooth_affect(still, np.arange(40) / rate_hz), -0.7)


def test_the_reference_begins_at_zero():
    still = np.full((6, 1), 1.0)
    found = smooth_affect(still, AT_25[:6], legacy_zero_start=True)[:, 0]
    np.testing.assert_allclose(found, [0.4, 0.65, 0.8, 0.9, 1, 1])


def test_from_the_fifth_frame_on_both_are_the_same_at_25_hz():
    values = np.random.default_rng(0).normal(size=(12, 4))
    ours, theirs = (smooth_affect(values, AT_25, legacy_zero_start=flag) for flag in (False, True))
    np.testing.assert_allclose(ours[4:], theirs[4:])
    assert np.abs(ours[:4] - theirs[:4]).min() > 1e-3


def test_twice_the_frames_reach_as_far_in_time():
    """At 50 Hz two frames share a weight."""
    pulse = np.zeros((30, 1))
    pulse[10] = 1
    found = smooth_affect(pulse, np.arange(30) / 50)[:, 0]
    assert found[10] > 0.2
    assert np.flatnonzero(found).tolist() == list(range(10, 19))


def test_frames_without_a_face_stay_without_numbers_and_lend_none():
    values = np.ones((12, 2))
    values[3] = np.nan
    values[4:] = 5
    found = smooth_affect(values, AT_25)
    assert np.isnan(found[3]).all()
    # 0.40 of 5, 0.15 and 0.10 and 0.10 of 1, over what is there.
    np.testing.assert_allclose(found[4], (0.4 * 5 + 0.35) / 0.75)
    late = smooth_affect(values, np.where(np.arange(12) < 4, AT_25, AT_25 + 1))
    np.testing.assert_allclose(late[4:], 5)


def test_nothing_at_all():
    assert smooth_affect(np.zeros((0, 3)), np.zeros(0)).shape == (0, 3)
    assert np.isnan(smooth_affect(np.full((3, 2), np.nan), np.arange(3.0))).all()


def test_it_is_the_references(shared):
    with np.load(shared / "golden" / "emonet.npz") as golden:
        np.testing.assert_array_equal(WEIGHTS[::-1], golden["temporal_weights"])
        found = smooth_affect(golden["smooth_in"], np.arange(8) / 25, legacy_zero_start=True)
        np.testing.assert_allclose(found, golden["smooth_out"], atol=1e-12)
