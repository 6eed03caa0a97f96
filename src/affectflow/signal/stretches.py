"""Contiguous stretches of a signal, each on a regular clock.

Everything in this room works stretch by stretch, so that no filter, peak
finder or interpolation ever reaches across a gap.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import pairwise
from typing import Protocol

import numpy as np

from affectflow.config.signal import Signal

# Steps that differ from the median by less than this share count as one rate: sensors'
# clocks are rounded to milliseconds in most files.
REGULAR_WITHIN = 0.02


@dataclass(frozen=True)
class Stretch:
    """A piece of one signal without a gap, on a regular clock.

    Attributes
    ----------
    time_s, value
        Equally long, float64, finite; steps of `time_s` are 1 / rate_hz.
    rate_hz
        Samples per second.
    """

    time_s: np.ndarray
    value: np.ndarray
    rate_hz: float

    @property
    def duration_s(self) -> float:
        """Time from the first to the last sample, seconds."""
        return float(self.time_s[-1] - self.time_s[0])


@dataclass(frozen=True)
class Cleaned:
    """One quantity found in a stretch.

    Attributes
    ----------
    name
        Quantity with its unit, such as ``eda_tonic_usiemens``.
    time_s, value
        Its own clock and values; NaN where it cannot be told.
    """

    name: str
    time_s: np.ndarray
    value: np.ndarray


@dataclass(frozen=True)
class Intervals:
    """Intervals between beats or breaths that can be true, in order of time.

    Attributes
    ----------
    start_s, length_s
        Equally long, float64, seconds. An interval ends at start + length; where
        a beat was missed the next one starts later.
    """

    start_s: np.ndarray
    length_s: np.ndarray

    @property
    def end_s(self) -> np.ndarray:
        """Ends, seconds."""
        return self.start_s + self.length_s


@dataclass(frozen=True)
class Result:
    """What a cleaner found in one stretch, in words why something is missing, and the intervals between beats."""

    quantities: list[Cleaned]
    notes: list[str] = field(default_factory=list)
    beats: Intervals | None = None


class Cleaner(Protocol):
    """A function of `signal.CLEANERS`."""

    def __call__(self, stretch: Stretch, options: Signal, *, problem: str | None = None) -> Result:
        """Return every quantity of this kind of signal, NaN where it cannot be told.

        With a `problem` known beforehand everything is NaN and the problem is noted.
        """


class Screen(Protocol):
    """A function of `signal.SCREENS`."""

    def __call__(self, time_s: np.ndarray, value: np.ndarray, options: Signal) -> Result:
        """Return the signal's own samples with those missing that cannot be trusted, and what follows from them.

        `value` is NaN where the sample is missing or out of range; there may be no other value.
        """


def median_step(time_s: np.ndarray) -> float:
    """Return the median step of increasing times, seconds; NaN for fewer than two."""
    return float(np.median(np.diff(time_s))) if time_s.size > 1 else float("nan")


def longest_step(time_s: np.ndarray, max_gap_s: float) -> float:
    """Return the longest step between samples that is not a gap, seconds.

    A signal slower than the gap limit (one value every 5 s) is not all gaps:
    one and a half of its usual steps are always allowed.
    """
    step = median_step(time_s)
    return max_gap_s if np.isnan(step) else max(max_gap_s, 1.5 * step)


def split_at_gaps(time_s: np.ndarray, max_step_s: float) -> list[slice]:
    """Return the runs of samples whose steps are at most `max_step_s`.

    Parameters
    ----------
    time_s
        Increasing times, seconds.
    max_step_s
        A longer step is a gap. Rounding of stored times is forgiven (1 ns).
    """
    if time_s.size == 0:
        return []
    breaks = np.flatnonzero(np.diff(time_s) > max_step_s + 1e-9) + 1
    edges = [0, *breaks.tolist(), time_s.size]
    return [slice(a, b) for a, b in pairwise(edges)]


def on_regular_clock(time_s: np.ndarray, value: np.ndarray, *, step_s: float) -> Stretch:
    """Put one stretch on a regular clock that starts at its first sample.

    Samples that are regular already keep their values to the bit; others are
    interpolated linearly at the signal's median rate, so nothing is thinned out
    and no filter against aliasing is needed.

    Parameters
    ----------
    time_s, value
        One stretch without gaps, finite.
    step_s
        Step of the new clock: the median step of the whole signal, seconds.
    """
    n = int(np.floor((time_s[-1] - time_s[0]) / step_s + 1e-6)) + 1
    clock = time_s[0] + step_s * np.arange(n)
    regular = n == time_s.size and np.all(np.abs(time_s - clock) <= REGULAR_WITHIN * step_s)
    if regular:
        return Stretch(time_s, value, 1.0 / step_s)
    return Stretch(clock, np.interp(clock, time_s, value), 1.0 / step_s)


def fill_short_gaps(time_s: np.ndarray, value: np.ndarray, *, max_gap_s: float) -> np.ndarray:
    """Interpolate missing samples (NaN) linearly between good ones that are near enough; others stay missing.

    Parameters
    ----------
    time_s, value
        One signal's samples, times increasing, seconds.
    max_gap_s
        Longest step between good samples that is bridged, seconds; see `longest_step`.
    """
    good = np.flatnonzero(~np.isnan(value))
    filled = value.copy()
    if good.size > 1:
        for run in split_at_gaps(time_s[good], longest_step(time_s, max_gap_s)):
            first, last = good[run][0], good[run][-1] + 1
            filled[first:last] = np.interp(time_s[first:last], time_s[good[run]], value[good[run]])
    return filled
