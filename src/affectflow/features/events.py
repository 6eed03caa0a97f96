"""The phases of a recording: a small table in BIDS manner."""

from __future__ import annotations

import logging
import math
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from affectflow.config.decimals import decimal
from affectflow.errors import InputError, did_you_mean
from affectflow.io.plain_files import first_names, shown
from affectflow.io.text import read_text
from affectflow.schema import EVENTS_SCHEMA

logger = logging.getLogger(__name__)

WHOLE = "whole"
# BIDS writes the first two without their unit.
ALIASES = {"onset": "onset_s", "duration": "duration_s"}
REQUIRED = ("onset_s", "duration_s", "phase")
# Times written with microseconds may overlap by rounding.
TOLERANCE_S = 1e-6


def read_events(path: str | Path) -> pl.DataFrame:
    """Read phases from a file in BIDS manner; see `parse_events`. A file without any phase is refused."""
    events = parse_events(read_text(path, what="events"), where=str(path))
    if events.height == 0:
        raise InputError(
            f"{path}: names no phase that lasts. Add rows, or empty the events cell of the recording in the sheet: "
            "all of it is then one phase."
        )
    return events


def parse_events(text: str, *, where: str) -> pl.DataFrame:
    """Read phases from tab-separated text.

    Parameters
    ----------
    text
        Header row with ``onset_s`` and ``duration_s`` (or BIDS's ``onset`` and
        ``duration``; seconds on the video's clock), ``phase`` and, if wanted,
        ``label``; other columns are ignored. Phases may not overlap; time
        between them belongs to none. An event of duration 0 or n/a marks a
        moment and is not a phase.
    where
        File name for the messages.

    Returns
    -------
    ``onset_s, duration_s, phase, label`` in order of time.

    Raises
    ------
    InputError
        Names file, row (the header is row 1), column and value.
    """
    lines = text.replace("\r\n", "\n").replace("\r", "\n").rstrip("\n").split("\n")
    if not lines[0].strip():
        raise InputError(
            f"{where}: row 1 is empty: column onset_s is missing. Name the columns there, or empty the events cell in "
            "the sheet."
        )
    names = [ALIASES.get(c.strip(), c.strip()) for c in lines[0].split("\t")]
    for name in REQUIRED:
        if name not in names:
            tabs = " Separate columns by tabs." if len(names) == 1 else ""
            near = did_you_mean(name, names[:99])
            raise InputError(
                f"{where}: row 1: column {name} is missing (found {first_names(names)}).{near}{tabs}"
            )
    if len(set(names)) < len(names):
        raise InputError(f"{where}: row 1: a column occurs twice ({first_names(names)}).")
    events = []
    for number, line in enumerate(lines[1:], start=2):
        if not line.strip():
            continue
        cells = [c.strip() for c in line.split("\t")]
        if len(cells) != len(names):
            raise InputError(f"{where}: row {number} has {len(cells)} cells, the header has {len(names)}.")
        events.append((number, _event(dict(zip(names, cells, strict=True)), f"{where}: row {number}")))
    events = [(n, e) for n, e in events if e["duration_s"] > 0]
    events.sort(key=lambda pair: pair[1]["onset_s"])
    _check_overlap(events, where)
    return pl.DataFrame([e for _, e in events], schema=EVENTS_SCHEMA)


def _event(row: dict[str, str], where: str) -> dict[str, Any]:
    onset = _seconds(row["onset_s"], "onset_s", where)
    duration = 0.0 if row["duration_s"].lower() == "n/a" else _seconds(row["duration_s"], "duration_s", where)
    if duration < 0:
        raise InputError(f"{where}: duration_s {row['duration_s']} is negative.")
    if not row["phase"]:
        raise InputError(f"{where}: phase is empty. Name the phase, or remove the row.")
    return {
        "onset_s": onset,
        "duration_s": duration,
        "phase": row["phase"],
        "label": row.get("label") or None,
    }


def _seconds(text: str, column: str, where: str) -> float:
    value = decimal(text)
    if not math.isfinite(value):
        raise InputError(f"{where}: {column} {shown(text)} is not a number of seconds.")
    return value


def _check_overlap(events: list[tuple[int, dict[str, Any]]], where: str) -> None:
    for (row_a, a), (row_b, b) in pairwise(events):
        end = a["onset_s"] + a["duration_s"]
        if b["onset_s"] < end - TOLERANCE_S:
            raise InputError(
                f"{where}: row {row_b}: phase {b['phase']!r} starts at {b['onset_s']:g} s, before phase "
                f"{a['phase']!r} of row {row_a} ends at {end:g} s. Phases may not overlap."
            )


