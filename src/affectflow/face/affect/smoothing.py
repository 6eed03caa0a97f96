"""EmoNet's own smoothing over time, in seconds and without its start from zero."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

# Weights of a frame and the four before it; the newest first.
WEIGHTS = (0.40, 0.25, 0.15, 0.10, 0.10)
# The authors' weights belong to frames; here to ages, as if at this many frames a second.
RATE_HZ = 25.0


def smooth_affect(
    values: NDArray[np.floating], time_s: NDArray[np.floating], *, legacy_zero_start: bool = False
) -> NDArray[np.float64]:
    """Return weighted means of each frame's numbers and those of the last fifth of a second.

    A number's weight goes by its age: 0.40 when it is new, 0.25 when 1/25 s old,
    then 0.15, 0.10 and 0.10, and nothing from 0.18 s on. Weights are scaled to
    sum to one over the numbers that are there, so neither the beginning nor a
    face that comes back is drawn to zero. At 25 frames a second these are the
    weights of the reference from the fifth frame on.

    Parameters
    ----------
    values
        (n, k); NaN where there is no face.
    time_s
        (n,) rising, seconds.
    legacy_zero_start
        As the reference: the last five frames that have a face, whatever time
        they are apart, and zeros before the first.

    Returns
    -------
    (n, k), NaN where `values` is.
    """
    values, time_s = np.asarray(values, np.float64), np.asarray(time_s, np.float64)
    there = np.isfinite(values).all(axis=1)
    if legacy_zero_start:
        out = np.full(values.shape, np.nan)
        out[there] = _last_five(values[there])
        return out
    total, weight = np.zeros(values.shape), np.zeros(len(values))
    reach = (len(WEIGHTS) - 0.5) / RATE_HZ
    for lag in range(len(values)):
        age_s = time_s[lag:] - time_s[: len(time_s) - lag]
        if lag and age_s.min() >= reach:
            break
        step = np.floor(age_s * RATE_HZ + 0.5).astype(int)
        each = np.where(step < len(WEIGHTS), np.take(WEIGHTS, step, mode="clip"), 0.0)
        each = each * there[: len(there) - lag]
        total[lag:] += each[:, None] * np.nan_to_num(values[: len(values) - lag])
        weight[lag:] += each
    with np.errstate(invalid="ignore"):
        out = total / weight[:, None]
    out[~there] = np.nan
    return out


def _last_five(values: NDArray[np.float64]) -> NDArray[np.float64]:
    out = np.zeros(values.shape)
    for lag, weight in enumerate(WEIGHTS):
        out[lag:] += weight * values[: max(len(values) - lag, 0)]
    return out
