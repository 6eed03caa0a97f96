"""Action units and the like, imported beside codes without expression, from join to windows."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from affectflow.errors import InputError
from affectflow.features.join_frames import join_frames
from affectflow.features.make_windows import make_windows
from affectflow.features.preprocess_frames import preprocess_frames
from affectflow.io.tables import check_table
from affectflow.schema import CODES, EXP, POSE, VIDEO_FRAMES, is_further_face
from affectflow.stats.measures import feature_columns, kind_of
from affectflow.train.windows.inputs import choose_columns

N, RATE_HZ, UNSEEN = 100, 25, 30


def codes():
    """Codes with action units and pose, without expression; one frame without a face."""
    seen = np.arange(N) != UNSEEN
    wave = np.sin(np.arange(N) / 10)
    table = pl.DataFrame(
        {
            "recording_id": ["a"] * N,
            "frame_id": np.arange(N),
            "time_s": np.arange(N) / RATE_HZ,
            "valid": seen,
            **{name: 0.1 * wave for name in POSE[:3]},
            "au_12": 0.5 + 0.2 * wave,
            "eyes_yaw_rad": np.where(np.arange(N) == 31, 3.0, 0.05 * wave),
        }
    )
    missing = [pl.lit(None, c.dtype).alias(c.name) for c in CODES.columns if c.name not in table.columns]
    dtypes = {c.name: c.dtype for c in CODES.columns} | {"au_12": pl.Float32, "eyes_yaw_rad": pl.Float32}
    table = table.with_columns(*missing).cast({n: t for n, t in dtypes.items() if n in table.columns})
    return check_table(table.select(*CODES.names, "au_12", "eyes_yaw_rad"), "codes", "a")


def frames(signals=None):
    times = codes().select("recording_id", "frame_id", "time_s")
    times = times.cast({c.name: c.dtype for c in VIDEO_FRAMES.columns if c.name in times.columns})
    table = join_frames(
        times, codes(), signals, None, subject_id="a", condition="rest", pair="a", max_gap_s=1.0
    )
    return check_table(table, "frames", "a")


def test_they_go_with_the_face_and_are_cleaned_with_it():
    joined = frames()
    assert joined["au_12"].null_count() == 1
    assert joined["au_12"][UNSEEN] is None
    features = check_table(preprocess_frames(joined, max_gap_s=0.5), "features", "a")
    # Filled, smoothed and freed of a jump, as measures of the face are.
    assert features["au_12"].null_count() == 0
    assert features["au_12"][UNSEEN] == pytest.approx(0.5 + 0.2 * np.sin(UNSEEN / 10), abs=0.02)
    assert abs(features["eyes_yaw_rad"][31]) < 0.2
    assert features["d_au_12"].null_count() == 0
    assert features.select(EXP).null_count().row(0) == (N,) * len(EXP)


def test_windows_have_their_summaries_and_no_quality():
    features = preprocess_frames(frames(), max_gap_s=0.5)
    windows = make_windows([features], length_s=2.0, stride_s=2.0, min_coverage=0.8, max_gap_s=0.5)
    check_table(windows, "windows", "a")
    assert windows.height == 2
    assert (
        windows.select("mean_au_12", "sd_au_12", "speed_au_12", "mean_eyes_yaw_rad").null_count().row(0)
        == (0,) * 4
    )
    assert windows["mean_exp_00"].null_count() == 2
    assert windows["mean_pose_00"].null_count() == 0
    assert not [c for c in windows.columns if c.startswith("quality_")]


def test_a_signal_of_the_same_name_is_refused():
    signals = pl.DataFrame(
        {
            "recording_id": ["a"] * 2,
            "signal": ["eyes_yaw_rad"] * 2,
            "time_s": [0.0, 1.0],
            "value": [0.1, 0.1],
            "valid": [True, True],
        }
    )
    with pytest.raises(InputError, match="recording a: eyes_yaw_rad is in its signals and in its face codes"):
        frames(signals)


def test_they_are_measures_of_the_face_for_statistics_and_models():
    assert kind_of("mean_au_12") == kind_of("speed_emotion_happy") == kind_of("emotion_valence") == "measures"
    assert kind_of("mean_eyes_yaw_rad") == "measures"
    assert kind_of("mean_gaze_x_px") == "signals"
    assert not is_further_face("au_1")
    table = pl.DataFrame({"mean_au_12": [0.1], "mean_hr_bpm": [60.0]})
    assert feature_columns(table, kinds=["measures"]) == ["mean_au_12"]
    chosen = choose_columns([["au_12", "hr_bpm"]], emoca_mode=["measures"])
    assert chosen["bio"] == ("hr_bpm",)
    assert chosen["face"][-1] == "au_12"
    assert "au_12" not in choose_columns([["au_12", "hr_bpm"]], emoca_mode=["pose"])["face"]