def fill_durations(events: pl.DataFrame, *, end_s: float, where: str) -> pl.DataFrame:
    """Give phases without a duration their end: the next phase's onset, or the recording's end.

    Data sets whose phases are laid over a drive (a control drive shorter than
    the one it is compared with) reach past its end: such phases are cut there,
    those that begin later are left out, and the log says so.

    Parameters
    ----------
    events
        `schema.EVENTS_SCHEMA`, in order of time.
    end_s
        End of the recording, seconds.
    where
        File name for the messages.

    Raises
    ------
    InputError
        If phases were left out and at most one remains: the file belongs to another recording.
    """
    open_ended = events["duration_s"].is_null()
    if not open_ended.any():
        return events
    late = events.filter(open_ended & (pl.col("onset_s") >= end_s))
    kept = events.filter(~open_ended | (pl.col("onset_s") < end_s))
    if late.height:
        names = ", ".join(late["phase"])
        first = late["onset_s"][0]
        if kept.height < 2:
            raise InputError(
                f"{where}: phase {names} starts at {first:.1f} s or later but the recording ends at {end_s:.1f} s. "
                "Correct the events file in the sheet."
            )
        message = "%s: the recording ends at %.1f s; phases that begin later are left out: %s"
        logger.warning(message, where, end_s, names)
    until = pl.col("onset_s").shift(-1, fill_value=end_s).clip(upper_bound=end_s)
    return kept.with_columns(pl.col("duration_s").fill_null(until - pl.col("onset_s")))


def check_events_end(
    events: pl.DataFrame, *, end_s: float, tolerance_s: float, where: str, what: str = "video"
) -> None:
    """Refuse phases that lie beyond the recording: they belong to another file, or another clock.

    Parameters
    ----------
    events
        From `parse_events`.
    end_s
        End of the recording, seconds.
    tolerance_s
        How far a phase may reach past it: one frame step.
    where, what
        File name and kind of recording for the message.
    """
    if events.height == 0:
        return
    last = events.row(events.height - 1, named=True)
    end = last["onset_s"] + last["duration_s"]
    if end > end_s + tolerance_s + TOLERANCE_S:
        raise InputError(
            f"{where}: phase {last['phase']!r} ends at {end:.1f} s but the {what} ends at {end_s:.1f} s. "
            "Correct the times (seconds from the first frame) or the file in the sheet."
        )


def phase_at(events: pl.DataFrame | None, time_s: np.ndarray) -> pl.Series:
    """Return the phase at each time: onset ≤ time < onset + duration; null between phases.

    Without events (None) everything is one phase, ``whole``.
    """
    if events is None:
        return pl.Series("phase", [WHOLE], dtype=pl.String).new_from_index(0, time_s.size)
    if events.height == 0:
        return pl.Series("phase", [None], dtype=pl.String).new_from_index(0, time_s.size)
    onset, duration = events["onset_s"].to_numpy(), events["duration_s"].to_numpy()
    place = np.searchsorted(onset, time_s + TOLERANCE_S, side="right") - 1
    inside = (place >= 0) & (time_s < onset[place] + duration[place] - TOLERANCE_S)
    return pl.select(
        pl.when(pl.Series(inside)).then(events["phase"].gather(np.maximum(place, 0))).alias("phase")
    ).to_series()


def phase_spans(events: pl.DataFrame, phase: str, *, frame_s: np.ndarray, where: str) -> np.ndarray | None:
    """Return when a phase of a recording is, however often it comes.

    Parameters
    ----------
    events
        `schema.EVENTS_SCHEMA`, in order of time.
    phase
        Its name.
    frame_s
        Times of the frames, in order, seconds.
    where
        File name for the messages.

    Returns
    -------
    Onsets and ends, seconds, shape (k, 2); None (the log says so) in a recording without this phase.
    """
    end_s = float(frame_s[-1]) + float(np.median(np.diff(frame_s))) if frame_s.size > 1 else np.inf
    found = fill_durations(events, end_s=end_s, where=where).filter(pl.col("phase") == phase)
    if found.is_empty():
        logger.warning("%s: has no phase %r, so the recording's own calm stretches are taken", where, phase)
        return None
    onset = found["onset_s"].to_numpy()
    return np.column_stack([onset, onset + found["duration_s"].to_numpy()])
