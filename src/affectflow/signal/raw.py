"""Raw signals as a data set's reader hands them over: each on its own clock."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import polars as pl


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
