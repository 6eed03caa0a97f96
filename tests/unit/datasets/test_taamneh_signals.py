"""Signals of a drive: each on its own clock, in known units, screened by named rules."""

from __future__ import annotations

import numpy as np
import pytest

from affectflow.datasets.simulated.taamneh import write_book
from affectflow.datasets.taamneh.rules import RULES, conductance, screen
from affectflow.datasets.taamneh.signals import read_taamneh, read_taamneh_unscreened
from affectflow.errors import InputError
from tests.support.synth_taamneh import rows_of, write_channel, write_drive, write_r


def signals(recording):
    return {s.name: s for s in recording.signals}


@pytest.fixture
def drive(tmp_path):
    return write_drive(tmp_path, seconds=20)


def replace(drive, channel, rows, **options):
    return write_channel(drive / f"T001-007.{channel}", rows, **options)


def test_every_signal_has_its_own_clock_and_unit(drive):
    recording = read_taamneh(drive)
    found = signals(recording)
    assert recording.notes == []
    assert recording.start_unix_s is None
    rates = {name: 1 / np.median(np.diff(s.time_s)) for name, s in found.items()}
    assert rates == pytest.approx(
        {
            "hr_bpm": 1,
            "rsp_rate_bpm": 1,
            "eda_usiemens": 25,
            "perinasal_degc2": 7.5,
            **dict.fromkeys(
                ["car_speed_kmh", "acceleration_deg", "brake_newton", "steering_rad", "lane_position_m"], 10
            ),
            **{
                f"facs_{n}_au": 30
                for n in ["anger", "contempt", "disgust", "fear", "joy", "sad", "surprise", "neutral"]
            },
        }
    )
    wave = 200 * (1 + 0.05 * np.sin(found["eda_usiemens"].time_s / 5))
    assert np.allclose(found["eda_usiemens"].value, 1000 / wave, rtol=1e-12)


def test_times_come_from_the_column_time_and_never_from_the_frame_number(drive):
    rows = rows_of("HR", seconds=5)
    for row in rows[1:]:
        row[0], row[1] = 1000 - row[0], row[1] * 1.5 + 0.25
    replace(drive, "HR", rows)
    assert signals(read_taamneh(drive))["hr_bpm"].time_s.tolist() == [0.25, 1.75, 3.25, 4.75, 6.25]


@pytest.mark.parametrize("header_row", [8, 10])
def test_a_header_that_is_off_by_one(drive, header_row):
    usual = read_taamneh(drive)
    replace(drive, "FACS", rows_of("FACS", seconds=20), header_row=header_row)
    for one, two in zip(usual.signals, read_taamneh(drive).signals, strict=True):
        assert np.array_equal(one.value, two.value)


def test_the_noise_reduced_perspiration_is_taken(drive):
    rows = rows_of("pp", seconds=5)
    for row in rows[1:]:
        row[3] = 0.009
    replace(drive, "pp", rows)
    assert set(signals(read_taamneh(drive))["perinasal_degc2"].value) == {0.009}


def test_columns_with_names_nobody_told_are_taken_by_their_place_and_said(drive):
    rows = rows_of("pp", seconds=5)
    rows[0] = ["Frame#", "Time", "Perspiration", "Perspiration smooth"]
    for row in rows[1:]:
        row[3] = 0.009
    replace(drive, "pp", rows)
    hr = rows_of("HR", seconds=5)
    hr[0][2] = "Pulse"
    replace(drive, "HR", hr)
    recording = read_taamneh(drive)
    assert set(signals(recording)["perinasal_degc2"].value) == {0.009}
    assert recording.notes == [
        "T001-007.HR: hr_bpm is taken from the column 'Pulse'",
        "T001-007.pp: perinasal_degc2 is taken from the column 'Perspiration smooth'",
    ]


def test_a_missing_column_is_said_and_the_others_are_read(drive):
    rows = [row[:4] + row[5:] for row in rows_of("res", seconds=5)]
    replace(drive, "res", rows)
    recording = read_taamneh(drive)
    assert "T001-007.res: no column for brake_newton" in recording.notes
    assert {"car_speed_kmh", "steering_rad"} <= set(signals(recording))


