"""Whether scores are probabilities: Brier score, expected calibration error, reliability, slope.

Unlike order, a probability means the same whichever network gave it, so all
test windows are taken together.

Axes: n = window, s = person, r = resample, k = bin.
"""

from __future__ import annotations

import math
import warnings

import numpy as np

from affectflow.train.scores.metrics import Measure, ratio

# Bins of equal width: 0 to 0.1, 0.1 to 0.2, …, 0.9 to 1; a score of exactly 1 is in the last.
BINS = 10
# Scores are moved this far from 0 and 1 before the logit.
EDGE = 1e-6


def brier(label_n: np.ndarray, score_n: np.ndarray, person_n: np.ndarray) -> Measure:
    """Return the Brier score, the mean squared distance of score and label, as a function of person weights.

    Parameters
    ----------
    label_n
        0 or 1.
    score_n
        Probabilities.
    person_n
        Number of the person, 0-based, without gaps.

    Returns
    -------
    Weights (r, s) → values (r,), 0..1, the lower the better.
    """
    error_s = np.bincount(person_n, weights=(score_n - label_n) ** 2)
    count_s = np.bincount(person_n).astype(float)
    return lambda weight_rs: ratio(weight_rs @ error_s, weight_rs @ count_s)


def brier_of_chance(label_n: np.ndarray) -> float:
    """Return the Brier score of who knows only the share p of stressor windows: p (1 - p)."""
    share = float(label_n.mean())
    return share * (1 - share)


def calibration_error(label_n: np.ndarray, score_n: np.ndarray, person_n: np.ndarray) -> Measure:
    """Return the expected calibration error as a function of person weights.

    In each of `BINS` bins of equal width: how far the mean score is from the
    share of stressor windows; averaged over bins by their number of windows
    (Naeini et al. 2015). With few windows it is above 0 for perfect
    probabilities too. Arguments and result as `brier`.
    """
    shape = (int(person_n.max()) + 1, BINS)
    gap_sk, count_sk = np.zeros(shape), np.zeros(shape)
    np.add.at(gap_sk, (person_n, bins(score_n)), score_n - label_n)
    np.add.at(count_sk, (person_n, bins(score_n)), 1.0)
    count_s = count_sk.sum(axis=1)
    return lambda weight_rs: ratio(np.abs(weight_rs @ gap_sk).sum(axis=1), weight_rs @ count_s)


def reliability(label_n: np.ndarray, score_n: np.ndarray, person_n: np.ndarray, k: int) -> Measure:
    """Return the share of stressor windows in bin `k` as a function of person weights; NaN where it is empty."""
    own_n = bins(score_n) == k
    people = int(person_n.max()) + 1
    positive_s = np.bincount(person_n[own_n], weights=label_n[own_n], minlength=people)
    count_s = np.bincount(person_n[own_n], minlength=people).astype(float)
    return lambda weight_rs: ratio(weight_rs @ positive_s, weight_rs @ count_s)


def bins(score_n: np.ndarray) -> np.ndarray:
    """Return the bin of each score, 0..`BINS` - 1."""
    return np.clip((score_n * BINS).astype(int), 0, BINS - 1)


def slope_and_intercept(label_n: np.ndarray, score_n: np.ndarray) -> tuple[float, float]:
    """Return slope and intercept of the calibration, by logistic regression on the scores' logits.

    The slope (1 for well-calibrated scores, below 1 for overconfident ones) is
    that of a model with both; the intercept (0; above 0 where scores are too
    low on the whole) is fitted with the slope held at 1 (Van Calster et al.
    2019, "Calibration: the Achilles heel of predictive analytics").

    Returns
    -------
    NaN where there is no value: one class, equal scores, or no mistakes.
    """
    import statsmodels.api as sm

    score_n = np.clip(score_n, EDGE, 1 - EDGE)
    logit_n = np.log(score_n / (1 - score_n))
    if len(np.unique(label_n)) < 2:
        return math.nan, math.nan
    one_n = np.ones((len(logit_n), 1))
    family = sm.families.Binomial()
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        intercept = float(sm.GLM(label_n, one_n, family=family, offset=logit_n).fit().params[0])
        slope = math.nan
        if _overlap(logit_n[label_n == 0], logit_n[label_n == 1]):
            slope = float(sm.GLM(label_n, np.column_stack([one_n, logit_n]), family=family).fit().params[1])
    return slope, intercept


def _overlap(a: np.ndarray, b: np.ndarray) -> bool:
    """Whether neither lies all above the other: only then a logistic regression has a slope."""
    return bool(a.min() < b.max() and b.min() < a.max())
