"""Stretches of frames: what may touch what."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from affectflow.features.frame_runs import (
    clean_matrix,
    column_groups,
    find_stretches,
    interpolate_rows,
    per_second,
    phase_runs,
)
from tests.support.synth_frames import frame_times


def test_a_phase_that_comes_back_is_another_run():
    assert phase_runs(["P1", "P1", None, "P1"]).tolist() == [0, 0, 1, 2]
    assert phase_runs([]).size == 0


def test_stretches_end_at_gaps_phases_and_standing_time():
    time = np.array([0, 0.04, 0.08, 0.5, 0.54, 0.58, 0.58, 0.62])
    runs = np.array([0, 0, 0, 0, 0, 1, 1, 1])
    found = find_stretches(np.ones(8, bool), time, runs, max_gap_s=0.2)
    assert [f.tolist() for f in found] == [[0, 1, 2], [3, 4], [5], [6, 7]]
    assert find_stretches(np.zeros(8, bool), time, runs, max_gap_s=0.2) == []


@settings(max_examples=150, deadline=None)
@given(data=st.data())
def test_filling_keeps_to_the_limit_and_to_the_phase(data):
    """A missing frame gets a value exactly when measured frames within the limit surround it in its phase."""
    n = data.draw(st.integers(2, 80))
    have = np.array(data.draw(st.lists(st.booleans(), min_size=n, max_size=n)))
    time = frame_times(n, irregular=data.draw(st.sampled_from([0.0, 0.5])), seed=data.draw(st.integers(0, 9)))
    border = data.draw(st.integers(0, n))
    runs = phase_runs(["P1"] * border + ["P2"] * (n - border))
    values = np.where(have, 3 * time - 1, np.nan)[:, None]
    filled = clean_matrix(values, time, runs, max_gap_s=0.2)[:, 0]
    for i in range(n):
        if have[i]:
            assert filled[i] == values[i, 0]
            continue
        before, after = np.flatnonzero(have[:i]), np.flatnonzero(have[i:]) + i
        near = before.size > 0 and after.size > 0
        if near:
            a, b = before[-1], after[0]
            if abs(time[b] - time[a] - 0.2) < 1e-6:
                continue
            near = time[b] - time[a] <= 0.2 and runs[a] == runs[b]
        assert np.isfinite(filled[i]) == near
        if near:
            assert abs(filled[i] - (3 * time[i] - 1)) < 1e-9


def test_columns_that_miss_the_same_rows_go_together():
    have = np.array([[1, 1, 0], [1, 1, 1], [0, 0, 1]], dtype=bool)
    groups = sorted(columns.tolist() for columns, _ in column_groups(have))
    assert groups == [[0, 1], [2]]


def test_steps_see_one_stretch_at_a_time():
    time = frame_times(100)
    values = np.repeat(time[:, None], 3, axis=1)
    values[40:60] = np.nan
    seen = []

    def step(piece, at):
        seen.append((piece.shape, at[0], at[-1]))
        return piece

    out = clean_matrix(values, time, np.zeros(100, int), max_gap_s=0.2, steps=(step,))
    assert seen == [((40, 3), time[0], time[39]), ((40, 3), time[60], time[99])]
    assert np.isnan(out[40:60]).all()


def test_interpolation_returns_given_rows_to_the_bit():
    rng = np.random.default_rng(0)
    time = np.cumsum(rng.uniform(0.01, 0.1, 50))
    values = rng.standard_normal((50, 4))
    assert np.array_equal(interpolate_rows(values, time, time[:-1]), values[:-1])
    assert np.allclose(interpolate_rows(values, time, time[-1:]), values[-1:])
    assert interpolate_rows(values[:1], time[:1], time[:1]).tolist() == values[:1].tolist()


def test_derivatives_are_per_second_at_any_frame_rate():
    for fps in (10.0, 25.0, 60.0):
        time = frame_times(100, fps=fps, irregular=0.6)
        slope = per_second(np.stack([3 * time, -time], axis=1), time, np.zeros(100, int), max_gap_s=0.2)
        assert np.allclose(slope, [3, -1])


def test_derivatives_do_not_cross_gaps_or_phases():
    time = frame_times(60)
    value = np.where(np.arange(60) < 30, 0.0, 100.0)[:, None]
    runs = phase_runs(["P1"] * 30 + ["P2"] * 30)
    assert np.all(per_second(value, time, runs, max_gap_s=0.2) == 0)
    assert per_second(value, time, np.zeros(60, int), max_gap_s=0.2).max() > 1000
    value[28:32] = np.nan
    slope = per_second(value, time, np.zeros(60, int), max_gap_s=0.2)
    assert np.isnan(slope[28:32]).all()
    assert np.nanmax(np.abs(slope)) == 0
    lonely = np.full((5, 1), np.nan)
    lonely[2] = 1.0
    assert np.isnan(per_second(lonely, frame_times(5), np.zeros(5, int), max_gap_s=0.2)).all()


@pytest.mark.parametrize("order", ["C", "F"])
def test_cleaning_in_place_gives_the_same(order):
    """Scattered and whole rows and columns alike: what is written has been read before."""
    rng = np.random.default_rng(0)
    time = np.arange(60) / 25
    values = rng.standard_normal((60, 5))
    values[10:14, [0, 2, 4]] = np.nan
    values[20:45, 1] = np.nan
    values[::3, 3] = np.nan
    runs = np.repeat([0, 1], 30)
    kept = values.copy()

    def running_sum(piece, at):
        return np.cumsum(piece, axis=0)

    options = {"max_gap_s": 0.2, "steps": (running_sum,), "before_filling": (running_sum,)}
    apart = clean_matrix(values, time, runs, **options)
    assert np.array_equal(values, kept, equal_nan=True)
    own = np.array(values, order=order)
    assert clean_matrix(own, time, runs, **options, out=own) is own
    assert np.array_equal(own, apart, equal_nan=True)
    one_by_one = [clean_matrix(values[:, [c]], time, runs, **options)[:, 0] for c in range(5)]
    assert np.array_equal(np.stack(one_by_one, axis=1), apart, equal_nan=True)
