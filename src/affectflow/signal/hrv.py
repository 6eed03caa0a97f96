"""Heart rate variability in a window that moves along the recording, from intervals between beats."""

from __future__ import annotations

import numpy as np
from scipy.interpolate import CubicSpline

from affectflow.config.signal import Hrv
from affectflow.signal.event_rates import (
    Intervals,
    interval_runs,
    rate_of_intervals,
    regular_times,
)
from affectflow.signal.stretches import Cleaned

# A value per second: the window is much longer.
CLOCK_HZ = 1.0
# Two intervals follow each other when no more than this lies between them; devices round beat times.
ADJACENT_S = 0.02
# A difference "of more than 50 ms"; the last digit of a float is no difference.
NN50_MS = 50.0 + 1e-6
# The Task Force (1996) interpolates beats regularly before a Fourier transform; 4 Hz is usual.
TACHOGRAM_HZ = 4.0
LF_HZ, HF_HZ = (0.04, 0.15), (0.15, 0.40)
# "About 1 minute is needed to assess HF, about 2 minutes to address LF" (Task Force 1996, p. 363).
HF_SHORTEST_S, LF_SHORTEST_S = 60.0, 120.0
QUALITY = "quality_hrv"
QUANTITIES = (
    "hrv_rmssd_ms",
    "hrv_sdnn_ms",
    "hrv_pnn50_percent",
    "hrv_hf_ms2",
    "hrv_lf_ms2",
    QUALITY,
)
# Windows transformed together, so that memory does not grow with the recording.
ROWS_AT_ONCE = 2000


def heart_rate_variability(intervals: Intervals, options: Hrv, *, max_gap_s: float) -> list[Cleaned]:
    """Describe how the interval from beat to beat varies, in a centred window of `options.window_s`.

    Only intervals that lie wholly in the window count, and only differences
    between intervals that follow each other, so that a missed beat does not
    become variability. Where the accepted intervals fill less than
    `options.coverage_min` of the window (gaps, movement, the ends of the
    recording), and where the heart rate itself is missing, nothing is told.
    The powers of frequency bands need a window without any hole longer than
    `max_gap_s`, of at least one minute (HF) or two (LF), and are left out else.

    Parameters
    ----------
    intervals
        Accepted intervals of the whole recording, in order.
    options
        Window and least coverage.
    max_gap_s
        Longest hole that is bridged, seconds.

    Returns
    -------
    On a clock of 1 Hz, NaN where it cannot be told: ``hrv_rmssd_ms`` (root mean
    square of successive differences), ``hrv_sdnn_ms`` (standard deviation,
    n - 1), ``hrv_pnn50_percent`` (share of successive differences above 50 ms),
    ``hrv_hf_ms2``, ``hrv_lf_ms2``, and ``quality_hrv`` (share of the window
    covered, 0..1). Empty when no window is covered well enough.

    References
    ----------
    Task Force of the ESC and NASPE (1996), European Heart Journal 17, 354-381.
    """
    if intervals.start_s.size < 2:
        return []
    clock = regular_times(intervals.start_s[0], intervals.end_s[-1], CLOCK_HZ)
    begin, end = clock - options.window_s / 2, clock + options.window_s / 2
    coverage = _sums(intervals.start_s, intervals.end_s, intervals.length_s, begin, end) / options.window_s
    here = np.isfinite(rate_of_intervals(intervals, clock, max_gap_s=max_gap_s))
    trusted = here & (coverage >= options.coverage_min - 1e-9)
    if not trusted.any():
        return []
    values = _in_time(intervals, begin, end) | _in_frequency(intervals, clock, options.window_s, max_gap_s)
    quality = Cleaned(QUALITY, clock, np.where(here, np.clip(coverage, 0.0, 1.0), np.nan))
    found = [Cleaned(name, clock, np.where(trusted, value, np.nan)) for name, value in values.items()]
    return [*(q for q in found if np.isfinite(q.value).any()), quality]


