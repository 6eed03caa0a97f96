"""From fast clocks to slow ones: no wave that is not there, nothing across gaps, validity as it was."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from affectflow.signal.resample import (
    interpolate_valid,
    low_pass,
    rate_of,
    resample_at,
    resample_regular,
    runs_of_valid,
)
from tests.support.synth_frames import frame_times


def wave(hz, rate_hz, seconds=20.0):
    time = np.arange(round(seconds * rate_hz)) / rate_hz
    return time, np.sin(2 * np.pi * hz * time)


def inner(time_s, value, margin_s=1.0):
    return value[(time_s > margin_s) & (time_s < time_s[-1] - margin_s)]


@pytest.mark.parametrize("rate_hz", [64.0, 250.0, 1000.0])
@pytest.mark.parametrize("irregular", [0.0, 0.3])
def test_what_frames_cannot_carry_does_not_come_back_as_a_slow_wave(rate_hz, irregular):
    """28.5 Hz at 30 frames a second would be seen as 1.5 Hz: a pulse that is not there."""
    time, value = wave(28.5, rate_hz)
    frames = frame_times(580, fps=30.0, irregular=irregular)
    bare = np.interp(frames, time, value)
    assert np.std(bare) > 0.4
    found = resample_at(time, value, frames, rate_hz=30.0, max_gap_s=1.0)
    assert np.abs(inner(frames, found)).max() < 0.005


@pytest.mark.parametrize("rate_hz", [64.0, 250.0, 1000.0])
@pytest.mark.parametrize(("hz", "lost"), [(0.25, 0.001), (1.2, 0.006), (3.6, 0.04)])
def test_breath_and_pulse_come_through_at_their_time(rate_hz, hz, lost):
    time, value = wave(hz, rate_hz)
    frames = frame_times(580, fps=30.0, irregular=0.3)
    found = resample_at(time, value, frames, rate_hz=30.0, max_gap_s=1.0)
    assert np.abs(inner(frames, found - np.sin(2 * np.pi * hz * frames))).max() < lost


def test_a_jittering_clock_is_filtered_as_well():
    rng = np.random.default_rng(0)
    time = np.arange(20_000) / 1000 + rng.uniform(0, 0.0004, 20_000)
    frames = frame_times(560, fps=30.0)
    found = resample_at(time, np.sin(2 * np.pi * 28.5 * time), frames, rate_hz=30.0, max_gap_s=1.0)
    assert np.abs(inner(frames, found)).max() < 0.005


def test_a_straight_line_stays_one_to_its_ends():
    time = np.arange(0, 10, 1 / 256)
    found = low_pass(time, 5.0 - 2.0 * time, rate_hz=25.0, max_gap_s=1.0)
    assert np.allclose(found, 5.0 - 2.0 * time, atol=1e-9)


def test_a_slow_signal_keeps_its_values_to_the_bit():
    rng = np.random.default_rng(1)
    time = np.arange(0, 30, 0.25)
    value = rng.standard_normal(time.size)
    assert low_pass(time, value, rate_hz=30.0, max_gap_s=1.0) is value
    assert np.array_equal(resample_at(time, value, time, rate_hz=30.0, max_gap_s=1.0), value)


def test_a_share_stays_between_zero_and_one():
    time = np.arange(0, 10, 0.004)
    share = (np.floor(time) % 2).astype(float)
    found = low_pass(time, share, rate_hz=30.0, max_gap_s=1.0)
    assert (found.min(), found.max()) == (0.0, 1.0)


def test_nothing_passes_a_gap():
    """What lies beyond a gap or a sample that is not valid does not change a single bit."""
    rng = np.random.default_rng(2)
    time = np.delete(np.arange(0, 30, 1 / 128), np.s_[1280:1536])
    value = rng.standard_normal(time.size)
    value[2000:2003] = np.nan
    other = value.copy()
    other[:1280] += 100
    other[2003:] -= 50
    one, two = (low_pass(time, v, rate_hz=30.0, max_gap_s=1.0) for v in (value, other))
    assert np.array_equal(one[1280:2000], two[1280:2000])
    assert not np.array_equal(one[:1280], two[:1280])
    assert np.array_equal(np.isnan(one), np.isnan(value))


@settings(max_examples=60, deadline=None)
@given(data=st.data(), rate_hz=st.sampled_from([7.0, 25.0, 64.0, 500.0]))
def test_a_value_is_there_exactly_where_it_would_be_without_the_filter(data, rate_hz):
    n = data.draw(st.integers(1, 200))
    rng = np.random.default_rng(data.draw(st.integers(0, 2**32 - 1)))
    steps = np.where(rng.random(n) < 0.05, rng.uniform(0.5, 3, n), rng.uniform(0.8, 1.2, n) / rate_hz)
    time = np.cumsum(steps) - 1
    value = np.where(rng.random(n) < data.draw(st.floats(0, 0.5)), np.nan, rng.standard_normal(n))
    at = np.sort(np.concatenate([rng.uniform(-2, time[-1] + 1, 50), rng.choice(time, min(n, 20))]))
    found = resample_at(time, value, at, rate_hz=25.0, max_gap_s=1.0)
    plain = interpolate_valid(time, value, at, max_gap_s=1.0)
    assert np.array_equal(np.isnan(found), np.isnan(plain))
    if np.isfinite(found).any():
        assert np.nanmin(found) >= np.nanmin(value) - 1e-9
        assert np.nanmax(found) <= np.nanmax(value) + 1e-9


def test_runs_of_valid_samples():
    time = np.array([0, 1, 2, 3, 10, 11, 12.0])
    value = np.array([1, 2, np.nan, 4, 5, 6, 7.0])
    assert runs_of_valid(time, value, 1.0) == [slice(0, 2), slice(3, 4), slice(4, 7)]
    assert runs_of_valid(time, np.full(7, np.nan), 1.0) == []


def test_a_regular_clock_is_shared_by_all_signals():
    """Multiples of its step, whatever the signal's first sample is."""
    time = 0.013 + np.arange(0, 5, 1 / 64)
    clock, value = resample_regular(time, 3 * time, rate_hz=10.0, max_gap_s=1.0)
    assert np.allclose(clock * 10, np.round(clock * 10))
    assert (clock[0], clock[-1]) == (0.1, 5.0 - 0.1 + 0.1 * (time[-1] >= 5.0))
    assert np.allclose(value, 3 * clock, atol=1e-9)


def test_nothing_gives_nothing():
    clock, value = resample_regular(np.empty(0), np.empty(0), rate_hz=10.0, max_gap_s=1.0)
    assert clock.size == value.size == 0
    assert np.isnan(rate_of(np.array([1.0])))
    assert np.isnan(
        resample_at(np.array([1.0]), np.array([2.0]), np.array([1.5]), rate_hz=30.0, max_gap_s=1.0)
    ).all()
