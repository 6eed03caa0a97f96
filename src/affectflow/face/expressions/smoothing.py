"""Exponential smoothing over irregular times."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


def shares_kept(time_s: Array, known: NDArray[np.bool_], *, time_constant_s: float) -> Array:
    """Return how much of the smoothed value before it each frame keeps.

    Parameters
    ----------
    time_s
        Shape (frames,), ascending, seconds.
    known
        Shape (frames,): frames that have a value.
    time_constant_s
        Seconds after which 1 / e of a step is left; 0 smooths nothing.
        -0.04 / ln 0.7 = 0.112 s keeps 0.7 per frame at 25 frames per second.

    Returns
    -------
    Shape (frames,), 0..1: exp(-dt / time constant), dt since the known frame
    before; 0 for the first. What is not known has NaN. So a face that was away
    for long starts anew, whatever the frame rate.
    """
    kept = np.full(time_s.shape, np.nan)
    steps_s = np.diff(time_s[known], prepend=-np.inf)
    kept[known] = np.exp(-steps_s / time_constant_s) if time_constant_s > 0 else 0.0
    return kept


def smooth(values: Array, kept: Array) -> Array:
    """Smooth exponentially: y = kept · y before + (1 - kept) · x.

    Parameters
    ----------
    values
        Shape (frames, columns); NaN in frames without a value.
    kept
        Shape (frames,), 0..1, as `shares_kept` returns; NaN leaves a frame out.
        Of the first frame that has a value, nothing before it is known: y = x.

    Returns
    -------
    Shape (frames, columns), NaN where a frame is left out.
    """
    smoothed = np.full(values.shape, np.nan)
    before: Array | None = None
    for i in np.flatnonzero(np.isfinite(kept)):
        before = values[i] if before is None else kept[i] * before + (1 - kept[i]) * values[i]
        smoothed[i] = before
    return smoothed
