"""The sheet of recordings (config/recordings.tsv): one row per continuous video of one person.

Checked at the door: every mistake is reported at once, with its row and column.
Whether the files exist is not checked here: a missing file fails its own
recording and leaves the others alone.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path

from affectflow.config.decimals import decimal
from affectflow.config.moments import parse_moment
from affectflow.config.sheet_cells import read_cells
from affectflow.config.sheet_columns import KNOWN, SHEET_COLUMNS, check_header, check_row
from affectflow.errors import SheetError

FORMATS = ("codes_format", "signals_format", "events_format")


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
    header, rows = read_cells(path)
    mistakes = check_header(header, path)
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
        found = check_row(row, where, formats)
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
        value |= {f: None for f in FORMATS if value[f.removesuffix("_format")] is None}
        cells = ["" if value.get(name) is None else str(value.get(name, "")) for name in used + metadata]
        for name, cell in zip(used + metadata, cells, strict=True):
            if re.search(r"[\t\r\n]", cell):
                raise SheetError(
                    f"recording {value['recording_id']}: {name} {cell!r} contains a tab or a line break. Rename the file."
                )
        lines.append("\t".join(cells))
    return "\n".join(lines) + "\n"


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
        metadata={k: v for k, v in row.items() if k not in KNOWN},
    )
