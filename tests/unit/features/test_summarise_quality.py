"""One row per recording: what its video, face and signals are worth."""

from __future__ import annotations

import polars as pl

from affectflow.features.summarise_quality import summarise_quality
from affectflow.io.probe_video import probe_video
from affectflow.io.tables import check_table
from affectflow.schema import FRAMES, WINDOWS
from tests.support.clips import irregular_times, write_clip


def frames_of(recording_id: str, valid: list[bool], **signals: list[float | None]) -> pl.DataFrame:
    n = len(valid)
    table = pl.DataFrame(
        {
            "recording_id": [recording_id] * n,
            "subject_id": ["S"] * n,
            "frame_id": range(n),
            "valid": valid,
            **signals,
        }
    )
    return pl.concat([FRAMES.empty(), table.cast({"frame_id": pl.Int32})], how="diagonal")


def windows_of(*recordings: str) -> pl.DataFrame:
    return pl.concat(
        [WINDOWS.empty(), pl.DataFrame({"recording_id": recordings}, schema={"recording_id": pl.String})],
        how="diagonal",
    )


def test_coverage_and_notes(tmp_path):
    _, quality = probe_video(write_clip(tmp_path / "a.mp4", irregular_times(4)), recording_id="A")
    frames = [
        frames_of("A", [True, True, False, False], hr_bpm=[60.0, 61.0, 62.0, None]),
        frames_of("B", [False] * 4),
        frames_of("C", [True, False, False, False]),
    ]
    table = summarise_quality([quality], frames, windows_of("A"))
    check_table(table, "recording_quality", "x")
    rows = {r["recording_id"]: r for r in table.iter_rows(named=True)}
    assert rows["A"]["face_coverage"] == 0.5
    assert rows["A"]["signal_coverage"] == 0.75
    assert rows["A"]["n_frames"] == 4
    assert rows["A"]["note"] is None
    assert rows["B"]["note"] == "no face in any frame"
    assert rows["B"]["signal_coverage"] is None
    assert rows["A"]["n_windows"] == 1
    assert rows["C"]["note"].startswith(
        "face in only 25 % of the frames; not in statistics and models: too short"
    )


def test_the_video_note_comes_first(tmp_path):
    _, quality = probe_video(write_clip(tmp_path / "a.mp4", irregular_times(4)), recording_id="A")
    quality = quality.with_columns(note=pl.lit("TRUNCATED: 4 frames decode"), truncated=True)
    table = summarise_quality([quality], [frames_of("A", [False])], windows_of())
    assert table["note"][0] == "TRUNCATED: 4 frames decode; no face in any frame"
