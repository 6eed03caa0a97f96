"""Whatever stands where a file should be: every reader refuses it in one line, at once, and writes nothing."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from affectflow.datasets import CODE_FORMATS, EVENT_FORMATS, MANIFESTS, SIGNAL_FORMATS
from tests.support.bounded import Outcome
from tests.support.hostile_files import NO_PLAIN_FILES, NO_TABLES, SOUND, replaced

# Of processor time and of memory above what was in use; the files are up to a gigabyte.
MOST_CPU_S, MOST_MIB = 5.0, 200.0
FORMATS = [(kind, name) for kind, formats in SOUND.items() for name in formats]
# Manifests that list names of files and read none.
NAMES_ONLY = {"ravdess", "crema_d"}
# What a manifest says of a file it cannot read stands in the row of its recording, the drive's reader goes
# on without a channel that is no file, and an empty file of one of two signals is a missing signal: the log says so.
SAID_ELSEWHERE = {
    ("manifest", "ubfc_phys"): lambda _, found: all(r.metadata["note"] for r in found.value[0]),
    ("manifest", "empatica_e4"): lambda _, found: all(r.exclude for r in found.value[0]),
    ("manifest", "taamneh"): lambda wrong, found: "link" in wrong or "No such" in wrong,
    ("signals", "taamneh"): lambda _, found: (
        "T001-007.HR is no file that can be opened; left out" in found.log
    ),
    ("signals", "taamneh_unscreened"): lambda _, found: "T001-007.peda is no file" in found.log,
    ("signals", "ubfc_phys"): lambda wrong, found: wrong == "empty" and "is empty: no bvp_au" in found.log,
}
# All mistakes are listed, a line each.
SAID_BY_LINE = {("sheet", ""), ("manifest", "sheets"), ("manifest", "clips")}


def folders(place: Path) -> tuple[Path, Path]:
    files, outputs = place / "files", place / "outputs"
    files.mkdir(parents=True)
    outputs.mkdir()
    return files, outputs


def check_refusal(found: Outcome, path: Path, what: str) -> None:
    assert found.said, f"{what}: was read"
    assert path.name in found.said or path.parent.name in found.said, f"{what}: {found.said}"
    assert found.said.count(". ") + found.said.endswith(".") >= 1, f"{what}: {found.said}"
    assert len(found.said) < 1000, f"{what}: {found.said[:1000]}"
    assert found.written == [], what


def test_every_format_is_tested_here():
    drives = {n for n in (*SIGNAL_FORMATS, *EVENT_FORMATS) if n.startswith("taamneh_r_")}
    assert set(SOUND["signals"]) == set(SIGNAL_FORMATS) - drives | {"taamneh_r_md"}
    assert set(SOUND["events"]) == set(EVENT_FORMATS) - drives | {"taamneh_r_md", "taamneh_r_control"}
    assert set(SOUND["codes"]) == set(CODE_FORMATS)
    assert set(SOUND["manifest"]) == set(MANIFESTS) - NAMES_ONLY


@pytest.mark.parametrize(("kind", "name"), FORMATS)
def test_the_sound_file_is_read(kind, name, tmp_path, bounded):
    files, outputs = folders(tmp_path)
    found = bounded.read(kind, name, SOUND[kind][name][0](files), outputs)
    assert found.crash == found.said == ""
    assert found.value is not None
    assert found.written == (["a.parquet"] if kind == "signals" else [])


@pytest.mark.parametrize(("kind", "name"), FORMATS)
def test_what_is_no_table_is_refused_at_once_in_little_memory(kind, name, tmp_path, bounded):
    make, file = SOUND[kind][name]
    for number, (wrong, other) in enumerate({**NO_PLAIN_FILES, **NO_TABLES}.items()):
        what = f"{kind} {name}: {wrong}"
        files, outputs = folders(tmp_path / str(number))
        path = replaced(make, other, file)(files)
        found = bounded.read(kind, name, path, outputs)
        assert found.crash == "", what
        assert found.cpu_s < MOST_CPU_S, what
        assert found.peak_mib < MOST_MIB, what
        elsewhere = SAID_ELSEWHERE.get((kind, name))
        if not found.said and elsewhere is not None:
            assert elsewhere(wrong, found), what
        elif (kind, name) in SAID_BY_LINE:
            spoiled = str(path / file if path.is_dir() else path)
            said = found.said.split("\n")
            assert all(line.startswith((spoiled, "… and ")) and len(line) < 400 for line in said), what
        else:
            assert "\n" not in found.said, what
            check_refusal(found, path / file if path.is_dir() else path, what)


@pytest.mark.parametrize(("wrong", "words"), [(k, k) for k in NO_PLAIN_FILES])
@pytest.mark.parametrize(
    ("kind", "name"), [("signals", "csv"), ("events", "bids"), ("codes", "emoca_csv"), ("markers", "")]
)
def test_what_is_no_file_is_called_by_its_name(kind, name, wrong, words, tmp_path, bounded):
    files, outputs = folders(tmp_path)
    make, file = SOUND[kind][name]
    said = bounded.read(kind, name, replaced(make, NO_PLAIN_FILES[wrong], file)(files), outputs).said
    assert f"the {kind} file cannot be read ({words}). Check the path in the sheet." in said


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ("gzip renamed", "It is packed with gzip: unpack it first."),
        ("UTF-16", "It is UTF-16 text: save it as UTF-8."),
        ("a gigabyte of NUL", "is not text (it holds NUL bytes)"),
    ],
)
@pytest.mark.parametrize(("kind", "name"), [("signals", "csv"), ("signals", "empatica_e4"), ("events", "bids"), ("codes", "pyfeat"), ("manifest", "folder")])  # fmt: skip
def test_other_kinds_of_files_are_called_by_their_names(kind, name, wrong, words, tmp_path, bounded):
    files, outputs = folders(tmp_path)
    make, file = SOUND[kind][name]
    assert words in bounded.read(kind, name, replaced(make, NO_TABLES[wrong], file)(files), outputs).said


@pytest.mark.parametrize(("kind", "name"), FORMATS)
def test_bytes_changed_on_the_way_never_crash_a_reader(kind, name, tmp_path, bounded):
    """Any byte may be any other, any part may be missing or twice: it is read or refused, in bounded time."""
    make, file = SOUND[kind][name]
    rng = np.random.default_rng(20)
    n_refused = 0
    for number in range(12):
        files, outputs = folders(tmp_path / str(number))
        path = make(files)
        target = path / file if path.is_dir() else path.parent / (file or path.name)
        data = bytearray(target.read_bytes()) if target.is_file() else bytearray(b"PK\x03\x04")
        for _ in range(int(rng.integers(1, 4))):
            at, length = int(rng.integers(max(len(data), 1))), int(rng.integers(1, 40))
            how = int(rng.integers(4))
            if how == 0:
                data[at : at + length] = rng.bytes(length)
            elif how == 1:
                del data[at : at + length]
            elif how == 2:
                data[at:at] = data[at : at + length] * 3
            else:
                data[at : at + 1] = rng.choice(
                    [b",", b"\n", b"\r", b'"', b"\t", b"-", b"e999", b" ", b".", b"\xff"]
                )
        target.write_bytes(bytes(data))
        found = bounded.read(kind, name, path, outputs)
        what = f"{kind} {name} {number}"
        assert found.crash == "", what
        assert found.cpu_s < MOST_CPU_S, what
        assert found.peak_mib < MOST_MIB, what
        n_refused += bool(found.said)
        if found.said:
            assert len(found.said) < 2000, what
            assert found.written == [], what
    assert n_refused or (kind, name) in SAID_ELSEWHERE
