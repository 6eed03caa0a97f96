"""Every table of a finished study has a row for every decoded frame, at its presentation time."""

from __future__ import annotations

import polars as pl
import pytest

from affectflow.io.tables import read_table
from affectflow.io.video import read_frames
from tests.workflow.conftest import PEOPLE

RECORDINGS = [f"{p}_{c}" for p in PEOPLE for c in ("baseline", "stressor")]


@pytest.mark.parametrize("recording_id", RECORDINGS)
def test_rows_are_frames_and_times_are_presentation_times(finished_study, recording_id):
    video = finished_study.folder / f"resources/simulated/{recording_id}.mp4"
    expected = [(f.frame_id, f.time_s) for f in read_frames(video)]
    results = finished_study.results
    tables = {
        "video_frames": results / f"video/{recording_id}.frames.parquet",
        "faces": results / f"faces/{recording_id}.parquet",
        "codes": results / f"codes/facemesh/{recording_id}.parquet",
        "frames": results / f"frames/{recording_id}.parquet",
        "features": results / f"features/{recording_id}.parquet",
    }
    for kind, path in tables.items():
        found = read_table(path, kind, columns=["frame_id", "time_s"]).rows()
        assert found == expected, kind


def test_simulated_faces_are_found_in_every_frame(finished_study):
    valid = pl.concat(
        read_table(finished_study.results / f"codes/facemesh/{r}.parquet", "codes", columns=["valid"])
        for r in RECORDINGS
    )
    assert valid["valid"].all()


def test_every_recording_has_signals_in_its_frames(finished_study):
    for recording_id in RECORDINGS:
        frames = read_table(finished_study.results / f"frames/{recording_id}.parquet", "frames")
        for signal in ("hr_bpm", "eda_tonic_usiemens", "eda_phasic_usiemens"):
            assert frames[signal].null_count() < frames.height / 10, (recording_id, signal)