def test_missing_samples_stay_missing(drive):
    rows = rows_of("HR", seconds=5)
    rows[3][2] = None
    replace(drive, "HR", rows)
    hr = signals(read_taamneh(drive))["hr_bpm"]
    assert np.isnan(hr.value).tolist() == [False, False, True, False, False]
    assert hr.time_s.size == 5


def test_single_rows_out_of_order_are_left_out_and_said(drive):
    rows = rows_of("HR", seconds=60)
    rows[30][1] = 20.0
    replace(drive, "HR", rows)
    recording = read_taamneh(drive)
    hr = signals(recording)["hr_bpm"]
    assert hr.time_s.size == 59
    assert np.all(np.diff(hr.time_s) > 0)
    assert recording.notes == ["T001-007.HR: 1 rows whose time does not increase are left out"]


def test_a_clock_that_goes_back_is_refused(drive):
    rows = rows_of("HR", seconds=20)
    for row in rows[11:]:
        row[1] -= 10
    replace(drive, "HR", rows)
    with pytest.raises(InputError, match=r"T001-007.HR: Time goes back or stands still in 10 of 20 rows"):
        read_taamneh(drive)


# The rules of the paper.


@pytest.mark.parametrize(
    ("rule", "name", "inside", "outside"),
    [
        ("breathing_rate", "rsp_rate_bpm", (4, 40), (3.9, 40.1)),
        ("heart_rate", "hr_bpm", (40, 120), (39.9, 120.1)),
        ("palm_eda", "eda_kohm", (28, 628), (27.9, 628.1)),
    ],
)
def test_one_value_outside_drops_the_whole_signal(rule, name, inside, outside):
    kept, reason = screen(name, np.array([*inside, np.nan]))
    assert np.array_equal(kept, [*inside, np.nan], equal_nan=True)
    assert reason == ""
    for value in outside:
        kept, reason = screen(name, np.array([np.mean(inside), value]))
        assert kept is None
        assert f"rule {rule}" in reason
        assert "1 of 2 values outside" in reason
        off = [r for r in RULES if r != rule]
        assert screen(name, np.array([np.mean(inside), value]), off)[1] == ""


def test_the_rules_of_driving_change_single_values():
    speed, said = screen("car_speed_kmh", np.array([-0.1, 0.1, 0.05, -0.11, 0.11, 70]))
    assert np.array_equal(speed, [0, 0, 0, np.nan, 0.11, 70], equal_nan=True)
    assert "1 values below -0.1" in said
    pedal, _ = screen("acceleration_deg", np.array([-0.01, 0, 20]))
    assert np.array_equal(pedal, [np.nan, 0, 20], equal_nan=True)
    brake, said = screen("brake_newton", np.array([0, 300, 301]))
    assert brake.tolist() == [0, 300, 300]
    assert "1 values above 300 N" in said
    for name in ("car_speed_kmh", "acceleration_deg", "brake_newton"):
        raw = np.array([-5.0, 400])
        assert np.array_equal(screen(name, raw, ())[0], raw)


def test_a_signal_without_a_rule_passes():
    assert screen("steering_rad", np.array([9.0, -9]))[1] == ""


def test_the_format_without_rules_keeps_what_they_drop(drive):
    rows = rows_of("HR", seconds=20)
    rows[5][2] = 130.0
    replace(drive, "HR", rows)
    screened = read_taamneh(drive)
    assert "hr_bpm" not in signals(screened)
    assert screened.notes == [
        "T001-007.HR: hr_bpm left out (rule heart_rate): 1 of 20 values outside 40 to 120 bpm, from 67.86 to 130"
    ]
    assert signals(read_taamneh_unscreened(drive))["hr_bpm"].value.max() == 130


# Kilo-ohms.


def test_kilo_ohms_become_microsiemens():
    usiemens, reason = conductance(np.array([100.0, 200, np.nan, 628]))
    assert np.allclose(usiemens, [10, 5, np.nan, 1000 / 628], equal_nan=True)
    assert reason == ""
    assert "1 values of 0 kΩ or less count as missing" in conductance(np.array([100.0, 0, 200]))[1]


