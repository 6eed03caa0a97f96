"""UBFC-Phys: whose recordings are where, what is missing, and two columns of numbers per task."""

from __future__ import annotations

import numpy as np
import pytest

from affectflow.config.sheet import read_sheet, write_sheet
from affectflow.datasets.ubfc_phys.manifest import list_ubfc_phys
from affectflow.datasets.ubfc_phys.signals import read_ubfc_phys
from affectflow.errors import InputError, SheetError, UsageError
from affectflow.signal.clean_signals import clean_signals
from tests.support.synth_ubfc_phys import write_column, write_person, write_task


@pytest.fixture
def data(tmp_path):
    """Three people in the nested layout, s10 with another pulse than s2."""
    root = tmp_path / "UBFC-Phys/Data"
    for i, subject in enumerate(("s2", "s10", "s40")):
        write_person(root, subject, bpm=60 + 5 * i)
    (root / "s40/vid_s40_T3.avi").unlink()
    return root


def by_name(root):
    return {r.recording_id: r for r in list_ubfc_phys(root)}


def test_a_row_per_person_and_task_wherever_the_folders_lie(data, tmp_path):
    rows = by_name(tmp_path)
    assert sorted(rows) == sorted(f"{s}_{t}" for s in ("s2", "s10", "s40") for t in ("T1", "T2", "T3"))
    assert by_name(data) == rows
    row = rows["s10_T2"]
    assert (row.subject_id, row.condition, row.pair) == ("s10", "T2", "s10")
    assert row.video == str(data / "s10/vid_s10_T2.avi")
    assert row.signals == str(data / "s10/bvp_s10_T2.csv")
    assert row.metadata["sex"] == "f"
    assert row.metadata["scenario"] == "ctrl"
    assert row.metadata["recorded_local"] == "12/02/2020 14:30"
    assert row.metadata["anxiety_somatic_before"] == "11"
    assert row.metadata["anxiety_confidence_after"] == "19"
    assert "note" not in row.metadata
    (tmp_path / "sheet.tsv").write_text(write_sheet(list(rows.values())))
    assert len(read_sheet(tmp_path / "sheet.tsv")) == 9
    (one,) = {r.subject_id for r in list_ubfc_phys(data / "s2")}
    assert one == "s2"


def test_what_is_missing_is_said_and_nobody_is_lost(data, caplog):
    (data / "s2/selfReportedAnx_s2.csv").unlink()
    (data / "s2/info_s2.txt").unlink()
    (data / "s10/eda_s10_T1.csv").unlink()
    (data / "s10/bvp_s10_T2.csv").unlink()
    for path in data.glob("s10/*_T3.*"):
        path.unlink()
    rows = by_name(data)
    assert rows["s40_T3"].video is None
    assert rows["s40_T3"].metadata["note"] == "no vid_s40_T3.avi"
    assert rows["s2_T1"].metadata == {"note": "no info_s2.txt; no selfReportedAnx_s2.csv"}
    assert rows["s10_T1"].metadata["note"] == "no eda_s10_T1.csv"
    assert rows["s10_T2"].signals == str(data / "s10/eda_s10_T2.csv")
    assert "s10_T3" not in rows
    assert "s10_T3: neither video nor signals" in caplog.text
    assert "s40_T3: no vid_s40_T3.avi" in caplog.text


def test_a_person_who_is_another_one_does_not_count_twice(data):
    write_person(data, "s55", bpm=88)
    write_person(data, "s56", bpm=88)
    rows = by_name(data)
    assert rows["s55_T1"].exclude is None
    # The tasks of one person have the same numbers here; those are nobody else's.
    assert rows["s55_T2"].exclude is None
    assert rows["s56_T2"].exclude == "bvp_s56_T2.csv is byte for byte that of s55_T1"


