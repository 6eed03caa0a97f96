"""The R-friendly files: one CSV per person, the format names the drive."""

from __future__ import annotations

import numpy as np
import pytest

from affectflow.datasets.taamneh import r_friendly
from affectflow.datasets.taamneh.layout import DRIVES
from affectflow.datasets.taamneh.r_friendly import drives_in, read_r_signals
from affectflow.errors import InputError
from tests.support.synth_taamneh import r_lines, write_r


def changed(lines, row, column, value):
    cells = lines[row].split(",")
    cells[lines[0].split(",").index(column)] = value
    return [*lines[:row], ",".join(cells), *lines[row + 1 :]]


def test_each_drive_is_read_by_itself(tmp_path):
    lines = r_lines(seconds=30)
    lines = changed(lines, 1 + 30 * 6 + 5, "Heart.Rate", "99")
    path = write_r(tmp_path / "T001.csv", lines)
    assert drives_in(path) == set(DRIVES.values())
    for code in DRIVES:
        found = {s.name: s for s in getattr(r_friendly, f"read_{code.lower()}")(path).signals}
        assert found["hr_bpm"].time_s.tolist() == list(range(30))
        assert (found["hr_bpm"].value[5] == 99) == (code == "MD")
        assert found["eda_usiemens"].value[0] == 5.0
        assert "eda_kohm" not in found
        assert found["pupil_left_mm"].value[0] == 3.9


def test_na_is_missing_and_a_column_of_it_no_signal(tmp_path):
    lines = changed(changed(r_lines(seconds=10, drives=("MD",)), 4, "Heart.Rate", "NA"), 5, "Heart.Rate", "")
    for row in range(1, 11):
        lines = changed(lines, row, "Gaze.X.Pos", "NA")
    found = {s.name: s for s in read_r_signals(write_r(tmp_path / "T001.csv", lines), drive="MD").signals}
    assert np.isnan(found["hr_bpm"].value).nonzero()[0].tolist() == [3, 4]
    assert "gaze_x_px" not in found


def test_the_rules_apply_and_are_said(tmp_path):
    lines = changed(r_lines(seconds=10, drives=("MD",)), 4, "Heart.Rate", "20")
    recording = read_r_signals(write_r(tmp_path / "T001.csv", lines), drive="MD")
    assert "hr_bpm" not in {s.name for s in recording.signals}
    assert any("rule heart_rate" in n for n in recording.notes)


def test_windows_lines_and_quotes_as_r_writes_them(tmp_path):
    lines = r_lines(seconds=10, drives=("MD",))
    lines[0] = ",".join(f'"{n}"' for n in lines[0].split(","))
    path = tmp_path / "T001.csv"
    path.write_bytes("\r\n".join(["\ufeff" + lines[0], *lines[1:], ""]).encode())
    assert len(read_r_signals(path, drive="MD").signals) == 13


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        (changed(r_lines(seconds=9), 3, "Time", "two"), "row 4, column time: 'two' is not a number"),
        (["Time,HR", "0,70"], "row 1: there is no single column Drive"),
        ([""], "row 1: there is no single column Time"),
        (r_lines(seconds=9, drives=("ND",)), "has no rows of the drive MD"),
        ([*r_lines(seconds=9), "1,2,\0"], "NUL bytes"),
    ],
)
def test_mistakes_are_one_line(tmp_path, lines, said):
    with pytest.raises(InputError, match=said) as error:
        read_r_signals(write_r(tmp_path / "T001.csv", lines), drive="MD")
    assert "\n" not in str(error.value)


def test_a_file_above_the_limit_is_not_read(tmp_path, monkeypatch):
    monkeypatch.setattr(r_friendly, "LARGEST_BYTES", 100)
    with pytest.raises(InputError, match="is larger than"):
        read_r_signals(write_r(tmp_path / "T001.csv"), drive="MD")


def test_there_are_no_other_readers():
    with pytest.raises(AttributeError):
        r_friendly.read_xx  # noqa: B018
