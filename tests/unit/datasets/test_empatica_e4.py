"""Empatica E4 sessions: streams on clocks of their own, beats, tags, and folders that are not in order."""

from __future__ import annotations

import numpy as np
import pytest

from affectflow.config.sheet import read_sheet, write_sheet
from affectflow.datasets.empatica_e4.manifest import list_empatica_e4
from affectflow.datasets.empatica_e4.signals import read_empatica_e4
from affectflow.datasets.empatica_e4.tags import read_tags, session_start
from affectflow.errors import AffectflowError, InputError, SheetError, UsageError
from tests.support.synth_e4 import START, write_session, write_stream


def signals_of(path):
    return {s.name: s for s in read_empatica_e4(path).signals}


def test_each_stream_keeps_its_start_its_rate_and_its_length(tmp_path):
    recording = read_empatica_e4(write_session(tmp_path / "S1"))
    assert recording.start_unix_s == START
    assert recording.notes == []
    by_name = {s.name: s for s in recording.signals}
    motion = {"acc_x_g", "acc_y_g", "acc_z_g", "acc_magnitude_g"}
    assert set(by_name) == {"eda_usiemens", "bvp_au", "hr_bpm", "temp_degc", "ibi_ms", *motion}
    assert by_name["hr_bpm"].time_s[:2].tolist() == [10.0, 11.0]
    assert by_name["eda_usiemens"].time_s[:2].tolist() == [0.0, 0.25]
    assert by_name["bvp_au"].time_s[64] == 1.0
    assert by_name["acc_x_g"].time_s[32] == 1.0
    assert by_name["temp_degc"].value[0] == 33.2


def test_the_earliest_start_is_time_0_whichever_stream_has_it(tmp_path):
    folder = write_session(tmp_path / "S1")
    write_stream(folder / "TEMP.csv", start=START - 2.5, rate_hz=4, values=np.full(8, 30.0))
    recording = read_empatica_e4(folder)
    by_name = {s.name: s for s in recording.signals}
    assert (
        recording.start_unix_s == START - 2.5 == session_start(folder) == session_start(folder / "tags.csv")
    )
    assert by_name["temp_degc"].time_s[0] == 0.0
    assert by_name["bvp_au"].time_s[0] == 2.5
    assert by_name["hr_bpm"].time_s[0] == 12.5
    assert by_name["ibi_ms"].time_s[0] == signals_of(write_session(tmp_path / "S2"))["ibi_ms"].time_s[0] + 2.5


def test_unsettled_zeros_at_the_start_are_missing_and_later_zeros_are_not(tmp_path):
    folder = write_session(tmp_path / "S1")
    write_stream(folder / "BVP.csv", start=START, rate_hz=64, values=np.array([-0.0, 0, 3, 0, 0, -4]))
    write_stream(folder / "EDA.csv", start=START, rate_hz=4, values=np.array([0, 0, 0.5, 0, 0.6]))
    by_name = signals_of(folder)
    assert np.isnan(by_name["bvp_au"].value).tolist() == [True, True, False, False, False, False]
    assert np.isnan(by_name["eda_usiemens"].value).tolist() == [True, True, False, False, False]
    write_stream(folder / "EDA.csv", start=START, rate_hz=4, values=np.zeros(5))
    assert np.isnan(signals_of(folder)["eda_usiemens"].value).all()


def test_acceleration_is_in_g_with_its_size(tmp_path):
    folder = write_session(tmp_path / "S1")
    write_stream(
        folder / "ACC.csv", start=START, rate_hz=32, values=np.array([[64, 0, 0], [0, -48, 64]]), decimals=0
    )
    by_name = signals_of(folder)
    assert by_name["acc_x_g"].value.tolist() == [1.0, 0.0]
    assert by_name["acc_y_g"].value.tolist() == [0.0, -0.75]
    assert by_name["acc_magnitude_g"].value.tolist() == [1.0, 1.25]


def test_beats_are_where_the_device_saw_them_and_nowhere_else(tmp_path):
    folder = write_session(tmp_path / "S1")
    (folder / "IBI.csv").write_text(f"{START:.6f}, IBI\n604.000000,0.687500\n650.0,0.9375\n650.75,0.75\n")
    beats = signals_of(folder)["ibi_ms"]
    assert beats.time_s.tolist() == [604.0, 650.0, 650.75]
    assert beats.value.tolist() == [687.5, 937.5, 750.0]


def test_any_stream_may_be_absent_and_files_may_be_cut_anywhere(tmp_path):
    folder = write_session(tmp_path / "S1")
    for name in ("BVP", "HR", "IBI", "TEMP"):
        (folder / f"{name}.csv").unlink()
    content = (folder / "ACC.csv").read_bytes()
    (folder / "ACC.csv").write_bytes(content[: content.index(b"\n3,-62", 200) + 3])
    recording = read_empatica_e4(folder)
    assert [s.name for s in recording.signals if "acc" not in s.name] == ["eda_usiemens"]
    assert recording.notes == ["ACC.csv: the last line is cut off; it is left out"]


