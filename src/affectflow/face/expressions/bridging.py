"""Short times in which an action unit cannot be seen although the face can, such as the lids during a blink."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


def bridge(values: Array, time_s: Array, valid: NDArray[np.bool_], *, longest_s: float) -> Array:
    """Fill short gaps of each column in a straight line between the values on either side.

    Parameters
    ----------
    values
        Shape (frames, columns); NaN where missing.
    time_s
        Shape (frames,), ascending, seconds.
    valid
        Shape (frames,): frames with a face. A gap that holds one without stays.
    longest_s
        Longest time from the value before to the value after, seconds.

    Returns
    -------
    Shape (frames, columns), a copy. Nothing is added before the first or after the last value.
    """
    filled = values.copy()
    lost_before = np.cumsum(~valid)
    for k, column in enumerate(values.T):
        known = np.flatnonzero(np.isfinite(column))
        gaps = np.flatnonzero(np.diff(known) > 1)
        for a, b in zip(known[gaps], known[gaps + 1], strict=True):
            if time_s[b] - time_s[a] <= longest_s and lost_before[a] == lost_before[b]:
                filled[a + 1 : b, k] = np.interp(time_s[a + 1 : b], time_s[[a, b]], column[[a, b]])
    return filled
