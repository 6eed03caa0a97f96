"""Perinasal perspiration from thermal video: outliers and the slow trend."""

from __future__ import annotations

import numpy as np
from scipy.ndimage import median_filter
from scipy.signal import butter, sosfiltfilt

from affectflow.config.signal import Signal
from affectflow.signal.stretches import (
    Cleaned,
    Result,
    fill_short_gaps,
    longest_step,
    median_step,
    on_regular_clock,
    split_at_gaps,
)

# A head that turns, or a hand before the nose, spoils single readings: they are held against so many seconds.
NEIGHBOURS_S = 5.0
N_SIGMA = 6.0
# Of a normal distribution, from the median absolute deviation.
SIGMA_OF_MAD = 1.4826
# Perspiration rises over tens of seconds; level and responses of skin conductance are split here, too.
TREND_BELOW_HZ = 0.05
TREND_SHORTEST_S = 20.0
# The filter's cut-off must lie well below half the rate.
TREND_SLOWEST_HZ = 0.5


def screen_perspiration(time_s: np.ndarray, value: np.ndarray, options: Signal) -> Result:
    """Take out readings that stand alone, and find the slow trend.

    A reading further from the median of the five seconds around it than six
    standard deviations (estimated from the median deviation in the recording) is
    missing, and interpolated where the gap is short enough. The trend is a
    zero-phase Butterworth low-pass at 0.05 Hz, per contiguous stretch of at least
    20 s.

    Returns
    -------
    ``perinasal_degc2`` on its own clock, and ``perinasal_trend_degc2`` on the
    same; without the trend when no stretch is long enough.
    """
    kept = value.copy()
    known = np.flatnonzero(~np.isnan(value))
    n_out = 0
    if known.size >= 5:
        size = max(3, 2 * round(NEIGHBOURS_S / 2 / median_step(time_s)) + 1)
        off = value[known] - median_filter(value[known], size=min(size, known.size), mode="nearest")
        sigma = SIGMA_OF_MAD * float(np.median(np.abs(off)))
        out = np.abs(off) > N_SIGMA * sigma if sigma > 0 else np.zeros(off.shape, dtype=bool)
        kept[known[out]], n_out = np.nan, int(out.sum())
    level = fill_short_gaps(time_s, kept, max_gap_s=options.max_gap_s)
    notes = [f"{n_out} of {known.size} readings stand alone and count as missing"] if n_out else []
    quantities = [Cleaned("perinasal_degc2", time_s, level)]
    trend = _trend(time_s, kept, options.max_gap_s)
    if np.isfinite(trend).any():
        quantities.append(Cleaned("perinasal_trend_degc2", time_s, trend))
    return Result(quantities, notes)


def _trend(time_s: np.ndarray, value: np.ndarray, max_gap_s: float) -> np.ndarray:
    trend = np.full(time_s.shape, np.nan)
    known = np.flatnonzero(~np.isnan(value))
    if known.size < 2 or 1 / median_step(time_s) < TREND_SLOWEST_HZ:
        return trend
    step = median_step(time_s)
    for run in split_at_gaps(time_s[known], longest_step(time_s, max_gap_s)):
        rows = known[run]
        if time_s[rows[-1]] - time_s[rows[0]] < TREND_SHORTEST_S:
            continue
        stretch = on_regular_clock(time_s[rows], value[rows], step_s=step)
        low_pass = butter(2, TREND_BELOW_HZ, fs=stretch.rate_hz, output="sos")
        slow = sosfiltfilt(low_pass, stretch.value, padlen=min(stretch.value.size - 1, round(20 / step)))
        own = np.arange(rows[0], rows[-1] + 1)
        trend[own] = np.interp(time_s[own], stretch.time_s, slow)
    return trend
