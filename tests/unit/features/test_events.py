"""Phases from an events file."""

import numpy as np
import polars as pl
import pytest

from affectflow.errors import InputError
from affectflow.features.events import (
    check_events_end,
    fill_durations,
    parse_events,
    phase_at,
    read_events,
)
from affectflow.schema import EVENTS_SCHEMA

HEAD = "onset_s\tduration_s\tphase\tlabel\n"


def test_phases_in_order_of_time_whatever_the_order_of_rows():
    events = parse_events(HEAD + "5\t5\tP2\tstress\n0\t5\tP1\t\n", where="e.tsv")
    assert events["phase"].to_list() == ["P1", "P2"]
    assert events["label"].to_list() == [None, "stress"]


def test_bids_names_windows_line_ends_and_more_columns():
    events = parse_events("onset\tduration\ttrial_type\tphase\r\n1.5\t2\tx\trest\r\n\r\n", where="e.tsv")
    assert events.row(0) == (1.5, 2.0, "rest", None)


def test_a_moment_is_no_phase():
    events = parse_events(HEAD + "1\t0\tbutton\t\n2\tn/a\tbutton\t\n3\t1\tP1\t\n", where="e.tsv")
    assert events["phase"].to_list() == ["P1"]


def test_the_phase_at_a_time_includes_its_onset_and_not_its_end():
    events = parse_events(HEAD + "1\t2\tP1\t\n3\t1\tP2\t\n6\t1\tP1\t\n", where="e.tsv")
    times = np.array([0.0, 0.999, 1.0, 2.999, 3.0, 4.0, 5.0, 6.5, 7.0])
    expected = [None, None, "P1", "P1", "P2", None, None, "P1", None]
    assert phase_at(events, times).to_list() == expected


def test_phases_that_touch_leave_no_frame_out_by_rounding():
    """Onsets written with few digits: every one of 1,000 frames at 29.97 Hz has a phase."""
    rows = "".join(f"{i * 1.1:.6f}\t1.1\tP{i}\t\n" for i in range(31))
    time = np.arange(1000) * 1001 / 30000
    assert phase_at(parse_events(HEAD + rows, where="e"), time).null_count() == 0


def test_a_frame_at_an_onset_that_was_rounded_up_belongs_to_the_new_phase():
    events = parse_events(HEAD + "0\t0.666667\tP1\t\n0.666667\t1\tP2\t\n", where="e")
    assert phase_at(events, np.array([1 / 3, 2 / 3])).to_list() == ["P1", "P2"]


def test_without_events_everything_is_one_phase():
    assert phase_at(None, np.arange(3.0)).to_list() == ["whole"] * 3
    assert phase_at(parse_events(HEAD, where="e"), np.arange(2.0)).to_list() == [None, None]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (HEAD + "0\t5\tP1\t\nfive\t5\tP2\t\n", "e.tsv: row 3: onset_s 'five' is not a number"),
        (HEAD + "0\tinf\tP1\t\n", "row 2: duration_s 'inf' is not a number"),
        (HEAD + "0\t-1\tP1\t\n", "row 2: duration_s -1 is negative"),
        (
            HEAD + "0\t5\tP1\t\n4\t5\tP2\t\n",
            "row 3: phase 'P2' starts at 4 s, before phase 'P1' of row 2 ends at 5",
        ),
        (HEAD + "0\t5\t\t\n", "row 2: phase is empty"),
        (HEAD + "0\t5\n", "row 2 has 2 cells, the header has 4"),
        ("onset_s,duration_s,phase\n0,5,P1\n", "column onset_s is missing.*by tabs"),
        ("onset_s\tduraton_s\tphase\n", r"column duration_s is missing .*Did you mean duraton_s"),
        ("onset\tonset_s\tduration_s\tphase\n", "a column occurs twice"),
        ("", "column onset_s is missing"),
    ],
)
def test_mistakes_name_their_row(text, words):
    with pytest.raises(InputError, match=words):
        parse_events(text, where="e.tsv")


def test_phases_beyond_the_video_are_refused():
    events = parse_events(HEAD + "190\t10\tP1\t\n", where="e.tsv")
    with pytest.raises(InputError, match=r"e.tsv: phase 'P1' ends at 200.0 s but the video ends at 10.0 s"):
        check_events_end(events, end_s=10.0, tolerance_s=0.04, where="e.tsv")
    check_events_end(events, end_s=199.97, tolerance_s=0.04, where="e.tsv")
    with pytest.raises(InputError):
        check_events_end(events, end_s=199.95, tolerance_s=0.04, where="e.tsv")


def test_a_file_is_read_as_its_text(tmp_path):
    path = tmp_path / "e.tsv"
    path.write_text("\ufeff" + HEAD + "0\t5\tP1\trest\n")
    assert read_events(path).equals(parse_events(HEAD + "0\t5\tP1\trest\n", where="e"))


def open_ended(*onsets):
    names = [f"P{i + 1}" for i in range(len(onsets))]
    return pl.DataFrame(
        {"onset_s": onsets, "duration_s": None, "phase": names, "label": None}, schema=EVENTS_SCHEMA
    )


def test_phases_without_a_duration_run_to_the_next_or_to_the_end():
    filled = fill_durations(open_ended(0.0, 10.0, 25.0), end_s=30.0, where="e")
    assert filled["duration_s"].to_list() == [10.0, 15.0, 5.0]
    mixed = open_ended(0.0, 10.0, 25.0).with_columns(duration_s=pl.Series([None, 5.0, None]))
    assert fill_durations(mixed, end_s=30.0, where="e")["duration_s"].to_list() == [10.0, 5.0, 5.0]


def test_phases_with_durations_stay_as_they_are():
    events = parse_events(HEAD + "0\t5\tP1\t\n50\t5\tP2\t\n", where="e")
    assert fill_durations(events, end_s=10.0, where="e") is events


def test_phases_beyond_the_end_are_cut_and_left_out_with_a_word(caplog):
    filled = fill_durations(open_ended(0.0, 10.0, 25.0), end_s=20.0, where="e.stm")
    assert filled["duration_s"].to_list() == [10.0, 10.0]
    assert "e.stm: the recording ends at 20.0 s; phases that begin later are left out: P3" in caplog.text
    with pytest.raises(
        InputError, match=r"phase P2, P3 starts at 10.0 s or later but the recording ends at 5.0 s"
    ):
        fill_durations(open_ended(0.0, 10.0, 25.0), end_s=5.0, where="e.stm")
