"""From a signal's own clock to another: without aliasing, without bridging gaps.

A signal with more samples per second than the clock it goes to is low-passed first: a 1.2 Hz pulse is unharmed at
30 frames a second, but what is faster than half the frame rate would come back as a slow wave that was never there.
The filter runs inside each contiguous stretch of good samples, at the signal's own rate; the values are then
interpolated linearly. So an irregular clock (video frames) is served as well as a regular one, and the filter never
sees across a gap.
"""

from __future__ import annotations

import numpy as np
from scipy.signal import firwin, kaiserord, oaconvolve

from affectflow.signal.event_rates import regular_times
from affectflow.signal.stretches import longest_step, median_step, on_regular_clock

# Passed up to 0.3 of the new rate, gone (-60 dB) from half of it: what would alias does not come through.
PASS, STOP, ATTENUATION_DB = 0.3, 0.5, 60.0
# Samples from which a convolution by FFT is faster than a plain one.
LONG = 20_000
# Rates that differ by less need no filter: 30 and 29.97 per second.
FASTER_THAN = 1.1


def rate_of(time_s: np.ndarray) -> float:
    """Return the usual number of samples per second: 1 / median step; NaN for fewer than two."""
    return 1.0 / median_step(time_s)


def resample_regular(
    time_s: np.ndarray, value: np.ndarray, *, rate_hz: float, max_gap_s: float
) -> tuple[np.ndarray, np.ndarray]:
    """Put a signal on the multiples of 1 / rate_hz between its first and last sample.

    Parameters
    ----------
    time_s, value
        Samples, increasing in time, seconds; NaN = not valid.
    rate_hz
        Samples per second of the new clock. Slower than the signal: low-passed first.
    max_gap_s
        See `resample_at`.

    Returns
    -------
    Times, and values with NaN where there is no valid sample near enough.
    """
    if time_s.size == 0:
        return np.empty(0), np.empty(0)
    clock = regular_times(time_s[0], time_s[-1], rate_hz)
    return clock, resample_at(time_s, value, clock, rate_hz=rate_hz, max_gap_s=max_gap_s)


def resample_at(
    time_s: np.ndarray, value: np.ndarray, at_s: np.ndarray, *, rate_hz: float, max_gap_s: float
) -> np.ndarray:
    """Return a signal's values at given times, without aliasing and without bridging gaps.

    Parameters
    ----------
    time_s, value
        Samples, increasing in time, seconds; NaN = not valid.
    at_s
        Where values are wanted, seconds, in any order.
    rate_hz
        Usual rate of `at_s`, per second. A faster signal is low-passed: passed up to 0.3, gone from
        0.5 of this rate. NaN or infinite: no filter.
    max_gap_s
        See `interpolate_valid`.
    """
    return interpolate_valid(
        time_s,
        low_pass(time_s, value, rate_hz=rate_hz, max_gap_s=max_gap_s),
        at_s,
        max_gap_s=max_gap_s,
    )


def low_pass(time_s: np.ndarray, value: np.ndarray, *, rate_hz: float, max_gap_s: float) -> np.ndarray:
    """Remove from a signal what a clock of `rate_hz` cannot carry, stretch by stretch.

    A linear-phase low-pass (Kaiser window) at the signal's own rate, so nothing is
    shifted in time. Ends are continued by turning the signal about its last value;
    a straight line therefore stays one. Next to a jump it swings by up to 9 % of it.

    Parameters
    ----------
    time_s, value
        Samples, increasing in time, seconds; NaN = not valid.
    rate_hz
        Rate of the clock the signal goes to, per second.
    max_gap_s
        Longer steps split the signal, as samples that are not valid do.

    Returns
    -------
    Values at the same times, NaN where they were NaN. The values as they came when the signal is
    not faster than `rate_hz`.
    """
    own_hz = rate_of(time_s)
    if not own_hz > FASTER_THAN * rate_hz:
        return value
    taps = _taps(own_hz, rate_hz)
    out = value.copy()
    limit = longest_step(time_s, max_gap_s)
    for run in runs_of_valid(time_s, value, limit):
        if run.stop - run.start > 2:
            out[run] = _filtered(time_s[run], value[run], 1.0 / own_hz, taps)
    return out


