"""The smallest effect has the power it claims, by statsmodels and pingouin."""

from __future__ import annotations

import numpy as np
import pingouin as pg
import pytest
from scipy import stats
from statsmodels.stats.power import TTestIndPower, TTestPower

from affectflow.stats.power import smallest_grouped, smallest_paired

LEVELS = [0.05, 0.05 / 56, 0.05 / 560]


@pytest.mark.parametrize("alpha", LEVELS)
@pytest.mark.parametrize("n", [3, 5, 8, 20, 60, 500])
def test_power_of_the_smallest_effect_is_what_was_asked_for(n: int, alpha: float) -> None:
    found = smallest_paired(np.array([n]), alpha=alpha, power=0.8)[0]
    critical = stats.t.isf(alpha / 2, n - 1)
    assert stats.nct.sf(critical, n - 1, found * np.sqrt(n)) == pytest.approx(0.8, abs=5e-3)
    # Their power is NaN at some of the small levels.
    theirs = TTestPower().power(found, n, alpha)
    assert np.isnan(theirs) or theirs == pytest.approx(0.8, abs=1e-8)


@pytest.mark.parametrize("n", [5, 8, 20, 60])
def test_it_equals_their_solvers_where_these_work(n: int) -> None:
    found = smallest_paired(np.array([n]), alpha=0.05, power=0.8)[0]
    assert found == pytest.approx(TTestPower().solve_power(nobs=n, alpha=0.05, power=0.8), abs=1e-5)
    assert found == pytest.approx(pg.power_ttest(n=n, power=0.8, alpha=0.05, contrast="paired"), abs=1e-5)
    grouped = smallest_grouped(np.array([n]), np.array([n + 2]), alpha=0.05, power=0.8)[0]
    theirs = TTestIndPower().solve_power(nobs1=n, alpha=0.05, power=0.8, ratio=(n + 2) / n)
    assert grouped == pytest.approx(theirs, abs=1e-5)


def test_it_is_larger_with_fewer_people_and_at_a_corrected_level() -> None:
    n = np.array([5, 10, 60])
    raw = smallest_paired(n, alpha=0.05, power=0.8)
    corrected = smallest_paired(n, alpha=np.array([0.05 / 560] * 3), power=0.8)
    assert (np.diff(raw) < 0).all()
    assert (corrected > raw).all()


def test_what_cannot_be_tested_has_none() -> None:
    assert np.isnan(
        smallest_paired(np.array([1, 0, 9]), alpha=np.array([0.05, 0.05, np.nan]), power=0.8)
    ).all()
    assert np.isnan(
        smallest_grouped(np.array([1, 5]), np.array([0, 5]), alpha=np.array([0.05, np.nan]), power=0.8)
    ).all()


def test_studies_with_the_smallest_effect_find_it_in_four_of_five() -> None:
    rng = np.random.default_rng(0)
    effect = smallest_paired(np.array([12]), alpha=0.05, power=0.8)[0]
    p = stats.ttest_1samp(rng.normal(effect, 1, (12, 4000)), 0).pvalue
    assert (p <= 0.05).mean() == pytest.approx(0.8, abs=0.02)
