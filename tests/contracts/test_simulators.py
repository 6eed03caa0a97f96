"""Every simulator writes a data set that its manifest lists and its readers read, and says that it is simulated."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from affectflow.config.sheet import Recording, read_sheet, write_sheet
from affectflow.datasets import (
    CODE_FORMATS,
    EVENT_FORMATS,
    LISTED_BY,
    MANIFESTS,
    SIGNAL_FORMATS,
    SIMULATORS,
)
from affectflow.io.probe_video import probe_video
from affectflow.io.tables import check_table
from affectflow.registry import load
from affectflow.signal.clean_signals import clean_signals

SECONDS = 10.0
# Drawn by the simulated study's own code, at 25 large pictures per second: a little tells enough.
SHORT = dict.fromkeys(("folder", "openface", "pyfeat"), 3.0)


def seconds(name: str) -> float:
    return SHORT.get(name, SECONDS)


def digests(folder: Path) -> dict[str, str]:
    files = sorted(p for p in folder.rglob("*") if p.is_file())
    return {str(p.relative_to(folder)): hashlib.sha256(p.read_bytes()).hexdigest() for p in files}


@pytest.fixture(scope="module", params=sorted(SIMULATORS))
def simulated(request, tmp_path_factory):
    """Name of a data set and a folder with a miniature of it."""
    folder = tmp_path_factory.mktemp(request.param)
    load(SIMULATORS, request.param, "data set")(folder, people=2, seconds=seconds(request.param), seed=3)
    return request.param, folder


def listed(name: str, folder: Path) -> list[Recording]:
    """The rows that the manifest makes which `affectflow simulate` names."""
    manifest, pattern = LISTED_BY.get(name, (name, ""))
    return load(MANIFESTS, manifest, "data set")(folder, **({"pattern": pattern} if pattern else {}))


def test_its_manifest_lists_it_and_the_sheet_is_valid(simulated, tmp_path):
    name, folder = simulated
    rows = listed(name, folder)
    assert len({r.subject_id for r in rows}) == 2
    (tmp_path / "sheet.tsv").write_text(write_sheet(rows))
    formats = {"signal_formats": set(SIGNAL_FORMATS), "event_formats": set(EVENT_FORMATS)}
    assert read_sheet(tmp_path / "sheet.tsv", code_formats=set(CODE_FORMATS), **formats)
    assert len({r.condition for r in rows}) > 1


def test_every_recording_can_be_read(simulated):
    name, folder = simulated
    for row in listed(name, folder):
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
        if row.codes:
            pieces = load(CODE_FORMATS, row.codes_format, "codes_format")().read(
                row.codes, ids={row.subject_id}
            )
            assert sum(piece.height for piece in pieces) == round(25 * seconds(name)), row.recording_id
        if row.video:
            _, quality = probe_video(row.video, recording_id=row.recording_id)
            assert quality["truncated"].to_list() == [False], row.recording_id


def test_the_same_seed_gives_the_same_bytes_and_another_person_changes_nobody(simulated, tmp_path):
    name, folder = simulated
    simulate = load(SIMULATORS, name, "data set")
    before = digests(folder)
    simulate(tmp_path / "again", people=1, seconds=seconds(name), seed=3)
    again = digests(tmp_path / "again")
    gathering = {f for f in again if again[f] != before.get(f)}
    # What gathers people, such as an index, may grow; no file of a person may change.
    assert all("T001" not in f and "s1" not in f.split("/") and "P01" not in f for f in gathering), gathering
    simulate(tmp_path / "other", people=1, seconds=seconds(name), seed=4)
    assert digests(tmp_path / "other") != again
