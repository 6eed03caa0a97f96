"""Sessions of an Empatica E4 wristband → the rows of a sheet."""

from __future__ import annotations

import os
from pathlib import Path

from affectflow.config.sheet import Recording
from affectflow.datasets.empatica_e4.signals import STREAM_FILES, utc
from affectflow.datasets.empatica_e4.tags import TAGS, session_start
from affectflow.datasets.folder import as_id, fields_of
from affectflow.errors import InputError, SheetError, UsageError


def list_empatica_e4(
    folder: str | Path, *, pattern: str | None = None, table: str | Path | None = None
) -> list[Recording]:
    """List the session folders below a folder as rows of a sheet, signals only.

    Parameters
    ----------
    folder
        Searched with all folders below it, hidden ones left out; may itself be a session.
    pattern
        How a session folder's path below `folder` is made up, such as
        ``{subject_id}/{condition}``; see `folder.list_folder`. Without it the person
        is the topmost folder.
    table
        Not used: add columns to the sheet instead.

    Returns
    -------
    Rows sorted by recording_id, with the session's start (UTC) as metadata `recorded_utc`.
    A session that cannot be read has the reason in `exclude`.

    Raises
    ------
    UsageError
        If a table is given or the folder is absent.
    SheetError
        If there is no session, or one does not fit the pattern.
    """
    if table is not None:
        raise UsageError("empatica_e4: takes no --table; add columns to the sheet instead.")
    root = Path(folder)
    if not root.is_dir():
        raise UsageError(f"{folder}: is not a folder. Give the folder that holds the sessions' folders.")
    wanted = set(STREAM_FILES.values())
    sessions = []
    for place, folders, files in os.walk(root):
        folders[:] = sorted(f for f in folders if not f.startswith("."))
        if wanted & set(files):
            sessions.append(Path(place))
    if not sessions:
        zips = " Unpack the .zip files first." if any(root.rglob("*.zip")) else ""
        raise SheetError(
            f"{folder}: no session found below it (looked for {', '.join(sorted(wanted))}).{zips}"
        )
    rows = [_row(session, root, pattern) for session in sessions]
    ids = [r.recording_id.lower() for r in rows]
    for row in rows:
        if ids.count(row.recording_id.lower()) > 1:
            raise SheetError(f"{row.signals}: another session is named {row.recording_id!r}, too. Rename it.")
    return sorted(rows, key=lambda r: r.recording_id)


def _row(session: Path, root: Path, pattern: str | None) -> Recording:
    # A session given by itself is known by its own name.
    below = session.relative_to(root) if session != root else Path(root.resolve().name)
    # A pattern is held against a path without its ending; folders have none.
    file = below.with_name(f"{below.name}.folder")
    fields = fields_of(file, pattern) if pattern else {"subject_id": as_id(below.parts[0])}
    if fields is None:
        raise SheetError(f"{session}: does not fit the pattern {pattern!r}. Change the pattern, or move it.")
    name, subject = as_id("_".join(below.parts)), fields.pop("subject_id")
    tags = session / TAGS
    exclude, start = fields.pop("exclude", None), ""
    try:
        start = utc(session_start(session))
    except InputError as error:
        exclude = str(error)
    tagged = tags.is_file() and tags.stat().st_size > 1
    return Recording(
        recording_id=fields.pop("recording_id", name),
        subject_id=subject,
        condition=fields.pop("condition", None),
        signals=str(session),
        signals_format="empatica_e4",
        events=str(tags) if tagged else None,
        events_format="e4_tags" if tagged else "bids",
        pair=fields.pop("pair", subject),
        exclude=exclude,
        metadata={"recorded_utc": start, **fields},
    )
