"""Windows cut by time, against plain loops."""

import numpy as np
import polars as pl
import pytest

from affectflow.features.make_windows import make_windows
from affectflow.features.preprocess_frames import preprocess_frames
from affectflow.io.tables import check_table
from tests.support.synth_frames import frame_times, frames_table

SETTINGS = {"length_s": 3.0, "stride_s": 1.0, "min_coverage": 0.8, "max_gap_s": 0.2}


def features_of(time, **options):
    return preprocess_frames(frames_table(time, **options), max_gap_s=0.2)


def test_summaries_equal_a_plain_loop_over_rows():
    time = frame_times(400, irregular=0.3)
    lost = (time > 5) & (time < 5.5)
    features = features_of(time, lost=lost, signals={"hr_bpm": 70 + np.sin(time)})
    windows = check_table(make_windows([features], **SETTINGS), "windows", "test")
    assert windows.height >= 10
    for row in windows.iter_rows(named=True):
        part = features.filter((pl.col("time_s") >= row["start_s"]) & (pl.col("time_s") < row["end_s"]))
        assert row["n_frames"] == part.height
        for name in ("exp_00", "pose_02", "smile", "hr_bpm"):
            value = part[name].cast(pl.Float64)
            assert row[f"mean_{name}"] == pytest.approx(value.mean(), rel=1e-9, abs=1e-12)
            assert row[f"sd_{name}"] == pytest.approx(value.std(), rel=1e-6)
            assert row[f"speed_{name}"] == pytest.approx(
                part[f"d_{name}"].cast(pl.Float64).abs().mean(), rel=1e-6
            )


def test_windows_lie_in_one_phase_and_are_complete():
    time = frame_times(250)
    phase = ["P1"] * 125 + [None] * 25 + ["P2"] * 100
    windows = make_windows([features_of(time, phase=phase)], **SETTINGS)
    assert windows["phase"].to_list() == ["P1", "P1", "P1", "P2", "P2"]
    assert windows["start_s"].to_list() == pytest.approx([0, 1, 2, 6, 7])
    assert windows["window_id"].to_list() == [0, 1, 2, 3, 4]
    assert windows["n_frames"].to_list() == [75] * 5


@pytest.mark.parametrize("fps", [7.0, 15.0, 25.0, 29.97, 60.0])
def test_the_same_time_gives_the_same_windows_at_every_frame_rate(fps):
    time = frame_times(round(10 * fps), fps=fps)
    windows = make_windows([features_of(time)], **SETTINGS)
    assert windows["start_s"].to_list() == pytest.approx([0, 1, 2, 3, 4, 5, 6, 7])
    assert windows["coverage"].to_numpy() == pytest.approx(1.0, abs=0.06)


def test_too_little_face_gives_no_window_and_says_so(caplog):
    time = frame_times(250)
    lost = (time >= 4) & (time < 6)
    windows = make_windows([features_of(time, lost=lost)], **SETTINGS)
    assert windows["start_s"].to_list() == pytest.approx([0, 1, 6, 7])
    with caplog.at_level("WARNING", "affectflow"):
        none = make_windows([features_of(time, lost=np.ones(250, bool))], **SETTINGS)
    assert none.height == 0
    assert "S01_a: gives no window of 3 s with at least 80 % coverage" in caplog.text
    check_table(none, "windows", "test")


def test_interpolated_frames_do_not_count_as_seen():
    time = frame_times(250)
    lost = np.arange(250) % 3 == 0
    features = features_of(time, lost=lost)
    assert features["exp_00"].null_count() <= 2
    assert make_windows([features], **SETTINGS).height == 0
    half = make_windows([features], **{**SETTINGS, "min_coverage": 0.5})
    assert half["coverage"].to_numpy() == pytest.approx(2 / 3, abs=0.02)


def test_a_camera_that_stalls_has_not_seen_the_face():
    time = np.concatenate([frame_times(100), 3.96 + 2 + frame_times(100)])
    windows = make_windows([features_of(time)], **SETTINGS)
    assert not ((windows["start_s"] < 5.9) & (windows["end_s"] > 4.7)).any()
    slow = frame_times(20, fps=2.0)
    assert make_windows([features_of(slow)], **SETTINGS)["coverage"].to_numpy() == pytest.approx(1.0)


