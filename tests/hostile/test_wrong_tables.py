"""Tables with a mistake in them: one line with file, place and what to do, no traceback, nothing written."""

from __future__ import annotations

import re
from pathlib import Path

import polars as pl
import pytest

from tests.support.hostile_files import (
    SOUND,
    Maker,
    book,
    changed,
    content,
    csv,
    half,
    line,
    replaced,
    zip_bomb,
)
from tests.support.synth_edf import channels, write_edf
from tests.support.synth_other_codes import openface_table, pyfeat_table, write_openface, write_pyfeat
from tests.support.synth_taamneh import rows_of


def sound(kind: str, name: str = "") -> Maker:
    return SOUND[kind][name][0]


def signals(values: object, unit: str = "eda_usiemens", step: float = 1.0) -> Maker:
    """A signals file of one constant, with a little wave on it."""
    return csv(f"time_s,{unit}", *[f"{i * step},{values * (1 + 0.01 * (i % 3))}" for i in range(20)])


def packets(step_s: float) -> Maker:
    """Eight samples every 0.2 s, whose times are those of the packet's arrival."""
    times = [i * 0.2 + k * step_s for i in range(600) for k in range(8)]
    return csv("time_s,ppg_au", *[f"{t!r},{k % 7}" for k, t in enumerate(times)])


def parquet(**columns: list) -> Maker:
    def write(folder: Path) -> Path:
        pl.DataFrame(columns).write_parquet(folder / "signals.parquet")
        return folder / "signals.parquet"

    return write


def parquet_of_half_a_billion_cells(folder: Path) -> Path:
    """Of some megabytes: equal values take no room."""
    column = pl.repeat(0, 1_000_001, eager=True, dtype=pl.Int8)
    table = pl.DataFrame([column.alias(f"c{i}_au") for i in range(500)])
    table.write_parquet(folder / "signals.parquet", compression="zstd", statistics=False)
    return folder / "signals.parquet"


def e4(file: str, number: int, text: str) -> Maker:
    return changed(sound("signals", "empatica_e4"), line(number, text), file)


def codes(name: str, row: int, old: str, new: str) -> Maker:
    """The sound codes with a part of one row changed (a regular expression)."""

    def change(data: bytes) -> bytes:
        rows = data.decode().replace("\r\n", "\n").split("\n")
        found = re.sub(old, new, rows[row - 1], count=1)
        assert found != rows[row - 1]
        rows[row - 1] = found
        return "\n".join(rows).encode("latin-1")

    return changed(sound("codes", name), change)


def r_friendly(number: int, text: str) -> Maker:
    return changed(sound("signals", "taamneh_r_md"), line(number, text))


def drive_with(channel: str, *rows: list, header_row: int = 9) -> Maker:
    """A drive with this one workbook."""
    return lambda folder: book(f"T001/7 MD/T001-007.{channel}", *rows, header_row=header_row)(folder).parent


def palm(values: float) -> Maker:
    rows = rows_of("peda")
    return drive_with("peda", *[rows[0], *[[a, b, c * values] for a, b, c in rows[1:]]])


def empty_sheets(folder: Path) -> Path:
    return drive_with("HR")(folder)


def edf_of_unknown_units(folder: Path) -> Path:
    return write_edf(folder / "a.edf", [(n, "mmHg", rate, v) for n, _, rate, v in channels()])


def edf(at: int, text: str) -> Maker:
    """The sound file with other text at a place of its header."""
    data = text.encode()
    return changed(sound("signals", "edf"), lambda old: old[:at] + data + old[at + len(data) :])


def ubfc(text: str, name: str = "bvp_s1_T1.csv") -> Maker:
    return content(name, text)


def sheet(*lines: str) -> Maker:
    return content("recordings.tsv", "\n".join(["recording_id\tsubject_id\tsignals\tsignal_offset_s\tvideo_start", *lines]) + "\n")  # fmt: skip


