"""Any folder of videos becomes a sheet."""

from __future__ import annotations

import pytest

from affectflow.datasets.folder import list_folder
from affectflow.errors import SheetError, UsageError


@pytest.fixture
def folder(tmp_path):
    for name in (
        "day1/S1_baseline.mp4",
        "day1/S1_stressor.MOV",
        "day2/S2_baseline.mkv",
        "day2/S2_stressor.avi",
    ):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(b"")
    for name in ("notes.txt", ".hidden.mp4", ".cache/x.mp4"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(b"")
    return tmp_path


def test_each_video_is_a_person_without_pattern(folder):
    found = list_folder(folder)
    assert [r.recording_id for r in found] == ["S1_baseline", "S1_stressor", "S2_baseline", "S2_stressor"]
    assert all(r.subject_id == r.recording_id and r.condition is None for r in found)


def test_the_pattern_gives_subject_condition_and_metadata(folder):
    found = list_folder(folder, pattern="{day}/{subject_id}_{condition}")
    first = found[0]
    assert (first.subject_id, first.condition, first.pair) == ("S1", "baseline", "S1")
    assert first.metadata == {"day": "day1"}
    assert {r.subject_id for r in list_folder(folder, pattern="{subject_id}_*")} == {"S1", "S2"}


def test_files_that_do_not_fit_are_listed(folder):
    (folder / "odd.mp4").write_bytes(b"")
    with pytest.raises(SheetError, match=r"1 of 5 videos do not fit .*odd\.mp4"):
        list_folder(folder, pattern="{subject_id}_{condition}")


@pytest.mark.parametrize(
    ("pattern", "says"),
    [
        ("{subjct_id}_{condition}", "Did you mean subject_id"),
        ("{condition}", "has no {subject_id}"),
        ("{subject_id}_{subject_id}", "occurs twice"),
        ("{subject_id}_{Condition}", "lower-case names"),
    ],
)
def test_bad_patterns_are_explained(folder, pattern, says):
    with pytest.raises(UsageError, match=says):
        list_folder(folder, pattern=pattern)


def test_the_table_wins_over_the_pattern(folder):
    table = folder / "people.csv"
    table.write_text("file;condition;age\nS1_baseline.mp4;rest;31\nday2/S2_stressor.avi;task;40\n")
    found = {r.recording_id: r for r in list_folder(folder, pattern="{subject_id}_{condition}", table=table)}
    assert found["S1_baseline"].condition == "rest"
    assert found["S2_stressor"].metadata == {"age": "40"}
    assert found["S2_baseline"].condition == "baseline"


def test_table_rows_without_a_video_are_listed(folder):
    table = folder / "people.csv"
    table.write_text("file,age\nS1_baselin.mp4,1\nnothing.mp4,2\n")
    with pytest.raises(SheetError) as error:
        list_folder(folder, table=table)
    assert "row 2: there is no video 'S1_baselin.mp4'. Did you mean S1_baseline.mp4?" in str(error.value)
    assert "row 3" in str(error.value)


def test_signals_and_events_beside_a_video_are_taken(folder):
    (folder / "day1/S1_baseline.csv").write_text("time_s,hr_bpm\n0,60\n")
    (folder / "day1/S1_baseline.events.tsv").write_text("onset_s\tduration_s\tphase\n")
    first, second = list_folder(folder)[:2]
    assert first.signals.endswith("S1_baseline.csv")
    assert first.events.endswith("S1_baseline.events.tsv")
    assert second.signals is None


def test_codes_beside_a_video_are_taken_by_the_format_in_their_name(folder):
    (folder / "day1/S1_baseline.openface.csv").write_text("")
    found = {r.recording_id: r for r in list_folder(folder)}
    assert found["S1_baseline"].codes.endswith("S1_baseline.openface.csv")
    assert found["S1_baseline"].codes_format == "openface"
    assert found["S1_baseline"].signals is None
    assert found["S1_stressor"].codes is None


def test_any_column_of_the_sheet_may_stand_in_the_table(folder):
    (folder / "day1/S1_baseline.openface.csv").write_text("")
    table = folder / "people.csv"
    table.write_text(
        "file,subject_id,codes,video_start,batch,events,events_format,video\n"
        "S1_baseline.mp4,A,c.csv,2022-02-07T09:52:00Z,b1,t.csv,e4_tags,other.mp4\n"
    )
    row = list_folder(folder, table=table)[0]
    assert (row.codes, row.codes_format) == ("c.csv", "emoca_csv")
    assert (row.video_start, row.batch, row.events, row.events_format) == (
        "2022-02-07T09:52:00Z",
        "b1",
        "t.csv",
        "e4_tags",
    )
    assert row.video.endswith("S1_baseline.mp4")


def test_files_of_the_same_name_are_named_by_their_folders(folder):
    (folder / "day2/S1_baseline.mp4").write_bytes(b"")
    assert {"day1_S1_baseline", "day2_S1_baseline"} < {r.recording_id for r in list_folder(folder)}


def test_hostile_names_become_plain_ids(tmp_path):
    for name in ("-rf.mp4", "$(touch x).mp4", "a b;c.mp4", "ünï.mp4"):
        (tmp_path / name).write_bytes(b"")
    ids = [r.recording_id for r in list_folder(tmp_path)]
    assert ids == ["a_b_c", "n", "rf", "touch_x"]


def test_names_that_fall_together_are_refused(tmp_path):
    for name in ("a b.mp4", "a;b.mp4"):
        (tmp_path / name).write_bytes(b"")
    with pytest.raises(SheetError, match="would all be named 'a_b'"):
        list_folder(tmp_path)


def test_an_empty_or_absent_folder_is_refused(tmp_path):
    with pytest.raises(SheetError, match="no video found"):
        list_folder(tmp_path)
    with pytest.raises(UsageError, match="is not a folder"):
        list_folder(tmp_path / "absent")
