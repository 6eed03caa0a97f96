"""Tests of ranks, a column at a time, in which rounding makes and breaks no ties."""

from __future__ import annotations

import numpy as np
from scipy import stats

# Means of some hundred numbers, on a scale that took a mean of up to 1e4 standard deviations away, differ by less
# (in shares of their size) when they are the same.
TIE = 1e-11


def wilcoxon_p(delta: np.ndarray, size: np.ndarray) -> np.ndarray:
    """Return p of Wilcoxon's signed ranks for each column of differences, shape (n_tests,).

    SciPy chooses between the exact and the approximate distribution by ties and zeros
    anywhere in what it is given: columns that have them are tested one by one.

    Parameters
    ----------
    delta
        Differences, shape (n_units, n_tests), without NaN.
    size
        Size of the numbers that were subtracted, same shape; see `merge_ties`.
    """
    delta = merge_signed_ties(delta, size)
    ranked = np.sort(np.abs(delta), axis=0)
    odd = (ranked[0] == 0) | (np.diff(ranked, axis=0) == 0).any(axis=0)
    p = np.empty(delta.shape[1])
    if (~odd).any():
        p[~odd] = stats.wilcoxon(delta[:, ~odd], axis=0).pvalue
    for k in np.flatnonzero(odd):
        p[k] = stats.wilcoxon(delta[:, k]).pvalue
    return p


def mann_whitney_p(y: np.ndarray, x: np.ndarray) -> np.ndarray:
    """Return p of Mann and Whitney's test for each column of two groups, shape (n_tests,).

    Parameters
    ----------
    y, x
        Values, shapes (n_y, n_tests) and (n_x, n_tests), without NaN.
    """
    both = np.vstack([y, x])
    ranked_y, ranked_x = np.split(merge_ties(both, np.abs(both)), [len(y)])
    # SciPy decides by ties in all it is given whether to be exact; column by column it decides for each.
    return np.array([stats.mannwhitneyu(ranked_y[:, k], ranked_x[:, k]).pvalue for k in range(x.shape[1])])


def merge_ties(values: np.ndarray, size: np.ndarray) -> np.ndarray:
    """Make values equal that differ by rounding alone, column by column.

    Tests of ranks ask whether values are equal. A mean over the same numbers in another order, or the same numbers
    on another scale (`normalise`), differs in its last digits: without this, rounding decided about ties.

    Parameters
    ----------
    values
        Shape (n, n_tests), without NaN.
    size
        Size of the numbers each value was computed from, same shape: rounding is a share of it. At least the
        column's median counts, because scaling takes a common mean away; the median and not the largest, so that
        one huge value does not make all others equal.

    Returns
    -------
    The values; each run of neighbours closer than `TIE` × size all have its least value.
    """
    order = np.argsort(values, axis=0, kind="stable")
    sorted_ = np.take_along_axis(values, order, axis=0)
    close = np.take_along_axis(TIE * np.maximum(size, np.median(size, axis=0)), order, axis=0)
    new = np.diff(sorted_, axis=0) > np.maximum(close[1:], close[:-1])
    sorted_[1:][~new] = -np.inf
    merged = np.empty_like(values)
    np.put_along_axis(merged, order, np.maximum.accumulate(sorted_, axis=0), axis=0)
    return merged


def merge_signed_ties(delta: np.ndarray, size: np.ndarray) -> np.ndarray:
    """Return differences of which those of equal size, and those of no size, are equal; see `merge_ties`."""
    zero = np.zeros((1, delta.shape[1]))
    # The zero is one of the values, so that what is next to it becomes 0.
    merged = merge_ties(np.vstack([zero, np.abs(delta)]), np.vstack([np.median(size, axis=0), size]))
    return np.copysign(merged[1:], delta)
