"""The sheet of the driving-stress study: who, which drive, which files, and what is odd about them."""

from __future__ import annotations

import logging

import pytest

from affectflow.config.sheet import read_sheet, write_sheet
from affectflow.datasets import EVENT_FORMATS, SIGNAL_FORMATS
from affectflow.datasets.simulated.taamneh import write_book
from affectflow.datasets.taamneh.layout import R_FRIENDLY, STRUCTURED
from affectflow.datasets.taamneh.manifest import list_taamneh
from affectflow.errors import SheetError, UsageError
from tests.support.synth_taamneh import r_lines, write_drive, write_r, write_stm

TLX = ["Mental Demand", "Physical Demand", "Temporal Demand", "Performance", "Effort", "Frustration"]


def person(root, subject="T001", drives=("4 ND", "7 MD")):
    home = root / STRUCTURED / subject
    for name in drives:
        folder = write_drive(root / STRUCTURED, subject=subject, name=name, seconds=3)
        stem = f"{subject}-{int(name.split()[0]):03d}"
        (folder / f"{stem}.avi1").write_bytes(b"not looked into")
        if name.split()[1] in ("CD", "ED", "MD", "FDL"):
            write_stm(folder / f"{stem}.stm", (10, 20, 4), (30, 40, 4))
    write_book(home / f"{subject}.b", "Sheet1", [["Gender", "Female"], ["Age", 64], ["Age Group", "Old"]])
    write_book(home / f"{subject}.tp", "Sheet1", [["STAI", "Type A/B"], [33, 201]])
    write_book(
        home / f"{subject}.bar", "Sheet1", [["", *TLX], ["ND", 1, 2, 3, 4, 5, 6], ["MD", 9, 9, 9, 9, 9, 20]]
    )
    return home


def listed(root):
    return {r.recording_id: r for r in list_taamneh(root)}


def test_normal_and_texting_drive_of_a_person(tmp_path):
    home = person(tmp_path)
    rows = listed(tmp_path)
    assert sorted(rows) == ["T001_MD", "T001_ND"]
    md, nd = rows["T001_MD"], rows["T001_ND"]
    assert (md.subject_id, md.condition, md.pair) == ("T001", "MD", "T001")
    assert md.video == str(home / "7 MD" / "T001-007.avi1")
    assert (md.signals, md.signals_format) == (str(home / "7 MD"), "taamneh")
    assert (md.events, md.events_format) == (str(home / "7 MD" / "T001-007.stm"), "taamneh_stm")
    # The control has the stressor times of the texting drive, laid from its own start.
    assert (nd.events, nd.events_format) == (md.events, "taamneh_stm_control")
    assert nd.metadata == {
        "sex": "female",
        "age": "64",
        "age_group": "old",
        "stai": "33",
        "type_ab": "201",
        "session": "4",
        "nasa_tlx_mental": "1",
        "nasa_tlx_physical": "2",
        "nasa_tlx_temporal": "3",
        "nasa_tlx_performance": "4",
        "nasa_tlx_effort": "5",
        "nasa_tlx_frustration": "6",
    }
    assert md.metadata["nasa_tlx_frustration"] == "20"


def test_the_sheet_can_be_written_and_read_again(tmp_path):
    person(tmp_path)
    person(tmp_path, "T010", drives=("1 BL", "4 ND", "5 CD", "7 MD", "8 FDL"))
    rows = list_taamneh(tmp_path)
    (tmp_path / "sheet.tsv").write_text(write_sheet(rows))
    again = read_sheet(
        tmp_path / "sheet.tsv", signal_formats=set(SIGNAL_FORMATS), event_formats=set(EVENT_FORMATS)
    )
    assert [r.recording_id for r in again] == [r.recording_id for r in rows]
    assert [r.events_format for r in again] == [r.events_format for r in rows]


def test_all_sessions_are_listed_with_their_codes(tmp_path):
    person(tmp_path, drives=("1 B", "2 PD", "3 RD", "4 ND", "5 CD", "6 ED", "7 MD", "8 FDL"))
    rows = listed(tmp_path)
    assert {r.condition for r in rows.values()} == {"BL", "PD", "RD", "ND", "CD", "ED", "MD", "FD"}
    assert rows["T001_FD"].metadata["arm"] == "loaded"
    assert rows["T001_CD"].events.endswith("T001-005.stm")
    assert [rows[f"T001_{c}"].events for c in ("BL", "PD", "RD")] == [None] * 3


def test_the_root_or_one_of_its_folders_may_be_named(tmp_path):
    person(tmp_path)
    assert listed(tmp_path / STRUCTURED).keys() == listed(tmp_path).keys()


def test_a_drive_without_video_or_without_signals_is_listed(tmp_path):
    home = person(tmp_path)
    (home / "4 ND" / "T001-004.avi1").unlink()
    for file in (home / "7 MD").iterdir():
        if file.suffix not in (".avi1", ".stm"):
            file.unlink()
    rows = listed(tmp_path)
    assert (rows["T001_ND"].video, rows["T001_ND"].metadata["note"]) == (None, "no face video")
    assert (rows["T001_MD"].signals, rows["T001_MD"].signals_format) == (None, "csv")


