"""The driving-stress study of Taamneh et al. 2017 (Scientific Data 4:170110) → the rows of a sheet."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from pathlib import Path

from affectflow.config.sheet import Recording
from affectflow.datasets.taamneh.layout import (
    DRIVES,
    INDEX,
    INDEX_WORDS,
    R_FRIENDLY,
    STRUCTURED,
    DriveFolder,
    drive_folder,
    find_above,
    is_subject,
    read_index,
)
from affectflow.datasets.taamneh.people import read_person, read_workload
from affectflow.datasets.taamneh.r_friendly import drives_in
from affectflow.datasets.taamneh.signals import CHANNELS
from affectflow.errors import InputError, SheetError, UsageError

logger = logging.getLogger(__name__)

VIDEO = "avi1"
# The drive whose stressor times are laid over the normal drive, the control.
STRESSOR_OF_CONTROL, CONTROL = "MD", "ND"
WITH_STRESSOR = ("CD", "ED", "MD", "FD")


def list_taamneh(
    folder: str | Path, *, pattern: str | None = None, table: str | Path | None = None
) -> list[Recording]:
    """List the sessions of the driving-stress study as rows of a sheet.

    Every session with a face video or a signal is a row: condition BL, PD, RD,
    ND, CD, ED, MD or FD. The normal drive ND takes the stressor times of the
    person's texting drive MD, laid from its own start: the matched control.
    Where both layouts are there, the Structured Study Data are listed (the reader
    adds gaze and pupils from the R-friendly files), and R-friendly files only
    for people who are not in them.

    Parameters
    ----------
    folder
        The data set's root, or one of its two folders.
    pattern, table
        Not used: names and tables are the data set's own.

    Returns
    -------
    Rows sorted by recording_id, with age, sex, age_group, stai, type_ab and
    nasa_tlx_* as metadata. What is missing or odd is in the column ``note`` and
    logged; nobody is left out for it.

    Raises
    ------
    UsageError
        If a pattern or table is given, or the folder is absent.
    SheetError
        If no session is found.
    """
    if pattern is not None or table is not None:
        raise UsageError("taamneh: takes no --pattern and no --table; folders and files tell who and what.")
    root = Path(folder)
    if not root.is_dir():
        raise UsageError(f"{folder}: is not a folder. Give the folder that holds {STRUCTURED!r}.")
    structured = root / STRUCTURED if (root / STRUCTURED).is_dir() else root
    r_friendly = root / R_FRIENDLY if (root / R_FRIENDLY).is_dir() else root
    index_path = find_above(structured, INDEX)
    index = read_index(index_path) if index_path else {}
    rows: list[Recording] = []
    for person in sorted(p for p in structured.iterdir() if p.is_dir() and is_subject(p.name)):
        rows += _person(person, index)
    listed = {r.subject_id for r in rows}
    for path in sorted(r_friendly.iterdir()):
        if path.suffix.lower() == ".csv" and is_subject(path.stem) and path.stem.upper() not in listed:
            rows += _r_friendly(path)
    if not rows:
        raise SheetError(
            f"{folder}: no session found (looked for {STRUCTURED}/T001/7 MD and {R_FRIENDLY}/T001.csv). "
            "Give the folder that holds them."
        )
    for row in rows:
        if row.metadata.get("note"):
            logger.warning("%s: %s", row.recording_id, row.metadata["note"])
    return sorted(rows, key=lambda r: r.recording_id)


def _person(folder: Path, index: dict[tuple[str, str], dict[str, str]]) -> list[Recording]:
    subject = folder.name.upper()
    notes: list[str] = []
    try:
        about = read_person(folder, subject, notes)
        workload = read_workload(folder, subject, notes)
    except InputError as error:
        about, workload = {}, {}
        notes.append(str(error))
    drives: dict[str, DriveFolder] = {}
    twice = []
    for path in sorted(p for p in folder.iterdir() if p.is_dir()):
        drive = drive_folder(path)
        if drive is None:
            notes.append(f"folder {path.name!r} is no session's")
        elif drive.code in drives:
            twice.append(drive)
        else:
            drives[drive.code] = drive
    absent = [code for code in (CONTROL, *WITH_STRESSOR[:3]) if code not in drives]
    if absent:
        notes.append(f"no drive {', '.join(absent)}")
    for note in notes:
        logger.warning("%s: %s", subject, note)
    rows = []
    for drive in [*drives.values(), *twice]:
        told = index.get((subject, drive.code), {})
        row = _row(subject, drive, drives.get(STRESSOR_OF_CONTROL), told, about, workload)
        if row is None:
            logger.warning("%s: %s holds neither face video nor signal", subject, drive.path.name)
        elif drive in twice:
            reason = f"{drives[drive.code].path.name!r} is the drive {drive.code} of {subject} already"
            rows.append(_with(row, f"{row.recording_id}_{drive.number}", reason))
        else:
            rows.append(row)
    return rows


def _with(row: Recording, recording_id: str, reason: str) -> Recording:
    return Recording(**{**vars(row), "recording_id": recording_id, "exclude": reason})


def _row(
    subject: str,
    drive: DriveFolder,
    stressor: DriveFolder | None,
    told: dict[str, str],
    about: dict[str, str],
    workload: dict[str, dict[str, str]],
) -> Recording | None:
    video = drive.files.get(VIDEO)
    signals = [c for c in CHANNELS if c in drive.files and told.get(c) != "-1"]
    if video is None and not signals:
        return None
    notes = [*drive.notes, *_index_notes(drive, told)]
    if video is None:
        notes.append("no face video")
    events, events_format = drive.files.get("stm"), "taamneh_stm"
    if drive.code == CONTROL:
        events, events_format = (stressor.files.get("stm") if stressor else None), "taamneh_stm_control"
    if events is None and drive.code in (CONTROL, *WITH_STRESSOR):
        notes.append("no stressor times: one phase")
    metadata = {
        **about,
        **workload.get(drive.code, {}),
        "session": str(drive.number),
        **({"arm": drive.arm} if drive.arm else {}),
        **({"note": "; ".join(notes)} if notes else {}),
    }
    return Recording(
        recording_id=f"{subject}_{drive.code}",
        subject_id=subject,
        condition=drive.code,
        video=str(video) if video else None,
        signals=str(drive.path) if signals else None,
        signals_format="taamneh" if signals else "csv",
        events=str(events) if events else None,
        events_format=events_format if events else "bids",
        pair=subject,
        metadata=metadata,
    )


def _index_notes(drive: DriveFolder, told: dict[str, str]) -> Iterator[str]:
    for channel, word in told.items():
        known = channel in CHANNELS or channel in (VIDEO, "stm")
        if known and word in ("0", "-1", "IRB", "N"):
            yield f"index: {channel} {INDEX_WORDS[word]}"
        elif known and word == "1" and channel not in drive.files:
            yield f"index: {channel} should be there"


def _r_friendly(path: Path) -> list[Recording]:
    subject = path.stem.upper()
    try:
        numbers = drives_in(path)
    except InputError as error:
        reason = " ".join(str(error).split())
        return [Recording(f"{subject}_R", subject, signals=str(path), pair=subject, exclude=reason)]
    rows = []
    for code in (c for c, n in DRIVES.items() if n in numbers):
        source = STRESSOR_OF_CONTROL if code == CONTROL else code
        with_events = DRIVES[source] in numbers and source in WITH_STRESSOR
        kind = "control" if code == CONTROL else code.lower()
        rows.append(
            Recording(
                recording_id=f"{subject}_{code}",
                subject_id=subject,
                condition=code,
                signals=str(path),
                signals_format=f"taamneh_r_{code.lower()}",
                events=str(path) if with_events else None,
                events_format=f"taamneh_r_{kind}" if with_events else "bids",
                pair=subject,
            )
        )
    return rows
