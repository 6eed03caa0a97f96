"""Any folder of videos → the rows of a sheet.

Subject and condition come from the file names (a pattern) or from a small
table. Signals, events and codes that lie beside a video under its name are taken too.
"""

from __future__ import annotations

import math
import os
import re
from functools import cache
from pathlib import Path

from affectflow.config.decimals import decimal
from affectflow.config.sheet import Recording
from affectflow.config.sheet_columns import ID_PATTERN, KNOWN
from affectflow.datasets import CODE_FORMATS
from affectflow.datasets.tables.csv_cells import split_line
from affectflow.errors import SheetError, UsageError, did_you_mean
from affectflow.io.plain_files import shown
from affectflow.io.text import read_text

VIDEO_SUFFIXES = (".mp4", ".mov", ".mkv", ".avi")
SIGNAL_ENDINGS = (".signals.csv", ".signals.tsv", ".signals.parquet", ".csv", ".tsv", ".parquet")
EVENTS_ENDING = ".events.tsv"
MOST_MISTAKES = 20
_FIELD = re.compile(r"\{([a-z_][a-z0-9_]*)\}")


def list_folder(
    folder: str | Path, *, pattern: str | None = None, table: str | Path | None = None
) -> list[Recording]:
    """List the videos below a folder as rows of a sheet.

    Parameters
    ----------
    folder
        Searched with all folders below it, hidden ones left out.
    pattern
        How a path below `folder`, without its ending, is made up, such as
        ``{subject_id}_{condition}`` or ``{subject_id}/{condition}``. Fields are
        columns of the sheet or any other name, which becomes metadata; ``*``
        stands for anything. A pattern without ``/`` is held against the file
        name alone. Without pattern and table each video is a person of its own.
    table
        Tab-, comma- or semicolon-separated text with a column ``file`` (name or path below
        `folder`) and any columns of the sheet; wins over the pattern.

    Returns
    -------
    Rows sorted by recording_id; ids are made of the file's name.

    Raises
    ------
    UsageError
        If the folder is absent or the pattern cannot be understood.
    SheetError
        If there is no video, a file does not fit the pattern, a row of the
        table names no video, or two files would get the same id.
    """
    root = Path(folder)
    if not root.is_dir():
        raise UsageError(f"{folder}: is not a folder. Give the folder that holds the videos.")
    videos = _find_videos(root)
    if not videos:
        raise SheetError(f"{folder}: no video found below it (looked for {', '.join(VIDEO_SUFFIXES)}).")
    fields = [fields_of(path.relative_to(root), pattern) if pattern else {} for path in videos]
    unfit = [str(path.relative_to(root)) for path, found in zip(videos, fields, strict=True) if found is None]
    if unfit:
        raise SheetError(
            f"{folder}: {len(unfit)} of {len(videos)} videos do not fit the pattern {pattern!r}: "
            f"{', '.join(unfit[:5])}{' …' if len(unfit) > 5 else ''}. Change the pattern or move the files."
        )
    rows = _read_table(table, videos, root) if table else {}
    ids = _unique_ids(videos, root)
    recordings = [
        _recording(path, ids[path], {**(found or {}), **rows.get(path, {})})
        for path, found in zip(videos, fields, strict=True)
    ]
    return sorted(recordings, key=lambda r: r.recording_id)


def _find_videos(root: Path) -> list[Path]:
    found = []
    for place, folders, names in os.walk(root):
        folders[:] = [f for f in folders if not f.startswith(".")]  # os.walk then stays out of hidden ones
        found += [
            Path(place) / n for n in names if n.lower().endswith(VIDEO_SUFFIXES) and not n.startswith(".")
        ]
    return sorted(p for p in found if p.is_file())


@cache
def _compile(pattern: str) -> re.Pattern[str]:
    names = _FIELD.findall(pattern)
    allowed = KNOWN - {"video", "signals", "events", "codes"}
    for name in names:
        if name not in allowed and (near := did_you_mean(name, allowed)):
            raise UsageError(f"pattern {pattern!r}: {{{name}}} is not a column of the sheet.{near}")
    if len(names) != len(set(names)):
        raise UsageError(f"pattern {pattern!r}: a field occurs twice.")
    if "subject_id" not in names:
        raise UsageError(f"pattern {pattern!r}: has no {{subject_id}}. Example: {{subject_id}}_{{condition}}")
    if "{" in _FIELD.sub("", pattern) or "}" in _FIELD.sub("", pattern):
        raise UsageError(
            f"pattern {pattern!r}: fields are lower-case names in braces, such as {{subject_id}}."
        )
    expression = ""
    for part in re.split(r"(\{[a-z_][a-z0-9_]*\}|\*)", pattern):
        field = _FIELD.fullmatch(part)
        expression += f"(?P<{field[1]}>[^/]+?)" if field else "[^/]*" if part == "*" else re.escape(part)
    return re.compile(expression)


