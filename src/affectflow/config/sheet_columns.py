"""The columns of the sheet of recordings, and what may stand in them."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from affectflow.config.decimals import decimal
from affectflow.config.moments import parse_moment
from affectflow.errors import did_you_mean

# As Snakemake finds wildcards in the paths of a job's inputs; there is no way to write one that is none.
PLACEHOLDER = re.compile(r"\{\s*[.\w]+\s*(,[^{}]*(\{\d+(,\d+)?\}[^{}]*)*)?\}")
PATH_COLUMNS = ("video", "codes", "signals", "events", "markers")
ID_PATTERN = re.compile(r"[A-Za-z0-9_-]+")
# 255 bytes is the limit of a file name; the longest suffix and the temporary name need the rest.
ID_LENGTH = 128


@dataclass(frozen=True)
class SheetColumn:
    """One column of the sheet: whether it must be there, and what it means."""

    name: str
    required: bool
    meaning: str


SHEET_COLUMNS = (
    SheetColumn("recording_id", True, "unique name of the recording: letters, digits, _ and -"),
    SheetColumn("subject_id", True, "the person; all splits and paired tests group by it"),
    SheetColumn("condition", False, "what is compared, such as baseline / stressor; may be empty"),
    SheetColumn("video", False, "path of the video; empty for signals only"),
    SheetColumn(
        "codes", False, "path of face codes that already exist, to import instead of extracting them"
    ),
    SheetColumn("codes_format", False, "how the codes file is read; default emoca_csv"),
    SheetColumn(
        "batch",
        False,
        "recordings with the same word here are extracted by one GPU job, which loads its networks once: for "
        "clips of seconds; give rows that you add later a new word; empty = a job of its own",
    ),
    SheetColumn("signals", False, "path of the recorded signals; empty for video only"),
    SheetColumn("signals_format", False, "how the signals file is read; default csv"),
    SheetColumn("events", False, "path of the phases; empty = one phase"),
    SheetColumn(
        "events_format",
        False,
        "how the events file is read; default bids: a TSV with onset_s, duration_s, phase, label",
    ),
    SheetColumn(
        "video_start",
        False,
        "wall-clock time of the first frame: Unix seconds, or ISO 8601 with its zone (2022-02-07T09:52:00+00:00); "
        "for signals whose device writes the time of day",
    ),
    SheetColumn(
        "markers",
        False,
        "path of a TSV with video_s and signal_s: shared moments on both clocks (signal.alignment.method: markers)",
    ),
    SheetColumn(
        "signal_offset_s", False, "seconds to add to signal times to reach the video's clock; default 0"
    ),
    SheetColumn("pair", False, "ties recordings compared with each other; default subject_id"),
    SheetColumn("exclude", False, "why the recording is left out of everything; empty = it takes part"),
)
KNOWN = frozenset(c.name for c in SHEET_COLUMNS)


def check_header(header: Sequence[str], path: str | Path) -> list[str]:
    """Return what is wrong with the row that names the columns, a line for each mistake.

    Parameters
    ----------
    header
        The names, in their order.
    path
        The sheet, for the lines.
    """
    mistakes = []
    for name in sorted({n for n in header if header.count(n) > 1}):
        mistakes.append(f"{path}: row 1: column {name!r} occurs {header.count(name)} times. Keep one.")
    unknown = [n for n in header if n not in KNOWN]
    for column in SHEET_COLUMNS:
        if column.required and column.name not in header:
            separator = (
                " The sheet must be separated by tabs, this looks like commas."
                if len(header) == 1 and "," in header[0]
                else ""
            )
            near = did_you_mean(column.name, unknown)
            mistakes.append(f"{path}: row 1: column {column.name} is missing.{near}{separator}")
    for name in unknown:
        near = did_you_mean(name, KNOWN - set(header))
        if not name:
            mistakes.append(f"{path}: row 1: a column has no name. Name it or remove it.")
        elif near:
            mistakes.append(
                f"{path}: row 1: column {name!r} is not known.{near} (Any name less like it is kept as metadata.)"
            )
    return mistakes


def check_row(row: Mapping[str, str], where: str, formats: Mapping[str, set[str] | None]) -> list[str]:
    """Return what is wrong with a row, a line for each mistake.

    Parameters
    ----------
    row
        Column → cell, stripped.
    where
        Sheet and row, for the lines.
    formats
        Column → the words it may have; None = any.
    """
    mistakes = []
    for name in ("recording_id", "subject_id"):
        value = row[name]
        if not value:
            mistakes.append(f"{where}: {name} is empty.")
        elif not ID_PATTERN.fullmatch(value):
            mistakes.append(f"{where}: {name} {value!r} may have letters, digits, _ and - only.")
        elif value.startswith("-"):
            mistakes.append(f"{where}: {name} {value!r} must not start with -.")
        elif len(value) > ID_LENGTH:
            mistakes.append(f"{where}: {name} is {len(value)} characters long; {ID_LENGTH} is the limit.")
    if not row.get("video") and not row.get("signals"):
        mistakes.append(f"{where}: has neither video nor signals.")
    offset = row.get("signal_offset_s", "")
    if offset and math.isnan(decimal(offset)):
        mistakes.append(f"{where}: signal_offset_s {offset!r} is not a number of seconds.")
    start = row.get("video_start", "")
    if start:
        try:
            parse_moment(start)
        except ValueError as error:
            mistakes.append(f"{where}: video_start {error}")
    for column, known in formats.items():
        kind = row.get(column, "")
        if kind and known is not None and kind not in known:
            mistakes.append(
                f"{where}: {column} {kind!r} does not exist.{did_you_mean(kind, known)} Choose one of: {', '.join(sorted(known))}."
            )
    batch = row.get("batch", "")
    if batch and not ID_PATTERN.fullmatch(batch):
        mistakes.append(f"{where}: batch {batch!r} may have letters, digits, _ and - only.")
    if row.get("codes") and not row.get("video"):
        mistakes.append(f"{where}: codes are imported onto the times of their video; video is empty.")
    mistakes += [
        f"{where}: {column} {row[column]!r} has {found[0]}, which Snakemake takes for a placeholder. Rename the file, or "
        "give a link to it."
        for column in PATH_COLUMNS
        if (found := PLACEHOLDER.search(row.get(column, "")))
    ]
    return mistakes
