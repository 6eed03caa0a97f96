"""The sheet of recordings (config/recordings.tsv): one row per continuous video of one person.

Checked at the door: every mistake is reported at once, with its row and column.
Whether the files exist is not checked here: a missing file fails its own
recording and leaves the others alone.
"""

from __future__ import annotations

import math
import os
import re
from dataclasses import dataclass, field
from pathlib import Path

from affectflow.config.decimals import decimal
from affectflow.config.moments import parse_moment
from affectflow.errors import SheetError, did_you_mean

# As Snakemake finds wildcards in the paths of a job's inputs; there is no way to write one that is none.
PLACEHOLDER = re.compile(r"\{\s*[.\w]+\s*(,[^{}]*(\{\d+(,\d+)?\}[^{}]*)*)?\}")
PATH_COLUMNS = ("video", "codes", "signals", "events", "markers")
ID_PATTERN = re.compile(r"[A-Za-z0-9_-]+")
# 255 bytes is the limit of a file name; the longest suffix and the temporary name need the rest.
_FORMATS = ("codes_format", "signals_format", "events_format")
ID_LENGTH = 128
# A hundred thousand recordings with all their columns have less.
LARGEST_BYTES = 64 * 2**20
MOST_COLUMNS = 2000


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
_KNOWN = {c.name for c in SHEET_COLUMNS}


@dataclass(frozen=True)
class Recording:
    """One row of the sheet."""

    recording_id: str
    subject_id: str
    condition: str | None = None
    video: str | None = None
    signals: str | None = None
    signals_format: str = "csv"
    events: str | None = None
    signal_offset_s: float = 0.0
    pair: str = ""
    exclude: str | None = None
    codes: str | None = None
    codes_format: str = "emoca_csv"
    batch: str | None = None
    events_format: str = "bids"
    video_start: str | None = None
    markers: str | None = None
    metadata: dict[str, str] = field(default_factory=dict)

    @property
    def video_start_unix_s(self) -> float | None:
        """Wall-clock time of the first frame, Unix seconds; None when the sheet does not say."""
        return parse_moment(self.video_start) if self.video_start else None


def read_sheet(
    path: str | Path,
    *,
    signal_formats: set[str] | None = None,
    code_formats: set[str] | None = None,
    event_formats: set[str] | None = None,
    with_excluded: bool = False,
) -> list[Recording]:
    """Read and check the sheet.

    Parameters
    ----------
    path
        Tab-separated UTF-8 text with a header row.
    signal_formats
        The names that `signals_format` may have; None = not checked.
    code_formats, event_formats
        Likewise for `codes_format` and `events_format`.
    with_excluded
        Return the rows that have a reason in `exclude` too.

    Returns
    -------
    The recordings that take part (those with `exclude` are left out, unless
    asked for), sorted by recording_id so that reordering the sheet changes nothing.

    Raises
    ------
    SheetError
        All mistakes, one line each, with row number (the header is row 1).
    """
    header, rows = _read_cells(path)
    mistakes = _check_header(header, path)
    if mistakes:
        raise SheetError("\n".join(mistakes))
    formats = {
        "signals_format": signal_formats,
        "codes_format": code_formats,
        "events_format": event_formats,
    }
    recordings: list[Recording] = []
    first_row: dict[str, int] = {}
    for number, cells in rows:
        where = f"{path}: row {number}"
        if len(cells) != len(header):
            mistakes.append(
                f"{where}: has {len(cells)} cells, the header has {len(header)}. Separate cells with one tab each."
            )
            continue
        row = dict(zip(header, (c.strip() for c in cells), strict=True))
        found = _check_row(row, where, formats)
        mistakes += found
        name = row["recording_id"]
        # Some file systems do not tell A from a.
        if name.lower() in first_row:
            mistakes.append(
                f"{where}: recording_id {name!r} is already used in row {first_row[name.lower()]}. Give each recording its own."
            )
        first_row.setdefault(name.lower(), number)
        if not found:
            recordings.append(_recording(row))
    if not rows:
        mistakes.append(
            f"{path}: has no recordings. Add one row per video, or make a sheet with: affectflow manifest folder DIR"
        )
    if mistakes:
        raise SheetError("\n".join(mistakes))
    taken = (r for r in recordings if with_excluded or not r.exclude)
    return sorted(taken, key=lambda r: r.recording_id)


