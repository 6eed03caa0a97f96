"""A resting level that knows no future: what a recording has shown so far."""

from __future__ import annotations

import numpy as np
from scipy.spatial.transform import Rotation

from affectflow.features.baseline import usable_sd


def from_running_mean(
    values: np.ndarray, time_s: np.ndarray, *, seconds: float, zscore: bool = False
) -> np.ndarray:
    """Subtract from each value the mean of its column up to and with this row.

    Parameters
    ----------
    values
        Shape (n, c), NaN = missing.
    time_s
        Increasing, seconds, shape (n,).
    seconds
        Rows before this time after the column's first value are NaN: the level is not known yet.
    zscore
        Divide by the SD (n - 1) of the same rows.

    Returns
    -------
    Shape (n, c). No row depends on a later one.
    """
    present = np.isfinite(values)
    # Around the first value seen, so that running sums of squares keep their digits.
    start = values[np.argmax(present, axis=0), np.arange(values.shape[1])] if len(values) else 0.0
    around = np.where(present, values - start, 0.0)
    count = np.cumsum(present, axis=0)
    some = np.maximum(count, 1)
    mean = np.cumsum(around, axis=0) / some
    out = np.where(present & known_from(time_s, present, seconds), around - mean, np.nan)
    if not zscore:
        return out
    squares = np.cumsum(around * around, axis=0)
    variance = np.maximum(squares - some * mean**2, 0.0) / np.maximum(count - 1, 1)
    largest = np.maximum.accumulate(np.where(present, np.abs(values), 0.0), axis=0)
    return out / usable_sd(np.where(count > 1, np.sqrt(variance), np.nan), largest)


def rotations_from_running_mean(
    vectors: np.ndarray, time_s: np.ndarray, *, seconds: float, zscore: bool = False
) -> np.ndarray:
    """Express each rotation relative to the mean rotation up to and with this row.

    The mean is that of `scipy.spatial.transform.Rotation.mean` over these rows
    (Markley et al. 2007): the first eigenvector of the sum of q qᵀ. The
    spread to divide by is taken from the rotations relative to the mean at the
    first row that has a result, since relative to each row's own mean all
    earlier rows would have to be turned anew; to first order it is the same.

    Parameters
    ----------
    vectors
        Shape (n, 3), radians, NaN where missing.
    time_s, seconds, zscore
        See `from_running_mean`.

    Returns
    -------
    Shape (n, 3), radians (with `zscore`: standard deviations). No row depends on a later one.
    """
    out = np.full(vectors.shape, np.nan)
    have = np.isfinite(vectors).all(axis=1)
    wanted = have & known_from(time_s, have[:, None], seconds)[:, 0]
    if not wanted.any():
        return out
    seen = Rotation.from_rotvec(vectors[have])
    quaternions = seen.as_quat()
    outer = np.cumsum(quaternions[:, :, None] * quaternions[:, None, :], axis=0)
    later = wanted[have]
    back = Rotation.from_quat(np.linalg.eigh(outer[later])[1][:, :, -1]).inv()
    out[wanted] = (seen[later] * back).as_rotvec()
    if not zscore:
        return out
    turned = (seen * back[0]).as_rotvec()
    count = np.arange(1, len(turned) + 1)[:, None]
    mean = np.cumsum(turned, axis=0) / count
    variance = np.maximum(np.cumsum(turned**2, axis=0) - count * mean**2, 0.0) / np.maximum(count - 1, 1)
    sd = usable_sd(np.where(count > 1, np.sqrt(variance), np.nan), np.ones(3))
    out[wanted] /= sd[later]
    return out


def known_from(time_s: np.ndarray, present: np.ndarray, seconds: float) -> np.ndarray:
    """Return which rows come `seconds` or more after a column's first value, shape (n, c); none in an empty column."""
    if not len(time_s):
        return np.zeros(present.shape, dtype=bool)
    first = np.where(present.any(axis=0), time_s[np.argmax(present, axis=0)], np.inf)
    return time_s[:, None] >= first + seconds - 1e-9
