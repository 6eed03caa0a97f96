"""Gaze and pupil: blinks with their edges, and readings no eye can give."""

from __future__ import annotations

import numpy as np
from scipy.ndimage import binary_dilation

from affectflow.config.signal import Signal
from affectflow.signal.stretches import Cleaned, Result, fill_short_gaps, median_step

# The lid covers part of the pupil before and after the tracker loses it, seconds
# (Kret and Sjak-Shie 2019: 0.05 s of padding).
MARGIN_S = 0.05
# Kret and Sjak-Shie's limit: speeds more than 16 median deviations above the median. Slow recordings
# have no speed worth the name, and a pupil changes by no more than about 10 mm in a second anyway.
N_MAD = 16.0
SLOWEST_HZ = 10.0
ALWAYS_POSSIBLE_MM_PER_S = 10.0
# A jump there and back within two samples is no saccade, which ends elsewhere (Stampe 1993); smaller is noise.
SMALLEST_SPIKE_PX = 5.0


def screen_pupil(time_s: np.ndarray, value: np.ndarray, options: Signal) -> Result:
    """Take blinks with their edges and implausibly fast changes out of a pupil's diameter.

    Where the tracker lost the eye (missing, 0 or out of range) the samples within
    0.05 s go with it, since the lid already covers the pupil; so do samples
    with a speed above Kret and Sjak-Shie's limit. Gaps up to
    `options.max_gap_s` are interpolated, longer ones stay. The person's own
    baseline is left to `features.baseline`.

    References
    ----------
    Kret and Sjak-Shie (2019), Behavior Research Methods 51, 1336-1342.
    """
    lost = np.isnan(value)
    fast = _too_fast(time_s, value)
    return _result("pupil_mm", time_s, value, lost, fast, options)


def screen_gaze(time_s: np.ndarray, value: np.ndarray, options: Signal) -> Result:
    """Take lost tracking with its edges and one-sample spikes out of one coordinate of gaze.

    Coordinates of exactly 0 are how trackers write a lost eye. Saccades are
    kept: only a jump that comes straight back counts as a spike.

    References
    ----------
    Stampe (1993), Behavior Research Methods, Instruments, & Computers 25, 137-142.
    """
    lost = np.isnan(value) | (value == 0)
    spike = _spikes(np.where(lost, np.nan, value))
    return _result("gaze_px", time_s, value, lost, spike, options)


def _result(
    name: str, time_s: np.ndarray, value: np.ndarray, lost: np.ndarray, wrong: np.ndarray, options: Signal
) -> Result:
    gone = lost | wrong | _edges(time_s, lost)
    kept = np.where(gone, np.nan, value)
    notes = []
    if wrong.any():
        notes.append(
            f"{int(wrong.sum())} of {value.size} samples change faster than an eye can; they are missing"
        )
    filled = fill_short_gaps(time_s, kept, max_gap_s=options.max_gap_s)
    return Result([Cleaned(name, time_s, filled)], notes)


def _edges(time_s: np.ndarray, lost: np.ndarray) -> np.ndarray:
    """Mark the samples within the margin of lost ones, and of holes in the times: some trackers leave blinks out."""
    step = median_step(time_s)
    n = int(np.floor(MARGIN_S / step + 1e-6)) if step > 0 else 0
    if n == 0:
        return lost
    hole = np.diff(time_s) > 1.5 * step
    beside = np.append(hole, False) | np.append(False, hole)
    near = np.ones(2 * n + 1, dtype=bool)
    return binary_dilation(lost, near) | binary_dilation(beside, near[2:])


def _too_fast(time_s: np.ndarray, value: np.ndarray) -> np.ndarray:
    """Mark samples whose speed towards or from a neighbour is implausible."""
    step = median_step(time_s)
    if value.size < 5 or not step < 1.01 / SLOWEST_HZ:
        return np.zeros(value.shape, dtype=bool)
    speed = np.abs(np.diff(value) / np.diff(time_s))
    speed = np.where(np.diff(time_s) > 1.5 * step, np.nan, speed)
    # As in the paper the faster side counts: both samples of an impossible step go.
    faster = np.fmax(np.append(np.nan, speed), np.append(speed, np.nan))
    known = speed[np.isfinite(speed)]
    if known.size < 5:
        return np.zeros(value.shape, dtype=bool)
    usual = np.median(known)
    limit = max(usual + N_MAD * np.median(np.abs(known - usual)), ALWAYS_POSSIBLE_MM_PER_S)
    return np.nan_to_num(faster, nan=0.0) > limit


def _spikes(value: np.ndarray) -> np.ndarray:
    """Mark samples that stand away from both neighbours on the same side by more than usual."""
    out = np.zeros(value.shape, dtype=bool)
    if value.size < 5:
        return out
    before, after = np.diff(value)[:-1], -np.diff(value)[1:]
    height = np.where(np.sign(before) == np.sign(after), np.fmin(np.abs(before), np.abs(after)), 0.0)
    steps = np.abs(np.diff(value))
    steps = steps[np.isfinite(steps)]
    if steps.size < 5:
        return out
    usual = np.median(steps)
    limit = max(usual + N_MAD * np.median(np.abs(steps - usual)), SMALLEST_SPIKE_PX)
    out[1:-1] = np.nan_to_num(height, nan=0.0) > limit
    return out
