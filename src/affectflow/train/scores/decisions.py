"""Thresholds, and measures of the decisions they make, for any reweighting of the people.

Decisions, each split with the threshold of its own validation people, may be
pooled over splits: unlike scores they mean the same everywhere.

Axes: n = window, s = person, r = resample.
"""

from __future__ import annotations

import numpy as np

from affectflow.train.scores.metrics import Measure, ratio


def balanced_accuracy(label_n: np.ndarray, decision_n: np.ndarray, person_n: np.ndarray) -> Measure:
    """Return the mean of sensitivity and specificity as a function of person weights.

    Parameters
    ----------
    label_n, decision_n
        0 or 1.
    person_n
        Number of the person, 0-based, without gaps.

    Returns
    -------
    Weights (r, s) → values (r,), NaN where a class has no windows left.
    """
    right = label_n == decision_n
    hits_0, hits_1 = (_per_person(right & (label_n == y), person_n) for y in (0, 1))
    all_0, all_1 = (_per_person(label_n == y, person_n) for y in (0, 1))

    def measure(weight_rs: np.ndarray) -> np.ndarray:
        specificity_r = ratio(weight_rs @ hits_0, weight_rs @ all_0)
        return (specificity_r + ratio(weight_rs @ hits_1, weight_rs @ all_1)) / 2

    return measure


def f1(label_n: np.ndarray, decision_n: np.ndarray, person_n: np.ndarray) -> Measure:
    """Return the F1 score of the stressor condition as a function of person weights.

    Twice the hits over twice the hits, misses and false alarms. Calling every
    window a stressor reaches `f1_of_chance`. Arguments and result as
    `balanced_accuracy`.
    """
    hits_s = _per_person((label_n == 1) & (decision_n == 1), person_n)
    wrong_s = _per_person(label_n != decision_n, person_n)
    return lambda weight_rs: ratio(2 * weight_rs @ hits_s, weight_rs @ (2 * hits_s + wrong_s))


def f1_of_chance(label_n: np.ndarray) -> float:
    """Return the F1 score of calling every window a stressor: 2 p / (1 + p) with p the share of stressor windows."""
    share = float(label_n.mean())
    return 2 * share / (1 + share)


def best_threshold(label_n: np.ndarray, score_n: np.ndarray) -> float:
    """Return the threshold with the best balanced accuracy; of equals, the nearest to 0.5.

    Candidates lie halfway between neighbouring scores. A window counts as
    stressor when its score is at or above the threshold.
    """
    scores = np.unique(score_n)
    candidates = np.concatenate([[scores[0]], (scores[1:] + scores[:-1]) / 2])
    # Counted in sorted scores: each candidate against each window would be a square of numbers.
    below_0, below_1 = (np.searchsorted(np.sort(score_n[label_n == y]), candidates) for y in (0, 1))
    n_0, n_1 = ((label_n == y).sum() for y in (0, 1))
    sensitivity, specificity = (n_1 - below_1) / n_1, 1 - (n_0 - below_0) / n_0
    balanced = (sensitivity + specificity) / 2
    best = np.flatnonzero(balanced >= balanced.max() - 1e-12)
    return float(candidates[best[np.argmin(np.abs(candidates[best] - 0.5))]])


def _per_person(chosen_n: np.ndarray, person_n: np.ndarray) -> np.ndarray:
    return np.bincount(person_n[chosen_n], minlength=int(person_n.max()) + 1).astype(float)
