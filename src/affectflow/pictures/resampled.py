"""Measures of numbers and of classes for many resamples of groups at once, from sums per group.

The same measures as `train.scores.agreement`'s, which take one sample: with
every group once, they agree (a test holds it).

Axes: g = group, r = resample, s = sum.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Numbers = NDArray[np.float64]
NUMBER_MEASURES = ("ccc", "pcc", "rmse", "sagr", "icc")
CLASS_MEASURES = ("accuracy", "balanced_accuracy")


def number_sums(label: Numbers, predicted: Numbers, group: NDArray[np.int64], *, n_groups: int) -> Numbers:
    """Return what `number_measures` needs of labels and predictions (n,), summed within each group, (g, s)."""
    agree = np.sign(label) == np.sign(predicted)
    rows = (
        np.ones_like(label),
        label,
        predicted,
        label**2,
        predicted**2,
        label * predicted,
        agree.astype(float),
    )
    return np.stack([np.bincount(group, weights=row, minlength=n_groups) for row in rows], axis=1)


def number_measures(sums_rs: Numbers) -> dict[str, Numbers]:
    """Return each of `NUMBER_MEASURES` for every resample, (r,); NaN where it is not defined."""
    with np.errstate(invalid="ignore", divide="ignore"):
        means_sr: Numbers = (sums_rs[:, 1:] / sums_rs[:, :1]).T
        x, y, xx, yy, xy, agree = means_sr
        shared: Numbers = xy - x * y
        var_x, var_y = _no_noise(xx - x**2, xx), _no_noise(yy - y**2, yy)
        spread = np.sqrt(var_x * var_y)
        return {
            "ccc": _share(2 * shared, var_x + var_y + (x - y) ** 2),
            "pcc": _share(shared, spread),
            "rmse": np.sqrt(np.clip(xx + yy - 2 * xy, 0, None)),
            "sagr": agree,
            # Of two raters: twice the covariance over the sum of variances.
            "icc": _share(2 * shared, var_x + var_y),
        }


def class_sums(
    label: NDArray[np.int64],
    predicted: NDArray[np.int64],
    group: NDArray[np.int64],
    *,
    n_groups: int,
    n_classes: int,
) -> Numbers:
    """Return how often each class was taken for each in every group, (g, classes²)."""
    cell = (group * n_classes + label) * n_classes + predicted
    counts = np.bincount(cell, minlength=n_groups * n_classes**2)
    return counts.reshape(n_groups, n_classes**2).astype(np.float64)


def class_measures(sums_rs: Numbers) -> dict[str, Numbers]:
    """Return each of `CLASS_MEASURES` for every resample, (r,): balanced over the classes that are among its labels."""
    n_classes = round(np.sqrt(sums_rs.shape[1]))
    counts = sums_rs.reshape(-1, n_classes, n_classes)
    right, labelled = np.diagonal(counts, axis1=1, axis2=2), counts.sum(axis=2)
    recall = np.divide(right, labelled, out=np.full_like(right, np.nan), where=labelled > 0)
    known = np.isfinite(recall).sum(axis=1)
    return {
        "accuracy": _share(right.sum(axis=1), labelled.sum(axis=1)),
        "balanced_accuracy": _share(np.nansum(recall, axis=1), known.astype(float)),
    }


def _share(part: Numbers, whole: Numbers) -> Numbers:
    return np.divide(part, whole, out=np.full_like(part, np.nan), where=whole > 0)


def _no_noise(variance: Numbers, square: Numbers) -> Numbers:
    """A constant's variance is 0, not what rounding leaves of it."""
    return np.where(variance > 1e-12 * np.maximum(square, 1e-300), variance, 0.0)
