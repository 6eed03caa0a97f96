"""Gaps, coverage, regularity and jitter, against what was put in."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from affectflow.features.coverage import (
    coverage_of_signals,
    find_gaps,
    irregular_share,
    longest_gap_s,
    pose_jitter,
    share_with_all_signals,
)
from tests.support.synth_frames import frame_times, frames_table


def test_gaps_run_from_data_to_data_and_to_the_ends():
    time = np.arange(100) / 10
    have = np.ones(100, bool)
    have[:20] = have[50:53] = have[70] = have[90:] = False
    gaps = find_gaps(time, have, max_gap_s=0.25)
    assert np.allclose(gaps, [[0, 2.0], [4.9, 5.3], [8.9, 9.9]])
    assert longest_gap_s(time, have) == pytest.approx(2.0)


def test_frames_that_were_dropped_are_a_gap_too():
    time = np.concatenate([np.arange(50), np.arange(60, 100)]) / 25
    assert np.allclose(find_gaps(time, np.ones(90, bool), max_gap_s=0.2), [[49 / 25, 60 / 25]])


def test_a_slow_recording_is_not_all_gaps():
    time = np.arange(10) * 5.0
    assert len(find_gaps(time, np.ones(10, bool), max_gap_s=0.2)) == 0


@pytest.mark.parametrize(("n", "gaps", "longest"), [(0, 0, None), (1, 1, 0.0), (50, 1, 4.9)])
def test_without_any_data_all_is_one_gap(n, gaps, longest):
    time = np.arange(n) / 10
    assert len(find_gaps(time, np.zeros(n, bool), max_gap_s=1.0)) in (gaps, 2 * gaps)
    assert longest_gap_s(time, np.zeros(n, bool)) == (None if longest is None else pytest.approx(longest))


@settings(max_examples=60, deadline=None)
@given(st.lists(st.booleans(), min_size=2, max_size=60), st.floats(0.05, 2.0))
def test_every_row_without_data_outside_gaps_is_near_data(have, max_gap_s):
    have, time = np.array(have), np.arange(len(have)) / 10
    gaps = find_gaps(time, have, max_gap_s=max_gap_s)
    for moment in time[~have]:
        if not any(a <= moment <= b for a, b in gaps):
            # One and a half of the usual steps are never a gap.
            assert np.abs(time[have] - moment).min() <= max(max_gap_s, 0.15) + 1e-9
    # Nothing was measured inside a gap.
    for a, b in gaps:
        assert not have[(time > a + 1e-9) & (time < b - 1e-9)].any()


def test_coverage_per_signal_and_of_all_together():
    time = frame_times(100)
    hr, eda = np.full(100, 60.0), np.full(100, 2.0)
    hr[:10] = eda[90:] = np.nan
    signals = {
        "hr_bpm": hr,
        "eda_usiemens": eda,
        "rppg_hr_bpm": np.full(100, np.nan),
        "quality_hr": np.full(100, 0.5),
    }
    frames = frames_table(time, signals=signals, columns={"au_12": hr})
    table = {r["signal"]: r for r in coverage_of_signals(frames, max_gap_s=0.2).iter_rows(named=True)}
    assert set(table) == {"hr_bpm", "eda_usiemens", "rppg_hr_bpm"}
    assert table["hr_bpm"]["coverage"] == pytest.approx(0.9)
    assert table["hr_bpm"]["n_gaps"] == 1
    assert table["hr_bpm"]["gap_max_s"] == pytest.approx(10 / 25)
    assert table["hr_bpm"]["quality"] == 0.5
    assert table["eda_usiemens"]["quality"] is None
    assert table["rppg_hr_bpm"]["coverage"] == 0
    # The pulse in the face is not a recorded signal.
    assert share_with_all_signals(frames) == pytest.approx(0.8)
    assert share_with_all_signals(frames.drop("hr_bpm", "eda_usiemens")) is None


def test_another_sensor_of_the_same_quantity_asks_for_nothing_more():
    time, nothing = frame_times(100), np.full(100, np.nan)
    hr, beats, pulse = np.full((3, 100), 60.0)
    hr[:30], beats[20:], pulse[:90] = np.nan, np.nan, np.nan
    signals = {"hr_bpm": hr, "hr_ibi_bpm": beats, "hr_bvp_bpm": pulse, "ibi_ms": nothing}
    assert share_with_all_signals(frames_table(time, signals=signals)) == pytest.approx(0.9)
    signals |= {"eda_left_usiemens": hr, "eda_right_usiemens": pulse}
    assert share_with_all_signals(frames_table(time, signals=signals)) == pytest.approx(0.1)


def test_irregular_steps_are_counted():
    time = frame_times(101)
    assert irregular_share(time) == 0
    time[50:] += 0.1
    assert irregular_share(time) == pytest.approx(1 / 100)
    assert irregular_share(time[:1]) is None


def test_jitter_is_the_noise_and_not_the_movement():
    time = frame_times(5000)
    movement = 0.4 * np.sin(2 * np.pi * 0.3 * time)[:, None] * [1.0, 0.5, 0.2]
    noise = 0.004 * np.random.default_rng(0).standard_normal((5000, 3))
    assert pose_jitter(time, movement + noise, max_gap_s=0.2) == pytest.approx(0.004, rel=0.05)
    assert pose_jitter(time, movement, max_gap_s=0.2) < 0.0006
    lost = movement + noise
    lost[::7] = np.nan
    assert pose_jitter(time, lost, max_gap_s=0.2) == pytest.approx(0.004, rel=0.05)


def test_jitter_needs_three_neighbours():
    time = frame_times(60)
    pose = np.zeros((60, 3))
    pose[2::3] = np.nan
    assert pose_jitter(time, pose, max_gap_s=0.2) is None
    assert pose_jitter(time[:2], pose[:2], max_gap_s=0.2) is None


def test_empty_tables_say_nothing():
    empty = pl.DataFrame(frames_table(frame_times(5), signals={"hr_bpm": np.ones(5)})).clear()
    table = coverage_of_signals(empty, max_gap_s=0.2)
    assert table.row(0, named=True) == {
        "signal": "hr_bpm", "coverage": None, "n_gaps": 0, "gap_max_s": None, "quality": None,
    }  # fmt: skip
    assert share_with_all_signals(empty) is None