def write_sheet(recordings: list[Recording]) -> str:
    """Return the sheet as tab-separated text, leaving out columns nobody uses."""
    metadata = sorted({name for r in recordings for name in r.metadata})
    values = [{**vars(r), **r.metadata} for r in recordings]
    defaults = vars(Recording("", ""))
    used = [
        c.name
        for c in SHEET_COLUMNS
        if c.required
        or any(
            v[c.name] != defaults[c.name] and (c.name != "pair" or v["pair"] != v["subject_id"])
            for v in values
        )
    ]
    lines = ["\t".join(used + metadata)]
    for value in values:
        # The format of a file that is not there says nothing.
        value |= {f: None for f in _FORMATS if value[f.removesuffix("_format")] is None}
        cells = ["" if value.get(name) is None else str(value.get(name, "")) for name in used + metadata]
        for name, cell in zip(used + metadata, cells, strict=True):
            if re.search(r"[\t\r\n]", cell):
                raise SheetError(
                    f"recording {value['recording_id']}: {name} {cell!r} contains a tab or a line break. Rename the file."
                )
        lines.append("\t".join(cells))
    return "\n".join(lines) + "\n"


def _read_cells(path: str | Path) -> tuple[list[str], list[tuple[int, list[str]]]]:
    try:
        text = _read_plain(Path(path))
    except OSError as error:
        raise SheetError(
            f"{path}: cannot be read ({error.strerror}). Set recordings: in the configuration to your sheet."
        ) from None
    except UnicodeDecodeError:
        raise SheetError(
            f"{path}: is not UTF-8 text. Save it as tab-separated UTF-8, not as a spreadsheet."
        ) from None
    if "\0" in text:
        raise SheetError(f"{path}: is not text. Save it as tab-separated UTF-8, not as a spreadsheet.")
    # Not splitlines: it would also cut at form feeds and at separators that Unicode has within lines.
    lines = [line.split("\t") for line in text.replace("\r\n", "\n").replace("\r", "\n").split("\n")]
    numbered = [
        (i, cells)
        for i, cells in enumerate(lines, start=1)
        if any(c.strip() for c in cells) and not cells[0].startswith("#")
    ]
    if numbered and len(numbered[0][1]) > MOST_COLUMNS:
        raise SheetError(
            f"{path}: row {numbered[0][0]} names {len(numbered[0][1])} columns (limit {MOST_COLUMNS}). "
            "A sheet has a row per recording."
        )
    if not numbered:
        raise SheetError(
            f"{path}: is empty. The first row names the columns: recording_id, subject_id, video, …"
        )
    return [c.strip() for c in numbered[0][1]], numbered[1:]


def _read_plain(path: Path) -> str:
    """Return the sheet's text; what is no plain file would be waited for without end, and is not opened."""
    if path.exists() and not path.is_file():
        what = "a folder" if path.is_dir() else "a pipe or device"
        raise SheetError(
            f"{path}: is {what}, not a file. Set recordings: in the configuration to your sheet."
        )
    with path.open("rb") as file:
        too_large = os.fstat(file.fileno()).st_size > LARGEST_BYTES
        content = b"" if too_large else file.read(LARGEST_BYTES + 1)
    if too_large or len(content) > LARGEST_BYTES:
        raise SheetError(
            f"{path}: is larger than {LARGEST_BYTES // 2**20} MiB: this is no sheet. "
            "Set recordings: in the configuration to your sheet."
        )
    return content.decode("utf-8-sig")


def _check_header(header: list[str], path: str | Path) -> list[str]:
    mistakes = []
    for name in sorted({n for n in header if header.count(n) > 1}):
        mistakes.append(f"{path}: row 1: column {name!r} occurs {header.count(name)} times. Keep one.")
    unknown = [n for n in header if n not in _KNOWN]
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
        near = did_you_mean(name, _KNOWN - set(header))
        if not name:
            mistakes.append(f"{path}: row 1: a column has no name. Name it or remove it.")
        elif near:
            mistakes.append(
                f"{path}: row 1: column {name!r} is not known.{near} (Any name less like it is kept as metadata.)"
            )
    return mistakes


def _check_row(row: dict[str, str], where: str, formats: dict[str, set[str] | None]) -> list[str]:
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


def _recording(row: dict[str, str]) -> Recording:
    return Recording(
        recording_id=row["recording_id"],
        subject_id=row["subject_id"],
        condition=row.get("condition") or None,
        video=row.get("video") or None,
        codes=row.get("codes") or None,
        codes_format=row.get("codes_format") or "emoca_csv",
        batch=row.get("batch") or None,
        events_format=row.get("events_format") or "bids",
        video_start=row.get("video_start") or None,
        markers=row.get("markers") or None,
        signals=row.get("signals") or None,
        signals_format=row.get("signals_format") or "csv",
        events=row.get("events") or None,
        signal_offset_s=decimal(row.get("signal_offset_s") or "0"),
        pair=row.get("pair") or row["subject_id"],
        exclude=row.get("exclude") or None,
        metadata={k: v for k, v in row.items() if k not in _KNOWN},
    )
