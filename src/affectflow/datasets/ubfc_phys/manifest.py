"""UBFC-Phys (Meziati Sabour et al. 2021): 56 people, rest, speech and arithmetic → the rows of a sheet."""

from __future__ import annotations

import logging
import os
import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from affectflow.config.sheet import Recording
from affectflow.datasets.ubfc_phys.signals import CHANNELS
from affectflow.errors import InputError, SheetError, UsageError
from affectflow.io.files import sha256_of
from affectflow.io.text import read_text

logger = logging.getLogger(__name__)

# Rest, speech, arithmetic.
TASKS = ("T1", "T2", "T3")
PERSON = re.compile(r"s\d+", re.IGNORECASE)
# As published, and in the order of preference for copies that were converted.
VIDEO_SUFFIXES = (".avi", ".mp4", ".mkv", ".mov")
SCALES, TIMES = ("cognitive", "somatic", "confidence"), ("before", "after")
SEXES, SCENARIOS = {"m": "m", "f": "f", "male": "m", "female": "f"}, {"test", "ctrl"}


def list_ubfc_phys(
    folder: str | Path, *, pattern: str | None = None, table: str | Path | None = None
) -> list[Recording]:
    """List the tasks of all people as rows of a sheet: ``s1_T1``, condition T1 (rest), T2 (speech), T3 (arithmetic).

    Parameters
    ----------
    folder
        Holds the people's folders ``s1`` … ``s56``, at any depth (``UBFC-Phys/Data``).
    pattern, table
        Not used: names and files are the data set's own.

    Returns
    -------
    Rows sorted by recording_id. Metadata: sex (m, f), scenario (test, ctrl),
    recorded_local (date and time as written), anxiety_{cognitive,somatic,confidence}_{before,after}.
    What is missing or odd is in `note` and logged. A person whose recordings
    are byte for byte those of another one has the reason in `exclude`.

    Raises
    ------
    UsageError
        If a pattern or table is given, or the folder is absent.
    SheetError
        If no person is found, or one twice.
    """
    if pattern is not None or table is not None:
        raise UsageError("ubfc_phys: takes no --pattern and no --table; folders and files tell who and what.")
    root = Path(folder)
    if not root.is_dir():
        raise UsageError(f"{folder}: is not a folder. Give the folder that holds s1 … s56.")
    people = _people(root)
    rows: list[Recording] = []
    for subject, home in people.items():
        rows += _person(subject, home)
    if not rows:
        raise SheetError(f"{folder}: no recording found (looked for s1/vid_s1_T1.avi and s1/bvp_s1_T1.csv).")
    rows = _without_copies(rows)
    for row in rows:
        for said in (row.exclude, row.metadata.get("note")):
            if said:
                logger.warning("%s: %s", row.recording_id, said)
    return sorted(rows, key=lambda r: r.recording_id)


def _people(root: Path) -> dict[str, Path]:
    found: dict[str, Path] = {}
    for place, folders, _ in os.walk(root):
        for name in sorted(folders):
            if PERSON.fullmatch(name):
                subject, home = name.lower(), Path(place) / name
                if subject in found:
                    raise SheetError(f"{home}: {subject} is in {found[subject]}, too. Keep one of them.")
                found[subject] = home
        folders[:] = sorted(f for f in folders if not PERSON.fullmatch(f) and not f.startswith("."))
    if PERSON.fullmatch(root.name) and not found:
        found[root.name.lower()] = root
    return dict(sorted(found.items(), key=lambda item: int(item[0][1:])))


def _person(subject: str, home: Path) -> Iterator[Recording]:
    files = {p.name.lower(): p for p in sorted(home.iterdir()) if p.is_file()}
    notes: list[str] = []
    about = {**_info(files, subject, notes), **_anxiety(files, subject, notes)}
    for task in TASKS:
        stem = f"{subject}_{task}"
        key = stem.lower()
        videos = [files[f"vid_{key}{s}"] for s in VIDEO_SUFFIXES if f"vid_{key}{s}" in files]
        signals = {c: files[f"{c}_{key}.csv"] for c in CHANNELS if f"{c}_{key}.csv" in files}
        if not videos and not signals:
            logger.warning("%s: neither video nor signals in %s; it is not in the sheet", stem, home)
            continue
        missing = [] if videos else [f"no vid_{stem}.avi"]
        missing += [f"no {c}_{stem}.csv" for c in CHANNELS if c not in signals]
        told = "; ".join([*missing, *notes])
        yield Recording(
            recording_id=stem,
            subject_id=subject,
            condition=task,
            video=str(videos[0]) if videos else None,
            # The reader finds the other one beside it.
            signals=str(next(iter(signals.values()))) if signals else None,
            signals_format="ubfc_phys" if signals else "csv",
            pair=subject,
            metadata={**about, **({"note": told} if told else {})},
        )


def _info(files: dict[str, Path], subject: str, notes: list[str]) -> dict[str, str]:
    """Read sex, scenario and when: lines in this order, of which only the words are sure."""
    path = files.get(f"info_{subject}.txt")
    if path is None:
        notes.append(f"no info_{subject}.txt")
        return {}
    try:
        lines = [line.strip() for line in read_text(path, what="information").splitlines() if line.strip()]
    except InputError as error:
        notes.append(str(error))
        return {}
    about: dict[str, str] = {}
    others = []
    for line in lines:
        word = line.lower()
        if word in SEXES and "sex" not in about:
            about["sex"] = SEXES[word]
        elif word in SCENARIOS and "scenario" not in about:
            about["scenario"] = word
        elif PERSON.fullmatch(line) and word != subject:
            notes.append(f"{path.name} is about {line}")
        elif word != subject:
            others.append(line)
    if others:
        about["recorded_local"] = " ".join(" ".join(others[:2]).split())
    absent = [name for name in ("sex", "scenario") if name not in about]
    if absent:
        notes.append(f"{path.name}: no {' and no '.join(absent)}")
    return about


def _anxiety(files: dict[str, Path], subject: str, notes: list[str]) -> dict[str, str]:
    path = files.get(f"selfreportedanx_{subject}.csv")
    if path is None:
        notes.append(f"no selfReportedAnx_{subject}.csv")
        return {}
    try:
        rows = [re.split(r"[,;\t]", line) for line in read_text(path, what="questionnaire").split("\n")]
    except InputError as error:
        notes.append(str(error))
        return {}
    cells = [[c.strip() for c in row] for row in rows if any(c.strip() for c in row)]
    shaped = [len(row) for row in cells] == [len(TIMES)] * len(SCALES)
    if not shaped or not all(_is_number(c) for row in cells for c in row):
        notes.append(f"{path.name}: is not a table of 3 rows and 2 columns of numbers")
        return {}
    return {
        f"anxiety_{scale}_{time}": cells[i][k]
        for i, scale in enumerate(SCALES)
        for k, time in enumerate(TIMES)
    }


def _is_number(text: str) -> bool:
    try:
        return float(text) == float(text)
    except ValueError:
        return False


def _without_copies(rows: list[Recording]) -> list[Recording]:
    """Exclude recordings whose signals are another person's, byte for byte: one person must not count twice."""
    first: dict[str, Recording] = {}
    out = []
    for row in rows:
        if row.signals and Path(row.signals).stat().st_size:
            owner = first.setdefault(sha256_of(row.signals), row)
            if owner.subject_id != row.subject_id:
                reason = f"{Path(row.signals).name} is byte for byte that of {owner.recording_id}"
                row = replace(row, exclude=reason)
        out.append(row)
    return out
