"""Phases summarised as wholes, against plain loops; and what a slope is."""

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from affectflow.features.make_windows import make_windows
from affectflow.features.preprocess_frames import preprocess_frames
from affectflow.features.summarise_phases import summarise_phases
from affectflow.io.tables import check_table
from tests.support.synth_frames import frame_times, frames_table

SETTINGS = {"min_phase_s": 4.0, "max_gap_s": 0.2}


def features_of(time, **options):
    return preprocess_frames(frames_table(time, **options), max_gap_s=0.2)


def phases_of(*tables, **changes):
    return check_table(summarise_phases(tables, **(SETTINGS | changes)), "windows", "test")


def test_each_run_of_a_phase_is_one_row_with_its_own_limits():
    time = frame_times(500)
    phase = ["P1"] * 125 + [None] * 25 + ["P2"] * 150 + ["P1"] * 200
    table = phases_of(features_of(time, phase=phase))
    assert table["phase"].to_list() == ["P1", "P2", "P1"]
    assert table["window_id"].to_list() == [0, 1, 2]
    assert table["start_s"].to_list() == pytest.approx([0, 6, 12])
    assert table["end_s"].to_list() == pytest.approx([5, 12, 20])
    assert table["n_frames"].to_list() == [125, 150, 200]
    assert table["coverage"].to_list() == pytest.approx([1, 1, 1])
    # Eyes shut at 2, 6, 10, 14, 18 s; the one at 6 s begins between the phases.
    assert (table["blink_rate_hz"] * (table["end_s"] - table["start_s"])).to_list() == pytest.approx(
        [1, 1, 2], abs=1e-6
    )


def test_summaries_equal_a_plain_loop_over_rows():
    time = frame_times(600, irregular=0.3)
    phase = np.where(time < 9, "P1", "P2").tolist()
    lost = (time > 5) & (time < 5.5)
    features = features_of(time, lost=lost, phase=phase, signals={"hr_bpm": 70 + np.sin(time)})
    table = phases_of(features)
    assert table.height == 2
    for row in table.iter_rows(named=True):
        part = features.filter(pl.col("phase") == row["phase"])
        at = part["time_s"].to_numpy()
        assert row["coverage"] == pytest.approx(1 - 0.5 / 9 if row["phase"] == "P1" else 1, abs=0.01)
        for name in ("exp_00", "pose_02", "smile", "hr_bpm"):
            value = part[name].cast(pl.Float64)
            assert row[f"mean_{name}"] == pytest.approx(value.mean(), rel=1e-9, abs=1e-12)
            assert row[f"sd_{name}"] == pytest.approx(value.std(), rel=1e-9)
            speed = part[f"d_{name}"].cast(pl.Float64).abs().mean()
            assert row[f"speed_{name}"] == pytest.approx(speed, rel=1e-9)
            x, change, length = value.fill_null(np.nan).to_numpy(), 0.0, 0.0
            for i in range(1, x.size):
                if np.isfinite(x[i]) and np.isfinite(x[i - 1]):
                    change, length = change + x[i] - x[i - 1], length + at[i] - at[i - 1]
            assert row[f"slope_{name}"] == pytest.approx(change / length, rel=1e-9, abs=1e-12)


@settings(max_examples=30, deadline=None)
@given(
    n=st.integers(30, 200),
    irregular=st.sampled_from([0.0, 0.4]),
    fps=st.sampled_from([10.0, 25.0, 60.0]),
    seed=st.integers(0, 99),
)
def test_the_slope_is_last_minus_first_over_time_where_nothing_is_missing(n, irregular, fps, seed):
    time = frame_times(n, fps=fps, irregular=irregular, seed=seed)
    walk = np.cumsum(np.random.default_rng(seed).standard_normal(n))
    features = features_of(time, signals={"hr_bpm": walk}, seed=seed)
    row = phases_of(features, min_phase_s=0.0).row(0, named=True)
    for name in ("hr_bpm", "exp_03"):
        x = features[name].cast(pl.Float64).to_numpy()
        assert row[f"slope_{name}"] == pytest.approx((x[-1] - x[0]) / (time[-1] - time[0]), abs=1e-9)
        assert abs(row[f"slope_{name}"]) <= row[f"speed_{name}"] * 1.5 + 1e-9
    for window in make_windows(
        [features], length_s=1.0, stride_s=0.3, min_coverage=0.8, max_gap_s=0.2
    ).iter_rows(named=True):
        inside = (time >= window["start_s"] - 1e-9) & (time < window["end_s"] - 1e-9)
        x, at = walk[inside], time[inside]
        assert window["slope_hr_bpm"] == pytest.approx((x[-1] - x[0]) / (at[-1] - at[0]), abs=1e-8)


