"""A recording's row: what is told of every kind of recording, and which limits leave it out."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from affectflow.config.features import Exclude
from affectflow.errors import DesignError
from affectflow.features.check_quality import check_quality, columns_of, reasons_to_exclude, taking_part
from affectflow.io.probe_video import probe_video
from affectflow.io.tables import check_table
from affectflow.schema import CLOCKS
from tests.support.clips import irregular_times, write_clip
from tests.support.synth_frames import frame_times, frames_table

NO_LIMITS = Exclude()


def checked(frames, video=None, *, limits=NO_LIMITS, has_signals=False, **more) -> dict:
    table = check_quality(
        frames.select(columns_of(frames.columns)), video, recording_id="S01_a", subject_id="S01", condition="a",
        limits=limits, max_gap_s=0.2, has_signals=has_signals, **more,
    )  # fmt: skip
    check_table(table, "recording_quality", "x")
    assert table.height == 1
    return table.row(0, named=True)


@pytest.fixture(scope="module")
def clip(tmp_path_factory) -> tuple[np.ndarray, pl.DataFrame]:
    """Frame times and video quality of an irregular clip."""
    path = write_clip(tmp_path_factory.mktemp("clip") / "a.mp4", irregular_times(40))
    frames, quality = probe_video(path, recording_id="S01_a")
    return frames["time_s"].to_numpy(), quality


def test_a_video_with_signals(clip):
    time, video = clip
    lost = np.zeros(40, bool)
    lost[10:20] = True
    frames = frames_table(time, lost=lost, signals={"hr_bpm": np.where(np.arange(40) < 30, 60.0, np.nan)})
    row = checked(frames, video, has_signals=True)
    assert row["n_frames"] == 40
    assert row["face_coverage"] == 0.75
    assert row["n_face_gaps"] == 1
    assert row["face_gap_max_s"] == pytest.approx(time[20] - time[9])
    assert row["irregular_share"] > 0.5
    assert row["signal_coverage"] == row["coverage_hr_bpm"] == 0.75
    assert row["pose_jitter_rad"] >= 0
    assert row["clock_offset_s"] is None
    assert row["excluded"] is None
    assert row["note"] is None
    assert row["n_windows"] is None


def test_signals_only():
    time = frame_times(100)
    frames = frames_table(time, lost=np.ones(100, bool), signals={"hr_bpm": np.full(100, 60.0)})
    row = checked(
        frames, has_signals=True, limits=Exclude(face_coverage_min=0.9, step_max_s=0.001, truncated=True)
    )
    assert row["face_coverage"] is None
    assert row["n_frames"] is None
    assert row["duration_s"] == pytest.approx(99 / 25)
    assert row["signal_coverage"] == 1
    assert row["excluded"] is None, "limits on a video ask nothing of a recording without one"
    assert row["note"] is None


def test_a_video_alone_is_not_asked_for_signals(clip):
    time, video = clip
    row = checked(frames_table(time), video, limits=Exclude(signal_coverage_min=0.9))
    assert row["signal_coverage"] is None
    assert row["excluded"] is None


def test_signals_of_which_nothing_can_be_used(clip):
    time, video = clip
    row = checked(frames_table(time), video, has_signals=True, limits=Exclude(signal_coverage_min=0.1))
    assert row["signal_coverage"] == 0
    assert row["note"] == "no frame with every signal"
    assert row["excluded"].startswith("signal_coverage 0 is below")


def test_clock_and_pulse_are_told(clip):
    time, video = clip
    clock = pl.DataFrame(
        [{"recording_id": "S01_a", "method": "correlation", "offset_s": 1.5, "drift_ppm": 20.0, "reference_s": 0.0,
          "confidence": 0.8}],
        schema={c.name: c.dtype for c in CLOCKS.columns},
    )  # fmt: skip
    rppg = pl.DataFrame({"signal": ["rppg_snr_db"] * 3 + ["rppg_hr_bpm"], "value": [1.0, 5.0, None, 70.0]})
    row = checked(frames_table(time), video, clock=clock, rppg=rppg)
    assert (row["clock_offset_s"], row["clock_drift_ppm"], row["clock_confidence"]) == (1.5, 20.0, 0.8)
    assert row["rppg_snr_db"] == 3.0


def test_notes_come_in_order(clip):
    time, video = clip
    video = video.with_columns(note=pl.lit("TRUNCATED: 4 frames decode"), truncated=True)
    row = checked(frames_table(time, lost=np.ones(40, bool)), video, limits=Exclude(truncated=True))
    assert row["note"] == "TRUNCATED: 4 frames decode; no face in any frame"
    assert row["excluded"] == "part of its video does not decode (features.exclude.truncated)"
    row = checked(frames_table(time, lost=np.arange(40) >= 10), clip[1])
    assert row["note"] == "face in only 25 % of the frames"


def test_no_rows_at_all():
    row = checked(frames_table(frame_times(5)).clear(), limits=Exclude(duration_min_s=1))
    assert row["duration_s"] is None
    assert row["excluded"] == "duration_s 0 is below features.exclude.duration_min_s 1"


@pytest.mark.parametrize(
    ("limits", "row", "says"),
    [
        ({"face_coverage_min": 0.5}, {"face_coverage": 0.5}, None),
        ({"face_coverage_min": 0.5}, {"face_coverage": 0.49996}, "face_coverage 0.49996 is below"),
        ({"face_coverage_min": 0.3}, {"face_coverage": 0.1 + 0.2 - 1e-12}, None),
        ({"signal_coverage_min": 0.5}, {"signal_coverage": 0.25}, "features.exclude.signal_coverage_min 0.5"),
        ({"duration_min_s": 10}, {"duration_s": 9.96}, None),
        ({"duration_min_s": 10}, {"duration_s": 9.9}, "duration_s 9.9 is below"),
        (
            {"step_max_s": 0.5},
            {"step_max_s": 0.75},
            "step_max_s 0.75 is above features.exclude.step_max_s 0.5",
        ),
        ({"step_max_s": 0.5}, {"step_max_s": 0.5}, None),
        ({"truncated": True}, {"truncated": False}, None),
        ({}, {"face_coverage": 0.0, "truncated": True, "step_max_s": 9.0}, None),
    ],
)
def test_limits(limits, row, says):
    reasons = reasons_to_exclude(row, Exclude(**limits), step_s=0.04)
    assert (says is None) == (reasons == [])
    assert says is None or says in reasons[0]


def test_all_reasons_are_kept(clip):
    time, video = clip
    limits = Exclude(face_coverage_min=0.9, step_max_s=0.01, duration_min_s=3600)
    excluded = checked(frames_table(time, lost=np.arange(40) >= 10), video, limits=limits)["excluded"]
    assert excluded.count("; ") == 2


def test_files_of_those_that_take_part():
    tables = [
        pl.DataFrame({"excluded": [reason]}, schema={"excluded": pl.String})
        for reason in (None, "short", None)
    ]
    assert taking_part(["a", "b", "c"], tables) == ["a", "c"]
    assert taking_part(["b"], tables[1:2]) == []
    with pytest.raises(DesignError, match="every recording is left out"):
        taking_part(["b"], tables[1:2], at_least_one=True)
    with pytest.raises(ValueError, match="longer"):
        taking_part(["a"], tables)
