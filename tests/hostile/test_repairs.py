"""What is repaired: the numbers are those of the sound file, and what was done is said."""

from __future__ import annotations

import numpy as np
import pytest

from affectflow.signal.raw import RawRecording
from tests.support.hostile_files import SOUND, Maker, book, changed, content, csv, line
from tests.support.synth_e4 import START
from tests.support.synth_edf import channels, write_edf
from tests.support.synth_taamneh import rows_of

ROWS = ["0,60", "0.5,61", "1,62"]
PLAIN = ({"hr_bpm": [(0.0, 60.0), (0.5, 61.0), (1.0, 62.0)]}, "")
BOM = b"\xef\xbb\xbf"


def iso(*moments: str) -> Maker:
    return csv("time_iso,hr_bpm", *[f"{t},{60 + i}" for i, t in enumerate(moments)])


def in_folder(name: str, make: Maker) -> Maker:
    """The same file in a folder, or under a name, that a shell or a message could stumble over."""

    def write(folder):
        (folder / name).mkdir()
        return make(folder / name)

    return write


def renamed(name: str, make: Maker) -> Maker:
    return lambda folder: make(folder).rename(folder / name)


def by_dots(folder):
    """A path that goes up and down again."""
    path = csv("time_s,hr_bpm", *ROWS)(folder)
    (folder / "x").mkdir()
    return folder / "x" / ".." / path.name


def by_link(folder):
    path = csv("time_s,hr_bpm", *ROWS)(folder)
    (folder / "link.csv").symlink_to(path.name)
    return folder / "link.csv"


# What → file, samples (time, value) of each signal, and what the log says (a part of it; "" = no warning).
SIGNALS: dict[str, tuple[Maker, dict[str, list[tuple[float, float]]], str]] = {
    "as it should be": (csv("time_s,hr_bpm", *ROWS), *PLAIN),
    "a byte order mark": (changed(csv("time_s,hr_bpm", *ROWS), lambda d: BOM + d), *PLAIN),
    "Windows' line ends": (csv("time_s,hr_bpm", *ROWS, end="\r\n"), *PLAIN),
    "old Mac's line ends": (csv("time_s,hr_bpm", *ROWS, end="\r"), *PLAIN),
    "line ends of all three": (content("signals.csv", "time_s,hr_bpm\r\n0,60\r0.5,61\n1,62"), *PLAIN),
    "blanks and quotes": (csv('"time_s", hr_bpm ', '"0", 60 ', ' 0.5,"61"', "1,62.0 "), *PLAIN),
    "empty rows at the end": (csv("time_s,hr_bpm", *ROWS, "", "", ""), *PLAIN),
    "semicolons and decimal commas": (csv("time_s;hr_bpm", "0,0;60,0", "0,5;61", "1,0;62,0"), PLAIN[0], "decimal commas in time_s, hr_bpm are read as decimal points"),
    "rows twice": (csv("time_s,hr_bpm", "0,60", "0,60", "0.5,61", "1,62", "1,62"), PLAIN[0], "2 rows repeat the row before them (first: row 3)"),
    "cells without a value": (csv("time_s,hr_bpm", "0,60", "0.25,", "0.3,NaN", "0.4,n/a", "0.5,61", "1,62"), *PLAIN),
    "nothing but -0": (csv("time_s,x_au", "-0,-0", "1,-0.0"), {"x_au": [(0.0, 0.0), (1.0, 0.0)]}, ""),
    "times before 0": (csv("time_s,hr_bpm", "-2,60", "-1,61"), {"hr_bpm": [(-2.0, 60.0), (-1.0, 61.0)]}, ""),
    "numbers as programs write them": (csv("time_s,hr_bpm", "0,6e1", "5E-1,+61", "1.,.62e2"), *PLAIN),
    "zones that change from row to row": (iso("2022-02-07T10:52:00+01:00", "2022-02-07T09:52:00.5Z", "2022-02-07 04:52:01-0500"), *PLAIN),
    "the night summer time ends": (iso("2022-10-30T02:59:59.5+02:00", "2022-10-30T02:00:00+01:00", "2022-10-30T02:00:00.5+01:00"), *PLAIN),
    "a folder with quotes, blanks and a dash": (in_folder("-x \"it's\" $(id) ; *", csv("time_s,hr_bpm", *ROWS)), *PLAIN),
    "a name with a line break and a dash": (renamed("-a\nb.csv", csv("time_s,hr_bpm", *ROWS)), *PLAIN),
    "a path that goes up": (by_dots, *PLAIN),
    "a link": (by_link, *PLAIN),
}  # fmt: skip


def samples(recording: RawRecording) -> dict[str, list[tuple[float, float]]]:
    return {s.name: list(zip(s.time_s.tolist(), s.value.tolist(), strict=True)) for s in recording.signals}


def read(bounded, tmp_path, kind, name, make):
    files, outputs = tmp_path / "files", tmp_path / "outputs"
    files.mkdir()
    outputs.mkdir()
    found = bounded.read(kind, name, make(files), outputs)
    assert found.crash == found.said == ""
    return found