def test_blinks_are_counted_once_where_they_begin():
    features = features_of(frame_times(500))
    windows = make_windows([features], length_s=4.0, stride_s=4.0, min_coverage=0.8, max_gap_s=0.2)
    assert windows["blink_rate_hz"].to_list() == pytest.approx([0.25] * 5)


def test_a_signal_with_holes_has_a_summary_only_where_enough_is_known():
    time = frame_times(250)
    hr = np.where(time > 6.5, np.nan, 70.0)
    windows = make_windows([features_of(time, signals={"hr_bpm": hr})], **SETTINGS)
    known = windows["mean_hr_bpm"].is_not_null().to_list()
    assert known == [True, True, True, True, True, False, False, False]


def test_signals_without_video_give_windows_without_a_face():
    time = frame_times(250)
    features = features_of(time, lost=np.ones(250, bool), signals={"hr_bpm": 70 + time})
    windows = check_table(make_windows([features], **SETTINGS), "windows", "test")
    assert windows.height == 8
    assert windows["coverage"].to_list() == [0.0] * 8
    assert windows["mean_exp_00"].null_count() == 8
    assert windows["blink_rate_hz"].null_count() == 8
    assert windows["mean_hr_bpm"][0] == pytest.approx(71.48)


def test_several_recordings_and_signals_only_some_have():
    one = features_of(frame_times(250), recording_id="S01_a", signals={"hr_bpm": np.full(250, 70.0)})
    two = features_of(frame_times(100), recording_id="S02_a")
    windows = check_table(make_windows(iter([one, two]), **SETTINGS), "windows", "test")
    assert windows.group_by("recording_id", maintain_order=True).len().rows() == [("S01_a", 8), ("S02_a", 2)]
    assert windows.filter(pl.col("recording_id") == "S02_a")["mean_hr_bpm"].null_count() == 2
    alone = make_windows([one], **SETTINGS)
    assert windows.head(8).equals(alone.select(windows.columns))


def test_nothing_in_nothing_out():
    empty = features_of(frame_times(250)).clear()
    for tables in ([], [empty], [features_of(frame_times(10))]):
        assert check_table(make_windows(tables, **SETTINGS), "windows", "test").height == 0


def test_sd_keeps_its_digits_on_a_high_level_over_a_long_recording():
    time = frame_times(50_000)
    value = 1e4 + 0.01 * np.sin(2 * np.pi * time)
    features = features_of(time, signals={"gaze_x_px": value})
    windows = make_windows([features], **{**SETTINGS, "stride_s": 100.0})
    assert windows["sd_gaze_x_px"].to_numpy() == pytest.approx(0.01 / np.sqrt(2), rel=0.02)


def test_windows_of_the_whole_recording_run_on_over_phases():
    time = frame_times(500)  # 20 s
    phase = ["P1"] * 150 + [None] * 50 + ["P2"] * 300
    features = preprocess_frames(frames_table(time, phase=phase), max_gap_s=0.2)
    cut = {"length_s": 5.0, "stride_s": 2.5, "min_coverage": 0.0, "max_gap_s": 0.2}
    table = make_windows([features], within="recording", **cut)
    assert table["start_s"].to_list() == pytest.approx([0, 2.5, 5, 7.5, 10, 12.5, 15])
    # 5..10 s: 1 s of P1, 2 s of nothing, 2 s of P2 (equal: nothing first).
    assert table["phase"].to_list() == ["P1", "P1", None, "P2", "P2", "P2", "P2"]
    inside = make_windows([features], **cut)
    assert inside["start_s"].to_list() == pytest.approx([0, 8, 10.5, 13])
    same = make_windows([features.with_columns(phase=pl.lit("P1"))], **cut)
    for column in ("mean_exp_00", "sd_hr_bpm", "blink_rate_hz"):
        if column in table.columns:
            assert table[column].to_list() == pytest.approx(same[column].to_list())
