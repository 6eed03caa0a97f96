"""Stretches: where a signal is cut, and the clock of each piece."""

from itertools import pairwise

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from affectflow.signal.stretches import longest_step, median_step, on_regular_clock, split_at_gaps


@given(
    steps=st.lists(st.floats(0.001, 5), min_size=1, max_size=60),
    limit=st.floats(0.01, 4),
)
def test_every_sample_is_in_one_stretch_and_no_stretch_holds_a_gap(steps, limit):
    time = np.cumsum(steps)
    runs = split_at_gaps(time, limit)
    assert np.concatenate([time[r] for r in runs]).tolist() == time.tolist()
    for run in runs:
        assert np.all(np.diff(time[run]) <= limit + 2e-9)
    for a, b in pairwise(runs):
        assert time[b][0] - time[a][-1] > limit


def test_no_samples_give_no_stretch():
    assert split_at_gaps(np.empty(0), 1.0) == []


def test_a_regular_signal_keeps_its_samples_to_the_bit():
    time, value = np.arange(50) / 25, np.random.default_rng(0).standard_normal(50)
    stretch = on_regular_clock(time, value, step_s=median_step(time))
    assert np.array_equal(stretch.value, value)
    assert np.array_equal(stretch.time_s, time)
    assert abs(stretch.rate_hz - 25) < 1e-9


def test_an_irregular_signal_is_put_on_its_median_rate():
    rng = np.random.default_rng(1)
    time = np.cumsum(rng.uniform(0.02, 0.06, 400))
    stretch = on_regular_clock(time, 3 * time, step_s=median_step(time))
    assert np.allclose(np.diff(stretch.time_s), median_step(time))
    assert np.allclose(stretch.value, 3 * stretch.time_s)
    assert stretch.time_s[-1] <= time[-1]


def test_a_slow_signal_is_not_all_gaps():
    assert longest_step(np.arange(10) * 5.0, 1.0) == 7.5
    assert longest_step(np.arange(10) / 25, 1.0) == 1.0
