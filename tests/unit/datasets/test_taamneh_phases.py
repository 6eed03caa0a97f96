"""Phases of a drive from its stressors, in both layouts, and laid over the control."""

from __future__ import annotations

import numpy as np
import pytest

from affectflow.datasets.taamneh.phases import phases, read_stm, read_stm_control
from affectflow.datasets.taamneh.r_friendly import read_r_events
from affectflow.errors import InputError
from affectflow.features.events import fill_durations, phase_at
from tests.support.synth_taamneh import r_lines, rows_of, write_channel, write_r, write_stm

# T001-007 of the data set.
REAL = ((81.0, 240.0, 4), (510.0, 671.0, 4))


def at(events, times, end_s=800.0):
    return phase_at(fill_durations(events, end_s=end_s, where="e"), np.array(times)).to_list()


def test_two_stressors_make_five_phases_with_closed_intervals(tmp_path):
    events = read_stm(write_stm(tmp_path / "T001-007.stm", *REAL))
    assert events["phase"].to_list() == ["P1", "P2", "P3", "P4", "P5"]
    assert events["label"].to_list() == [None, "texting", None, "texting", None]
    times = [0, 80.999, 81, 240, 240.001, 509.999, 510, 671, 671.001, 799.9]
    assert at(events, times) == ["P1", "P1", "P2", "P2", "P3", "P3", "P4", "P4", "P5", "P5"]


def test_no_frame_falls_between_phases(tmp_path):
    events = read_stm(write_stm(tmp_path / "a.stm", *REAL))
    times = np.arange(0, 800, 1 / 30)
    assert phase_at(fill_durations(events, end_s=800.0, where="e"), times).null_count() == 0


def test_the_control_has_the_same_phases_and_no_label(tmp_path):
    path = write_stm(tmp_path / "T001-007.stm.xlsx", *REAL)
    events, control = read_stm(path), read_stm_control(path)
    assert control.drop("label").equals(events.drop("label"))
    assert control["label"].null_count() == 5


def test_a_control_drive_that_ends_sooner(tmp_path, caplog):
    control = read_stm_control(write_stm(tmp_path / "a.stm", *REAL))
    assert at(control, [509, 511, 599], end_s=600.0) == ["P3", "P4", "P4"]
    filled = fill_durations(control, end_s=600.0, where="a.stm")
    assert filled["phase"].to_list() == ["P1", "P2", "P3", "P4"]
    assert filled["onset_s"][-1] + filled["duration_s"][-1] == 600.0
    assert "phases that begin later are left out: P5" in caplog.text
    with pytest.raises(InputError, match=r"a.stm: phase P2, P3, P4, P5 starts at 81.0 s or later .* 60.0 s"):
        fill_durations(control, end_s=60.0, where="a.stm")


@pytest.mark.parametrize("n", [1, 3, 5])
def test_more_stressors_make_more_pairs(tmp_path, n):
    rows = [(100.0 * k + 50, 100.0 * k + 90, 3) for k in range(n)]
    events = read_stm(write_stm(tmp_path / "a.stm", *reversed(rows)))
    assert events["phase"].to_list() == [f"P{i}" for i in range(1, 2 * n + 2)]
    assert events["label"].to_list() == [None, "emotional"] * n + [None]


def test_blank_rows_and_unknown_types(tmp_path):
    rows = [["StartTime", "EndTime", "Event Switch", "Action Type"], [10, 20, 1, 9], [None, None, None, None]]
    path = write_channel(tmp_path / "a.stm", [*rows, [30, 40, 1, None]])
    assert read_stm(path)["label"].to_list() == [None, "type_9", None, "stressor", None]


def test_overlaps_are_joined_when_of_one_kind_and_cut_when_not(caplog):
    one = phases([(10, 20, "texting"), (15, 30, "texting")], where="e")
    assert one["phase"].to_list() == ["P1", "P2", "P3"]
    assert at(one, [25, 31]) == ["P2", "P3"]
    assert caplog.text == ""
    two = phases([(10, 20, "texting"), (15, 30, "failure")], where="e")
    assert two["label"].to_list() == [None, "texting", "failure", None]
    assert "overlap at 15 s" in caplog.text


def test_a_stressor_from_the_first_moment():
    assert phases([(0, 20, "texting")], where="e")["phase"].to_list() == ["P2", "P3"]


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        ([(240.0, 81.0, 4)], "from 240 s to 81 s makes no sense"),
        ([(None, 81.0, 4)], "both are needed"),
        ([], "names no stressor"),
    ],
)
def test_stimulus_files_that_make_no_sense(tmp_path, rows, said):
    with pytest.raises(InputError, match=said):
        read_stm(write_stm(tmp_path / "a.stm", *rows))


def test_another_table_is_no_stimulus_file(tmp_path):
    path = write_channel(tmp_path / "a.stm", rows_of("HR", seconds=3))
    with pytest.raises(InputError, match="no sheet has the columns start and end"):
        read_stm(path)


def test_runs_of_the_stimulus_in_the_r_friendly_file(tmp_path):
    path = write_r(tmp_path / "T001.csv")
    events = read_r_events(path, drive="MD")
    assert events["phase"].to_list() == ["P1", "P2", "P3", "P4", "P5"]
    assert events["label"].to_list() == [None, "texting", None, "texting", None]
    assert at(events, [9.9, 10, 20, 20.4, 20.6, 30, 40.4, 40.6], end_s=60) == [
        "P1",
        "P2",
        "P2",
        "P2",
        "P3",
        "P4",
        "P4",
        "P5",
    ]
    assert read_r_events(path, drive="MD", control=True)["label"].null_count() == 5


def test_an_r_friendly_file_without_that_drive(tmp_path):
    path = write_r(tmp_path / "T001.csv", r_lines(drives=("ND",)))
    with pytest.raises(InputError, match="no Stimulus of the drive MD"):
        read_r_events(path, drive="MD")