@pytest.mark.parametrize(
    ("name", "content", "note", "key"),
    [
        ("info_s2.txt", "s2\nm\n", "info_s2.txt: no scenario", "scenario"),
        ("info_s2.txt", "s3\nm\ntest\n", "info_s2.txt is about s3", "recorded_local"),
        ("info_s2.txt", "\0", "is not text", "sex"),
        (
            "selfReportedAnx_s2.csv",
            "1,2\n3\n",
            "is not a table of 3 rows and 2 columns",
            "anxiety_somatic_after",
        ),
        ("selfReportedAnx_s2.csv", "1,2\n3,x\n5,6\n", "of numbers", "anxiety_somatic_after"),
    ],
)
def test_odd_questionnaires_are_a_note(data, name, content, note, key):
    (data / "s2" / name).write_text(content)
    metadata = by_name(data)["s2_T1"].metadata
    assert note in metadata["note"]
    assert key not in metadata


def test_what_the_manifest_refuses(data, tmp_path):
    with pytest.raises(UsageError, match="is not a folder"):
        list_ubfc_phys(tmp_path / "absent")
    with pytest.raises(UsageError, match="takes no --pattern"):
        list_ubfc_phys(data, pattern="{subject_id}")
    (tmp_path / "none").mkdir()
    with pytest.raises(SheetError, match="no recording found"):
        list_ubfc_phys(tmp_path / "none")
    write_person(tmp_path / "copy", "s2")
    with pytest.raises(SheetError, match=r"s2 is in .*, too"):
        list_ubfc_phys(tmp_path)


def test_both_signals_begin_with_the_video_at_their_own_rates(tmp_path):
    path = write_task(tmp_path)
    recording = read_ubfc_phys(path)
    assert recording.notes == []
    assert recording.start_unix_s is None
    bvp, eda = recording.signals
    assert (bvp.name, eda.name) == ("bvp_au", "eda_usiemens")
    assert bvp.time_s[[0, 64]].tolist() == [0.0, 1.0]
    assert eda.time_s[[0, 4]].tolist() == [0.0, 1.0]
    other = read_ubfc_phys(tmp_path / "eda_s1_T1.csv")
    assert [
        np.array_equal(a.value, b.value) for a, b in zip(other.signals, recording.signals, strict=True)
    ] == [True] * 2


def test_the_heart_rate_comes_out_of_the_pulse(tmp_path):
    table = clean_signals(read_ubfc_phys(write_task(tmp_path, bpm=84)).signals, recording_id="s1_T1")
    rate = table.filter((table["signal"] == "hr_bpm") & table["valid"])["value"]
    assert rate.median() == pytest.approx(84, abs=0.5)


def test_one_file_alone_and_files_of_different_length_are_notes(tmp_path):
    path = write_task(tmp_path)
    write_column(tmp_path / "eda_s1_T1.csv", np.full(40, 1.5))
    assert read_ubfc_phys(path).notes == ["the pulse lasts 60 s, the skin conductance 10 s"]
    (tmp_path / "eda_s1_T1.csv").write_text("")
    assert read_ubfc_phys(path).notes == ["eda_s1_T1.csv: is empty: no eda_usiemens"]
    (tmp_path / "eda_s1_T1.csv").unlink()
    recording = read_ubfc_phys(path)
    assert [s.name for s in recording.signals] == ["bvp_au"]
    assert recording.notes == ["eda_s1_T1.csv is not there: no eda_usiemens"]


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("1.5\nhigh\n", r"bvp_s1_T1.csv: line 2, value: 'high' is not a number"),
        ("1.5\n\n2.5\n", r"bvp_s1_T1.csv: line 2, value: '' is not a number"),
        ("1,5\n", r"bvp_s1_T1.csv: line 1, value: '1,5' is not a number"),
        ("1.5\ninf\n", r"line 2, value: 'inf' is not a number"),
    ],
)
def test_a_line_that_is_no_number_is_named(tmp_path, content, words):
    path = write_task(tmp_path)
    path.write_text(content)
    with pytest.raises(InputError, match=words) as error:
        read_ubfc_phys(path)
    assert "\n" not in str(error.value)


def test_other_names_are_refused(tmp_path):
    for name in ("pulse.csv", "bvp_s1_T4.csv", "bvp_P1_T1.csv"):
        with pytest.raises(InputError, match="is not named like"):
            read_ubfc_phys(tmp_path / name)
    (tmp_path / "bvp_s1_T1.csv").write_text("")
    with pytest.raises(InputError, match="holds no number"):
        read_ubfc_phys(tmp_path / "bvp_s1_T1.csv")