def test_tags_are_limits_of_phases_in_seconds_since_the_start(tmp_path):
    folder = write_session(tmp_path / "S1", tags=(10.25, 20, 20, 35.5))
    events = read_tags(folder / "tags.csv")
    assert events["phase"].to_list() == ["tag_0", "tag_1", "tag_2", "tag_3"]
    assert events["onset_s"].to_list() == [0.0, 10.25, 20.0, 35.5]
    assert events["duration_s"].null_count() == 4
    assert read_tags(folder).equals(events)
    at_once = read_tags(write_session(tmp_path / "S2", tags=(0, 30)) / "tags.csv")
    assert at_once["phase"].to_list() == ["tag_1", "tag_2"]


def break_file(folder, name, old, new):
    path = folder / name
    content = path.read_bytes()
    assert old in content
    path.write_bytes(content.replace(old, new, 1))


@pytest.mark.parametrize(
    ("name", "old", "new", "words"),
    [
        (
            "EDA.csv",
            b"1644227574.0",
            b"16442275740000.0",
            r"EDA.csv: line 1: '16442275740000.000000' is not the start",
        ),
        (
            "EDA.csv",
            b"1644227574.000000",
            b"start",
            r"EDA.csv: line 1: 'start' is not the start of an Empatica E4",
        ),
        ("EDA.csv", b"\n4.000000\n", b"\n0\n", r"EDA.csv: line 2: '0' is not a rate in Hz"),
        (
            "TEMP.csv",
            b"33.20\n33.20\n",
            b"33.20\nwarm\n",
            r"TEMP.csv: line 4, temp_degc: 'warm' is not a number",
        ),
        ("TEMP.csv", b"33.20\n33.20\n", b"33.20\n33,20\n", r"TEMP.csv: line 4: '33,20' has not 1 cell\."),
        (
            "TEMP.csv",
            b"33.20\n33.20\n",
            b"33.20\nnan\n",
            r"TEMP.csv: line 4, temp_degc: 'nan' is not a number",
        ),
        ("TEMP.csv", b"33.20\n33.20\n", b"33.20\n\n", r"TEMP.csv: line 4, temp_degc: '' is not a number"),
        ("ACC.csv", b"\n3,-62,14\n", b"\n3,-62\n", r"ACC.csv: line 3: '3,-62' has not 3 cells"),
        ("ACC.csv", b"32.000000, 32", b"32.000000, 16", r"ACC.csv: line 2: .*expected 3 equal numbers"),
        (
            "HR.csv",
            b"1644227584",
            b"1644307584",
            r"HR.csv: starts 80010 s after EDA.csv \(2022-02-08T08:06:24Z and",
        ),
        ("BVP.csv", b"\n-0.00", b"\n\0\0", r"BVP.csv: is not text \(it holds NUL bytes\)"),
        ("IBI.csv", b"IBI\n", b"IBI\n99.0,0.8\n", r"IBI.csv: line 3: the beat at .* s comes after 99 s"),
    ],
)
def test_each_mistake_is_one_line_with_file_line_and_value(tmp_path, name, old, new, words):
    folder = write_session(tmp_path / "S1")
    break_file(folder, name, old, new)
    with pytest.raises(InputError, match=words) as error:
        read_empatica_e4(folder)
    assert "\n" not in str(error.value)


def test_an_empty_file_and_a_folder_of_something_else(tmp_path):
    folder = write_session(tmp_path / "S1")
    (folder / "EDA.csv").write_text("")
    with pytest.raises(InputError, match=r"EDA.csv: has 0 lines; line 1 is the start"):
        read_empatica_e4(folder)
    (tmp_path / "other").mkdir()
    with pytest.raises(InputError, match="holds no stream of an Empatica E4"):
        read_empatica_e4(tmp_path / "other")
    (tmp_path / "1644227574_A0.zip").write_bytes(b"PK")
    with pytest.raises(InputError, match=r"no such folder.* Unpack it first"):
        read_empatica_e4(tmp_path / "1644227574_A0.zip")


def test_tags_of_another_session_or_none(tmp_path):
    folder = write_session(tmp_path / "S1", tags=(-3600,))
    with pytest.raises(InputError, match="the tag 2022-02-07T08:52:54Z is before the session's start"):
        read_tags(folder / "tags.csv")
    (folder / "tags.csv").write_text("\n")
    with pytest.raises(InputError, match="holds no tag"):
        read_tags(folder / "tags.csv")


