"""AUROC from pairs of rows, with an interval over people."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.stats import rankdata


@dataclass(frozen=True)
class Concordance:
    """How often a row of the stressor scored higher than one of the baseline, by unit.

    Attributes
    ----------
    won
        (n_units, n_units): for stressor rows of unit i and baseline rows of unit
        j, pairs in which the stressor row scored higher; ties count half.
    pairs
        (n_units, n_units): pairs compared.
    """

    won: np.ndarray
    pairs: np.ndarray

    @property
    def auroc(self) -> float:
        """Share of pairs won; NaN without pairs."""
        total = self.pairs.sum()
        return float(self.won.sum() / total) if total else float("nan")


def concordance(score: np.ndarray, positive: np.ndarray, unit: np.ndarray, group: np.ndarray) -> Concordance:
    """Compare each positive with each negative of the same group.

    Scores of different folds come from different models, on scales of their
    own: comparing them mixes models, and on data without effect it pulls the
    pooled AUROC below 0.5, since leaving a unit out moves the mean of its class
    away from it. With `group` = fold only scores of one model are compared; with
    one group for all this is the pooled AUROC.

    Parameters
    ----------
    score
        Shape (n_rows,), finite; higher = more like the stressor.
    positive
        Shape (n_rows,), bool.
    unit
        Shape (n_rows,), number of the unit, 0..n_units - 1.
    group
        Shape (n_rows,), whole numbers.
    """
    n_units = int(unit.max()) + 1
    won, pairs = np.zeros((n_units, n_units)), np.zeros((n_units, n_units))
    for g in np.unique(group):
        here = group == g
        negatives = np.flatnonzero(here & ~positive)
        # Looked up in order, the places of neighbours lie in the cache.
        negatives = negatives[np.argsort(score[negatives], kind="stable")]
        counts = np.bincount(unit[negatives], minlength=n_units)
        for i in np.unique(unit[here & positive]):
            mine = np.sort(score[here & positive & (unit == i)])
            above = len(mine) - np.searchsorted(mine, score[negatives], side="right")
            not_below = len(mine) - np.searchsorted(mine, score[negatives], side="left")
            won[i] += np.bincount(unit[negatives], weights=(above + not_below) / 2, minlength=n_units)
            pairs[i] += len(mine) * counts
    return Concordance(won, pairs)


def ranked_auroc(score: np.ndarray, positive: np.ndarray, group: np.ndarray) -> float:
    """Return `concordance(...).auroc` from ranks, without looking at units.

    Parameters
    ----------
    score, positive, group
        As `concordance`.
    """
    won = pairs = 0.0
    for g in np.unique(group):
        here = group == g
        mine = positive[here]
        n = int(mine.sum())
        won += float(rankdata(score[here])[mine].sum()) - n * (n + 1) / 2
        pairs += n * (len(mine) - n)
    return won / pairs if pairs else float("nan")


def bootstrap_auroc(c: Concordance, *, n_draws: int, seed: int, level: float = 0.95) -> tuple[float, float]:
    """Return the percentile interval of the AUROC over draws of units with replacement.

    Units are drawn within strata of what they have (stressor rows, baseline
    rows, both), so that every draw has both conditions. A unit drawn twice
    counts as two people: pairs within it count twice, pairs between different
    units by the product. With few units (under about 15) such intervals are
    known to be somewhat too short; with a perfect AUROC they shrink to a point.

    Parameters
    ----------
    c
        What `concordance` returned.
    n_draws
        Number of draws.
    seed
        Seed of the draws.
    level
        Coverage, 0..1.
    """
    rng = np.random.default_rng(seed)
    kind = (c.pairs.sum(axis=1) > 0) + 2 * (c.pairs.sum(axis=0) > 0)
    weights = np.zeros((n_draws, len(kind)))
    for k in np.unique(kind[kind > 0]):
        members = np.flatnonzero(kind == k)
        weights[:, members] = rng.multinomial(
            len(members), np.full(len(members), 1 / len(members)), size=n_draws
        )
    drawn = weighted_total(c.won, weights) / np.maximum(weighted_total(c.pairs, weights), 1e-300)
    there = weighted_total(c.pairs, weights) > 0
    low, high = np.quantile(drawn[there], [(1 - level) / 2, (1 + level) / 2])
    return float(low), float(high)


def weighted_total(counts: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Return the sum of counts when unit i was drawn weights[:, i] times, shape (n_draws,).

    Pairs between units count by the product of the two numbers, pairs within a
    unit by its number: copies of one person are not compared with each other.
    """
    own = np.diag(counts)
    between = counts - np.diag(own)
    return ((weights @ between) * weights).sum(axis=1) + weights @ own