@pytest.mark.parametrize(("factor", "said"), [(0.02, "microsiemens already"), (1000, "look like ohms")])
def test_a_palm_in_another_unit_is_noticed_by_its_range(drive, factor, said):
    rows = rows_of("peda", seconds=20)
    for row in rows[1:]:
        row[2] *= factor
    replace(drive, "peda", rows)
    recording = read_taamneh_unscreened(drive)
    assert "eda_usiemens" not in signals(recording)
    assert any(said in note for note in recording.notes)
    assert not any(s.name == "eda_kohm" for s in recording.signals)


# What lies around the drive.


def index(folder, *rows):
    names = ["Subject", "Session", "pp", "HR", "BR", "peda", "performance(res)", "FACS"]
    write_book(folder / "Dataset-Table-Index.xlsx", "Sheet1", [names, *rows])


def test_what_the_index_calls_noisy_is_left_out_and_said(tmp_path):
    drive = write_drive(tmp_path / "Structured Study Data", seconds=5)
    # The person's name stands in the first of merged rows only.
    index(tmp_path, ["T001", "ND", 1, 1, 1, 1, 1, 1], [None, "MD", 1, -1, 0, "-1", 1, "N"])
    (drive / "T001-007.BR").unlink()
    recording = read_taamneh(drive)
    assert not {"hr_bpm", "eda_usiemens", "rsp_rate_bpm"} & set(signals(recording))
    assert {"facs_joy_au", "car_speed_kmh"} <= set(signals(recording))
    assert recording.notes == [
        "hr left out: the data set's index marks it as noisy (-1)",
        "br is not there (index: missing)",
        "peda left out: the data set's index marks it as noisy (-1)",
    ]


def test_gaze_and_pupils_come_from_the_r_friendly_file_beside(tmp_path):
    drive = write_drive(tmp_path / "Structured Study Data", seconds=5)
    write_r(tmp_path / "R-Friendly Study Data" / "T001.csv")
    found = signals(read_taamneh(drive))
    assert set(found["gaze_x_px"].value) == {640}
    assert set(found["pupil_right_mm"].value) == {4.1}
    assert found["gaze_x_px"].time_s.tolist() == list(range(60))
    # The other signals of that file are here already, at their own rate.
    assert found["hr_bpm"].time_s.size == 5


def test_endings_in_any_case_and_with_xlsx_behind(tmp_path):
    drive = write_drive(tmp_path, seconds=5)
    (drive / "T001-007.HR").rename(drive / "T001-007.hr.xlsx")
    (drive / "T001-007.FACS").rename(drive / "T001-007.facs")
    assert {"hr_bpm", "facs_joy_au"} <= set(signals(read_taamneh(drive)))


def test_names_that_disagree_are_said(tmp_path):
    drive = write_drive(tmp_path, name="6 MD", number=7, seconds=5)
    assert read_taamneh(drive).notes == [
        "files numbered 007 lie in the folder '6 MD'",
        "the folder is number 6, MD is usually 7",
    ]


def test_a_file_of_another_person_is_not_taken(drive):
    (drive / "T001-007.HR").rename(drive / "T002-007.HR")
    recording = read_taamneh(drive)
    assert "hr_bpm" not in signals(recording)
    assert "T002-007.HR is named after another person than the folder T001; left out" in recording.notes


def test_a_channel_that_comes_twice_is_said(drive):
    write_channel(drive / "T001-007.HR.xlsx", rows_of("HR", seconds=3))
    recording = read_taamneh(drive)
    assert "T001-007.HR.xlsx: T001-007.HR is taken for hr instead" in recording.notes


def test_a_damaged_workbook_is_one_line(drive):
    path = drive / "T001-007.BR"
    path.write_bytes(path.read_bytes()[:2000])
    with pytest.raises(InputError, match=r"T001-007.BR: is a damaged workbook") as error:
        read_taamneh(drive)
    assert "\n" not in str(error.value)


def test_folders_that_are_no_drive(tmp_path):
    for name, said in (
        ("absent", "no such folder"),
        ("notes", "not named like a drive"),
        ("7 MD", "no signal"),
    ):
        if name != "absent":
            (tmp_path / name).mkdir()
        with pytest.raises(InputError, match=said):
            read_taamneh(tmp_path / name)
