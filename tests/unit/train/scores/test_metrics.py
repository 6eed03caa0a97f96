"""Measures against scikit-learn, with and without weights, and what pooling raw scores would do."""

import numpy as np
import pytest
from sklearn.metrics import average_precision_score, roc_auc_score

from affectflow.train.scores import metrics
from tests.support.traced import MIB, traced


@pytest.fixture(scope="module")
def data():
    """One fold, with ties, people of unequal size: label, score, person."""
    rng = np.random.default_rng(0)
    person = np.repeat(np.arange(5), [3, 8, 5, 10, 6])
    label = rng.integers(0, 2, len(person))
    score = np.round(label * 0.4 + rng.random(len(person)), 1)
    return label, score, person


def test_one_fold_equals_scikit_learn(data):
    label, score, person = data
    one = np.ones((1, 5))
    fold = np.zeros(len(label), int)
    assert metrics.auroc(label, score, person, fold)(one)[0] == pytest.approx(
        roc_auc_score(label, score), abs=1e-12
    )
    assert metrics.auprc(label, score, person, fold)(one)[0] == pytest.approx(
        average_precision_score(label, score), abs=1e-12
    )


def test_weights_of_people_equal_scikit_learn_s_sample_weights(data):
    label, score, person = data
    fold = np.zeros(len(label), int)
    weights = np.random.default_rng(1).integers(0, 4, (20, 5)).astype(float)
    got = {
        "auroc": metrics.auroc(label, score, person, fold)(weights),
        "auprc": metrics.auprc(label, score, person, fold)(weights),
    }
    for r, weight in enumerate(weights):
        w = weight[person]
        assert got["auroc"][r] == pytest.approx(roc_auc_score(label, score, sample_weight=w), abs=1e-12)
        assert got["auprc"][r] == pytest.approx(
            average_precision_score(label, score, sample_weight=w), abs=1e-12
        )


def test_drawing_a_person_twice_is_having_the_windows_twice(data):
    label, score, person = data
    twice = np.concatenate([np.arange(len(label)), np.flatnonzero(person == 3)])
    weight = np.array([[1.0, 1, 1, 2, 1]])
    fold = np.zeros(len(label), int)
    for measure in (metrics.auroc, metrics.auprc):
        expected = measure(label[twice], score[twice], person[twice], fold[twice])(np.ones((1, 5)))
        assert measure(label, score, person, fold)(weight) == pytest.approx(expected)


def test_the_auroc_of_many_windows_takes_memory_by_their_number_not_its_square():
    rng = np.random.default_rng(0)
    label, person = rng.integers(0, 2, 8000), np.arange(8000) // 400
    score = np.round(0.3 * label + rng.random(8000), 3)
    with traced() as peak:
        measure = metrics.auroc(label, score, person, np.zeros(8000, int))
    assert measure(np.ones((1, 20)))[0] == pytest.approx(roc_auc_score(label, score), abs=1e-12)
    assert peak() < 10 * MIB


def test_folds_are_weighted_by_their_pairs():
    label = np.array([0, 1, 0, 0, 1, 1])
    score = np.array([0.2, 0.9, 0.8, 0.7, 0.1, 0.75])
    fold, person = np.array([0, 0, 1, 1, 1, 1]), np.array([0, 0, 1, 1, 1, 1])
    # Fold 0: 1 of 1 pair; fold 1: 1 of 4.
    assert metrics.auroc(label, score, person, fold)(np.ones((1, 2)))[0] == pytest.approx(2 / 5)
    per_fold = [1.0, average_precision_score(label[2:], score[2:])]
    assert metrics.auprc(label, score, person, fold)(np.ones((1, 2)))[0] == pytest.approx(
        np.dot(per_fold, [1, 2]) / 3
    )


