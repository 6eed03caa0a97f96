"""max-T p values against every relabelling counted out, and against SciPy's permutation test."""

from __future__ import annotations

from itertools import combinations, product

import numpy as np
import pytest
from scipy import stats

from affectflow.stats.max_t import max_t_grouped, max_t_paired

ONE = np.array(["codes"], dtype=object)


def enumerate_paired(delta: np.ndarray, family: np.ndarray) -> np.ndarray:
    """All 2^n sign patterns, with SciPy's t, one by one."""
    observed = np.abs(stats.ttest_1samp(delta, 0, axis=0, nan_policy="omit").statistic)
    largest = {f: [] for f in family}
    for signs in product([1.0, -1.0], repeat=len(delta)):
        t = np.abs(
            stats.ttest_1samp(delta * np.array(signs)[:, None], 0, axis=0, nan_policy="omit").statistic
        )
        for f in largest:
            largest[f].append(t[family == f].max())
    return np.array(
        [np.mean(np.array(largest[f]) >= t * (1 - 1e-9)) for f, t in zip(family, observed, strict=True)]
    )


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_all_sign_patterns_counted_out(seed: int) -> None:
    delta = np.random.default_rng(seed).normal(0.5, 1, (7, 5))
    family = np.array(["codes", "codes", "signals", "codes", "signals"], dtype=object)
    p, n, exact = max_t_paired(delta, family, n_permutations=9999, seed=seed)
    assert (n, exact) == (64, True)
    np.testing.assert_allclose(p, enumerate_paired(delta, family), atol=1e-12)


def test_missing_values_take_no_part_and_change_the_degrees_of_freedom() -> None:
    delta = np.random.default_rng(3).normal(0.7, 1, (7, 4))
    delta[0, 1] = delta[5, 1] = delta[2, 3] = np.nan
    family = np.full(4, "codes", dtype=object)
    p, _, _ = max_t_paired(delta, family, n_permutations=9999, seed=0)
    np.testing.assert_allclose(p, enumerate_paired(delta, family), atol=1e-12)
    delta[:, 2] = np.nan
    p, _, _ = max_t_paired(delta, family, n_permutations=9999, seed=0)
    assert np.isnan(p[2])
    np.testing.assert_allclose(p[[0, 1, 3]], enumerate_paired(delta[:, [0, 1, 3]], family[:3]), atol=1e-12)


@pytest.mark.parametrize("seed", [0, 1, 2, 3])
def test_one_test_alone_is_scipys_permutation_test(seed: int) -> None:
    rng = np.random.default_rng(seed)
    delta = rng.normal(0.6, 1, 9)
    theirs = stats.permutation_test(
        (delta,),
        lambda x, axis: np.abs(stats.ttest_1samp(x, 0, axis=axis).statistic),
        permutation_type="samples",
        alternative="greater",
        n_resamples=np.inf,
        vectorized=True,
    )
    p, _, _ = max_t_paired(delta[:, None], ONE, n_permutations=9999, seed=0)
    assert p[0] == pytest.approx(theirs.pvalue, abs=1e-12)

    x, y = rng.normal(0, 1, 5), rng.normal(1, 2, 6)
    theirs = stats.permutation_test(
        (x, y),
        lambda a, b, axis: np.abs(stats.ttest_ind(a, b, equal_var=False, axis=axis).statistic),
        alternative="greater",
        n_resamples=np.inf,
        vectorized=True,
    )
    values, stressed = np.concatenate([x, y])[:, None], np.arange(11) >= 5
    p, n, exact = max_t_grouped(values, stressed, ONE, n_permutations=9999, seed=0)
    assert (n, exact) == (462, True)
    assert p[0] == pytest.approx(theirs.pvalue, abs=1e-12)


def test_all_ways_to_choose_a_group_counted_out() -> None:
    rng = np.random.default_rng(4)
    values, stressed = rng.normal(0, 1, (8, 3)), np.array([True] * 4 + [False] * 4)
    values[stressed, 0] += 2
    values[1, 2] = np.nan
    observed, largest = None, []
    for chosen in combinations(range(8), 4):
        group = np.isin(np.arange(8), chosen)
        t = np.abs(
            stats.ttest_ind(values[group], values[~group], equal_var=False, nan_policy="omit").statistic
        )
        largest.append(t.max())
        observed = t if chosen == (0, 1, 2, 3) else observed
    expected = [np.mean(np.array(largest) >= t * (1 - 1e-9)) for t in observed]
    p, _, _ = max_t_grouped(values, stressed, np.repeat(ONE, 3), n_permutations=9999, seed=0)
    np.testing.assert_allclose(p, expected, atol=1e-12)


def test_drawn_patterns_come_near_the_exact_p_and_count_the_observed_one() -> None:
    delta = np.random.default_rng(5).normal(0.5, 1, (12, 6))
    family = np.full(6, "codes", dtype=object)
    exact, n_all, _ = max_t_paired(delta, family, n_permutations=9999, seed=0)
    drawn, n, all_of_them = max_t_paired(delta, family, n_permutations=2000, seed=1)
    assert (n_all, n, all_of_them) == (2048, 2001, False)
    # The standard error of a share of 2,000 is 1.1 % at most.
    np.testing.assert_allclose(drawn, exact, atol=0.045)
    huge = delta + 100
    assert max_t_paired(huge, family, n_permutations=500, seed=1)[0] == pytest.approx(1 / 501)


def test_same_seed_same_p_and_none_asked_for() -> None:
    delta = np.random.default_rng(6).normal(0, 1, (20, 4))
    family = np.full(4, "codes", dtype=object)
    one, two, other = (max_t_paired(delta, family, n_permutations=300, seed=s)[0] for s in (1, 1, 2))
    assert (one == two).all()
    assert (one != other).any()
    p, n, exact = max_t_paired(delta, family, n_permutations=0, seed=1)
    assert np.isnan(p).all()
    assert (n, exact) == (0, False)


def test_measures_that_go_together_are_corrected_less() -> None:
    rng = np.random.default_rng(7)
    first = rng.normal(0.8, 1, (11, 1))
    family = np.full(10, "codes", dtype=object)
    alone = max_t_paired(first, ONE, n_permutations=9999, seed=0)[0][0]
    copies = max_t_paired(np.repeat(first, 10, axis=1), family, n_permutations=9999, seed=0)[0]
    others = max_t_paired(np.hstack([first, rng.normal(0, 1, (11, 9))]), family, n_permutations=9999, seed=0)[
        0
    ]
    np.testing.assert_allclose(copies, alone)
    assert others[0] > 2 * alone