def _in_time(intervals: Intervals, begin: np.ndarray, end: np.ndarray) -> dict[str, np.ndarray]:
    start, stop, length = intervals.start_s, intervals.end_s, 1000.0 * intervals.length_s
    around = length - length.mean()
    n = _sums(start, stop, np.ones_like(length), begin, end)
    total, squares = (_sums(start, stop, around**k, begin, end) for k in (1, 2))
    follows = start[1:] - stop[:-1] <= ADJACENT_S
    change, first, last = np.diff(length)[follows], start[:-1][follows], stop[1:][follows]
    pairs = _sums(first, last, np.ones_like(change), begin, end)
    change_squares = _sums(first, last, change**2, begin, end)
    over_50 = _sums(first, last, (np.abs(change) > NN50_MS).astype(np.float64), begin, end)
    some = np.maximum(n, 1)
    variance = np.maximum(squares - total**2 / some, 0.0) / np.maximum(n - 1, 1)
    return {
        "hrv_rmssd_ms": np.where(pairs >= 2, np.sqrt(change_squares / np.maximum(pairs, 1)), np.nan),
        "hrv_sdnn_ms": np.where(n >= 3, np.sqrt(variance), np.nan),
        "hrv_pnn50_percent": np.where(pairs >= 2, 100 * over_50 / np.maximum(pairs, 1), np.nan),
    }


def _sums(
    start: np.ndarray, stop: np.ndarray, value: np.ndarray, begin: np.ndarray, end: np.ndarray
) -> np.ndarray:
    """Sum the values of what lies wholly in each window, from one running sum."""
    running = np.concatenate([[0.0], np.cumsum(value)])
    first = np.searchsorted(start, begin - 1e-9, side="left")
    last = np.searchsorted(stop, end + 1e-9, side="right")
    return running[np.maximum(last, first)] - running[first]


def _in_frequency(
    intervals: Intervals, clock: np.ndarray, window_s: float, max_gap_s: float
) -> dict[str, np.ndarray]:
    """Power of the interval series in two bands, ms², by the Fourier transform of the Hann-windowed series."""
    bands = {
        name: band
        for name, band, shortest in (
            ("hrv_hf_ms2", HF_HZ, HF_SHORTEST_S),
            ("hrv_lf_ms2", LF_HZ, LF_SHORTEST_S),
        )
        if window_s >= shortest
    }
    n = round(window_s * TACHOGRAM_HZ)
    times = regular_times(intervals.start_s[0], intervals.end_s[-1], TACHOGRAM_HZ)
    series = _tachogram(intervals, times, max_gap_s)
    first = np.round((clock - window_s / 2 - times[0]) * TACHOGRAM_HZ).astype(np.int64)
    inside = (first >= 0) & (first + n <= series.size)
    gone = np.concatenate([[0], np.cumsum(np.isnan(series))])
    whole = inside & (gone[np.clip(first + n, 0, series.size)] == gone[np.clip(first, 0, series.size)])
    out = {name: np.full(clock.shape, np.nan) for name in bands}
    if not bands or not whole.any():
        return {}
    windows, rows = np.lib.stride_tricks.sliding_window_view(series, n), np.flatnonzero(whole)
    for piece in np.array_split(rows, -(-rows.size // ROWS_AT_ONCE)):
        hz, power = _periodogram(windows[first[piece]])
        for name, (low, high) in bands.items():
            out[name][piece] = power[:, (hz >= low) & (hz < high)].sum(axis=1)
    return out


def _tachogram(intervals: Intervals, times: np.ndarray, max_gap_s: float) -> np.ndarray:
    """Length of the interval (ms) at regular times, a cubic curve through the ends; NaN in holes."""
    series = np.full(times.shape, np.nan)
    for run in interval_runs(intervals, max_gap_s):
        end, length = intervals.end_s[run], 1000.0 * intervals.length_s[run]
        if end.size >= 4:
            inside = (times >= end[0]) & (times <= end[-1])
            series[inside] = CubicSpline(end, length)(times[inside])
    return series


def _periodogram(rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Frequencies (Hz) and power (unit²) per frequency of each row, without its linear trend."""
    n = rows.shape[1]
    ramp = np.arange(n) - (n - 1) / 2
    centred = rows - rows.mean(axis=1, keepdims=True)
    centred = centred - (centred @ ramp / (ramp @ ramp))[:, None] * ramp
    hann = np.hanning(n)
    power = 2 * np.abs(np.fft.rfft(centred * hann, axis=1)) ** 2 / (n * (hann**2).sum())
    return np.fft.rfftfreq(n, 1 / TACHOGRAM_HZ), power
