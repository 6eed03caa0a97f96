"""Measures of order of a cross-validated classifier, for any reweighting of the people.

Scores of different splits (repeat, fold, seed) come from different networks and
are not on one scale: pooling them raw lets the splits' offsets speak (one whose
training people happened to score high ranks all of its windows first), which
pulls a pooled AUROC away from what any of the networks does (Forman and Scholz
2010, Parker et al. 2007). So windows are compared only with windows that the
same network scored, and the splits' results are averaged with the number of
comparisons as weight.

Every measure is a function of one weight per person, which makes a bootstrap
over people a matrix product.

Axes: n = window, p, q = windows of either class, s, u = person, r = resample.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

import numpy as np

Measure = Callable[[np.ndarray], np.ndarray]
# How many sorted values are below a value, and how many are not above it.
SIDES: tuple[Literal["left"], Literal["right"]] = ("left", "right")


def auroc(label_n: np.ndarray, score_n: np.ndarray, person_n: np.ndarray, split_n: np.ndarray) -> Measure:
    """Return the area under the ROC curve as a function of person weights.

    The share of (stressor, baseline) pairs of windows within a split in which
    the stressor window has the higher score; ties count one half.

    Parameters
    ----------
    label_n
        0 or 1.
    score_n
        Any scale.
    person_n
        Number of the person, 0-based, without gaps.
    split_n
        Which trained network scored the window.

    Returns
    -------
    Weights (r, s) → AUROC (r,), NaN where no pair is left.
    """
    people = int(person_n.max()) + 1
    won_su, all_su = np.zeros((people, people)), np.zeros((people, people))
    for split in np.unique(split_n):
        positive, negative = (np.flatnonzero((split_n == split) & (label_n == y)) for y in (1, 0))
        person_p, person_q = person_n[positive], person_n[negative]
        all_su += np.outer(*(np.bincount(p, minlength=people) for p in (person_p, person_q)))
        # Counted in one person's sorted scores: every pair of windows would be a square of numbers.
        for other in np.unique(person_q):
            theirs = np.sort(score_n[negative[person_q == other]])
            lower, not_higher = (np.searchsorted(theirs, score_n[positive], side) for side in SIDES)
            won_su[:, other] += np.bincount(person_p, (lower + not_higher) / 2, minlength=people)

    def measure(weight_rs: np.ndarray) -> np.ndarray:
        won_r = np.einsum("rs,su,ru->r", weight_rs, won_su, weight_rs, optimize=True)
        all_r = np.einsum("rs,su,ru->r", weight_rs, all_su, weight_rs, optimize=True)
        return ratio(won_r, all_r)

    return measure


def people_of_order(label_n: np.ndarray, person_n: np.ndarray, split_n: np.ndarray) -> int:
    """Return of how many people a measure of order is: those with windows in a split that has both labels.

    Parameters
    ----------
    label_n, person_n, split_n
        As of `auroc`.
    """
    mixed = [split for split in np.unique(split_n) if len(np.unique(label_n[split_n == split])) == 2]
    return len(np.unique(person_n[np.isin(split_n, mixed)]))


def auprc(label_n: np.ndarray, score_n: np.ndarray, person_n: np.ndarray, split_n: np.ndarray) -> Measure:
    """Return the average precision as a function of person weights.

    Average precision within each split (as scikit-learn's with sample weights),
    averaged over splits by their weight of stressor windows; a split with
    windows of one class (one person left out) says nothing. Arguments and
    result as `auroc`.
    """
    parts = []
    for split in _with_both(label_n, split_n):
        own = np.flatnonzero(split_n == split)
        order = own[np.argsort(-score_n[own], kind="stable")]
        # A threshold lies behind the last of equal scores.
        last = np.flatnonzero(np.diff(score_n[order], append=-np.inf) != 0)
        parts.append((label_n[order], person_n[order], last))

    def measure(weight_rs: np.ndarray) -> np.ndarray:
        total_r, positive_r = np.zeros(len(weight_rs)), np.zeros(len(weight_rs))
        for label, person, last in parts:
            weight_rn = weight_rs[:, person]
            hit_rn = np.cumsum(weight_rn * label, axis=1)[:, last]
            precision_rn = ratio(hit_rn, np.cumsum(weight_rn, axis=1)[:, last], empty=0.0)
            total_r += (precision_rn * np.diff(hit_rn, axis=1, prepend=0.0)).sum(axis=1)
            positive_r += hit_rn[:, -1]
        return ratio(total_r, positive_r)

    return measure


def auprc_of_chance(label_n: np.ndarray, split_n: np.ndarray) -> float:
    """Return the average precision to expect of scores that know nothing, averaged over splits as in `auprc`.

    With P of n windows positive in random order it is
    (H + (n - H) (P - 1) / (n - 1)) / n with H = 1 + 1/2 + … + 1/n: the share of
    positives only for many windows, more for few (0.545 for 18 of 36). Windows
    of a person are alike, which raises it further; test by the AUROC.
    """
    values, weights = [], []
    for split in _with_both(label_n, split_n):
        label = label_n[split_n == split]
        n, positive = len(label), int(label.sum())
        harmonic = float((1 / np.arange(1, n + 1)).sum())
        values.append((harmonic + (n - harmonic) * (positive - 1) / max(1, n - 1)) / n)
        weights.append(positive)
    return float(np.average(values, weights=weights)) if values else np.nan


def _with_both(label_n: np.ndarray, split_n: np.ndarray) -> list[int]:
    """Return the splits with windows of both classes."""
    return [int(k) for k in np.unique(split_n) if len(np.unique(label_n[split_n == k])) == 2]


def roc(
    label_n: np.ndarray, score_n: np.ndarray, person_n: np.ndarray, split_n: np.ndarray, grid: np.ndarray
) -> Measure:
    """Return the ROC curve as a function of person weights.

    The splits' curves are averaged at equal false-positive rate with the splits'
    number of pairs as weight, so that the area under the curve is `auroc`.

    Parameters
    ----------
    label_n, score_n, person_n, split_n
        As `auroc`.
    grid
        False-positive rates, 0..1.

    Returns
    -------
    Weights (r, s) → true-positive rates (r, len(grid)).
    """
    parts = []
    for split in np.unique(split_n):
        own = np.flatnonzero(split_n == split)
        order = own[np.argsort(-score_n[own], kind="stable")]
        last = np.flatnonzero(np.diff(score_n[order], append=-np.inf) != 0)
        parts.append((label_n[order], person_n[order], last))

    def measure(weight_rs: np.ndarray) -> np.ndarray:
        total, pairs_r = np.zeros((len(weight_rs), len(grid))), np.zeros(len(weight_rs))
        for label, person, last in parts:
            weight_rn = weight_rs[:, person]
            hit_rn = np.cumsum(weight_rn * label, axis=1)[:, last]
            false_rn = np.cumsum(weight_rn * (1 - label), axis=1)[:, last]
            for r in range(len(weight_rs)):
                n_hit, n_false = hit_rn[r, -1], false_rn[r, -1]
                if n_hit and n_false:
                    x = np.concatenate([[0.0], false_rn[r] / n_false])
                    y = np.concatenate([[0.0], hit_rn[r] / n_hit])
                    total[r] += n_hit * n_false * _step_interp(grid, x, y)
                    pairs_r[r] += n_hit * n_false
        return ratio(total, pairs_r[:, None])

    return measure


def _step_interp(grid: np.ndarray, x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Interpolate a curve that may rise straight up: at such an x, its upper end."""
    upper = np.searchsorted(x, grid, side="right")
    low = upper - 1
    high = np.minimum(upper, len(x) - 1)
    span = x[high] - x[low]
    share = np.where(span > 0, (grid - x[low]) / np.where(span > 0, span, 1.0), 0.0)
    return y[low] + share * (y[high] - y[low])


def ratio(top: np.ndarray, bottom: np.ndarray, empty: float = np.nan) -> np.ndarray:
    """Return top / bottom, `empty` where there is nothing to divide by."""
    return np.divide(top, bottom, out=np.full(np.broadcast(top, bottom).shape, empty), where=bottom > 0)
