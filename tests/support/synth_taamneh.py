"""Small pieces of the driving-stress study, written cell by cell, so that a test can put any mistake into them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from affectflow.datasets.simulated.taamneh import R_NAMES, write_book
from affectflow.datasets.taamneh.layout import DRIVES

# Channel → names of its columns besides Frame# and Time, its rate, and its usual value.
BOOKS: dict[str, tuple[tuple[str, ...], float, float]] = {
    "HR": (("Heart Rate",), 1.0, 70.0),
    "BR": (("Breathing Rate",), 1.0, 15.0),
    "peda": (("Palm EDA",), 25.0, 200.0),
    "pp": (("Perinasal EDA", "NR Perinasal EDA"), 7.5, 0.004),
    "res": (("Speed", "Acceleration", "Braking", "Steering", "Lane Position"), 10.0, 5.0),
    "FACS": (("Anger", "Contempt", "Disgust", "Fear", "Joy", "Sad", "Surprise", "Neutral"), 30.0, 0.125),
}


def rows_of(channel: str, *, seconds: float = 60.0) -> list[list[Any]]:
    """Cells of a channel's table, names first: the usual value with a small wave on it."""
    names, rate, usual = BOOKS[channel]
    time = np.arange(round(seconds * rate)) / rate
    wave = usual * (1 + 0.05 * np.sin(time / 5))
    rows: list[list[Any]] = [["Frame#", "Time", *names]]
    return rows + [[i + 1, float(t), *[float(v)] * len(names)] for i, (t, v) in enumerate(zip(time, wave, strict=True))]  # fmt: skip


def write_channel(path: Path, rows: list[list[Any]], *, header_row: int = 9) -> Path:
    """Write a table with its names on the given row, a title above."""
    write_book(path, "Sheet1", [["a title"], *([] for _ in range(header_row - 2)), *rows])
    return path


def write_stm(path: Path, *stressors: tuple[float, float, int]) -> Path:
    """Write a stimulus file."""
    rows: list[list[Any]] = [["StartTime", "EndTime", "Event Switch", "Action Type", "Question Number"]]
    return write_channel(path, rows + [[a, b, 1, kind, None] for a, b, kind in stressors])


def write_drive(
    root: Path, *, subject: str = "T001", name: str = "7 MD", seconds: float = 60.0, number: int | None = None
) -> Path:
    """Write a session folder with all workbooks of signals."""
    folder = root / subject / name
    stem = f"{subject}-{int(name.split()[0]) if number is None else number:03d}"
    for channel in BOOKS:
        write_channel(folder / f"{stem}.{channel}", rows_of(channel, seconds=seconds))
    return folder


def r_lines(*, seconds: int = 60, drives: tuple[str, ...] = tuple(DRIVES)) -> list[str]:
    """Lines of an R-friendly file: the names, then each drive's rows, one per second.

    In CD, ED, MD and FD stressors last from 10 to 20 s and from 30 to 40 s.
    """
    lines = [R_NAMES]
    for code in drives:
        for t in range(seconds):
            stressed = code in ("CD", "ED", "MD", "FD") and (10 <= t <= 20 or 30 <= t <= 40)
            cells = [t, DRIVES[code], 4 if stressed else 0, 0, 200 + t % 7, 70 + t % 3, 15, 0.004, 60, 10, 0, 0.01, 0, 1.8, 16 * t, 640, 400, 3.9, 4.1]  # fmt: skip
            lines.append(",".join(map(str, cells)))
    return lines


def write_r(path: Path, lines: list[str] | None = None) -> Path:
    """Write an R-friendly file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n".join(r_lines() if lines is None else lines) + "\n", encoding="utf-8")
    return path
