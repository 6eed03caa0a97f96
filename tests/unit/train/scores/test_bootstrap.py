"""Intervals from resampling people."""

import numpy as np
import pytest
from scipy import stats

from affectflow.train.scores.bootstrap import expanded_tail, interval, person_weights


def test_every_resample_draws_as_many_people_as_there_are():
    weights = person_weights(6, n_resamples=500, seed=1)
    assert weights.shape == (500, 6)
    assert (weights.sum(axis=1) == 6).all()
    np.testing.assert_allclose(weights.mean(axis=0), 1, atol=0.15)
    assert (weights == person_weights(6, n_resamples=500, seed=1)).all()
    assert (weights != person_weights(6, n_resamples=500, seed=2)).any()


def test_tails_move_outwards_for_few_people_and_not_for_many():
    assert expanded_tail(6) == pytest.approx(0.00243, abs=2e-5)
    assert expanded_tail(60) == pytest.approx(0.0217, abs=2e-4)
    assert expanded_tail(100_000) == pytest.approx(0.025, abs=1e-5)


def test_interval_of_a_mean_covers_like_the_t_interval():
    """Six people, their mean: the plain percentile interval covers 86 %, this one like Student's t."""
    rng = np.random.default_rng(0)
    n, weights = 6, person_weights(6, n_resamples=1000, seed=3)
    covered = plain = 0
    for _ in range(1000):
        x = rng.normal(size=n)
        means = weights @ x / n
        low, high = interval(means, n_people=n)
        covered += low <= 0 <= high
        plain += np.quantile(means, 0.025) <= 0 <= np.quantile(means, 0.975)
    assert 0.92 <= covered / 1000 <= 0.975
    assert plain / 1000 < 0.90


def test_interval_is_near_the_normal_one_for_many_people():
    x = np.random.default_rng(0).normal(size=200)
    means = person_weights(200, n_resamples=4000, seed=0) @ x / 200
    expected = stats.t.interval(0.95, 199, loc=x.mean(), scale=x.std(ddof=1) / np.sqrt(200))
    np.testing.assert_allclose(interval(means, n_people=200), expected, atol=0.01)


def test_values_that_do_not_exist_are_left_out():
    assert interval(np.array([np.nan, 0.5, 0.5]), n_people=5) == (0.5, 0.5)
    assert all(np.isnan(interval(np.array([np.nan]), n_people=5)))
    assert all(np.isnan(interval(np.array([0.3]), n_people=1)))
