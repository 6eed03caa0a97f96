"""Every simulator writes a data set that its manifest lists and its readers read, and says that it is simulated."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from affectflow.config.sheet import read_sheet, write_sheet
from affectflow.datasets import EVENT_FORMATS, MANIFESTS, SIGNAL_FORMATS, SIMULATORS
from affectflow.io.probe_video import probe_video
from affectflow.io.tables import check_table
from affectflow.registry import load
from affectflow.signal.clean_signals import clean_signals

SECONDS = 10.0


def digests(folder: Path) -> dict[str, str]:
    files = sorted(p for p in folder.rglob("*") if p.is_file())
    return {str(p.relative_to(folder)): hashlib.sha256(p.read_bytes()).hexdigest() for p in files}


@pytest.fixture(scope="module", params=sorted(SIMULATORS))
def simulated(request, tmp_path_factory):
    """Name of a data set and a folder with a miniature of it."""
    folder = tmp_path_factory.mktemp(request.param)
    load(SIMULATORS, request.param, "data set")(folder, people=2, seconds=SECONDS, seed=3)
    return request.param, folder


def test_a_simulator_has_a_manifest():
    assert set(SIMULATORS) <= set(MANIFESTS)


def test_its_manifest_lists_it_and_the_sheet_is_valid(simulated, tmp_path):
    name, folder = simulated
    rows = load(MANIFESTS, name, "data set")(folder)
    assert len({r.subject_id for r in rows}) == 2
    (tmp_path / "sheet.tsv").write_text(write_sheet(rows))
    formats = {"signal_formats": set(SIGNAL_FORMATS), "event_formats": set(EVENT_FORMATS)}
    assert read_sheet(tmp_path / "sheet.tsv", **formats)


def test_every_recording_can_be_read(simulated):
    name, folder = simulated
    for row in load(MANIFESTS, name, "data set")(folder):
        if row.exclude:
            continue
        if row.signals:
            raw = load(SIGNAL_FORMATS, row.signals_format, "signals_format")(row.signals)
            table = clean_signals(raw.signals, recording_id=row.recording_id)
            check_table(table, "signals", row.recording_id)
            assert table["valid"].any(), row.recording_id
        if row.events:
            events = load(EVENT_FORMATS, row.events_format, "events_format")(row.events)
            assert events.height > 0, row.recording_id
        if row.video:
            _, quality = probe_video(row.video, recording_id=row.recording_id)
            assert quality["truncated"].to_list() == [False], row.recording_id


def test_the_same_seed_gives_the_same_bytes_and_another_person_changes_nobody(simulated, tmp_path):
    name, folder = simulated
    simulate = load(SIMULATORS, name, "data set")
    before = digests(folder)
    simulate(tmp_path / "again", people=1, seconds=SECONDS, seed=3)
    again = digests(tmp_path / "again")
    gathering = {f for f in again if again[f] != before.get(f)}
    # What gathers people, such as an index, may grow; no file of a person may change.
    assert all("T001" not in f and "s1" not in f.split("/") for f in gathering), gathering
    simulate(tmp_path / "other", people=1, seconds=SECONDS, seed=4)
    assert digests(tmp_path / "other") != again