def runs_of_valid(time_s: np.ndarray, value: np.ndarray, max_step_s: float) -> list[slice]:
    """Return the runs of neighbouring samples that are valid and at most `max_step_s` apart."""
    good = np.flatnonzero(~np.isnan(value))
    if good.size == 0:
        return []
    apart = (np.diff(time_s[good]) > max_step_s + 1e-9) | (np.diff(good) > 1)
    edges = np.concatenate([[0], np.flatnonzero(apart) + 1, [good.size]])
    first, last = good[edges[:-1]].tolist(), good[edges[1:] - 1].tolist()
    return [slice(a, b + 1) for a, b in zip(first, last, strict=True)]


def _taps(own_hz: float, rate_hz: float) -> np.ndarray:
    """Coefficients of the low-pass; an odd number, so that the middle one is in the middle."""
    width = (STOP - PASS) * rate_hz
    n, beta = kaiserord(ATTENUATION_DB, min(width / (own_hz / 2), 1.0))
    cutoff = min((PASS + STOP) / 2 * rate_hz, 0.49 * own_hz)
    return firwin(n | 1, cutoff, window=("kaiser", beta), fs=own_hz)


def _filtered(time_s: np.ndarray, value: np.ndarray, step_s: float, taps: np.ndarray) -> np.ndarray:
    stretch = on_regular_clock(time_s, value, step_s=step_s)
    clock, regular = stretch.time_s, stretch.value
    if clock is not time_s:  # irregular: the last, incomplete step belongs to the stretch as well
        clock, regular = np.append(clock, clock[-1] + step_s), np.append(regular, value[-1])
    padded = _turned_ends(regular, taps.size // 2)
    # By FFT only where it pays: a signal with many single samples missing falls into thousands of short runs.
    convolve = oaconvolve if padded.size > LONG else np.convolve
    smooth = np.clip(convolve(padded, taps, mode="valid"), value.min(), value.max())
    return smooth if clock is time_s else np.interp(time_s, clock, smooth)


def _turned_ends(value: np.ndarray, n: int) -> np.ndarray:
    """Continue an array by n values at each end, turned about its first and last."""
    if n >= value.size:
        return np.pad(value, n, mode="reflect", reflect_type="odd")
    head, tail = 2 * value[0] - value[n:0:-1], 2 * value[-1] - value[-2 : -n - 2 : -1]
    return np.concatenate([head, value, tail])


def interpolate_valid(
    time_s: np.ndarray, value: np.ndarray, at_s: np.ndarray, *, max_gap_s: float
) -> np.ndarray:
    """Interpolate linearly between neighbouring valid samples that are near enough.

    Parameters
    ----------
    time_s, value
        Samples, increasing in time; NaN = not valid.
    at_s
        Where values are wanted, seconds.
    max_gap_s
        Longest step between two samples that is interpolated, seconds; a signal
        that is slower by nature may bridge one and a half of its usual steps.

    Returns
    -------
    Values at `at_s`; NaN outside the samples, next to one that is not valid, and
    in gaps. At the exact time of a valid sample its value, whatever its neighbours.
    """
    if time_s.size == 0:
        return np.full(at_s.shape, np.nan)
    limit = longest_step(time_s, max_gap_s) + 1e-9
    right = np.clip(np.searchsorted(time_s, at_s, side="left"), 0, time_s.size - 1)
    left = np.clip(right - 1, 0, None)
    step = time_s[right] - time_s[left]
    share = np.divide(at_s - time_s[left], step, out=np.zeros(at_s.shape), where=step > 0)
    between = value[left] + share * (value[right] - value[left])
    outside = (at_s < time_s[0]) | (at_s > time_s[-1]) | (step > limit)
    found = np.where(outside, np.nan, between)
    return np.where(at_s == time_s[right], value[right], found)
