"""How well predicted numbers (valence, arousal) agree with labels: the measures of that field's papers.

Each takes labels and predictions (n,) of finite numbers and returns one number,
NaN where it is not defined. Chance is not corrected for: compare with a
constant, and with labels of other people.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

# What differs by no more than this share of the largest value is the same but for rounding.
NOISE = 1e-12


def pearson(label: ArrayLike, predicted: ArrayLike) -> float:
    """Return Pearson's correlation, -1..1; NaN where either does not vary."""
    label, predicted = _pair(label, predicted)
    if not label.size:
        return float("nan")
    label, predicted = _deviations(label), _deviations(predicted)
    spread = np.sqrt(np.mean(label**2)) * np.sqrt(np.mean(predicted**2))
    return float(np.mean(label * predicted) / spread) if spread else float("nan")


def concordance_correlation(label: ArrayLike, predicted: ArrayLike) -> float:
    """Return the concordance correlation coefficient (Lin 1989, Biometrics 45: 255), -1..1.

    Pearson's correlation times a factor for a shift and another scale; 0 for
    predictions that do not vary, NaN where both are one and the same constant.
    Variances are those of the population (divided by n).
    """
    label, predicted = _pair(label, predicted)
    if not label.size:
        return float("nan")
    shift = label.mean() - predicted.mean()
    if abs(shift) <= NOISE * max(np.abs(label).max(), np.abs(predicted).max()):
        shift = 0.0
    label, predicted = _deviations(label), _deviations(predicted)
    apart = np.mean(label**2) + np.mean(predicted**2) + shift**2
    return float(2 * np.mean(label * predicted) / apart) if apart else float("nan")


def root_mean_square_error(label: ArrayLike, predicted: ArrayLike) -> float:
    """Return the root mean square error, in the labels' unit."""
    label, predicted = _pair(label, predicted)
    return float(np.sqrt(np.mean((label - predicted) ** 2))) if label.size else float("nan")


def sign_agreement(label: ArrayLike, predicted: ArrayLike) -> float:
    """Return the share of predictions with the sign of their label, 0..1 (SAGR; 0 is a sign of its own)."""
    label, predicted = _pair(label, predicted)
    return float(np.mean(np.sign(label) == np.sign(predicted))) if label.size else float("nan")


def intraclass_correlation(label: ArrayLike, predicted: ArrayLike) -> float:
    """Return ICC(3,1) of labels and predictions as two fixed raters (Shrout and Fleiss 1979, Psychol. Bull. 86: 420).

    A constant shift between the two does not count. NaN with fewer than two
    rows or where nothing varies.
    """
    pair = _pair(label, predicted)
    if pair[0].size < 2:
        return float("nan")
    both = np.stack([_deviations(x) for x in pair], axis=1)
    n, raters = both.shape
    rows = both.mean(axis=1, keepdims=True)
    between = raters * float((rows**2).sum()) / (n - 1)
    error = float(((both - rows) ** 2).sum()) / ((n - 1) * (raters - 1))
    total = between + (raters - 1) * error
    return (between - error) / total if total else float("nan")


def _pair(label: ArrayLike, predicted: ArrayLike) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    label, predicted = np.asarray(label, np.float64), np.asarray(predicted, np.float64)
    if label.ndim != 1 or label.shape != predicted.shape:
        raise ValueError(
            f"labels {label.shape} and predictions {predicted.shape} are not two rows of one length"
        )
    return label, predicted


def _deviations(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return values less their mean; exactly 0 for a constant, of whose mean rounding leaves a little."""
    apart = values - values.mean()
    return apart if np.ptp(values) > NOISE * np.abs(values).max() else np.zeros_like(apart)