def test_endings_with_another_behind(tmp_path):
    home = person(tmp_path)
    (home / "7 MD" / "T001-007.avi1").rename(home / "7 MD" / "T001-007.avi1.avi")
    (home / "7 MD" / "T001-007.stm").rename(home / "7 MD" / "T001-007.stm.xlsx")
    (home / "7 MD" / "T001-007.avi3").write_bytes(b"")
    rows = listed(tmp_path)
    assert rows["T001_MD"].video.endswith(".avi1.avi")
    assert rows["T001_ND"].events.endswith(".stm.xlsx")


def test_incomplete_people_are_listed_and_reported(tmp_path, caplog):
    person(tmp_path, drives=("4 ND",))
    (tmp_path / STRUCTURED / "T001" / "T001.bar").unlink()
    with caplog.at_level(logging.WARNING):
        row = listed(tmp_path)["T001_ND"]
    assert row.events is None
    assert row.metadata["note"] == "no stressor times: one phase"
    said = "\n".join(r.getMessage() for r in caplog.records)
    assert "T001: no drive CD, ED, MD" in said
    assert "T001: T001.bar is not there" in said
    assert "T001_ND: no stressor times: one phase" in said


def test_names_that_disagree_are_reported(tmp_path):
    home = person(tmp_path)
    (home / "7 MD").rename(home / "6 MD")
    note = listed(tmp_path)["T001_MD"].metadata["note"]
    assert note == "files numbered 007 lie in the folder '6 MD'; the folder is number 6, MD is usually 7"


def test_a_drive_that_is_there_twice_is_kept_out_with_the_reason(tmp_path):
    home = person(tmp_path)
    write_drive(home.parent, name="9 MD", seconds=3)
    rows = listed(tmp_path)
    assert rows["T001_MD"].exclude is None
    assert rows["T001_MD_9"].exclude == "'7 MD' is the drive MD of T001 already"


def test_other_folders_and_files_are_left_alone(tmp_path, caplog):
    home = person(tmp_path)
    (home / "notes").mkdir()
    (home.parent / "T1").mkdir()
    (home / "7 MD" / "Thumbs.db").write_bytes(b"x")
    (home / "7 MD" / "._T001-007.HR").write_bytes(b"x")
    assert len(listed(tmp_path)) == 2
    assert "T001: folder 'notes' is no session's" in caplog.text


def test_damaged_questionnaires_do_not_lose_the_person(tmp_path, caplog):
    home = person(tmp_path)
    (home / "T001.b").write_bytes(b"PK\x03\x04 cut")
    assert len(listed(tmp_path)) == 2
    assert "T001.b: is a damaged workbook" in caplog.text


@pytest.mark.parametrize("drives_across", [True, False])
def test_workload_in_rows_or_in_columns(tmp_path, drives_across):
    home = person(tmp_path)
    cells = [["Session", *TLX], ["4 ND", 1, 2, 3, 4, 5, 6], ["7 MD", 7, 8, 9, 10, 11, None]]
    if drives_across:
        cells = [list(column) for column in zip(*cells, strict=True)]
    write_book(home / "T001.bar", "Sheet1", [["T001"], [], *cells])
    rows = listed(tmp_path)
    assert rows["T001_ND"].metadata["nasa_tlx_physical"] == "2"
    assert rows["T001_MD"].metadata["nasa_tlx_mental"] == "7"
    assert "nasa_tlx_frustration" not in rows["T001_MD"].metadata


def test_what_the_index_says_is_in_the_note(tmp_path):
    person(tmp_path)
    names = ["Subject", "Session", "pp", "HR", "BR", "peda", "performance(res)", "FACS", "avi1", "avi3"]
    write_book(
        tmp_path / "Dataset-Table-Index.xlsx",
        "Sheet1",
        [names, ["T001", "MD", "N", -1, 0, 1, 1, 1, "IRB", 0]],
    )
    note = listed(tmp_path)["T001_MD"].metadata["note"]
    assert note == "index: pp not extractable; index: hr noisy; index: br missing; index: avi1 redacted"


def test_people_of_the_r_friendly_files_only(tmp_path):
    person(tmp_path)
    write_r(tmp_path / R_FRIENDLY / "T001.csv")
    write_r(tmp_path / R_FRIENDLY / "T002.csv", r_lines(seconds=5, drives=("BL", "ND", "MD")))
    (tmp_path / R_FRIENDLY / "T004.csv").write_text("what is this\n")
    rows = listed(tmp_path)
    assert sorted(rows) == ["T001_MD", "T001_ND", "T002_BL", "T002_MD", "T002_ND", "T004_R"]
    path = str(tmp_path / R_FRIENDLY / "T002.csv")
    assert [(r.signals, r.signals_format, r.events, r.events_format) for r in (rows["T002_MD"], rows["T002_ND"], rows["T002_BL"])] == [
        (path, "taamneh_r_md", path, "taamneh_r_md"),
        (path, "taamneh_r_nd", path, "taamneh_r_control"),
        (path, "taamneh_r_bl", None, "bids"),
    ]  # fmt: skip
    assert "no single column Time" in rows["T004_R"].exclude
    assert write_sheet(list(rows.values()))


def test_what_cannot_be_listed(tmp_path):
    with pytest.raises(UsageError, match="is not a folder"):
        list_taamneh(tmp_path / "absent")
    with pytest.raises(UsageError, match="takes no --pattern"):
        list_taamneh(tmp_path, pattern="{subject_id}")
    with pytest.raises(SheetError, match="no session found"):
        list_taamneh(tmp_path)
