"""AUROC by pairs equals scikit-learn's; its interval draws units."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from affectflow.stats.concordance import bootstrap_auroc, concordance, weighted_total


def rows(seed: int, n_units: int = 10, n: int = 12) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    unit = np.repeat(np.arange(n_units), n)
    y = rng.integers(0, 2, n_units * n).astype(bool)
    return np.round(rng.normal(y, 1.0), 1), y, unit


@pytest.mark.parametrize("seed", range(4))
def test_one_group_is_the_pooled_auroc_ties_included(seed: int) -> None:
    score, y, unit = rows(seed)
    assert concordance(score, y, unit, np.zeros_like(unit)).auroc == pytest.approx(
        roc_auc_score(y, score), rel=1e-12
    )


def test_groups_are_weighted_by_their_pairs() -> None:
    score, y, unit = rows(1)
    fold = unit % 3
    parts = [
        (roc_auc_score(y[fold == k], score[fold == k]), y[fold == k].sum() * (~y[fold == k]).sum())
        for k in range(3)
    ]
    expected = np.average([a for a, _ in parts], weights=[w for _, w in parts])
    assert concordance(score, y, unit, fold).auroc == pytest.approx(expected, rel=1e-12)


def test_scores_shifted_by_fold_change_the_pooled_auroc_only() -> None:
    score, y, unit = rows(2)
    shifted = score + 100 * unit
    assert concordance(shifted, y, unit, unit).auroc == concordance(score, y, unit, unit).auroc
    one = np.zeros_like(unit)
    assert concordance(shifted, y, unit, one).auroc != concordance(score, y, unit, one).auroc


def test_the_interval_is_that_of_units_not_rows() -> None:
    score, y, unit = rows(3)
    one = bootstrap_auroc(concordance(score, y, unit, unit), n_draws=500, seed=1)
    ten_times = tuple(np.tile(v, 10) for v in (score, y, unit))
    ten = bootstrap_auroc(
        concordance(ten_times[0], ten_times[1], ten_times[2], ten_times[2]), n_draws=500, seed=1
    )
    assert ten == pytest.approx(one)
    assert one[0] < concordance(score, y, unit, unit).auroc < one[1]
    assert one == bootstrap_auroc(concordance(score, y, unit, unit), n_draws=500, seed=1)
    assert one != bootstrap_auroc(concordance(score, y, unit, unit), n_draws=500, seed=2)


def test_drawing_a_unit_twice_is_having_two_people_like_it() -> None:
    score, y, unit = rows(4, n_units=4)
    # Units 0 and 1 share a fold, so do 2 and 3; unit 0 is drawn twice, 2 not at all.
    fold = unit // 2
    weights = np.array([[2.0, 1.0, 0.0, 1.0]])
    drawn = [np.flatnonzero(unit == u) for u in (0, 0, 1, 3)]
    rows_drawn, people = np.concatenate(drawn), np.repeat(np.arange(4), 12)
    table = concordance(score[rows_drawn], y[rows_drawn], people, fold[rows_drawn])
    # The two copies of unit 0 are not compared with each other: they are one person's rows.
    expected = table.won.sum() - table.won[0, 1] - table.won[1, 0]
    assert weighted_total(concordance(score, y, unit, fold).won, weights)[0] == pytest.approx(expected)


def test_groups_keep_both_conditions_in_every_draw() -> None:
    unit = np.repeat(np.arange(6), 5)
    y = unit >= 3
    score = np.random.default_rng(0).normal(0, 1, 30)
    low, high = bootstrap_auroc(concordance(score, y, unit, np.zeros_like(unit)), n_draws=300, seed=0)
    assert 0 <= low <= high <= 1