def test_there_and_back_has_speed_and_no_slope():
    time = frame_times(1001)
    table = phases_of(features_of(time, signals={"hr_bpm": np.sin(2 * np.pi * time / 4)}))
    assert table["speed_hr_bpm"].item() == pytest.approx(1.0, rel=0.01)  # 4 x amplitude / period
    assert table["slope_hr_bpm"].item() == pytest.approx(0, abs=1e-9)


def test_a_slope_does_not_count_the_jump_over_a_gap():
    time = frame_times(500)
    hr = np.where(time < 10, 60.0, 90.0)
    hr[(time > 9) & (time < 11)] = np.nan
    table = phases_of(features_of(time, signals={"hr_bpm": hr}))
    assert table["slope_hr_bpm"].item() == pytest.approx(0, abs=1e-12)
    stalled = np.concatenate([frame_times(200), 8 + frame_times(200) + 5])
    jump = np.where(stalled < 10, 60.0, 90.0)
    table = phases_of(features_of(stalled, signals={"hr_bpm": jump}))
    assert table["slope_hr_bpm"].item() == pytest.approx(0, abs=1e-12)


def test_too_little_of_a_measure_is_null_and_the_phase_stays():
    time = frame_times(500)
    phase = ["P1"] * 99 + ["P2"] * 100 + ["P3"] * 301
    hr = np.where(time > 12, np.nan, 70.0)
    lost = time >= 8
    table = phases_of(features_of(time, phase=phase, signals={"hr_bpm": hr}, lost=lost))
    assert table["phase"].to_list() == ["P1", "P2", "P3"]
    # P1 lasts 3.96 s: a frame short. P3 has a heart rate for 4.04 s, and a face for a frame.
    assert table["mean_hr_bpm"].is_null().to_list() == [True, False, False]
    assert table["mean_exp_00"].is_null().to_list() == [True, False, True]
    assert table["slope_exp_00"].is_null().to_list() == [True, False, True]
    assert table["coverage"].to_list() == pytest.approx([1, 1, 0], abs=0.01)
    assert phases_of(features_of(time, phase=phase), min_phase_s=3.96)["mean_exp_00"].null_count() == 0


def test_several_recordings_and_nothing():
    one = features_of(frame_times(250), recording_id="S01_a", signals={"hr_bpm": np.full(250, 70.0)})
    two = features_of(frame_times(150), recording_id="S02_a")
    table = phases_of(one, two)
    assert table["recording_id"].to_list() == ["S01_a", "S02_a"]
    assert table["mean_hr_bpm"].to_list() == [70.0, None]
    assert phases_of().height == phases_of(one.clear()).height == 0
    assert phases_of(features_of(frame_times(1)))["mean_exp_00"].to_list() == [None]


def test_a_recording_without_phases_is_told(caplog):
    with caplog.at_level("WARNING", "affectflow"):
        assert phases_of(features_of(frame_times(50), phase=[None] * 50)).height == 0
    assert "S01_a: no frame lies in a phase" in caplog.text


def test_half_a_frame_of_a_phases_length_is_forgiven():
    """Clocks are rounded: 100 frames at 25 per second are 4 s also when the first came 10 ms late; 98 are not."""
    time = frame_times(300)
    time[0] += 0.01
    for n, known in ((100, True), (98, False)):
        table = phases_of(features_of(time, phase=["P1"] * n + ["P2"] * (300 - n)))
        assert table["mean_exp_00"].is_not_null().to_list() == [known, True]


def test_runs_of_a_phase_that_are_short_each_count_together():
    time = frame_times(400)
    phase = ["P1"] * 75 + ["P2"] * 250 + ["P1"] * 75  # P1: 3 s and 3 s
    hr = np.where(time > 12, np.nan, 70.0)  # 3 s of P1 in all
    table = phases_of(features_of(time, phase=phase, signals={"hr_bpm": hr}))
    assert table["mean_exp_00"].is_not_null().to_list() == [True, True, True]
    assert table["mean_hr_bpm"].to_list() == [None, 70.0, None]
    assert phases_of(features_of(time, phase=phase), min_phase_s=6.1)["mean_exp_00"].is_null().to_list() == [
        True,
        False,
        True,
    ]
