"""From event times to rates."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from affectflow.signal.event_rates import events_per_second, rate_per_minute, refine_peaks, regular_times

LIMITS = {"lowest": 30.0, "highest": 220.0, "max_change": 0.25, "max_gap_s": 1.0}


def test_steady_beats_give_their_rate_from_first_to_last():
    beats = np.arange(0.3, 20, 0.75)
    at = regular_times(0, 20, 4)
    rate = rate_per_minute(beats, at, **LIMITS)
    inside = (at >= beats[0]) & (at <= beats[-1])
    assert np.allclose(rate[inside], 80.0)
    assert np.isnan(rate[~inside]).all()


def test_a_missed_beat_leaves_a_hole_and_no_wrong_rate():
    beats = np.delete(np.arange(0, 30, 0.75), 20)
    at = regular_times(0, 30, 4)
    rate = rate_per_minute(beats, at, **LIMITS)
    assert np.nanmin(rate) > 79.9
    assert np.nanmax(rate) < 80.1
    hole = (at > beats[19] + 1e-6) & (at < beats[20] - 1e-6)
    assert hole.sum() >= 5
    assert np.isnan(rate[hole]).all()


def test_a_beat_counted_twice_does_not_show():
    beats = np.sort(np.append(np.arange(0, 30, 0.75), 15.2))
    rate = rate_per_minute(beats, regular_times(0, 29, 4), **LIMITS)
    assert np.nanmax(np.abs(rate - 80)) < 0.1


def test_too_few_events():
    at = np.arange(4.0)
    assert np.isnan(rate_per_minute(np.array([1.0]), at, **LIMITS)).all()
    assert np.isnan(rate_per_minute(np.empty(0), at, **LIMITS)).all()
    assert np.isnan(rate_per_minute(np.array([1.0, 9.0]), at, **LIMITS)).all()


@given(gap=st.floats(2.6, 60), bpm=st.floats(50, 120))
def test_nothing_is_invented_in_a_hole(gap, bpm):
    """Between two stretches of beats further apart than any possible interval there is no rate."""
    step = 60 / bpm
    first = np.arange(20) * step
    second = first[-1] + gap + np.arange(20) * step
    at = regular_times(0, second[-1], 4)
    rate = rate_per_minute(np.concatenate([first, second]), at, **LIMITS)
    inside = (at > first[-1] + 1e-6) & (at < second[0] - 1e-6)
    assert np.isnan(rate[inside]).all()
    assert np.isfinite(rate[~inside]).all()


def test_counts_are_per_observed_second():
    at = np.array([0.0, 10.0, 20.0])
    events = np.array([1.0, 9.0, 11.0])
    rate = events_per_second(events, at, begin_s=0, end_s=20, window_s=10)
    assert np.allclose(rate, [1 / 5, 2 / 10, 0])


def test_peaks_are_placed_between_samples():
    at = np.arange(40) / 10
    for true in (1.53, 1.57, 1.50):
        wave = np.cos(2 * np.pi * 0.5 * (at - true))
        peak = np.array([int(np.argmax(wave))])
        assert abs(refine_peaks(wave, peak)[0] / 10 - true) < 0.002
    assert refine_peaks(np.array([3.0, 2.0, 1.0]), np.array([0])).tolist() == [0.0]


def test_clocks_share_their_ticks():
    assert regular_times(-0.3, 0.6, 4).tolist() == [-0.25, 0.0, 0.25, 0.5]
