"""Decisions against scikit-learn, with and without weights of people."""

from itertools import pairwise

import numpy as np
import pytest
from sklearn.metrics import balanced_accuracy_score, f1_score

from affectflow.train.scores import decisions
from tests.support.traced import MIB, traced


@pytest.fixture(scope="module")
def data():
    """Label, decision, person; people of unequal size."""
    rng = np.random.default_rng(0)
    person = np.repeat(np.arange(5), [3, 8, 5, 10, 6])
    label = rng.integers(0, 2, len(person))
    return label, (label * 0.4 + rng.random(len(person)) >= 0.7).astype(int), person


@pytest.mark.parametrize(
    ("ours", "theirs"), [(decisions.balanced_accuracy, balanced_accuracy_score), (decisions.f1, f1_score)]
)
def test_weights_of_people_equal_scikit_learn_s_sample_weights(data, ours, theirs):
    label, decision, person = data
    measure = ours(label, decision, person)
    assert measure(np.ones((1, 5)))[0] == pytest.approx(theirs(label, decision), abs=1e-12)
    weights = np.random.default_rng(1).integers(0, 4, (20, 5)).astype(float)
    for value, weight in zip(measure(weights), weights, strict=True):
        assert value == pytest.approx(theirs(label, decision, sample_weight=weight[person]), abs=1e-12)


def test_calling_everything_a_stressor_is_the_chance_of_f1(data):
    label, _, person = data
    value = decisions.f1(label, np.ones(len(label), int), person)(np.ones((1, 5)))[0]
    assert decisions.f1_of_chance(label) == pytest.approx(value, abs=1e-12)


def test_without_windows_there_is_no_value():
    label = decision = np.array([0, 0])
    person = np.array([0, 1])
    assert np.isnan(decisions.f1(label, decision, person)(np.ones((1, 2)))[0])
    assert np.isnan(decisions.balanced_accuracy(label, decision, person)(np.ones((1, 2)))[0])


def slow_threshold(label, score):
    """By trying every candidate on every window."""
    values = np.unique(score)
    tried = [values[0], *((a + b) / 2 for a, b in pairwise(values))]
    accuracy = [balanced_accuracy_score(label, score >= t) for t in tried]
    best = [t for t, a in zip(tried, accuracy, strict=True) if a >= max(accuracy) - 1e-12]
    return min(best, key=lambda t: abs(t - 0.5))


@pytest.mark.parametrize("digits", [1, 2, 9])
def test_threshold_is_the_best_of_all(digits):
    rng = np.random.default_rng(digits)
    for _ in range(20):
        label = np.append(rng.integers(0, 2, 30), [0, 1])
        score = np.round(0.3 * label + rng.random(32), digits)
        assert decisions.best_threshold(label, score) == slow_threshold(label, score)


def test_a_threshold_for_many_windows_takes_memory_by_their_number_not_its_square():
    rng = np.random.default_rng(0)
    label = rng.integers(0, 2, 12_000)
    score = 0.3 * label + rng.random(12_000)
    with traced() as peak:
        decisions.best_threshold(label, score)
    assert peak() < 10 * MIB


def test_threshold():
    label = np.array([0, 0, 1, 1])
    assert decisions.best_threshold(label, np.array([0.1, 0.2, 0.8, 0.9])) == pytest.approx(0.5)
    assert decisions.best_threshold(label, np.array([0.1, 0.2, 0.3, 0.4])) == pytest.approx(0.25)
    # Nothing to choose by: everything is called the same.
    assert decisions.best_threshold(label, np.full(4, 0.6)) == pytest.approx(0.6)
