"""From frames to features: rows unchanged, nothing across gaps, everything from this recording."""

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from affectflow.config.features import Baseline, Outliers, Smoothing
from affectflow.errors import ConfigError, InputError
from affectflow.features.preprocess_frames import preprocess_frames
from affectflow.io.tables import check_table
from affectflow.schema import EXP, POSE
from tests.support.synth_frames import FACE, frame_times, frames_table


def column(table, name):
    return table[name].cast(pl.Float64).fill_null(np.nan).to_numpy()


def test_rows_ids_and_measured_validity_do_not_change():
    time = frame_times(250)
    lost = ((time > 3) & (time < 3.1)) | ((time > 6) & (time < 7))
    frames = frames_table(time, lost=lost, signals={"hr_bpm": 60 + time})
    copy = frames.clone()
    features = check_table(preprocess_frames(frames, max_gap_s=0.2), "features", "test")
    assert frames.equals(copy)
    kept = [
        "recording_id",
        "subject_id",
        "condition",
        "pair",
        "frame_id",
        "time_s",
        "phase",
        "valid",
        "hr_bpm",
    ]
    assert features.select(kept).equals(frames.select(kept))
    exp = column(features, "exp_03")
    assert np.isfinite(exp[(time > 3) & (time < 3.1)]).all()
    assert np.isnan(exp[(time > 6) & (time < 7)]).all()
    assert features.filter(~pl.col("valid"))["blink"].null_count() == lost.sum()
    assert preprocess_frames(frames, max_gap_s=0.2).equals(features)


@settings(max_examples=40, deadline=None)
@given(data=st.data())
def test_nothing_is_invented_in_long_gaps_by_any_preset(data):
    """Across losses, phases and frame rates: no value of face or derivative where a long gap is."""
    n = data.draw(st.integers(30, 150))
    time = frame_times(n, irregular=data.draw(st.sampled_from([0.0, 0.3])))
    lost = np.zeros(n, bool)
    for _ in range(data.draw(st.integers(0, 4))):
        start = data.draw(st.integers(0, n - 1))
        lost[start : start + data.draw(st.integers(1, 15))] = True
    border = data.draw(st.integers(0, n))
    phase = ["P1"] * border + [None] * (n - border)
    frames = frames_table(time, lost=lost, phase=phase)
    preset = data.draw(st.sampled_from(["savgol", "one_euro", "none"]))
    features = preprocess_frames(frames, max_gap_s=0.2, smoothing=Smoothing(preset=preset))
    have = ~lost
    for i in np.flatnonzero(lost):
        before, after = np.flatnonzero(have[:i]), np.flatnonzero(have[i:]) + i
        near = before.size and after.size and time[after[0]] - time[before[-1]] <= 0.2 + 1e-6
        if not near or (before[-1] < border <= after[0]):
            row = features.row(i, named=True)
            assert all(
                row[c] is None and row[f"d_{c}"] is None for c in ("exp_00", "pose_01", "smile", "ear_left")
            )
    assert features.filter(pl.Series(have)).select(pl.col(FACE).null_count()).to_numpy().sum() == 0


def test_smoothing_does_not_see_the_next_phase():
    """A step at the border of two phases stays a step, and has no speed."""
    time = frame_times(100)
    step = np.where(time < 2, 0.0, 1.0)
    phase = np.where(time < 2, "P1", "P2").tolist()
    features = preprocess_frames(frames_table(time, phase=phase, columns={"exp_00": step}), max_gap_s=0.2)
    assert np.allclose(column(features, "exp_00"), step, atol=1e-6)
    assert np.allclose(column(features, "d_exp_00"), 0, atol=1e-4)


def test_values_follow_the_truth_and_derivatives_are_theirs():
    time = frame_times(500)
    rng = np.random.default_rng(0)
    truth = 0.3 * np.sin(2 * np.pi * 0.4 * time)
    frames = frames_table(time, columns={"exp_05": truth + 0.02 * rng.standard_normal(500)})
    features = preprocess_frames(frames, max_gap_s=0.2)
    assert np.std(column(features, "exp_05") - truth) < 0.015
    slope = 0.3 * 2 * np.pi * 0.4 * np.cos(2 * np.pi * 0.4 * time)
    assert np.corrcoef(column(features, "d_exp_05"), slope)[0, 1] > 0.9
    numeric = np.gradient(column(features, "exp_05"), time)
    assert np.allclose(column(features, "d_exp_05"), numeric, atol=1e-3)


def test_a_jump_of_one_frame_does_not_reach_the_features():
    time = frame_times(250)
    truth = 0.2 * np.sin(time)
    jumped = truth.copy()
    jumped[100] += 5
    frames = frames_table(time, columns={"exp_00": jumped})
    assert np.max(np.abs(column(preprocess_frames(frames, max_gap_s=0.2), "exp_00") - truth)) < 0.02
    kept = preprocess_frames(frames, max_gap_s=0.2, outliers=Outliers(kind="none"))
    assert np.max(np.abs(column(kept, "exp_00") - truth)) > 1


