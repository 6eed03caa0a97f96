"""How well predicted numbers (valence, arousal) agree with labels: the measures of that field's papers.

Each takes labels and predictions (n,) of finite numbers and returns one number,
NaN where it is not defined. Chance is not corrected for: compare with a
constant, and with labels of other people.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray


def pearson(label: ArrayLike, predicted: ArrayLike) -> float:
    """Return Pearson's correlation, -1..1; NaN where either does not vary."""
    label, predicted = _pair(label, predicted)
    spread = label.std() * predicted.std() if label.size else 0.0
    return float(_covariance(label, predicted) / spread) if spread else float("nan")


def concordance_correlation(label: ArrayLike, predicted: ArrayLike) -> float:
    """Return the concordance correlation coefficient (Lin 1989, Biometrics 45: 255), -1..1.

    Pearson's correlation times a factor for a shift and another scale; 0 for
    predictions that do not vary, NaN where both are one and the same constant.
    Variances are those of the population (divided by n).
    """
    label, predicted = _pair(label, predicted)
    if not label.size:
        return float("nan")
    apart = label.var() + predicted.var() + (label.mean() - predicted.mean()) ** 2
    return float(2 * _covariance(label, predicted) / apart) if apart else float("nan")


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
    both = np.stack(_pair(label, predicted), axis=1)
    n, raters = both.shape
    if n < 2:
        return float("nan")
    rows = both.mean(axis=1, keepdims=True)
    between = raters * float(((rows - both.mean()) ** 2).sum()) / (n - 1)
    rest = both - rows - both.mean(axis=0) + both.mean()
    error = float((rest**2).sum()) / ((n - 1) * (raters - 1))
    total = between + (raters - 1) * error
    return (between - error) / total if total else float("nan")


def _pair(label: ArrayLike, predicted: ArrayLike) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    label, predicted = np.asarray(label, np.float64), np.asarray(predicted, np.float64)
    if label.ndim != 1 or label.shape != predicted.shape:
        raise ValueError(
            f"labels {label.shape} and predictions {predicted.shape} are not two rows of one length"
        )
    return label, predicted


def _covariance(label: NDArray[np.float64], predicted: NDArray[np.float64]) -> float:
    return float(np.mean((label - label.mean()) * (predicted - predicted.mean())))
