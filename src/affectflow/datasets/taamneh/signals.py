"""Signals of one drive of the driving-stress study (Structured Study Data): a folder of workbooks."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path

import numpy as np

from affectflow.datasets.taamneh.layout import (
    INDEX,
    INDEX_WORDS,
    R_FRIENDLY,
    DriveFolder,
    drive_folder,
    find_above,
    read_index,
)
from affectflow.datasets.taamneh.r_friendly import GAZE, read_r_signals
from affectflow.datasets.taamneh.rules import RULES, finish
from affectflow.datasets.tables.excel_tables import ExcelTable, plain, read_excel_table
from affectflow.errors import InputError
from affectflow.signal.raw import RawRecording, RawSignal

TIME = ("time", "times", "timesec", "timeseconds")
FRAME = {"frame", "frames", "frameno", "framenumber"}
FACS = ("anger", "contempt", "disgust", "fear", "joy", "sad", "surprise", "neutral")
# Channel → signals in it and what their columns may be called.
CHANNELS: dict[str, dict[str, tuple[str, ...]]] = {
    "hr": {"hr_bpm": ("heartrate", "hr", "heartratesignal")},
    "br": {"rsp_rate_bpm": ("breathingrate", "br", "breathingratesignal", "breathing")},
    "peda": {"eda_kohm": ("palmeda", "peda", "palmedasignal", "eda")},
    # The noise-reduced column stands beside the raw one.
    "pp": {
        "perinasal_degc2": (
            *("nrperinasaleda", "nrperinasalperspiration", "noisereductionperinasaleda"),
            *("noisereducedperinasaleda", "perinasaledanr", "nr", "nrpp", "nrperspiration"),
        )
    },
    "res": {
        "car_speed_kmh": ("speed", "speedsignal"),
        "acceleration_deg": ("acceleration", "accelerationsignal"),
        "brake_newton": ("brake", "braking", "brakeforce", "brakeforcesignal"),
        "steering_rad": ("steering", "steeringsignal"),
        "lane_position_m": ("laneposition", "lanepositionsignal"),
    },
    "facs": {f"facs_{name}_au": (name, f"{name}signal") for name in FACS},
}


def read_taamneh(path: str | Path, *, rules: Collection[str] = tuple(RULES)) -> RawRecording:
    """Read the signals of one drive.

    Heart rate, breathing rate, palm conductance (1000 / kΩ), perinasal
    perspiration (noise-reduced), driving and facial-emotion likelihoods, each
    on the times in its own file; gaze and pupils from the R-friendly file where
    the data set holds one. What the data set's index marks as noisy is left out.

    Parameters
    ----------
    path
        The drive's folder, such as ``Structured Study Data/T001/7 MD``.
    rules
        Quality rules that are on: names in `rules.RULES`.

    Raises
    ------
    InputError
        If the folder is absent or holds no signal, or a workbook cannot be read.
    """
    folder = Path(path)
    if not folder.is_dir():
        raise InputError(f"{path}: there is no such folder. Name the folder of a drive, such as T001/7 MD.")
    drive = drive_folder(folder)
    if drive is None:
        raise InputError(f"{path}: is not named like a drive's folder, such as '7 MD'. Do not rename them.")
    notes = list(drive.notes)
    told = _index_of(drive)
    signals: list[RawSignal] = []
    for channel, columns in CHANNELS.items():
        if told.get(channel) == "-1":
            notes.append(f"{channel} left out: the data set's index marks it as noisy (-1)")
        elif channel in drive.files:
            signals += _read_channel(drive.files[channel], columns, rules, notes)
        elif told.get(channel, "NA") != "NA":
            notes.append(f"{channel} is not there (index: {INDEX_WORDS.get(told[channel], told[channel])})")
    signals += _gaze(drive, notes)
    if not signals:
        raise InputError(
            f"{path}: no signal can be used ({'; '.join(notes) or 'no file of a known channel'}). "
            "Empty the signals cell of this recording."
        )
    return RawRecording(signals, notes=notes)


def read_taamneh_unscreened(path: str | Path) -> RawRecording:
    """Read the signals of one drive with all quality rules off; see `read_taamneh`."""
    return read_taamneh(path, rules=())


def _index_of(drive: DriveFolder) -> dict[str, str]:
    path = find_above(drive.path.parent, INDEX)
    return read_index(path).get((drive.path.parent.name.upper(), drive.code), {}) if path else {}


def _read_channel(
    path: Path, columns: dict[str, tuple[str, ...]], rules: Collection[str], notes: list[str]
) -> list[RawSignal]:
    table = read_excel_table(path, {"time": TIME, **columns}, needed=("time",))
    notes += table.notes
    numbers = {name: table.numbers[name] for name in table.numbers.columns}
    if len(columns) == 1 and len(numbers) == 1:
        numbers |= _by_place(table, next(iter(columns)), path, notes)
    absent = [name for name in columns if name not in numbers]
    if absent:
        notes.append(f"{path.name}: no column for {', '.join(absent)}")
    time = numbers["time"].fill_null(np.nan).to_numpy()
    made = [
        finish(name, time, numbers[name].fill_null(np.nan).to_numpy(), rules, notes, path.name)
        for name in columns
        if name in numbers
    ]
    return [signal for signal in made if signal is not None]


def _by_place(table: ExcelTable, name: str, path: Path, notes: list[str]) -> dict:
    """Take the last column besides frame and time, the noise-reduced one where there are two."""
    others = [c for c in table.others.columns if plain(c) not in FRAME]
    if len(others) not in (1, 2):
        return {}
    notes.append(f"{path.name}: {name} is taken from the column {others[-1]!r}")
    return {name: table.others[others[-1]]}


def _gaze(drive: DriveFolder, notes: list[str]) -> list[RawSignal]:
    subject = drive.path.parent.name.upper()
    folder = find_above(drive.path.parent, R_FRIENDLY)
    path = folder / f"{subject}.csv" if folder else None
    if path is None or not path.is_file():
        return []
    recording = read_r_signals(path, drive=drive.code, columns=GAZE, required=False)
    notes += recording.notes
    return recording.signals