def events(*lines: str) -> Maker:
    return content("a.tsv", "\n".join(["onset_s\tduration_s\tphase", *lines]) + "\n")


def stm(*rows: list) -> Maker:
    return book("T001-007.stm", ["StartTime", "EndTime", "Event Switch", "Action Type"], *rows)


def table(text: str) -> Maker:
    """A table of people beside a video."""
    return changed(sound("manifest", "folder"), lambda _: text.encode())


def named(name: str) -> Maker:
    """A folder with a video of this name."""

    def write(folder: Path) -> Path:
        (folder / name).write_bytes(b"\0")
        return folder

    return write


NOT_A_NUMBER = r"row 3, column hr_bpm: {} is not a number\. "
REFUSED: dict[str, tuple[str, str, Maker, str]] = {
    # Signals: what stands around the numbers.
    "a title above the names": ("signals", "csv", csv("My recording", "time_s,hr_bpm", "0,60"), r"row 1: there is no column time_s .*Remove what stands above"),
    "no names": ("signals", "csv", csv("0,60", "1,61"), r"row 1: there is no column time_s \(found '0', '60'\)"),
    "names only": ("signals", "csv", csv("time_s,hr_bpm"), r"has no samples below the header"),
    "Latin-1": ("signals", "csv", content("signals.csv", "time_s,temp_degc\n0,33\n1,33°\n".encode("latin-1")), r"is not UTF-8 text \(row 3, byte \d+\)\. Save the signals as UTF-8"),
    "a NUL byte in a cell": ("signals", "csv", csv("time_s,hr_bpm", "0,6\x000"), r"is not text \(it holds NUL bytes\)"),
    "a row too short": ("signals", "csv", csv("time_s,hr_bpm,eda_usiemens", "0,60,4", "1,61"), r"row 3 has 2 cells, the header has 3"),
    "a row too long": ("signals", "csv", csv("time_s,hr_bpm", "0,60", "1,61,62"), r"row 3 has 3 cells, the header has 2"),
    "a quotation mark never closed": ("signals", "csv", csv("time_s,hr_bpm", "0,60", '1,"61', "2,62"), r"row 3 has a quotation mark .* without a partner\. Remove it"),
    "a row without anything": ("signals", "csv", csv("time_s,hr_bpm", "0,60", "", "2,62"), r"row 3 is empty\. Remove it"),
    "a name twice": ("signals", "csv", csv("time_s,hr_bpm,hr_bpm", "0,60,61"), r"row 1: column 'hr_bpm' occurs twice"),
    "a name that is a path": ("signals", "csv", csv("time_s,../../etc/x_au", "0,60"), r"column '../../etc/x_au' does not end .*lower case \(a-z, 0-9, _\)"),
    "a name with a quote and a blank": ("signals", "csv", csv("time_s;it's a_au", "0;60"), r"column \"it's a_au\""),
    # Signals: the numbers.
    "decimal commas between commas": ("signals", "csv", csv("time_s,hr_bpm", "0,5,60,1"), r"row 2 has 4 cells.*decimal commas\? Save numbers with a decimal point"),
    "commas and points": ("signals", "csv", csv("time_s;hr_bpm", "0.5;60", "1.5;61,5"), NOT_A_NUMBER.format("'61,5'") + "Use a decimal point"),
    "words": ("signals", "csv", csv("time_s,hr_bpm", "0,60", "1,sixty"), NOT_A_NUMBER.format("'sixty'") + "Correct it"),
    "a formula": ("signals", "csv", csv("time_s,hr_bpm", "0,60", "1,=B2+1"), NOT_A_NUMBER.format(r"'=B2\+1'")),
    "a spreadsheet's error": ("signals", "csv", csv("time_s,hr_bpm", "0,60", "1,#DIV/0!"), NOT_A_NUMBER.format("'#DIV/0!'")),
    "1e400": ("signals", "csv", csv("time_s,hr_bpm", "0,60", "1,1e400"), NOT_A_NUMBER.format("'1e400'")),
    "infinity": ("signals", "csv", csv("time_s,hr_bpm", "0,60", "1,-inf"), NOT_A_NUMBER.format("'-inf'")),
    "infinity in Parquet": ("signals", "csv", parquet(time_s=[0.0, 1.0], hr_bpm=[60.0, float("inf")]), r"row 2, column hr_bpm: 'inf' is not a number"),
    "thousands": ("signals", "csv", csv("time_s,hr_bpm", "0,60", "1,1_000"), NOT_A_NUMBER.format("'1_000'")),
    "a cell as long as a book": ("signals", "csv", csv("time_s,hr_bpm", "0,60", "1," + "9x" * 200_000), NOT_A_NUMBER.format(r"'(9x){30}'… \(400000 characters\)")),
    "lists in Parquet": ("signals", "csv", parquet(time_s=[0.0], hr_bpm=[[60.0]]), r"column 'hr_bpm' holds List\(Float64\), not numbers"),
    "half of a Parquet file": ("signals", "csv", changed(parquet(time_s=[0.0, 1.0], hr_bpm=[1.0, 2.0]), half), r"signals\.parquet: cannot be read as Parquet"),
    "CSV named .parquet": ("signals", "csv", content("signals.parquet", "time_s,hr_bpm\n0,60\n"), r"cannot be read as Parquet"),
    "a Parquet file that unpacks to gigabytes": ("signals", "csv", parquet_of_half_a_billion_cells, r"has 1000001 rows of 500 columns .*Save one file per recording"),
    # Signals: the times.
    "a time twice": ("signals", "csv", csv("time_s,hr_bpm", "0,60", "1,61", "1,62"), r"row 4: time_s 1\.0 occurs twice\. Put signals of one time in one row"),
    "times that go back": ("signals", "csv", csv("time_s,hr_bpm", "0,60", "2,61", "1,62"), r"row 4: time_s 1\.0 comes after 2\.0\. Times must increase"),
    "a time that is missing": ("signals", "csv", csv("time_s,hr_bpm", "0,60", ",61"), r"row 3: time_s is empty"),
    "a time that is nan": ("signals", "csv", csv("time_s,hr_bpm", "0,60", "nan,61"), r"row 3: time_s is empty"),
    "a time of 10^20": ("signals", "csv", csv("time_s,hr_bpm", "0,60", "99999999999999999999,61"), r"hr_bpm run from 0 s to 1e\+20 s; a recording lasts at most 14 days"),
    "times that all are 10^20": ("signals", "csv", csv("time_s,hr_bpm", "1e20,60", "1.1e20,61"), r"a recording lasts at most 14 days"),
    "Unix seconds called time_s": ("signals", "csv", csv("time_s,hr_bpm", "1644227574,60", "1644227575,61"), r"years from the video's first frame.*time_unix_s"),
    "milliseconds called seconds": ("signals", "csv", csv("time_s,hr_bpm", *[f"{i * 10**8},60" for i in range(20)]), r"Are they milliseconds"),
    "a short recording in milliseconds": ("signals", "csv", csv("time_s,hr_bpm", *[f"{i * 1000},60" for i in range(20)]), r"recording a: the times of hr_bpm run from 0 s to 19000 s, and half of its 20 samples lie 1000 s or more apart.*Are the times milliseconds"),
    "Unix milliseconds": ("signals", "csv", csv("time_unix_s,hr_bpm", "1644227574000,60"), r"row 2, column time_unix_s: .*look like milliseconds: divide by 1000"),
    "zones in some rows only": ("signals", "csv", csv("time_iso,hr_bpm", "2022-02-07T09:52:00+01:00,60", "2022-02-07T09:52:01,61"), r"row 3, column time_iso: .*has no time zone\. Add the one"),
    "the hour that autumn repeats, in one zone": ("signals", "csv", csv("time_iso,hr_bpm", "2022-10-30T02:59:59+02:00,60", "2022-10-30T02:00:00+02:00,61"), r"row 3: time_iso 2022-10-30T02:00:00\+02:00 comes after"),
    "the 30th of February": ("signals", "csv", csv("time_iso,hr_bpm", "2022-02-30T09:52:00Z,60"), r"row 2, column time_iso: .*is no moment"),
    "a rate of 0": ("signals", "csv", csv("# rate_hz: 0", "hr_bpm", "60"), r"row 1: # rate_hz: '0' is not a number of samples per second"),
    "a rate of 10^-9": ("signals", "csv", csv("# rate_hz: 1e-9", "hr_bpm", "60", "61"), r"a recording lasts at most 14 days"),
    "packets with the times of their arrival": ("signals", "csv", packets(1e-6), r"recording a: the times of ppg_au run .* in bursts: half of the 4800 steps are at most 1e-06 s, the mean is 0\.025 s: these are times of arrival.*# rate_hz"),
    "times that hardly differ": ("signals", "csv", packets(1e-9), r"half of them within 1e-09 s of the one before"),
    "three samples at once": ("signals", "csv", csv("time_s,ppg_au", "0,1", "1e-300,2", "2e-300,3", "0.1,4"), r"half of them within"),
    # Signals: units.
    "kilohms called microsiemens": ("signals", "csv", signals(212.0), r"recording a: the values of eda_usiemens have a median of 21\d, which looks like kilohms .*µS = 1000 / kΩ"),
    "Fahrenheit": ("signals", "csv", signals(92.0, "temp_degc"), r"temp_degc .*looks like degrees Fahrenheit"),
    "beats per second": ("signals", "csv", signals(1.2, "hr_bpm"), r"hr_bpm .*beats per second"),
    "intervals in seconds": ("signals", "csv", signals(0.8, "ibi_ms"), r"ibi_ms .*looks like seconds"),
    "no unit": ("signals", "csv", csv("time_s,eda", "0,4"), r"column 'eda' does not end in a known unit"),
    # Wristband.
    "a rate of 0 in a stream": ("signals", "empatica_e4", e4("EDA.csv", 2, "0.000000"), r"EDA\.csv: line 2: '0\.000000' is not a rate in Hz"),
    "a rate in words": ("signals", "empatica_e4", e4("EDA.csv", 2, "four"), r"EDA\.csv: line 2: 'four' is not a rate"),
    "a rate of 1e400": ("signals", "empatica_e4", e4("EDA.csv", 2, "1e400"), r"line 2: '1e400' is not a rate"),
    "a rate of 10^-9 in a stream": ("signals", "empatica_e4", e4("EDA.csv", 2, "1e-9"), r"lasts at most 14 days"),
    "a start of 0": ("signals", "empatica_e4", e4("BVP.csv", 1, "0"), r"BVP\.csv: line 1: '0' is not the start"),
    "a start in words": ("signals", "empatica_e4", e4("BVP.csv", 1, "yesterday"), r"line 1: 'yesterday' is not the start"),
    "a start in milliseconds": ("signals", "empatica_e4", e4("BVP.csv", 1, "1644227574000"), r"line 1: '1644227574000' is not the start"),
    "a stream of another day": ("signals", "empatica_e4", e4("TEMP.csv", 1, "1644327574.0"), r"TEMP\.csv: starts 100000 s after .*one session belong into one folder"),
    "infinity in a stream": ("signals", "empatica_e4", e4("EDA.csv", 5, "inf"), r"EDA\.csv: line 5, eda_usiemens: 'inf' is not a number"),
    "two axes of three": ("signals", "empatica_e4", e4("ACC.csv", 7, "1,2"), r"ACC\.csv: line 7: '1,2' has not 3 cells"),
    "beats that go back": ("signals", "empatica_e4", e4("IBI.csv", 3, "0.1,0.8"), r"IBI\.csv: line 3: the beat at 0\.1 s comes after"),
    "a session still packed": ("signals", "empatica_e4", content("S1.zip", "PK"), r"there is no such folder.*Unpack it first"),
    "a folder of something else": ("signals", "empatica_e4", lambda folder: folder, r"holds no stream of an Empatica E4"),
    # UBFC-Phys.
    "two columns": ("signals", "ubfc_phys", ubfc("1.0,2.0\n1.1,2.1\n"), r"bvp_s1_T1\.csv: line 1, value: '1\.0,2\.0' is not a number"),
    "a name above the numbers": ("signals", "ubfc_phys", ubfc("bvp\n1.0\n"), r"line 1, value: 'bvp' is not a number"),
    "nan in a stream": ("signals", "ubfc_phys", ubfc("1.0\nnan\n"), r"line 2, value: 'nan' is not a number"),
    "skin conductance in kilohms": ("signals", "ubfc_phys", ubfc("212\n214\n" * 20, "eda_s1_T1.csv"), r"looks like kilohms"),
    "another name": ("signals", "ubfc_phys", ubfc("1\n", "pulse.csv"), r"is not named like bvp_s1_T1\.csv.*do not rename"),
    # EDF.
    "half of an EDF file": ("signals", "edf", changed(sound("signals", "edf"), half), r"a\.edf: cannot be read as EDF .*export it as EDF\+C"),
    "the header of an EDF file": ("signals", "edf", changed(sound("signals", "edf"), lambda d: d[:256]), r"cannot be read as EDF"),
    "an EDF file of 9999 signals": ("signals", "edf", edf(252, "9999"), r"cannot be read as EDF"),
    "an EDF file of 99999999 records": ("signals", "edf", edf(236, "99999999"), r"cannot be read as EDF"),
    "a date that does not exist": ("signals", "edf", edf(168, "31.02.22"), r"cannot be read as EDF"),
    "units nobody knows": ("signals", "edf", edf_of_unknown_units, r"no signal can be used \(EDA left is left out: its unit 'mmHg' is not known"),
    "no annotation that lasts": ("events", "edf", lambda folder: write_edf(folder / "a.edf", annotations=[(1, -1, "cough")]), r"has no annotation with a duration"),
    "annotations that overlap": ("events", "edf", lambda folder: write_edf(folder / "a.edf", annotations=[(0, 10, "a"), (5, 10, "b")]), r"Phases may not overlap"),
    # Workbooks of the driving-stress study.
    "a formula without a result": ("signals", "taamneh", drive_with("HR", ["Frame#", "Time", "Heart Rate"], [1, 0, 70], [2, 1, ("=C10+1", "")]), r"T001-007\.HR: C11 holds a formula whose result was never saved\. Open it in Excel and save"),
    "words in a cell of numbers": ("signals", "taamneh", drive_with("HR", ["Frame#", "Time", "Heart Rate"], [1, 0, 70], [2, 1, "lead off"]), r"T001-007\.HR: column hr_bpm, 2 rows below the header: 'lead off' is not a number"),
    "sheets without anything": ("signals", "taamneh", empty_sheets, r"no sheet has the columns time .*only empty sheets"),
    "names below row 40": ("signals", "taamneh", drive_with("HR", *[["a line of text"]] * 45, ["Frame#", "Time", "Heart Rate"], [1, 0, 70]), r"no sheet has the columns time in its first 40 rows"),
    "a zip bomb": ("signals", "taamneh", replaced(sound("signals", "taamneh"), zip_bomb, "T001-007.HR"), r"T001-007\.HR: would unpack to 272 MiB \(limit 256 MiB\)\. It is not read"),
    "half of a workbook": ("signals", "taamneh", changed(sound("signals", "taamneh"), half, "T001-007.HR"), r"T001-007\.HR: is a damaged workbook .*Copy it again"),
    "CSV under the name of a workbook": ("signals", "taamneh", changed(sound("signals", "taamneh"), lambda _: b"Frame#,Time,Heart Rate\n1,0,70\n", "T001-007.HR"), r"looks like CSV text under another name"),
    "a palm in microsiemens": ("signals", "taamneh", palm(0.02), r"no signal can be used .*rule palm_eda.*Empty the signals cell"),
    "a palm in microsiemens, rules off": ("signals", "taamneh_unscreened", palm(0.02), r"no signal can be used .*microsiemens already"),
    "times that go back in a workbook": ("signals", "taamneh", drive_with("HR", ["Frame#", "Time", "Heart Rate"], *[[i, i % 7, 70] for i in range(60)]), r"T001-007\.HR: Time goes back or stands still in \d+ of 60 rows"),
    "a drive that is not there": ("signals", "taamneh", lambda folder: folder / "T001" / "7 MD", r"7 MD: there is no such folder"),
    "a folder that is no drive": ("signals", "taamneh", lambda folder: folder, r"is not named like a drive's folder"),
    "a stressor that ends before it starts": ("events", "taamneh_stm", stm([20, 10, 1, 4]), r"a stressor from 20 s to 10 s makes no sense"),
    "a stressor without an end": ("events", "taamneh_stm", stm([20, None, 1, 4]), r"StartTime 20\.0 and EndTime None; both are needed"),
    "a stressor in words": ("events", "taamneh_stm", stm([10, 20, 1, "texting"]), r"column type, 1 rows below the header: 'texting' is not a number"),
    "no stressor": ("events", "taamneh_stm_control", stm(), r"names no stressor"),
    # R-friendly files.
    "an R-friendly row too short": ("signals", "taamneh_r_md", r_friendly(5, "1,2,3"), r"T001\.csv: row 5 has 3 cells, the header has 19"),
    "an R-friendly mark never closed": ("signals", "taamneh_r_md", r_friendly(5, '"1,2,3'), r"T001\.csv: row 5 has a quotation mark"),
    "an R-friendly word": ("events", "taamneh_r_md", r_friendly(5, "x" + ",0" * 18), r"T001\.csv: row 5, column time: 'x' is not a number"),
    "an R-friendly name twice": ("signals", "taamneh_r_md", r_friendly(1, "Time,Drive" + ",a" * 17), r"row 1: column 'a' occurs twice"),
    "R-friendly names only": ("signals", "taamneh_r_md", changed(sound("signals", "taamneh_r_md"), lambda d: d.split(b"\n")[0]), r"has no rows below the header"),
    "a drive that is not in the file": ("signals", "taamneh_r_md", changed(sound("signals", "taamneh_r_md"), lambda d: b"\n".join(d.split(b"\n")[:20])), r"has no rows of the drive MD"),
    # Codes of other programs.
    "a code that is no number": ("codes", "emoca_csv", codes("emoca_csv", 4, r",[-.\d]+$", ",x"), r"row 4, column pose_05: 'x' is not a number"),
    "a code of 1e400": ("codes", "emoca_csv", codes("emoca_csv", 4, r",[-.\d]+$", ",1e400"), r"row 4, column pose_05: '1e400' is not a number"),
    "a code beyond 32 bits": ("codes", "emoca_csv", codes("emoca_csv", 4, r",[-.\d]+$", ",1e39"), r"row 4, column pose_05: '1e39' is not a number"),
    "a row of codes too short": ("codes", "emoca_csv", codes("emoca_csv", 4, r",[-.\d]+$", ""), r"row 4 has 57 cells, the header has 58\. Was the file cut off\?"),
    "a mark in codes never closed": ("codes", "pyfeat", codes("pyfeat", 4, r",", ',"'), r"row 4 has a quotation mark"),
    "a row of codes too short, with marks": ("codes", "pyfeat", codes("pyfeat", 4, r"^\d+,[^,]+,", '"",'), r"row 4 has \d+ cells, the header has"),
    "codes in Latin-1": ("codes", "pyfeat", codes("pyfeat", 4, r"video", "vidéo"), r"row 4 is not UTF-8 text"),
    "a frame of -1": ("codes", "pyfeat", codes("pyfeat", 4, r",\d+$", ",-1"), r"row 4, column frame: '-1' is not the number of a frame"),
    "a frame of 10^20": ("codes", "openface", codes("openface", 4, r"^\d+", "99999999999999999999"), r"row 4, column frame: '9{20}' is not the number of a frame"),
    "frame 0 where frames count from 1": ("codes", "openface", codes("openface", 2, r"^\d+", "0"), r"row 2, column frame: '0' is not the number of a frame \(OpenFace counts from 1\)"),
    "frames that go back": ("codes", "emoca_csv_from_0", codes("emoca_csv_from_0", 6, r"T019,\d+", "T019,2"), r"row 6: frame_id 2 comes after 4\. Sort the rows"),
    "somebody else's codes": ("codes", "emoca_csv", changed(sound("codes", "emoca_csv"), lambda d: d.replace(b"T019", b"T020")), r"has rows of 'T020', none of 'T019' or 'a'"),
    "angles in degrees": ("codes", "openface", lambda folder: write_openface(folder / "a.csv", openface_table(range(1, 9), pose_Rx=[20.0] * 8)), r"row 2, column pose_Rx: 20 is no angle in radians"),
    "codes of several videos": ("codes", "pyfeat", lambda folder: write_pyfeat(folder / "a.csv", pyfeat_table(range(2), input=["a.mp4", "b.mp4"])), r"rows of several videos \(a\.mp4, b\.mp4\)"),
    "names of codes only": ("codes", "openface", changed(sound("codes", "openface"), lambda d: d.split(b"\n")[0] + b"\n"), r"not one row has a face"),
    # Phases and markers.
    "phases that overlap": ("events", "bids", events("0\t10\ta", "5\t10\tb"), r"row 3: phase 'b' starts at 5 s, before phase 'a' of row 2 ends at 10 s"),
    "a negative duration": ("events", "bids", events("0\t-10\ta"), r"row 2: duration_s -10 is negative"),
    "an onset of 1e400": ("events", "bids", events("1e400\t10\ta"), r"row 2: onset_s '1e400' is not a number of seconds"),
    "an onset with a decimal comma": ("events", "bids", events("0,5\t10\ta"), r"row 2: onset_s '0,5' is not a number"),
    "a phase without a name": ("events", "bids", events("0\t10\t"), r"row 2: phase is empty"),
    "phases separated by commas": ("events", "bids", content("a.tsv", "onset_s,duration_s,phase\n0,10,a\n"), r"row 1: column onset_s is missing .*Separate columns by tabs"),
    "a row of phases too short": ("events", "bids", events("0\t10"), r"row 2 has 2 cells, the header has 3"),
    "names of phases only": ("events", "bids", events(), r"names no phase that lasts\. Add rows, or empty the events cell"),
    "a tag before the start": ("events", "e4_tags", changed(sound("events", "e4_tags"), lambda _: b"1544227574.0\n"), r"tags\.csv: the tag 2018-12-08T\S+ is before the session's start"),
    "a tag of 10^20": ("events", "e4_tags", changed(sound("events", "e4_tags"), lambda d: d + b"99999999999999999999\n"), r"tags\.csv: the tag 1e\+20 is .* days after the session's start"),
    "a tag in words": ("events", "e4_tags", changed(sound("events", "e4_tags"), lambda d: d + b"stress\n"), r"tags\.csv: line 3, tag: 'stress' is not a number"),
    "a marker in words": ("markers", "", content("m.tsv", "video_s\tsignal_s\n1\tclap\n"), r"row 2: signal_s 'clap' is not a number of seconds"),
    "a marker of 10^20": ("markers", "", content("m.tsv", "video_s\tsignal_s\n1\t99999999999999999999\n"), r"row 2: signal_s '9{20}' is not a number"),
    "a marker of nan": ("markers", "", content("m.tsv", "video_s\tsignal_s\n1\tnan\n"), r"row 2: signal_s 'nan' is not a number"),
    "half a marker": ("markers", "", content("m.tsv", "video_s\tsignal_s\n1\n"), r"row 2 has 1 cells, the header has 2"),
    "names of markers only": ("markers", "", content("m.tsv", "video_s\tsignal_s\n"), r"has no markers below the header"),
    # The sheet.
    "a recording named ../x": ("sheet", "", sheet("../x\tA\ta.csv\t\t"), r"row 2: recording_id '\.\./x' may have letters, digits, _ and - only"),
    "a recording named -rf": ("sheet", "", sheet("-rf\tA\ta.csv\t\t"), r"row 2: recording_id '-rf' must not start with -"),
    "one name in two cases": ("sheet", "", sheet("a\tA\ta.csv\t\t", "A\tA\tb.csv\t\t"), r"row 3: recording_id 'A' is already used in row 2"),
    "an offset of 1e400": ("sheet", "", sheet("a\tA\ta.csv\t1e400\t"), r"row 2: signal_offset_s '1e400' is not a number of seconds"),
    "an offset of nan": ("sheet", "", sheet("a\tA\ta.csv\tnan\t"), r"row 2: signal_offset_s 'nan' is not a number"),
    "a start without a zone": ("sheet", "", sheet("a\tA\ta.csv\t\t2022-02-07T09:52:00"), r"row 2: video_start .*has no time zone"),
    "a row of the sheet too short": ("sheet", "", sheet("a\tA\ta.csv"), r"row 2: has 3 cells, the header has 5"),
    "a sheet in Latin-1": ("sheet", "", content("recordings.tsv", "recording_id\tsubject_id\tvideo\né\ta\tb\n".encode("latin-1")), r"is not UTF-8 text"),
    "names of the sheet only": ("sheet", "", sheet(), r"has no recordings\. Add one row per video"),
    # Manifests.
    "a video's name with a line break": ("manifest", "folder", named("a\nb.mp4"), r"recording a_b: video '.*a\\nb\.mp4' contains a tab or a line break\. Rename the file"),
    "a table's row too short": ("manifest", "folder", table("file,condition,age\na.mp4,rest\n"), r"people\.csv: row 2 has 2 cells, the header has 3"),
    "a table's mark never closed": ("manifest", "folder", table('file,condition\n"a.mp4,rest\nb.mp4,x\n'), r"people\.csv: row 2 has 1 cells, the header has 2"),
    "a table's offset in words": ("manifest", "folder", table("file,signal_offset_s\na.mp4,soon\n"), r"signal_offset_s 'soon' is not a number of seconds"),
    "a table in UTF-16": ("manifest", "folder", changed(sound("manifest", "folder"), lambda d: d.decode().encode("utf-16")), r"people\.csv: is not text .*UTF-16"),
    "a folder without videos": ("manifest", "folder", lambda folder: folder, r"no video found below it"),
    "no session of the study": ("manifest", "taamneh", lambda folder: folder, r"no session found"),
    "nobody of UBFC-Phys": ("manifest", "ubfc_phys", lambda folder: folder, r"no recording found"),
    "sessions still packed": ("manifest", "empatica_e4", lambda folder: content("S1.zip", "PK")(folder).parent, r"no session found below it .*Unpack the \.zip files first"),
}  # fmt: skip


@pytest.mark.parametrize("what", REFUSED)
def test_it_is_refused_in_one_line_and_nothing_is_written(what, tmp_path, bounded):
    kind, name, make, words = REFUSED[what]
    files, outputs = tmp_path / "files", tmp_path / "outputs"
    files.mkdir()
    outputs.mkdir()
    found = bounded.read(kind, name, make(files), outputs)
    assert found.crash == ""
    assert re.search(words, found.said), found.said
    lines = found.said.split("\n")
    assert len(lines) == 1 or (kind in ("sheet", "manifest") and all(str(tmp_path) in x for x in lines))
    assert max(map(len, lines)) < 800
    assert str(tmp_path) in found.said or "recording a" in found.said or "T001-007" in found.said
    assert found.written == []
    assert found.cpu_s < 5
    assert found.peak_mib < 200
