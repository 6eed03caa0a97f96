"""What a face shows most: now, and over the last seconds."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from affectflow.face.holes import SAME_TIME_S, frame_durations

Array = NDArray[np.float64]
Labels = NDArray[np.int64]

# What the first, second and third of a frame count towards the cumulative label, in sevenths.
RANK_WEIGHTS = (4, 2, 1)


def ranked(scores: Array, n: int) -> Labels:
    """Return the columns of the n highest scores of each frame, highest first; of equals the first column.

    Frames with a missing score have -1.
    """
    order = np.argsort(-scores, axis=1, kind="stable")[:, :n]
    return np.where(np.isnan(scores).any(axis=1)[:, None], -1, order)


def cumulative_label(scores: Array, time_s: Array, *, window_s: float) -> Labels:
    """Return what a face showed most over the last seconds.

    In every frame the three highest scores count 4, 2 and 1 sevenths, times how
    long the frame stands; a place that neutral holds counts for nobody, and so
    does a score of 0. The expression with the largest sum wins, of equals the
    first.

    Parameters
    ----------
    scores
        Shape (frames, expressions + 1), the last column neutral; NaN in frames without a face.
    time_s
        Shape (frames,), ascending, seconds.
    window_s
        Frames up to this long before a frame count with it.

    Returns
    -------
    Shape (frames,): column, neutral's where nothing else showed; -1 without a face.
    """
    n, n_columns = scores.shape
    neutral = n_columns - 1
    places = ranked(scores, len(RANK_WEIGHTS))
    stands_s = frame_durations(time_s) if n > 1 else np.ones(n)
    votes = np.zeros((n, n_columns))
    for column, weight in zip(places.T, RANK_WEIGHTS, strict=False):
        rows = np.flatnonzero((column >= 0) & (column != neutral))
        rows = rows[scores[rows, column[rows]] > 0]
        votes[rows, column[rows]] += weight * stands_s[rows]
    total = np.concatenate([np.zeros((1, n_columns)), votes.cumsum(axis=0)])
    first = np.searchsorted(time_s, time_s - window_s - SAME_TIME_S)
    # Rounded, so that equal votes stay equal however they were summed.
    sums = np.round(total[1:] - total[first], 9)
    label = np.where(sums.max(axis=1) > 0, sums.argmax(axis=1), neutral)
    return np.where(places[:, 0] >= 0, label, -1)
