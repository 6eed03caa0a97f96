"""Phases of a drive of the driving-stress study, from the times of its stressors."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import polars as pl

from affectflow.datasets.taamneh.layout import STRESSORS
from affectflow.datasets.tables.excel_tables import read_excel_table
from affectflow.errors import InputError
from affectflow.schema import EVENTS_SCHEMA

logger = logging.getLogger(__name__)

# A stressor's last moment belongs to it (closed interval), the phase after it begins right behind:
# later than the rounding of frame times, sooner than any frame.
JUST_AFTER_S = 1e-5
COLUMNS = {
    "start": ("starttime", "start"),
    "end": ("endtime", "end"),
    "type": ("actiontype", "type", "action"),
}


def read_stm(path: str | Path, *, control: bool = False) -> pl.DataFrame:
    """Read the phases of a drive from its stimulus file (``.stm``, an Excel workbook).

    Parameters
    ----------
    path
        Has the columns StartTime, EndTime (s) and Action Type, a row per stressor.
    control
        See `phases`.

    Returns
    -------
    `schema.EVENTS_SCHEMA`; see `phases`.

    Raises
    ------
    InputError
        If the file cannot be read or a stressor ends before it starts.
    """
    table = read_excel_table(path, COLUMNS, needed=("start", "end"))
    for note in table.notes:
        logger.info("%s", note)
    rows = table.numbers
    kinds = rows["type"].to_list() if "type" in rows.columns else [None] * rows.height
    stressors = []
    for start, end, kind in zip(rows["start"].to_list(), rows["end"].to_list(), kinds, strict=True):
        if start is None and end is None:
            continue
        if start is None or end is None:
            raise InputError(f"{path}: a row has StartTime {start} and EndTime {end}; both are needed.")
        name = "stressor" if kind is None else STRESSORS.get(int(kind), f"type_{int(kind)}")
        stressors.append((start, end, name))
    if not stressors:
        raise InputError(f"{path}: names no stressor. Empty the events cell of the recording.")
    return phases(stressors, where=str(path), control=control)


def read_stm_control(path: str | Path) -> pl.DataFrame:
    """Read another drive's stimulus file for the control drive: same phases, nobody was stressed."""
    return read_stm(path, control=True)


def phases(
    stressors: Sequence[tuple[float, float, str]], *, where: str, control: bool = False
) -> pl.DataFrame:
    """Lay the phases P1, P2, … over a drive.

    P1 is the time before the first stressor; each stressor is a phase, with both
    its ends (Taamneh et al.: P2 = [s1, e1], P3 = (e1, s2), …); the time after it
    another. More stressors make more phases. Stressors that overlap are one when
    they are of one kind, else the earlier ends where the later begins.

    Parameters
    ----------
    stressors
        Start, end (seconds from the start of the drive) and name of each.
    where
        File, for messages.
    control
        The same times laid over the control drive, without labels: a phase P2 to
        compare with, in which nobody was stressed.

    Returns
    -------
    `schema.EVENTS_SCHEMA` with ``label`` = name of the stressor, null in between.
    Durations are null: each phase runs to the next one, the last one to the end
    of the recording, which this file does not know.
    """
    for start, end, _ in stressors:
        if not (np.isfinite(start) and np.isfinite(end)) or end < start or end <= 0:
            raise InputError(
                f"{where}: a stressor from {start:g} s to {end:g} s makes no sense. Correct StartTime and EndTime."
            )
    joined: list[tuple[float, float, str]] = []
    for start, end, name in sorted(stressors):
        if joined and start <= joined[-1][1]:
            before = joined[-1]
            if before[2] == name:
                joined[-1] = (before[0], max(before[1], end), name)
                continue
            if start < before[1]:
                message = "%s: %s and %s overlap at %g s; the first ends there"
                logger.warning(message, where, before[2], name, start)
            joined[-1] = (before[0], start, before[2])
        joined.append((start, end, name))
    events: list[tuple[float, str, str | None]] = [(0.0, "P1", None)] if joined[0][0] > 0 else []
    number = 1
    for k, (start, end, name) in enumerate(joined):
        number += 1
        events.append((max(start, 0.0), f"P{number}", None if control else name))
        if k + 1 == len(joined) or joined[k + 1][0] > end:
            number += 1
            events.append((end + JUST_AFTER_S, f"P{number}", None))
    onset, phase, label = zip(*events, strict=True)
    return pl.DataFrame(
        {"onset_s": onset, "duration_s": [None] * len(onset), "phase": phase, "label": label},
        schema=EVENTS_SCHEMA,
    )
