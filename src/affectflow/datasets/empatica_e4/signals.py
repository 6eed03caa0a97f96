"""Signals of an Empatica E4 wristband: a folder per session, a file per stream.

Line 1 of a stream is its own start in Unix seconds (UTC), line 2 its rate in
Hz; then a sample per line. ``IBI.csv`` has no rate: each line is the time of a
beat since the start and the interval that ended with it.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from datetime import datetime, timezone
from pathlib import Path

import numpy as np
import polars as pl

from affectflow.datasets.tables.number_lines import read_lines, read_numbers
from affectflow.errors import InputError
from affectflow.io.plain_files import shown
from affectflow.signal.raw import RawRecording, RawSignal

# Stream → names of its columns.
STREAMS: dict[str, tuple[str, ...]] = {
    "EDA": ("eda_usiemens",),
    "BVP": ("bvp_au",),
    "HR": ("hr_bpm",),
    "TEMP": ("temp_degc",),
    "ACC": ("acc_x_g", "acc_y_g", "acc_z_g"),
}
IBI = "IBI"
STREAM_FILES = {stream: f"{stream}.csv" for stream in (*STREAMS, IBI)}
# One unit of the accelerometer is 1/64 g.
ACC_STEPS_PER_G = 64.0
# Both begin with zeros until the sensor has settled.
SETTLING = frozenset({"EDA", "BVP"})
# HR starts 10 s late. A file that starts much later was copied from another session.
LATEST_START_S = 300.0
# The device is younger than 2001-09-09 and its clock counts seconds: milliseconds would be a thousand times as much.
UNIX_RANGE = (1e9, 1e10)


def read_empatica_e4(path: str | Path) -> RawRecording:
    """Read one session.

    Each stream keeps its own start, rate and length. ``time_s`` 0 is the
    earliest start. The zeros of EDA and BVP before the first other value are
    missing (the sensor had not settled). Beat intervals are at the beats that
    ended them (``ibi_ms``): where the device accepted no beat there is no sample.
    The acceleration's size is added as ``acc_magnitude_g``.

    Parameters
    ----------
    path
        Folder with any of ACC, BVP, EDA, HR, IBI and TEMP (``.csv``).

    Returns
    -------
    RawRecording
        With `start_unix_s` of the session.

    Raises
    ------
    InputError
        If the folder is absent or holds no stream, a line is no number, a
        start or rate is impossible, or a stream starts minutes after the others.
    """
    folder = _session(path)
    notes: list[str] = []
    found: list[tuple[str, float, Callable[[float], list[RawSignal]]]] = []
    for stream, name in STREAM_FILES.items():
        file = folder / name
        # A link to nothing, or a folder of this name, is no stream that is absent: reading it says so.
        if not os.path.lexists(file):
            continue
        start, signals = _read_ibi(file, notes) if stream == IBI else _read_stream(file, stream, notes)
        found.append((stream, start, signals))
    if not found:
        names = ", ".join(STREAM_FILES.values())
        raise InputError(f"{path}: holds no stream of an Empatica E4 (looked for {names}).")
    first, begin, _ = min(found, key=lambda f: f[1])
    for stream, start, _ in found:
        if start - begin > LATEST_START_S:
            raise InputError(
                f"{folder / STREAM_FILES[stream]}: starts {start - begin:.0f} s after {STREAM_FILES[first]} "
                f"({utc(start)} and {utc(begin)}). Files of one session belong into one folder."
            )
    made = [signal for _, start, signals in found for signal in signals(start - begin)]
    return RawRecording(made, start_unix_s=begin, notes=notes)


def _session(path: str | Path) -> Path:
    folder = Path(path)
    if not folder.is_dir():
        hint = " Unpack it first." if folder.suffix.lower() == ".zip" and folder.exists() else ""
        raise InputError(f"{path}: there is no such folder. Name the folder of an Empatica E4 session.{hint}")
    return folder


def _read_stream(
    file: Path, stream: str, notes: list[str]
) -> tuple[float, Callable[[float], list[RawSignal]]]:
    names = STREAMS[stream]
    lines = read_lines(file, "signals")
    if len(lines) < 2:
        raise InputError(f"{file}: has {len(lines)} lines; line 1 is the start, line 2 the rate.")
    start = start_of(_cells(lines[0], names, file, 1)[0], file)
    rate = _number(_cells(lines[1], names, file, 2)[0])
    if not 0 < rate <= 1e4:
        raise InputError(
            f"{file}: line 2: {shown(lines[1].strip())} is not a rate in Hz. Export the session again."
        )
    body = lines[2:]
    if body and body[-1].count(",") < len(names) - 1:
        notes.append(f"{file.name}: the last line is cut off; it is left out")
        body.pop()
    if not body:
        notes.append(f"{file.name}: has no samples")
    values = _matrix(body, names, file)
    if stream == "ACC":
        values = values / ACC_STEPS_PER_G
        values = np.vstack([values, np.sqrt((values**2).sum(axis=0))])
        names = (*names, "acc_magnitude_g")
    if stream in SETTLING:
        settled = int(np.argmax(values[0] != 0)) if values.any() else values.shape[1]
        values[:, :settled] = np.nan
    time = np.arange(values.shape[1]) / rate

    def signals(delay_s: float) -> list[RawSignal]:
        return [RawSignal(name, time + delay_s, value) for name, value in zip(names, values, strict=True)]

    return start, signals


def _read_ibi(file: Path, notes: list[str]) -> tuple[float, Callable[[float], list[RawSignal]]]:
    lines = read_lines(file, "signals")
    if not lines:
        raise InputError(f"{file}: is empty; line 1 is the start and the word IBI.")
    start = start_of(lines[0].split(",")[0], file)
    body = lines[1:]
    if body and "," not in body[-1]:
        notes.append(f"{file.name}: the last line is cut off; it is left out")
        body.pop()
    if not body:
        notes.append(f"{file.name}: has no beats")
    time, interval = _matrix(body, ("time", "interval"), file, first_row=2)
    wrong = np.flatnonzero(np.diff(time) <= 0)
    if wrong.size:
        i = int(wrong[0]) + 1
        raise InputError(f"{file}: line {i + 2}: the beat at {time[i]:g} s comes after {time[i - 1]:g} s.")

    def signals(delay_s: float) -> list[RawSignal]:
        return [RawSignal("ibi_ms", time + delay_s, interval * 1000.0)]

    return start, signals


def _cells(line: str, names: tuple[str, ...], file: Path, number: int) -> list[str]:
    cells = [c.strip() for c in line.split(",")]
    if len(cells) != len(names) or len(set(cells)) != 1:
        raise InputError(
            f"{file}: line {number}: {shown(line.strip())}, expected {len(names)} equal numbers."
        )
    return cells


def _matrix(lines: list[str], names: tuple[str, ...], file: Path, *, first_row: int = 3) -> np.ndarray:
    """Return the cells as numbers, shape (columns, lines)."""
    text = pl.Series(lines, dtype=pl.String)
    n = len(names)
    wrong = (text.str.count_matches(",", literal=True) != n - 1).to_numpy()
    if wrong.any():
        i = int(np.argmax(wrong))
        raise InputError(
            f"{file}: line {i + first_row}: {shown(lines[i])} has not {n} cell{'s' if n > 1 else ''}."
        )
    cells = text.str.split_exact(",", n - 1).struct.unnest() if n > 1 else text.to_frame()
    rows = [
        read_numbers(cells.to_series(k), file, first_row=first_row, column=name)
        for k, name in enumerate(names)
    ]
    return np.stack(rows)


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return float("nan")


def start_of(text: str, file: Path) -> float:
    """Return a stream's start, Unix seconds; `InputError` when it cannot be one."""
    start = _number(text)
    if not UNIX_RANGE[0] <= start < UNIX_RANGE[1]:
        raise InputError(
            f"{file}: line 1: {shown(text.strip())} is not the start of an Empatica E4 stream (Unix seconds, such as "
            "1644227574.00). Export the session again."
        )
    return start


def utc(unix_s: float) -> str:
    """Return a moment as ISO 8601, UTC, to the second."""
    return datetime.fromtimestamp(float(unix_s), tz=timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")
