"""Tests of ranks: each column as SciPy tests it alone, and rounding decides about no tie."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from affectflow.stats.rank_tests import mann_whitney_p, merge_signed_ties, wilcoxon_p


def test_one_zero_does_not_make_the_other_measures_approximate() -> None:
    delta = np.random.default_rng(9).normal(0.3, 1, (20, 6))
    delta[4, 2] = 0.0
    expected = [stats.wilcoxon(column).pvalue for column in delta.T]
    np.testing.assert_allclose(wilcoxon_p(delta, np.ones_like(delta)), expected, rtol=1e-12)


def test_groups_with_ties_in_one_measure_are_tested_as_scipy_tests_each_alone() -> None:
    rng = np.random.default_rng(3)
    y, x = rng.normal(0.5, 1, (9, 4)), rng.normal(0, 1, (7, 4))
    y[:, 1], x[:, 1] = np.round(y[:, 1]), np.round(x[:, 1])
    expected = [stats.mannwhitneyu(y[:, k], x[:, k]).pvalue for k in range(4)]
    np.testing.assert_allclose(mann_whitney_p(y, x), expected, rtol=1e-12)


@pytest.mark.parametrize("rounding", [1e-13, -1e-13])
def test_differences_that_differ_by_rounding_are_ties(rounding: float) -> None:
    delta = np.array([[0.5], [-0.5 + rounding], [rounding], [2.0], [-3.0], [4.0]])
    exact = np.array([[0.5], [-0.5], [0.0], [2.0], [-3.0], [4.0]])
    size = np.full_like(delta, 5.0)
    merged = merge_signed_ties(delta, size)
    assert np.abs(merged[0]) == np.abs(merged[1])
    assert merged[2] == 0
    np.testing.assert_array_equal(wilcoxon_p(delta, size), wilcoxon_p(exact, size))
