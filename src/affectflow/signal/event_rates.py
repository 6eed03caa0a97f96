"""How often something happens: from the times of beats or breaths to a rate on a regular clock."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy.ndimage import median_filter

from affectflow.signal.stretches import Intervals, split_at_gaps

# A beat that was missed or counted twice stands out against its neighbours.
NEIGHBOURS = 9


def regular_times(start_s: float, end_s: float, rate_hz: float) -> np.ndarray:
    """Return the multiples of 1 / rate_hz within [start_s, end_s], so that signals share their clock."""
    first = int(np.ceil(start_s * rate_hz - 1e-6))
    last = int(np.floor(end_s * rate_hz + 1e-6))
    return np.arange(first, last + 1) / rate_hz


def join_intervals(parts: Sequence[Intervals]) -> Intervals:
    """Lay the intervals of successive stretches end to end; between stretches there is none."""
    none = np.empty(0)
    return Intervals(
        np.concatenate([none, *(p.start_s for p in parts)]),
        np.concatenate([none, *(p.length_s for p in parts)]),
    )


def are_plausible(
    length_s: np.ndarray, *, lowest: float, highest: float, max_change: float | None
) -> np.ndarray:
    """Tell which intervals can be true: a missed beat is not replaced by an invented one.

    Parameters
    ----------
    length_s
        Lengths in order of time, seconds, above 0; shape (n,).
    lowest, highest
        Rates that are possible, per minute.
    max_change
        Largest deviation from the running median of `NEIGHBOURS`, as a share; None = not checked.

    Returns
    -------
    Boolean, shape (n,).
    """
    per_minute = 60.0 / length_s
    good = (per_minute >= lowest) & (per_minute <= highest)
    if max_change is not None and good.any():
        usual = median_filter(length_s, size=NEIGHBOURS, mode="nearest")
        good &= np.abs(length_s / usual - 1.0) <= max_change
    return good


def plausible_intervals(
    events_s: np.ndarray, *, lowest: float, highest: float, max_change: float | None
) -> Intervals:
    """Return the intervals between increasing times of events, seconds, that can be true; see `are_plausible`."""
    found = Intervals(events_s[:-1], np.diff(events_s))
    good = are_plausible(found.length_s, lowest=lowest, highest=highest, max_change=max_change)
    return pick(found, good)


def pick(intervals: Intervals, good: np.ndarray) -> Intervals:
    """Return the intervals for which `good` (boolean, one each) is true."""
    return Intervals(intervals.start_s[good], intervals.length_s[good])


def interval_runs(intervals: Intervals, max_gap_s: float) -> list[slice]:
    """Return the runs of intervals between which nothing longer than `max_gap_s` is missing."""
    if intervals.start_s.size == 0:
        return []
    holes = np.maximum(intervals.start_s[1:] - intervals.end_s[:-1], 0.0)
    # Laid end to end, so that split_at_gaps sees holes only.
    return split_at_gaps(np.concatenate([[0.0], np.cumsum(holes)]), max_gap_s)


def rate_of_intervals(intervals: Intervals, clock_s: np.ndarray, *, max_gap_s: float) -> np.ndarray:
    """Turn intervals into a rate at given times.

    The rate of an interval is 60 / its length and belongs to its middle; between
    middles it is interpolated linearly, in the outer halves of a run it is held.
    Holes of at most `max_gap_s` are bridged.

    Parameters
    ----------
    intervals
        See `plausible_intervals`.
    clock_s
        Times at which the rate is wanted, seconds.
    max_gap_s
        Longest hole that is bridged, seconds.

    Returns
    -------
    Rate per minute at `clock_s`, NaN where it cannot be told.
    """
    rate = np.full(clock_s.shape, np.nan)
    middle, per_minute = intervals.start_s + intervals.length_s / 2, 60.0 / intervals.length_s
    for run in interval_runs(intervals, max_gap_s):
        begin, end = intervals.start_s[run][0], intervals.end_s[run][-1]
        inside = (clock_s >= begin - 1e-9) & (clock_s <= end + 1e-9)
        rate[inside] = np.interp(clock_s[inside], middle[run], per_minute[run])
    return rate


def rate_per_minute(
    events_s: np.ndarray,
    clock_s: np.ndarray,
    *,
    lowest: float,
    highest: float,
    max_change: float | None,
    max_gap_s: float,
) -> np.ndarray:
    """Turn the increasing times of events, seconds, into a rate at given times.

    See `plausible_intervals` for what counts and `rate_of_intervals` for the rate.
    """
    found = plausible_intervals(events_s, lowest=lowest, highest=highest, max_change=max_change)
    return rate_of_intervals(found, clock_s, max_gap_s=max_gap_s)


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


def mean_of_events(
    events_s: np.ndarray, value: np.ndarray, clock_s: np.ndarray, *, window_s: float
) -> np.ndarray:
    """Average what belongs to the events in a centred window; NaN where there is no event.

    Parameters
    ----------
    events_s, value
        Increasing times, seconds, and a number for each.
    clock_s
        Centres of the windows, seconds.
    window_s
        Length of the window, seconds.
    """
    first = np.searchsorted(events_s, clock_s - window_s / 2, side="left")
    last = np.searchsorted(events_s, clock_s + window_s / 2, side="right")
    running = np.concatenate([[0.0], np.cumsum(value)])
    count = last - first
    return np.where(count > 0, (running[last] - running[first]) / np.maximum(count, 1), np.nan)


def refine_peaks(value: np.ndarray, peaks: np.ndarray) -> np.ndarray:
    """Return peak positions in samples, with a fraction: the top of the parabola through three samples.

    At 25 samples a second a heart beat is off by up to 20 ms otherwise, which is 2 bpm.
    """
    inner = np.clip(peaks, 1, value.size - 2)
    before, at, after = value[inner - 1], value[inner], value[inner + 1]
    bend = before - 2 * at + after
    shift = np.where(bend < 0, 0.5 * (before - after) / np.where(bend < 0, bend, 1.0), 0.0)
    return peaks + np.where(inner == peaks, np.clip(shift, -0.5, 0.5), 0.0)