@pytest.mark.parametrize("what", SIGNALS)
def test_signals_are_those_of_the_sound_file(what, tmp_path, bounded):
    make, expected, said = SIGNALS[what]
    found = read(bounded, tmp_path, "signals", "csv", make)
    assert samples(found.value) == expected
    if said:
        assert f"WARNING recording a: {said}" in found.log
    else:
        assert "WARNING" not in found.log
    assert found.written == ["a.parquet"]


def test_parquet_of_a_name_with_a_star_is_that_file_alone(tmp_path, bounded):
    def write(folder):
        import polars as pl

        for name, value in (("a*.parquet", 60.0), ("ab.parquet", 99.0)):
            pl.DataFrame({"time_s": [0.0, 1.0], "hr_bpm": [value, value]}).write_parquet(folder / name)
        return folder / "a*.parquet"

    found = read(bounded, tmp_path, "signals", "csv", write)
    assert samples(found.value) == {"hr_bpm": [(0.0, 60.0), (1.0, 60.0)]}


@pytest.mark.parametrize(
    ("file", "change", "said"),
    [
        ("EDA.csv", lambda d: BOM + d.replace(b"\n", b"\r\n"), ""),
        ("ACC.csv", lambda d: d[: d.rindex(b",")], "ACC.csv: the last line is cut off; it is left out"),
        ("IBI.csv", lambda d: d[: d.rindex(b",")], "IBI.csv: the last line is cut off; it is left out"),
    ],
)
def test_streams_of_a_wristband(file, change, said, tmp_path, bounded):
    sound = read(bounded, tmp_path, "signals", "empatica_e4", SOUND["signals"]["empatica_e4"][0])
    (tmp_path / "again").mkdir()
    found = read(bounded, tmp_path / "again", "signals", "empatica_e4", changed(SOUND["signals"]["empatica_e4"][0], change, file))  # fmt: skip
    cut = bool(said)
    for one, two in zip(sound.value.signals, found.value.signals, strict=True):
        n = two.value.size
        assert one.value.size - n == (1 if cut and one.name[:3].lower() == file[:3].lower() else 0)
        assert np.array_equal(one.value[:n], two.value, equal_nan=True)
        assert np.array_equal(one.time_s[:n], two.time_s)
    assert said in found.log


def test_tags_out_of_order_and_twice(tmp_path, bounded):
    tags = "".join(f"{START + t:.2f}\n" for t in (20, 10, 20))
    found = read(bounded, tmp_path, "events", "e4_tags", changed(SOUND["events"]["e4_tags"][0], lambda _: tags.encode()))  # fmt: skip
    assert found.value["onset_s"].to_list() == [0.0, 10.0, 20.0]
    assert found.value["phase"].to_list() == ["tag_0", "tag_1", "tag_2"]


def test_a_missing_stream_and_a_missing_channel_are_said(tmp_path, bounded):
    def without_eda(folder):
        path = SOUND["signals"]["ubfc_phys"][0](folder)
        (folder / "eda_s1_T1.csv").unlink()
        return path

    found = read(bounded, tmp_path, "signals", "ubfc_phys", without_eda)
    assert list(samples(found.value)) == ["bvp_au"]
    assert "eda_s1_T1.csv is not there: no eda_usiemens" in found.log


def test_an_edf_label_that_is_a_path_becomes_a_name_and_an_unknown_unit_is_said(tmp_path, bounded):
    signals = [("../../x", "uS", *channels()[0][2:]), channels()[3]]
    found = read(bounded, tmp_path, "signals", "edf", lambda folder: write_edf(folder / "a.edf", signals))
    assert [s.name for s in found.value.signals] == ["x_usiemens"]
    assert "Pressure is left out: its unit 'mmHg' is not known" in found.log


@pytest.mark.parametrize("header_row", [1, 8, 9, 12, 38])
def test_names_of_a_workbook_on_another_row(header_row, tmp_path, bounded):
    rows = rows_of("HR")
    make = book("T001/7 MD/T001-007.HR", *rows, header_row=header_row)
    found = read(bounded, tmp_path, "signals", "taamneh", lambda folder: make(folder).parent)
    assert samples(found.value) == {"hr_bpm": [(r[1], pytest.approx(r[2])) for r in rows[1:]]}


def test_formulas_text_numbers_and_slips_of_a_clock_in_a_workbook(tmp_path, bounded):
    rows = [[i, float(i), 70.0 + i % 3] for i in range(60)]
    rows[10][2] = ("=70+0.5", 70.5)
    rows[20][2] = " 71.5 "
    rows[30][1] = 28.0
    make = book("T001/7 MD/T001-007.HR", ["Frame#", "Time", "Heart Rate"], *rows)
    found = read(bounded, tmp_path, "signals", "taamneh", lambda folder: make(folder).parent)
    expected = [(float(i), {10: 70.5, 20: 71.5}.get(i, 70.0 + i % 3)) for i in range(60) if i != 30]
    assert samples(found.value) == {"hr_bpm": expected}
    assert "1 rows whose time does not increase are left out" in found.log


