"""Effect sizes equal the libraries'; their intervals have the coverage they claim."""

from __future__ import annotations

import numpy as np
import pingouin as pg
import pytest
from scipy import stats
from scipy.special import nctdtr
from statsmodels.stats.meta_analysis import effectsize_smd

from affectflow.stats.effect_size import d_z_interval, hedges_g_interval, noncentrality_interval


@pytest.mark.parametrize("t", [-30.0, -2.1, 0.0, 0.4, 5.0, 60.0])
@pytest.mark.parametrize("df", [2.0, 7.0, 59.0])
def test_the_ends_of_the_interval_leave_two_and_a_half_percent(t: float, df: float) -> None:
    low, high = noncentrality_interval(t, df)
    assert low < t < high
    assert stats.nct.cdf(t, df, low) == pytest.approx(0.975, abs=1e-8)
    assert stats.nct.cdf(t, df, high) == pytest.approx(0.025, abs=1e-8)


@pytest.mark.parametrize("n", [3, 8, 40])
def test_the_interval_of_d_z_has_n_minus_one_degrees_of_freedom(n: int) -> None:
    _, low, high = d_z_interval(2.5, n)
    assert stats.nct.cdf(2.5, n - 1, low * np.sqrt(n)) == pytest.approx(0.975, abs=1e-8)
    assert stats.nct.cdf(2.5, n - 1, high * np.sqrt(n)) == pytest.approx(0.025, abs=1e-8)


def test_the_interval_of_g_turns_the_pooled_t_test_round() -> None:
    rng = np.random.default_rng(5)
    x, y = rng.normal(1, 1, 6), rng.normal(0, 1, 9)
    _, low, high = hedges_g_interval(x, y)
    t = stats.ttest_ind(x, y).statistic
    back = (1 - 3 / (4 * 15 - 9)) * np.sqrt(1 / 6 + 1 / 9)
    assert stats.nct.cdf(t, 13, low / back) == pytest.approx(0.975, abs=1e-8)
    assert stats.nct.cdf(t, 13, high / back) == pytest.approx(0.025, abs=1e-8)


def test_d_z_is_the_mean_in_standard_deviations() -> None:
    delta = np.random.default_rng(0).normal(1, 2, 15)
    d, _, _ = d_z_interval(stats.ttest_1samp(delta, 0).statistic, 15)
    assert d == pytest.approx(delta.mean() / delta.std(ddof=1), rel=1e-12)
    assert d == pytest.approx(pg.compute_effsize(delta, 0, eftype="cohen"), rel=1e-10)


def test_the_interval_holds_the_true_effect_in_95_of_100_studies() -> None:
    rng = np.random.default_rng(1)
    delta = rng.normal(0.8, 1, (600, 8))
    t = stats.ttest_1samp(delta, 0, axis=1).statistic
    inside = [low <= 0.8 <= high for _, low, high in (d_z_interval(v, 8) for v in t)]
    assert np.mean(inside) == pytest.approx(0.95, abs=0.03)


def test_hedges_g_equals_pingouin_and_statsmodels() -> None:
    rng = np.random.default_rng(2)
    x, y = rng.normal(1, 1, 9), rng.normal(0, 2, 14)
    g, low, high = hedges_g_interval(x, y)
    assert g == pytest.approx(pg.compute_effsize(x, y, eftype="hedges"), rel=1e-10)
    smd, _ = effectsize_smd(x.mean(), x.std(ddof=1), 9, y.mean(), y.std(ddof=1), 14)
    assert g == pytest.approx(smd, rel=1e-10)
    assert low < g < high
    assert hedges_g_interval(y, x) == (pytest.approx(-g), pytest.approx(-high), pytest.approx(-low))


def test_the_interval_of_g_holds_the_true_difference_in_95_of_100_studies() -> None:
    rng = np.random.default_rng(3)
    inside = []
    for _ in range(400):
        _, low, high = hedges_g_interval(rng.normal(1, 1, 10), rng.normal(0, 1, 12))
        inside.append(low <= 1 <= high)
    assert np.mean(inside) == pytest.approx(0.95, abs=0.035)


@pytest.mark.parametrize("df", [1, 2, 3, 7, 60])
def test_intervals_of_few_people_and_large_effects_are_found(df):
    """The distribution's numbers are NaN far below a t value; the search must not go there."""
    for t in np.concatenate([np.linspace(0, 5, 21), np.geomspace(5, 2000, 30)]):
        low, high = noncentrality_interval(t, df)
        assert low <= t <= high
        assert nctdtr(df, low, t) == pytest.approx(0.975, abs=1e-9)
        assert nctdtr(df, high, t) == pytest.approx(0.025, abs=1e-9)
        assert noncentrality_interval(-t, df) == pytest.approx((-high, -low), abs=1e-9)
