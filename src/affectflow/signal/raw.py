"""Raw signals as a data set's reader hands them over: each on its own clock."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timezone

import numpy as np
import polars as pl

from affectflow.errors import InputError

# Longer than anybody films in one piece: signals that begin later belong to another day.
LONGEST_VIDEO_S = 12 * 3600.0


@dataclass(frozen=True)
class RawSignal:
    """One recorded signal.

    Attributes
    ----------
    name
        Ends in its unit (`schema.SIGNAL_UNITS`), such as ``eda_usiemens``.
    time_s, value
        Equally long, float64; times strictly increasing, of this signal's own
        samples only. A sample the device recorded as missing is NaN.
    """

    name: str
    time_s: np.ndarray
    value: np.ndarray


@dataclass(frozen=True)
class RawRecording:
    """Everything one reader found in one recording's files.

    Attributes
    ----------
    signals
        In the order of the files.
    start_unix_s
        Wall-clock time (UTC) of ``time_s`` 0, Unix seconds, where the device
        wrote it down; None where it did not.
    notes
        What was repaired or left out, one line each; they go into the log.
    """

    signals: list[RawSignal]
    start_unix_s: float | None = None
    notes: list[str] = field(default_factory=list)


def raw_signals(table: pl.DataFrame) -> list[RawSignal]:
    """Take the signals out of a table with ``time_s`` and a column per signal.

    An empty cell is no sample at that time, so signals of different rates may
    share the table. A column without any value keeps no sample.
    """
    time = table["time_s"].to_numpy().astype(np.float64)
    found = []
    for name in table.columns:
        if name != "time_s":
            value = table[name].cast(pl.Float64).fill_null(np.nan).to_numpy()
            own = ~np.isnan(value)
            found.append(RawSignal(name, time[own], value[own]))
    return found


def device_offset_s(
    start_unix_s: float | None, *, video_start_unix_s: float | None, signal_offset_s: float
) -> float:
    """Return what is added to a device's times to reach the video's clock, seconds.

    Parameters
    ----------
    start_unix_s
        When the device's time 0 was, Unix seconds; None = not written down.
    video_start_unix_s
        When the video's first frame was taken; None = the sheet does not say.
    signal_offset_s
        The sheet's correction, added in any case.
    """
    if start_unix_s is None or video_start_unix_s is None:
        return signal_offset_s
    return start_unix_s - video_start_unix_s + signal_offset_s


def check_overlap(recording: RawRecording, *, offset_s: float, recording_id: str) -> None:
    """Refuse signals that a wrong date or time zone put before the video or half a day after its start.

    Parameters
    ----------
    recording
        What a device with a clock recorded.
    offset_s
        From `device_offset_s`.
    recording_id
        For the message.

    Raises
    ------
    InputError
        Says from when to when the signals last, on the video's clock and on the wall's.
    """
    ends = [(s.time_s[0], s.time_s[-1]) for s in recording.signals if s.time_s.size]
    if recording.start_unix_s is None or not ends:
        return
    first, last = min(e[0] for e in ends), max(e[1] for e in ends)
    if last + offset_s < 0 or first + offset_s > LONGEST_VIDEO_S:
        began, ended = (_utc(recording.start_unix_s + t) for t in (first, last))
        raise InputError(
            f"recording {recording_id}: its signals were recorded from {began} to {ended}, that is "
            f"{first + offset_s:.0f} s to {last + offset_s:.0f} s after the video's first frame. "
            "Check video_start and its time zone in the sheet."
        )


def _utc(unix_s: float) -> str:
    return datetime.fromtimestamp(unix_s, tz=timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")