def test_palms_in_kilohms_are_microsiemens(tmp_path, bounded):
    found = read(bounded, tmp_path, "signals", "taamneh", SOUND["signals"]["taamneh"][0])
    palm = next(s for s in found.value.signals if s.name == "eda_usiemens")
    assert np.allclose(palm.value, [1000 / r[2] for r in rows_of("peda", seconds=6)[1:]])


@pytest.mark.parametrize("name", ["emoca_csv", "pyfeat", "openface"])
@pytest.mark.parametrize("change", [lambda d: BOM + d, lambda d: d.replace(b"\r", b"").replace(b"\n", b"\r\n"), lambda d: d.replace(b"\r", b"").replace(b"\n", b"\n\n"), lambda d: d.replace(b",", b";")])  # fmt: skip
def test_codes_however_they_were_saved(name, change, tmp_path, bounded):
    make = SOUND["codes"][name][0]
    sound = read(bounded, tmp_path, "codes", name, make)
    (tmp_path / "again").mkdir()
    assert read(bounded, tmp_path / "again", "codes", name, changed(make, change)).value.equals(sound.value)


def test_of_a_frame_that_comes_twice_the_first_is_kept(tmp_path, bounded):
    make = SOUND["codes"]["pyfeat"][0]
    sound = read(bounded, tmp_path, "codes", "pyfeat", make)
    (tmp_path / "again").mkdir()

    def doubled(data: bytes) -> bytes:
        lines = data.split(b"\n")
        return b"\n".join([*lines[:4], lines[3].replace(b"0.99", b"0.55"), *lines[4:]])

    assert read(bounded, tmp_path / "again", "codes", "pyfeat", changed(make, doubled)).value.equals(
        sound.value
    )


def test_phases_in_any_order_and_line_ends(tmp_path, bounded):
    text = (
        BOM
        + b"onset\tduration\tphase\textra\r\n10\t10\ttask\tx\r\n0\t10.0000004\trest\ty\r\n3\tn/a\tcough\tz\r\n"
    )
    found = read(bounded, tmp_path, "events", "bids", content("a.tsv", text)).value
    assert found.select("onset_s", "phase").rows() == [(0.0, "rest"), (10.0, "task")]


def test_stressors_that_overlap_or_begin_before_the_drive(tmp_path, bounded):
    make = book("T001-007.stm", ["StartTime", "EndTime", "Action Type"], [15, 30, 4], [-5, 5, 4], [10, 20, 4])
    found = read(bounded, tmp_path, "events", "taamneh_stm", make).value
    assert found["phase"].to_list() == ["P2", "P3", "P4", "P5"]
    assert found["onset_s"].to_list() == pytest.approx([0, 5, 10, 30], abs=1e-4)


def test_a_sheet_with_a_mark_comments_and_form_feeds(tmp_path, bounded):
    text = (
        BOM
        + "# mine\r\nrecording_id\tsubject_id\tvideo\tnote\r\n\r\na\tA\t../v/-x 'y'.mp4\tone\x0ctwo\u2028three\r\n".encode()
    )
    row = read(bounded, tmp_path, "sheet", "", content("recordings.tsv", text)).value[0]
    assert (row.recording_id, row.video, row.metadata["note"]) == (
        "a",
        "../v/-x 'y'.mp4",
        "one\x0ctwo\u2028three",
    )


def test_videos_of_odd_names_get_plain_ids(tmp_path, bounded):
    def write(folder):
        for name in ("-rf.mp4", 'it\'s "x".mp4', "..a.mp4", "é.mp4"):
            (folder / name).write_bytes(b"\0")
        (folder / "round").symlink_to(folder)
        return folder

    rows, text = read(bounded, tmp_path, "manifest", "folder", write).value
    assert [r.recording_id for r in rows] == ["it_s_x", "rf", "video"]
    assert text.count("\n") == len(rows) + 1


def test_a_person_without_a_drive_is_listed_and_said(tmp_path, bounded):
    rows, _ = read(bounded, tmp_path, "manifest", "taamneh", SOUND["manifest"]["taamneh"][0]).value
    assert [r.recording_id for r in rows] == ["T001_MD"]
    assert rows[0].metadata["note"] == "no face video; no stressor times: one phase"


def test_a_session_that_cannot_be_read_is_listed_with_the_reason(tmp_path, bounded):
    make = changed(SOUND["manifest"]["empatica_e4"][0], line(1, "0"), "S1/rest/EDA.csv")
    rows, text = read(bounded, tmp_path, "manifest", "empatica_e4", make).value
    assert [r.recording_id for r in rows] == ["S1_rest"]
    assert "line 1: '0' is not the start" in rows[0].exclude
    assert "is not the start" in text