def test_a_line_without_end_is_refused_before_it_is_in_memory(tmp_path):
    folder = write_session(tmp_path / "S1")
    with (folder / "EDA.csv").open("ab") as file:
        file.truncate(0)
        file.write(b"1" * (2**20 + 5))
    with pytest.raises(InputError, match="has a line of more than 1048576 bytes"):
        read_empatica_e4(folder)


def test_the_manifest_lists_sessions_by_folder_and_by_pattern(tmp_path):
    for person, condition in (("P1", "rest"), ("P1", "stress"), ("P2", "rest")):
        write_session(tmp_path / person / condition, tags=(10.0,) if condition == "stress" else ())
    (tmp_path / "empty").mkdir()
    rows = list_empatica_e4(tmp_path)
    assert [(r.recording_id, r.subject_id) for r in rows] == [
        ("P1_rest", "P1"),
        ("P1_stress", "P1"),
        ("P2_rest", "P2"),
    ]
    assert [r.events_format for r in rows] == ["bids", "e4_tags", "bids"]
    assert {r.metadata["recorded_utc"] for r in rows} == {"2022-02-07T09:52:54Z"}
    rows = list_empatica_e4(tmp_path, pattern="{subject_id}/{condition}")
    assert [(r.subject_id, r.condition) for r in rows] == [("P1", "rest"), ("P1", "stress"), ("P2", "rest")]
    (tmp_path / "sheet.tsv").write_text(write_sheet(rows))
    assert [r.video for r in read_sheet(tmp_path / "sheet.tsv")] == [None] * 3
    (only,) = list_empatica_e4(tmp_path / "P2/rest")
    assert only.recording_id == "rest"


def test_a_session_that_is_broken_is_listed_with_the_reason(tmp_path):
    break_file(write_session(tmp_path / "P1"), "EDA.csv", b"1644227574.000000", b"?")
    write_session(tmp_path / "P2")
    rows = list_empatica_e4(tmp_path)
    assert "not the start of an Empatica E4 stream" in rows[0].exclude
    assert rows[1].exclude is None


def test_what_the_manifest_refuses(tmp_path):
    with pytest.raises(UsageError, match="is not a folder"):
        list_empatica_e4(tmp_path / "absent")
    with pytest.raises(SheetError, match="no session found"):
        list_empatica_e4(tmp_path)
    (tmp_path / "s.zip").write_bytes(b"PK")
    with pytest.raises(SheetError, match=r"Unpack the \.zip files first"):
        list_empatica_e4(tmp_path)
    write_session(tmp_path / "P1")
    with pytest.raises(SheetError, match="does not fit the pattern"):
        list_empatica_e4(tmp_path, pattern="{subject_id}/{condition}")
    with pytest.raises(UsageError, match="takes no --table"):
        list_empatica_e4(tmp_path, table="t.csv")
    write_session(tmp_path / "p1")
    with pytest.raises(AffectflowError, match="another session is named"):
        list_empatica_e4(tmp_path)


STARTS = {"S02": 1644227574.0, "S04": 1644233389.0, "S05": 1644829925.0}


@pytest.mark.parametrize("name", STARTS)
def test_real_sessions_have_their_starts_and_rates(shared, name):
    folder = shared / "data/biosignals/stress_predict" / name
    recording = read_empatica_e4(folder)
    assert recording.start_unix_s == STARTS[name] == session_start(folder)
    assert recording.notes == []
    by_name = {s.name: s for s in recording.signals}
    steps = {"eda_usiemens": 0.25, "temp_degc": 0.25, "hr_bpm": 1.0} | (
        {"bvp_au": 1 / 64} if name == "S02" else {}
    )
    assert set(by_name) == {*steps, "ibi_ms"}
    for signal, step in steps.items():
        assert np.allclose(np.diff(by_name[signal].time_s), step, atol=1e-9)
        assert by_name[signal].time_s[0] == (10.0 if signal == "hr_bpm" else 0.0)
    # An interval ends with its beat: where two beats follow each other, it is their distance.
    beats = by_name["ibi_ms"]
    gaps = np.diff(beats.time_s) * 1000 - beats.value[1:]
    assert np.mean(np.abs(gaps) < 1) > 0.5
    assert np.all(gaps > -1)


def test_tags_of_real_sessions_are_their_label_changes(shared):
    events = read_tags(shared / "data/biosignals/stress_predict/S02/tags.csv")
    assert events.height == 10
    # 10:03:16 and 10:09:32 UTC, see the README beside the files.
    assert events["onset_s"][1:3].to_list() == [622.0, 998.0]


def test_a_real_session_cut_to_different_lengths(shared):
    by_name = signals_of(shared / "data/biosignals/empatica_e4_flirt")
    assert by_name["bvp_au"].time_s[-1] == pytest.approx(156.2, abs=0.05)
    assert by_name["eda_usiemens"].time_s[-1] == pytest.approx(2499.25)
    assert by_name["hr_bpm"].time_s[-1] == pytest.approx(5007)
