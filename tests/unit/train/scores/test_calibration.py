"""Calibration against scikit-learn and plain loops."""

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import brier_score_loss

from affectflow.train.scores import calibration


@pytest.fixture(scope="module")
def data():
    """Label, score, person; 0 and 1 are among the scores."""
    rng = np.random.default_rng(0)
    person = rng.integers(0, 6, 300)
    score = np.concatenate([[0.0, 1.0, 0.1, 0.2, 0.3], rng.random(295)])
    return (rng.random(300) < score).astype(int), score, person


def weights():
    return np.concatenate([np.ones((1, 6)), np.random.default_rng(1).integers(0, 4, (10, 6)).astype(float)])


def test_brier_is_scikit_learn_s(data):
    label, score, person = data
    for value, weight in zip(calibration.brier(*data)(weights()), weights(), strict=True):
        assert value == pytest.approx(brier_score_loss(label, score, sample_weight=weight[person]), abs=1e-12)
    assert calibration.brier_of_chance(label) == pytest.approx(
        brier_score_loss(label, np.full(len(label), label.mean()))
    )


def test_calibration_error_is_that_of_a_plain_loop(data):
    label, score, person = data
    for value, weight in zip(calibration.calibration_error(*data)(weights()), weights(), strict=True):
        w, total = weight[person], 0.0
        for k in range(10):
            last = k == 9
            own = [i for i, s in enumerate(score) if k / 10 <= s < (k + 1) / 10 or (last and s == 1)]
            if w[own].sum():
                gap = np.average(score[own], weights=w[own]) - np.average(label[own], weights=w[own])
                total += w[own].sum() * abs(gap)
        assert value == pytest.approx(total / w.sum(), abs=1e-12)


def test_bins_hold_their_lower_edge():
    assert calibration.bins(np.array([0.0, 0.05, 0.1, 0.95, 1.0])).tolist() == [0, 0, 1, 9, 9]


def test_reliability_is_the_share_in_the_bin(data):
    label, score, _ = data
    own = (score >= 0.4) & (score < 0.5)
    assert calibration.reliability(*data, 4)(np.ones((1, 6)))[0] == pytest.approx(label[own].mean())
    few = tuple(a[:2] for a in data)
    assert np.isnan(calibration.reliability(*few, 4)(np.ones((1, few[2].max() + 1)))[0])


def test_slope_is_that_of_a_logistic_regression_on_the_logits(data):
    label, score, _ = data
    label, score = label[5:], score[5:]
    logit = np.log(score / (1 - score))
    model = LogisticRegression(C=np.inf, tol=1e-10, max_iter=1000).fit(logit[:, None], label)
    slope, intercept = calibration.slope_and_intercept(label, score)
    assert slope == pytest.approx(model.coef_[0, 0], abs=1e-4)
    assert slope == pytest.approx(1, abs=0.35)
    assert intercept == pytest.approx(0, abs=0.35)
    # At that intercept the scores' mean is the share of stressor windows.
    assert (1 / (1 + np.exp(-logit - intercept))).mean() == pytest.approx(label.mean(), abs=1e-6)
    overconfident = 1 / (1 + np.exp(-3 * logit))
    assert calibration.slope_and_intercept(label, overconfident)[0] == pytest.approx(slope / 3, rel=1e-2)


def test_what_has_no_slope_is_missing():
    label = np.array([0, 0, 1, 1])
    assert np.isnan(calibration.slope_and_intercept(label, np.array([0.1, 0.2, 0.8, 0.9]))[0])
    assert np.isnan(calibration.slope_and_intercept(label, np.full(4, 0.3))[0])
    assert np.isnan(calibration.slope_and_intercept(np.ones(4, int), np.array([0.1, 0.2, 0.8, 0.9]))).all()
