"""One drive of the driving-stress study in its R-friendly form: a CSV per person with all drives below each other."""

from __future__ import annotations

import io
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path

import numpy as np
import polars as pl

from affectflow.datasets.taamneh.layout import DRIVES, STRESSORS
from affectflow.datasets.taamneh.phases import phases
from affectflow.datasets.taamneh.rules import RULES, finish
from affectflow.datasets.tables.csv_cells import MOST_COLUMNS, check_widths, split_line
from affectflow.datasets.tables.excel_tables import plain
from affectflow.errors import InputError
from affectflow.io.plain_files import shown
from affectflow.io.text import read_text
from affectflow.signal.raw import RawRecording

LARGEST_BYTES = 64 * 2**20
MISSING = ("", "na", "nan", "n/a", "null", "inf", "-inf")
GAZE = {
    "gaze_x_px": "gazexpos",
    "gaze_y_px": "gazeypos",
    "pupil_left_mm": "lftpupildiameter",
    "pupil_right_mm": "rtpupildiameter",
}
# Signal → its column, as `plain` writes it. Lane offset and distance are derived from others.
COLUMNS = {
    "hr_bpm": "heartrate",
    "rsp_rate_bpm": "breathingrate",
    "eda_kohm": "palmeda",
    "perinasal_degc2": "perinasalperspiration",
    "car_speed_kmh": "speed",
    "acceleration_deg": "acceleration",
    "brake_newton": "brake",
    "steering_rad": "steering",
    "lane_position_m": "laneposition",
    **GAZE,
}


def read_r_signals(
    path: str | Path, *, drive: str, columns: Mapping[str, str] = COLUMNS, required: bool = True
) -> RawRecording:
    """Read the signals of one drive from a person's R-friendly file.

    Parameters
    ----------
    path
        ``R-Friendly Study Data/T001.csv``.
    drive
        Code of the drive, a key of `layout.DRIVES`.
    columns
        Signal → column; by default all that are measured.
    required
        Whether a drive that is not in the file is an error.

    Raises
    ------
    InputError
        Names file, row and column.
    """
    rows = read_drive_rows(path, drive=drive)
    if rows.height == 0:
        if not required:
            return RawRecording([], notes=[f"{Path(path).name} has no rows of the drive {drive}"])
        raise InputError(f"{path}: has no rows of the drive {drive} (Drive {DRIVES[drive]}). Remove the row.")
    notes: list[str] = []
    time = rows["time"].fill_null(np.nan).to_numpy()
    found = []
    for name, column in columns.items():
        if column in rows.columns:
            value = rows[column].fill_null(np.nan).to_numpy()
            signal = finish(name, time, value, tuple(RULES), notes, Path(path).name)
            found += [signal] if signal is not None else []
    if required and not found:
        raise InputError(f"{path}: the drive {drive} has no usable signal ({'; '.join(notes)}).")
    return RawRecording(found, notes=list(dict.fromkeys(notes)))


def read_r_events(path: str | Path, *, drive: str, control: bool = False) -> pl.DataFrame:
    """Read the phases of one drive: the runs of its column Stimulus.

    A run ends in the middle between its last row and the next one's: the file
    has one row per second.

    Parameters
    ----------
    path, drive
        See `read_r_signals`.
    control
        See `phases.phases`.
    """
    rows = read_drive_rows(path, drive=drive).drop_nulls("time")
    if rows.height == 0 or "stimulus" not in rows.columns:
        raise InputError(f"{path}: has no Stimulus of the drive {drive}. Empty the events cell of the row.")
    time, kind = rows["time"].to_numpy(), rows["stimulus"].fill_null(0).to_numpy()
    starts = np.flatnonzero(np.concatenate([[True], np.diff(kind) != 0]))
    ends = np.append(starts[1:], kind.size)
    stressors = [
        (
            float(time[a]),
            float((time[b - 1] + time[b]) / 2) if b < kind.size else float(time[-1]),
            int(kind[a]),
        )
        for a, b in zip(starts, ends, strict=True)
        if kind[a] != 0
    ]
    # An event of the data set's own making that has no number stays nameless.
    named = [(a, b, STRESSORS.get(k, f"type_{k}")) for a, b, k in stressors]
    return phases(named, where=str(path), control=control)


def drives_in(path: str | Path) -> set[int]:
    """Return the numbers of the drives that a person's file holds."""
    return {int(n) for n in _read_rows(path)["drive"].drop_nulls().unique()}


def read_drive_rows(path: str | Path, *, drive: str) -> pl.DataFrame:
    """Return the rows of one drive as numbers, columns named as `plain` writes them."""
    return _read_rows(path).filter(pl.col("drive") == DRIVES[drive])


def _read_rows(path: str | Path) -> pl.DataFrame:
    path = Path(path)
    if path.is_file() and path.stat().st_size > LARGEST_BYTES:
        raise InputError(
            f"{path}: is larger than {LARGEST_BYTES // 2**20} MiB; this is no R-friendly file. Copy it again."
        )
    text = read_text(path, what="signals").replace("\r\n", "\n").replace("\r", "\n").rstrip("\n")
    header_line, _, body = text.partition("\n")
    header = split_line(header_line, ",", f"{path}: row 1")
    if len(header) > MOST_COLUMNS:
        raise InputError(
            f"{path}: row 1 names {len(header)} columns; this is no R-friendly file. Copy it again."
        )
    names = [plain(h) or f"column{k}" for k, h in enumerate(header)]
    for name in ("time", "drive"):
        if names.count(name) != 1:
            found = ", ".join(map(shown, header[:6]))
            raise InputError(
                f"{path}: row 1: there is no single column {name.title()} (found {found}). Copy the file again."
            )
    if len(set(names)) < len(names):
        twice = next(n for n in names if names.count(n) > 1)
        raise InputError(f"{path}: row 1: column {shown(twice)} occurs twice. Copy the file again.")
    if not body:
        raise InputError(f"{path}: has no rows below the header. Copy the file again.")
    check_widths(body, ",", len(names), path, 2)
    try:
        cells = pl.read_csv(
            io.BytesIO(body.encode()), has_header=False, schema=dict.fromkeys(names, pl.String)
        )
    except pl.exceptions.PolarsError as error:
        raise InputError(f"{path}: cannot be read as a table ({str(error).splitlines()[0]}).") from None
    return pl.DataFrame([_column(cells[n], n, path) for n in names])


def _column(cells: pl.Series, name: str, path: Path) -> pl.Series:
    words = cells.fill_null("").str.strip_chars()
    absent = words.str.to_lowercase().is_in(MISSING)
    numbers = words.cast(pl.Float64, strict=False)
    wrong = ~absent & numbers.is_null()
    if wrong.any():
        row = int(np.argmax(wrong.to_numpy()))
        raise InputError(
            f"{path}: row {row + 2}, column {name}: {shown(words[row])} is not a number. Correct it."
        )
    return numbers.set(absent, None)


_READERS: dict[str, Callable] = {
    **{f"read_{code.lower()}": partial(read_r_signals, drive=code) for code in DRIVES},
    **{f"events_{code.lower()}": partial(read_r_events, drive=code) for code in ("CD", "ED", "MD", "FD")},
    "events_control": partial(read_r_events, drive="MD", control=True),
}


def __getattr__(name: str) -> Callable:
    """Give each drive a reader of its own (``read_md``, ``events_md``): one file holds all drives."""
    if name in _READERS:
        return _READERS[name]
    raise AttributeError(name)