def test_blinks_are_found_and_their_depth_is_kept():
    time = frame_times(500)
    frames = frames_table(time)
    features = preprocess_frames(frames, max_gap_s=0.2)
    onsets = (features["blink"] & ~features["blink"].shift(1)).sum()
    assert onsets == 5
    assert np.array_equal(column(features, "ear_left"), column(frames, "ear_left"))


def test_a_head_turned_by_pi_is_smoothed_as_a_rotation():
    time = frame_times(200)
    angle = 3.0 + 0.4 * np.sin(time)
    wrapped = np.where(angle > np.pi, angle - 2 * np.pi, angle)
    noise = 0.005 * np.random.default_rng(0).standard_normal(200)
    frames = frames_table(
        time, columns={"pose_00": 0 * time, "pose_01": wrapped + noise, "pose_02": 0 * time}
    )
    features = preprocess_frames(frames, max_gap_s=0.2)
    assert np.max(np.abs(column(features, "pose_01") - angle)) < 0.02
    assert np.max(np.abs(column(features, "d_pose_01"))) < 1.0


def test_signals_are_differentiated_only_where_that_means_something():
    time = frame_times(250)
    hr = np.where((time > 4) & (time < 5), np.nan, 60 + 2 * time)
    frames = frames_table(time, signals={"hr_bpm": hr, "scr_rate_hz": 0 * time, "rsp_au": time})
    features = preprocess_frames(frames, max_gap_s=0.2)
    assert {"d_scr_rate_hz", "d_rsp_au"}.isdisjoint(features.columns)
    slope = column(features, "d_hr_bpm")
    assert np.allclose(slope[np.isfinite(hr)], 2, atol=1e-4)
    assert np.isnan(slope[np.isnan(hr)]).all()
    assert features["hr_bpm"].equals(frames["hr_bpm"])


@pytest.mark.parametrize(
    "baseline", [Baseline(kind="first_seconds", seconds=2), Baseline(kind="phase", phase="rest")]
)
def test_the_resting_level_is_this_recordings_own(baseline):
    time = frame_times(250)
    phase = np.where(time < 2, "rest", "task").tolist()
    value = np.where(time < 2, 0.4, 0.9)
    frames = frames_table(
        time, phase=phase, columns={"exp_00": value}, signals={"hr_bpm": 60 + 10 * (time >= 2)}
    )
    features = preprocess_frames(frames, max_gap_s=0.2, baseline=baseline)
    assert np.allclose(column(features, "exp_00"), value - 0.4, atol=1e-6)
    assert np.allclose(column(features, "hr_bpm"), 10 * (time >= 2))
    plain = preprocess_frames(frames, max_gap_s=0.2)
    assert np.allclose(column(features, "d_exp_00"), column(plain, "d_exp_00"), atol=1e-4)
    rest = column(features, "pose_00")[time < 2]
    assert abs(rest.mean()) < 0.01


def test_a_baseline_phase_that_is_not_there():
    frames = frames_table(frame_times(50), phase="P1")
    with pytest.raises(InputError, match=r"recording S01_a: has no phase 'rest' .*its phases: P1"):
        preprocess_frames(frames, max_gap_s=0.2, baseline=Baseline(kind="phase", phase="rest"))


def test_a_baseline_without_a_face_leaves_nothing_to_compare_with():
    time = frame_times(100)
    frames = frames_table(time, lost=time < 2)
    features = preprocess_frames(frames, max_gap_s=0.2, baseline=Baseline(kind="first_seconds", seconds=1))
    assert features["exp_00"].null_count() == 100
    assert features["pose_00"].null_count() == 100


def test_an_unknown_preset():
    with pytest.raises(
        ConfigError, match=r"features.smoothing.preset 'savgoll' does not exist. Did you mean savgol\?"
    ):
        preprocess_frames(frames_table(frame_times(20)), max_gap_s=0.2, smoothing=Smoothing(preset="savgoll"))


@pytest.mark.parametrize("n", [0, 1, 2, 3])
def test_tiny_recordings(n):
    frames = frames_table(frame_times(max(n, 1))[:n]) if n else frames_table(frame_times(1)).clear()
    features = check_table(preprocess_frames(frames, max_gap_s=0.2), "features", "test")
    assert features.height == n
    assert features["exp_00"].null_count() == 0


def test_a_recording_without_any_face():
    time = frame_times(100)
    features = preprocess_frames(frames_table(time, lost=np.ones(100, bool)), max_gap_s=0.2)
    check_table(features, "features", "test")
    assert features.select(pl.col(*EXP, *POSE, "blink").null_count()).to_numpy().min() == 100


def test_columns_that_a_backend_does_not_measure_stay_null():
    frames = frames_table(frame_times(100)).with_columns(brow_raise=pl.lit(None, pl.Float32))
    features = preprocess_frames(frames, max_gap_s=0.2)
    assert features["brow_raise"].null_count() == 100
    assert features["smile"].null_count() == 0