def fields_of(path: Path, pattern: str) -> dict[str, str] | None:
    """Return the fields of a path below the folder, or None when it does not fit the pattern; see `list_folder`."""
    text = path.with_suffix("").as_posix() if "/" in pattern else path.stem
    found = _compile(pattern).fullmatch(text)
    return found.groupdict() if found else None


def _read_table(table: str | Path, videos: list[Path], root: Path) -> dict[Path, dict[str, str]]:
    text = read_text(table, what="table", place="--table").replace("\r\n", "\n").replace("\r", "\n")
    lines = text.rstrip("\n").split("\n")
    separator = max("\t,;", key=lines[0].count)
    header = split_line(lines[0], separator, f"{table}: row 1")
    if header.count("file") != 1:
        raise SheetError(f"{table}: row 1: column file is missing. It names the video each row is about.")
    by_name: dict[str, list[Path]] = {}
    for path in videos:
        for name in {path.name, path.relative_to(root).as_posix()}:
            by_name.setdefault(name, []).append(path)
    rows, mistakes = {}, []
    for number, line in enumerate(lines[1:], start=2):
        # Line by line: a quotation mark that is never closed cannot swallow the rows below it.
        cells = [c.strip() for c in split_line(line, separator, f"{table}: row {number}")]
        if not any(cells):
            continue
        if len(cells) != len(header):
            mistakes.append(f"{table}: row {number} has {len(cells)} cells, the header has {len(header)}.")
            continue
        row = dict(zip(header, cells, strict=True))
        name = row.pop("file")
        paths = by_name.get(name, [])
        if len(paths) == 1:
            rows[paths[0]] = {k: v for k, v in row.items() if k}
        elif paths:
            mistakes.append(
                f"{table}: row {number}: {shown(name)} lies in {len(paths)} folders. Give its path below the folder."
            )
        else:
            mistakes.append(
                f"{table}: row {number}: there is no video {shown(name)}.{did_you_mean(name[:200], by_name)}"
            )
        if len(mistakes) == MOST_MISTAKES:
            mistakes.append(f"{table}: row {number}: there may be more; this is enough to begin with.")
            break
    if mistakes:
        raise SheetError("\n".join(mistakes))
    return rows


def _unique_ids(videos: list[Path], root: Path) -> dict[Path, str]:
    """Name each recording by its file; by its path where two files share a name."""
    short = {path: as_id(path.stem) for path in videos}
    taken = [name.lower() for name in short.values()]
    ids = {
        path: name
        if taken.count(name.lower()) == 1
        else as_id("_".join(path.relative_to(root).with_suffix("").parts))
        for path, name in short.items()
    }
    by_id: dict[str, list[Path]] = {}
    for path, name in ids.items():
        by_id.setdefault(name.lower(), []).append(path)
    for name, paths in by_id.items():
        if len(paths) > 1:
            listed = ", ".join(repr(str(p.relative_to(root))) for p in paths)
            raise SheetError(f"{root}: {listed} would all be named {name!r}. Rename all but one.")
    return ids


def as_id(text: str) -> str:
    """Return a name that a recording can have, made of any text."""
    return re.sub(r"[^A-Za-z0-9_-]+", "_", text).strip("_-") or "video"


def _recording(path: Path, recording_id: str, fields: dict[str, str]) -> Recording:
    values = {k: v for k, v in fields.items() if k in KNOWN and v}
    recording_id = values.pop("recording_id", recording_id)
    subject_id = values.pop("subject_id", recording_id)
    for name, value in (("recording_id", recording_id), ("subject_id", subject_id)):
        if not ID_PATTERN.fullmatch(value):
            raise SheetError(
                f"{path}: {name} {value!r} may have letters, digits, _ and - only. Change the pattern or rename the file."
            )
    offset = values.get("signal_offset_s", "0")
    offset_s = decimal(offset)
    if not math.isfinite(offset_s):
        raise SheetError(f"{path}: signal_offset_s {shown(offset)} is not a number of seconds.")
    found = _beside(path)
    if "codes" in values:
        # The format found belongs to the file found.
        found.pop("codes_format", None)
    told = {k: v for k, v in values.items() if k not in ("video", "signal_offset_s")}
    return Recording(
        **{"pair": subject_id, **found, **told},
        recording_id=recording_id,
        subject_id=subject_id,
        video=str(path),
        signal_offset_s=offset_s,
        metadata={k: v for k, v in fields.items() if k not in KNOWN},
    )


def _beside(video: Path) -> dict[str, str]:
    """Return the files that lie beside a video under its name, as cells of the sheet."""

    def there(ending: str) -> str | None:
        path = f"{video.with_suffix('')}{ending}"
        return path if Path(path).is_file() else None

    found = {}
    if signals := next(filter(None, map(there, SIGNAL_ENDINGS)), None):
        found["signals"] = signals
    if events := there(EVENTS_ENDING):
        found["events"] = events
    for name in CODE_FORMATS:
        if codes := there(f".{name}.csv"):
            found |= {"codes": codes, "codes_format": name}
    return found
