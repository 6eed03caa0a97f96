"""Every registered events format hands over phases in the same form."""

from __future__ import annotations

import numpy as np
import pytest

from affectflow.datasets import EVENT_FORMATS
from affectflow.errors import InputError
from affectflow.features.events import check_events_end, fill_durations, phase_at
from affectflow.registry import load
from affectflow.schema import EVENTS_SCHEMA
from tests.support.synth_e4 import write_session
from tests.support.synth_edf import write_edf
from tests.support.synth_taamneh import write_r, write_stm


def write_bids(folder):
    path = folder / "events.tsv"
    path.write_text("onset_s\tduration_s\tphase\tlabel\n0\t10\tP1\t\n10\t10\tP2\ttexting\n30\t5\tP3\t\n")
    return path


def write_stimuli(folder):
    return write_stm(folder / "T001-007.stm", (10, 20, 4), (30, 40, 5))


def write_r_file(folder):
    return write_r(folder / "T001.csv")


def write_tags(folder):
    return write_session(folder / "S1", tags=(10.0, 20.0)) / "tags.csv"


# A new format brings a function that writes a file of at least two phases, one of them from 10 s to 20 s.
EXAMPLES = {
    "bids": write_bids,
    "e4_tags": write_tags,
    "edf": lambda folder: write_edf(folder / "a.edf"),
    "taamneh_stm": write_stimuli,
    "taamneh_stm_control": write_stimuli,
    **{f"taamneh_r_{drive}": write_r_file for drive in ("cd", "ed", "md", "fd", "control")},
}


def test_everything_registered_is_tested_here():
    assert set(EXAMPLES) == set(EVENT_FORMATS)


@pytest.mark.parametrize("name", sorted(EVENT_FORMATS))
def test_phases_are_in_order_and_do_not_overlap(name, tmp_path):
    read = load(EVENT_FORMATS, name, "events_format")
    path = EXAMPLES[name](tmp_path)
    before = path.read_bytes()
    events = read(path)
    assert dict(events.schema) == EVENTS_SCHEMA
    assert events.equals(read(path))
    assert path.read_bytes() == before
    assert events["phase"].null_count() == events["onset_s"].null_count() == 0
    assert np.all(np.diff(events["onset_s"].to_numpy()) > 0)
    filled = fill_durations(events, end_s=60.0, where="e")
    check_events_end(filled, end_s=60.0, tolerance_s=0.0, where="e")
    assert (filled["duration_s"] > 0).all()
    ends = (filled["onset_s"] + filled["duration_s"]).to_numpy()
    assert np.all(ends[:-1] <= filled["onset_s"].to_numpy()[1:] + 1e-9)
    assert phase_at(filled, np.array([15.0])).to_list() == ["tag_1" if name == "e4_tags" else "P2"]


@pytest.mark.parametrize("name", sorted(EVENT_FORMATS))
@pytest.mark.parametrize("content", [None, b"", b"\x00\x01\x02", b"what\nis this\n"])
def test_a_file_that_is_absent_or_something_else_is_one_line(name, content, tmp_path):
    path = tmp_path / "absent.tsv"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(InputError, match="absent") as error:
        load(EVENT_FORMATS, name, "events_format")(path)
    assert "\n" not in str(error.value)
