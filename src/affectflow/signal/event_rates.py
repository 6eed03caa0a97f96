"""How often something happens: from the times of beats or breaths to a rate on a regular clock."""

from __future__ import annotations

import numpy as np
from scipy.ndimage import median_filter

from affectflow.signal.stretches import split_at_gaps

# A beat that was missed or counted twice stands out against its neighbours.
NEIGHBOURS = 9


def regular_times(start_s: float, end_s: float, rate_hz: float) -> np.ndarray:
    """Return the multiples of 1 / rate_hz within [start_s, end_s], so that signals share their clock."""
    first = int(np.ceil(start_s * rate_hz - 1e-6))
    last = int(np.floor(end_s * rate_hz + 1e-6))
    return np.arange(first, last + 1) / rate_hz


def rate_per_minute(
    events_s: np.ndarray,
    clock_s: np.ndarray,
    *,
    lowest: float,
    highest: float,
    max_change: float | None,
    max_gap_s: float,
) -> np.ndarray:
    """Turn the times of beats or breaths into a rate at given times.

    The rate of an interval is 60 / its length and belongs to its middle; between
    middles it is interpolated linearly, in the outer halves of a run it is held.
    Intervals that cannot be true (outside `lowest`..`highest`, or off the median of
    their neighbours by more than `max_change`) leave a hole: a missed beat is
    not replaced by an invented one. Holes of at most `max_gap_s` are bridged.

    Parameters
    ----------
    events_s
        Increasing times, seconds.
    clock_s
        Times at which the rate is wanted, seconds.
    lowest, highest
        Rates that are possible, per minute.
    max_change
        Largest deviation from the running median, as a share; None = not checked.
    max_gap_s
        Longest hole that is bridged, seconds.

    Returns
    -------
    Rate per minute at `clock_s`, NaN where it cannot be told.
    """
    rate = np.full(clock_s.shape, np.nan)
    if events_s.size < 2:
        return rate
    start, length = events_s[:-1], np.diff(events_s)
    per_interval = 60.0 / length
    good = (per_interval >= lowest) & (per_interval <= highest)
    if max_change is not None and good.any():
        usual = median_filter(length, size=NEIGHBOURS, mode="nearest")
        good &= np.abs(length / usual - 1.0) <= max_change
    start, length, per_interval = start[good], length[good], per_interval[good]
    if start.size == 0:
        return rate
    # Distance from the end of one good interval to the start of the next; the times are
    # laid end to end so that split_at_gaps sees holes only.
    holes = np.maximum(start[1:] - (start[:-1] + length[:-1]), 0.0)
    for run in split_at_gaps(np.concatenate([[0.0], np.cumsum(holes)]), max_gap_s):
        begin, end = start[run][0], start[run][-1] + length[run][-1]
        inside = (clock_s >= begin - 1e-9) & (clock_s <= end + 1e-9)
        rate[inside] = np.interp(clock_s[inside], start[run] + length[run] / 2, per_interval[run])
    return rate


def events_per_second(
    events_s: np.ndarray, clock_s: np.ndarray, *, begin_s: float, end_s: float, window_s: float
) -> np.ndarray:
    """Count events in a centred window and divide by the part of it that was observed.

    Parameters
    ----------
    events_s
        Increasing times, seconds.
    clock_s
        Centres of the windows, seconds.
    begin_s, end_s
        What was observed; the window is cut there.
    window_s
        Length of the window, seconds.
    """
    left = np.maximum(clock_s - window_s / 2, begin_s)
    right = np.minimum(clock_s + window_s / 2, end_s)
    count = np.searchsorted(events_s, right, side="right") - np.searchsorted(events_s, left, side="left")
    return count / np.maximum(right - left, 1e-9)


def refine_peaks(value: np.ndarray, peaks: np.ndarray) -> np.ndarray:
    """Return peak positions in samples, with a fraction: the top of the parabola through three samples.

    At 25 samples a second a heart beat is off by up to 20 ms otherwise, which is 2 bpm.
    """
    inner = np.clip(peaks, 1, value.size - 2)
    before, at, after = value[inner - 1], value[inner], value[inner + 1]
    bend = before - 2 * at + after
    shift = np.where(bend < 0, 0.5 * (before - after) / np.where(bend < 0, bend, 1.0), 0.0)
    return peaks + np.where(inner == peaks, np.clip(shift, -0.5, 0.5), 0.0)
