"""Blinks relative to the person's own open eyes."""

import numpy as np
import pytest

from affectflow.face.blinks import find_blinks, open_eye_level
from tests.support.synth_frames import frame_times

LIMITS = {"close_below": 0.65, "open_above": 0.8}


def with_blinks(time, at, *, level=0.3, depth=0.8, width=0.08, noise=0.006, seed=0):
    ear = np.full(time.size, float(level))
    for moment in at:
        ear -= level * depth * np.exp(-0.5 * ((time - moment) / width) ** 2)
    return ear + noise * np.random.default_rng(seed).standard_normal(time.size)


def onsets(shut, time):
    return time[np.flatnonzero(np.diff(shut, prepend=False) & shut)]


@pytest.mark.parametrize("level", [0.18, 0.3, 0.42])
@pytest.mark.parametrize("fps", [15.0, 25.0, 60.0])
def test_every_blink_is_found_once_whatever_the_eyes(level, fps):
    time = frame_times(round(40 * fps), fps=fps)
    at = np.array([2.0, 2.8, 9.0, 15.5, 21.0, 33.3])
    found = onsets(find_blinks(with_blinks(time, at, level=level), time, **LIMITS), time)
    assert found.size == at.size
    assert np.all(np.abs(found - at) < 0.2)


def test_open_eyes_do_not_blink():
    time = frame_times(1000)
    assert not find_blinks(with_blinks(time, [], noise=0.015), time, **LIMITS).any()


def test_noise_at_a_threshold_does_not_split_a_blink():
    time = frame_times(250)
    ear = np.full(250, 0.3)
    ear[100:120] = 0.3 * np.tile([0.60, 0.72], 10)
    assert onsets(find_blinks(ear, time, **LIMITS), time).size == 1


def test_a_half_shut_eye_is_no_blink():
    time = frame_times(250)
    ear = np.full(250, 0.3)
    ear[100:115] = 0.3 * 0.72
    assert not find_blinks(ear, time, **LIMITS).any()


def test_the_level_follows_slow_changes():
    """A head that tilts for a minute makes the eyes look smaller; that is no long blink."""
    time = frame_times(3000)
    ear = np.where(time > 60, 0.2, 0.3) + 0.002 * np.random.default_rng(0).standard_normal(3000)
    ear[(time > 90) & (time < 90.3)] = 0.05
    shut = find_blinks(ear, time, **LIMITS)
    assert shut[(time > 90) & (time < 90.3)].all()
    assert shut[(time > 72) & (time < 89)].sum() == 0


def test_eyes_that_stay_shut_stay_shut():
    time = frame_times(3000)
    ear = np.where((time > 30) & (time < 90), 0.06, 0.3)
    shut = find_blinks(ear, time, **LIMITS)
    assert shut[(time > 31) & (time < 89)].all()
    assert not shut[time < 30].any()


def test_a_lost_face_ends_a_blink_and_an_unseen_one_has_none():
    time = frame_times(250)
    ear = with_blinks(time, [5.0], noise=0)
    ear[124:127] = np.nan
    shut = find_blinks(ear, time, **LIMITS)
    assert not shut[124:127].any()
    assert not find_blinks(np.full(250, np.nan), time, **LIMITS).any()
    assert np.isnan(open_eye_level(np.full(3, np.nan), time[:3])).all()
    assert find_blinks(np.empty(0), np.empty(0), **LIMITS).size == 0


def test_a_hole_in_the_video_ends_a_blink():
    """Narrowed eyes after 20 s without a frame do not belong to the blink before."""
    time = frame_times(250)
    ear = np.full(250, 0.3)
    ear[120:124], ear[124:130] = 0.05, 0.3 * 0.6
    assert not find_blinks(ear, time, **LIMITS)[124:130].any()
    time[124:] += 20
    assert find_blinks(ear, time, **LIMITS)[120:130].all()


def test_eyes_that_stay_narrowed_after_a_blink_are_open():
    """As in a smile: the blink ends when the eyes are half way back, not when they are wide again."""
    time = frame_times(250)
    ear = np.where(time > 4, 0.3 * 0.72, 0.3)
    blink = (time > 3.9) & (time < 4.2)
    ear[blink] = 0.05
    assert np.array_equal(find_blinks(ear, time, **LIMITS), blink)


def test_a_blink_of_eyes_that_are_wide_open_for_some_seconds_is_found():
    time = frame_times(24 * 25, fps=25.0)
    wide = (time > 10) & (time < 14)
    ear = with_blinks(time, [4.0], noise=0.004) * np.where(wide, 1.35, 1.0)
    # Down to four fifths of how the eyes usually are, which alone is no closure: 0.6 of wide open.
    ear = np.where(np.abs(time - 12) < 0.05, 0.8 * 0.3, ear)
    found = onsets(find_blinks(ear, time, **LIMITS), time)
    np.testing.assert_allclose(found, [4.0, 12.0], atol=0.15)