def test_an_offset_between_folds_changes_nothing_here_and_ruins_the_pooled_auroc():
    """The trap: a perfect model in each fold, but one fold's scores all lie above the other's."""
    label = np.tile([0, 1], 20)
    fold = np.repeat([0, 1], 20)
    score = label * 0.1 + fold * 0.5
    person = np.repeat(np.arange(4), 10)
    assert metrics.auroc(label, score, person, fold)(np.ones((1, 4)))[0] == 1.0
    assert roc_auc_score(label, score) == pytest.approx(0.75)


def test_average_precision_of_chance_is_that_of_random_scores():
    rng = np.random.default_rng(0)
    label, fold = np.array([1] * 5 + [0] * 7 + [1] * 9 + [0] * 3), np.repeat([0, 1], 12)
    person, one = np.zeros(24, int), np.ones((1, 1))
    drawn = [metrics.auprc(label, rng.random(24), person, fold)(one)[0] for _ in range(4000)]
    assert metrics.auprc_of_chance(label, fold) == pytest.approx(np.mean(drawn), abs=0.006)
    assert metrics.auprc_of_chance(np.tile([0, 1], 5000), np.zeros(10000)) == pytest.approx(0.5, abs=1e-3)


def test_without_pairs_there_is_no_value():
    label, score = np.array([0, 1]), np.array([0.1, 0.2])
    person, fold = np.array([0, 1]), np.array([0, 1])
    assert np.isnan(metrics.auroc(label, score, person, fold)(np.ones((1, 2)))).all()


def test_area_under_the_averaged_curve_is_the_auroc(data):
    label, score, person = data
    fold = (person > 2).astype(int)
    grid = np.linspace(0, 1, 20001)
    weights = np.array([[1.0, 1, 1, 1, 1], [2, 0, 1, 2, 0]])
    curve = metrics.roc(label, score, person, fold, grid)(weights)
    area = ((curve[:, 1:] + curve[:, :-1]) / 2 * np.diff(grid)).sum(axis=1)
    np.testing.assert_allclose(area, metrics.auroc(label, score, person, fold)(weights), atol=1e-3)
    assert (np.diff(curve, axis=1) >= -1e-12).all()
    np.testing.assert_allclose(curve[:, -1], 1.0)


def test_a_split_of_one_class_says_nothing():
    """One person left out who was recorded in one condition: no AUPRC of 1 for free."""
    label, score = np.array([0, 1, 0, 1, 1, 1]), np.array([0.3, 0.2, 0.1, 0.9, 0.1, 0.2])
    person, split = np.array([0, 0, 0, 0, 1, 1]), np.array([0, 0, 0, 0, 1, 1])
    one = np.ones((1, 2))
    expected = average_precision_score(label[:4], score[:4])
    assert metrics.auprc(label, score, person, split)(one)[0] == pytest.approx(expected)
    assert metrics.auprc_of_chance(label, split) == metrics.auprc_of_chance(label[:4], split[:4])
    alone = (label[4:], score[4:], np.zeros(2, int), split[4:])
    assert np.isnan(metrics.auprc(*alone)(np.ones((1, 1)))[0])
    assert np.isnan(metrics.auprc_of_chance(label[4:], split[4:]))


def test_splits_together_are_the_mean_over_pairs_of_plain_loops():
    """Three splits of several people, weighted: AUROC by counting every pair."""
    rng = np.random.default_rng(5)
    split, person = np.repeat([0, 1, 2], 20), rng.integers(0, 6, 60)
    label, score = rng.integers(0, 2, 60), np.round(rng.random(60), 1)
    weights = rng.integers(0, 3, (5, 6)).astype(float)
    got = metrics.auroc(label, score, person, split)(weights)
    for r, weight in enumerate(weights):
        won = pairs = 0.0
        for i in range(60):
            for j in range(60):
                if split[i] == split[j] and label[i] == 1 and label[j] == 0:
                    w = weight[person[i]] * weight[person[j]]
                    pairs += w
                    won += w * ((score[i] > score[j]) + 0.5 * (score[i] == score[j]))
        assert got[r] == pytest.approx(won / pairs, abs=1e-12)
