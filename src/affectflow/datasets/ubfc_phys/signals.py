"""Signals of one task of UBFC-Phys: pulse and skin conductance of a wristband, a column of numbers per file."""

from __future__ import annotations

import os
import re
from pathlib import Path

import numpy as np
import polars as pl

from affectflow.datasets.tables.number_lines import read_lines, read_numbers
from affectflow.errors import InputError
from affectflow.signal.raw import RawRecording, RawSignal

# Start of the file's name → the signal in it, and its rate in Hz (the wristband is an Empatica E4).
CHANNELS = {"bvp": ("bvp_au", 64.0), "eda": ("eda_usiemens", 4.0)}
NAME = re.compile(r"(bvp|eda)_(s\d+)_(T[123])\.csv", re.IGNORECASE)
# Both are cut to the task's video; more than this between their ends is worth a word.
APART_S = 5.0


def read_ubfc_phys(path: str | Path) -> RawRecording:
    """Read pulse (64 Hz) and skin conductance (4 Hz) of one person and task.

    Both begin with the video: ``time_s`` 0 is its first frame.

    Parameters
    ----------
    path
        ``bvp_s1_T1.csv`` or ``eda_s1_T1.csv``; the other is found beside it by its
        name. One that is not there is named in the notes.

    Raises
    ------
    InputError
        If the file is absent or named otherwise, or a line is no number.
    """
    file = Path(path)
    named = NAME.fullmatch(file.name)
    if named is None:
        raise InputError(
            f"{path}: is not named like bvp_s1_T1.csv or eda_s1_T1.csv. Name one of a task's two files; do not rename them."
        )
    if not os.path.lexists(file):
        raise InputError(f"{path}: there is no such file. Check the path in the sheet.")
    signals: list[RawSignal] = []
    notes: list[str] = []
    ends: dict[str, float] = {}
    for channel, (name, rate_hz) in CHANNELS.items():
        found = file if channel == named[1].lower() else _beside(file, channel)
        if found is None:
            notes.append(f"{channel}_{named[2]}_{named[3]}.csv is not there: no {name}")
            continue
        value = _column(found)
        if value.size == 0:
            notes.append(f"{found.name}: is empty: no {name}")
            continue
        signals.append(RawSignal(name, np.arange(value.size) / rate_hz, value))
        ends[channel] = value.size / rate_hz
    if not signals:
        raise InputError(f"{path}: holds no number. Empty the signals cell of this recording.")
    if len(ends) == len(CHANNELS) and abs(ends["bvp"] - ends["eda"]) > APART_S:
        notes.append(f"the pulse lasts {ends['bvp']:.0f} s, the skin conductance {ends['eda']:.0f} s")
    return RawRecording(signals, notes=notes)


def _beside(file: Path, channel: str) -> Path | None:
    """Return the file of the other channel, whatever the case of its name."""
    wanted = f"{channel}{file.name[3:]}".lower()
    return next((p for p in sorted(file.parent.iterdir()) if p.name.lower() == wanted), None)


def _column(file: Path) -> np.ndarray:
    lines = read_lines(file, "signals")
    return read_numbers(pl.Series(lines, dtype=pl.String), file, first_row=1, column="value")
