"""The table of all recordings: rows gathered, windows counted, those left out named."""

from __future__ import annotations

import polars as pl

from affectflow.config.features import Exclude
from affectflow.features.check_quality import check_quality
from affectflow.features.summarise_quality import summarise_quality
from affectflow.io.tables import check_table
from affectflow.schema import VIDEO_QUALITY, WINDOWS
from tests.support.synth_frames import frame_times, frames_table


def row_of(name: str, *, lost: float = 0.0, limits: Exclude | None = None, **signals) -> pl.DataFrame:
    """What check_quality says of 4 s of video, of which a share has no face."""
    time = frame_times(100)
    frames = frames_table(time, recording_id=name, lost=time > (1 - lost) * 4 - 0.01, signals=signals)
    video = pl.DataFrame(
        [
            {
                "recording_id": name,
                "n_frames": 100,
                "truncated": False,
                "variable_rate": False,
                "duration_s": 3.96,
            }
        ],
        schema={c.name: c.dtype for c in VIDEO_QUALITY.columns},
    )
    return check_quality(
        frames, video, recording_id=name, subject_id="S", condition=None, limits=limits or Exclude(), max_gap_s=0.2,
        has_signals=bool(signals),
    )  # fmt: skip


def windows_of(*recordings: str) -> pl.DataFrame:
    return pl.concat(
        [WINDOWS.empty(), pl.DataFrame({"recording_id": recordings}, schema={"recording_id": pl.String})],
        how="diagonal",
    )


def gathered(*tables: pl.DataFrame, windows: pl.DataFrame, left_out=()) -> dict[str, dict]:
    table = summarise_quality(tables, windows, left_out=left_out)
    check_table(table, "recording_quality", "x")
    assert table["recording_id"].is_sorted()
    return {r["recording_id"]: r for r in table.iter_rows(named=True)}


def test_windows_are_counted_and_their_lack_is_noted_once():
    short, empty = row_of("C"), row_of("B", lost=1.0)
    rows = gathered(short, row_of("A"), empty, windows=windows_of("A", "A"))
    assert rows["A"]["n_windows"] == 2
    assert rows["A"]["note"] is None
    assert rows["C"]["n_windows"] == 0
    assert rows["C"]["note"].startswith("not in statistics and models: no window of")
    assert rows["B"]["note"] == "no face in any frame"


def test_recordings_with_other_signals_stand_in_one_table():
    one = row_of("A", hr_bpm=frame_times(100))
    rows = gathered(one, row_of("B", eda_usiemens=frame_times(100)), windows=windows_of("A", "B"))
    assert rows["A"]["coverage_hr_bpm"] == 1.0
    assert rows["A"]["coverage_eda_usiemens"] is None
    assert rows["B"]["coverage_eda_usiemens"] == 1.0


def test_the_excluded_keep_their_reason_and_no_other_note():
    rows = gathered(
        row_of("A", lost=0.25, limits=Exclude(face_coverage_min=0.9)), row_of("B"), windows=windows_of("B")
    )
    assert rows["A"]["excluded"] == "face_coverage 0.75 is below features.exclude.face_coverage_min 0.9"
    assert rows["A"]["note"] is None
    assert rows["B"]["excluded"] is None


def test_those_that_the_sheet_leaves_out_are_named():
    out = {"recording_id": "AA", "subject_id": "S9", "condition": "rest", "exclude": "asked to be forgotten"}
    rows = gathered(row_of("A"), row_of("B"), windows=windows_of("A", "B"), left_out=[out])
    assert rows["AA"]["excluded"] == "by the sheet: asked to be forgotten"
    assert rows["AA"]["n_frames"] is None
    assert rows["AA"]["n_windows"] == 0
    assert list(rows) == ["A", "AA", "B"]


def test_a_study_without_recordings_gives_an_empty_table():
    assert gathered(windows=windows_of()) == {}
