"""p values corrected by the largest |t| of relabelled data (max-T, Westfall and Young 1993)."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations
from math import comb

import numpy as np
from threadpoolctl import threadpool_limits

# Relabellings per matrix product: the statistics of 2,000 measures then take 16 MB.
BLOCK = 1000
# Relabellings that give the observed statistic again differ from it by the rounding of sums.
TIE = 1e-9


# One thread: sums in another order could break ties the other way.
@threadpool_limits.wrap(limits=1)
def max_t_paired(
    delta: np.ndarray, family: np.ndarray, *, n_permutations: int, seed: int
) -> tuple[np.ndarray, int, bool]:
    """Return single-step max-T p values of one-sample t tests, by turning the signs of whole people.

    Without an effect a person's differences are as likely with the opposite signs.
    All of a person's measures (and phases) are turned together, which keeps how they
    depend on each other: where measures go together the correction is milder than
    Bonferroni's. p = share of sign patterns in which the largest |t| of the family
    is at least the observed one. As squares do not change with signs, all t values of a
    pattern follow from one sum per measure, a matrix product.

    Parameters
    ----------
    delta
        Differences, shape (n_people, n_tests); NaN = missing, and a missing one has no
        part in any pattern.
    family
        Name of each test's family, shape (n_tests,).
    n_permutations
        Most patterns. All 2^(n_people - 1) distinct ones are taken when that is no more (the
        p values are then exact); else as many are drawn and the observed one is added
        (Phipson and Smyth 2010). 0 = none.
    seed
        Of the draws.

    Returns
    -------
    p
        Shape (n_tests,); NaN where no t value exists.
    n_used
        Number of patterns, the observed one among them.
    exact
        Whether these are all.
    """
    there = np.isfinite(delta)
    x = np.where(there, delta, 0.0)
    n, squares = there.sum(axis=0), (x**2).sum(axis=0)
    with np.errstate(divide="ignore", invalid="ignore"):
        # In units of the root of the sum of squares: |sum| / root lies in 0..sqrt(n).
        x = np.where(squares > 0, x / np.sqrt(squares), 0.0)
    usable = (n > 1) & (squares > 0)
    same_n = len(np.unique(n[usable])) < 2

    def statistic(signs: np.ndarray) -> np.ndarray:
        total = signs @ x
        if same_n:
            # |t| grows with |sum|, by the same rule for all measures: no need to compute it.
            return np.abs(total, out=total)
        total **= 2
        with np.errstate(divide="ignore", invalid="ignore"):
            t = np.sqrt(total * (n - 1) / np.maximum(n - total, 0.0))
        return np.where(usable, t, 0.0)

    blocks, n_used, exact = _sign_patterns(len(delta), n_permutations, seed)
    observed = np.where(usable, statistic(np.ones((1, len(delta))))[0], np.nan)
    return _p_values(observed, (statistic(b) for b in blocks), family, n_used), n_used, exact


@threadpool_limits.wrap(limits=1)
def max_t_grouped(
    values: np.ndarray, stressed: np.ndarray, family: np.ndarray, *, n_permutations: int, seed: int
) -> tuple[np.ndarray, int, bool]:
    """Return single-step max-T p values of Welch's t tests, by dealing the labels of whole units anew.

    Parameters
    ----------
    values
        Shape (n_units, n_tests); NaN = missing. A relabelling that leaves a group with
        fewer than two values of a measure has no t value there and counts as 0.
    stressed
        Whether a unit has the stressor, shape (n_units,).
    family, n_permutations, seed
        As for `max_t_paired`; distinct relabellings are the ways to choose the stressed ones.

    Returns
    -------
    As `max_t_paired`.
    """
    there = np.isfinite(values)
    with np.errstate(invalid="ignore"):
        centre = np.where(there, values, 0.0).sum(axis=0) / np.maximum(there.sum(axis=0), 1)
    x = np.where(there, values - centre, 0.0)
    # Around the mean and in units of the largest, so that the difference of squares keeps its digits.
    x = x / np.maximum(np.abs(x).max(axis=0, initial=0.0), np.finfo(float).tiny)
    m, squares = there.astype(float), x**2
    n_all, sum_all, square_all = m.sum(axis=0), x.sum(axis=0), squares.sum(axis=0)

    def absolute_t(labels: np.ndarray) -> np.ndarray:
        n1, s1, q1 = labels @ m, labels @ x, labels @ squares
        n0, s0, q0 = n_all - n1, sum_all - s1, square_all - q1
        with np.errstate(divide="ignore", invalid="ignore"):
            var1 = np.maximum(q1 - s1**2 / n1, 0.0) / (n1 - 1)
            var0 = np.maximum(q0 - s0**2 / n0, 0.0) / (n0 - 1)
            t = np.abs(s1 / n1 - s0 / n0) / np.sqrt(var1 / n1 + var0 / n0)
        return np.where((n1 > 1) & (n0 > 1) & ~np.isnan(t), t, 0.0)

    observed = absolute_t(stressed.astype(float)[None])[0]
    both = (m[stressed].sum(axis=0) > 1) & (m[~stressed].sum(axis=0) > 1) & (np.abs(x).max(axis=0) > 0)
    observed = np.where(both, observed, np.nan)
    blocks, n_used, exact = _label_patterns(stressed, n_permutations, seed)
    return _p_values(observed, (absolute_t(b) for b in blocks), family, n_used), n_used, exact


def _p_values(
    observed: np.ndarray, blocks: Iterator[np.ndarray], family: np.ndarray, n_used: int
) -> np.ndarray:
    """Count per test the relabellings whose largest statistic in the family reaches the observed one."""
    p = np.full(observed.shape, np.nan)
    families = [np.flatnonzero((family == f) & np.isfinite(observed)) for f in dict.fromkeys(family)]
    families = [f for f in families if len(f)]
    reached = np.zeros(observed.shape)
    for block in blocks:
        for mine in families:
            largest = np.sort(block[:, mine].max(axis=1))
            reached[mine] += len(largest) - np.searchsorted(largest, observed[mine] * (1 - TIE), side="left")
    for mine in families:
        p[mine] = reached[mine] / n_used if n_used else np.nan
    return p


def _sign_patterns(n: int, most: int, seed: int) -> tuple[Iterator[np.ndarray], int, bool]:
    """Yield blocks of signs (block, n): all distinct ones, or the observed one and random ones."""
    if most == 0 or n == 0:
        return iter(()), 0, False
    n_all = 2 ** (n - 1)
    if n_all <= most:
        # The last person keeps the sign: turning everybody gives the same |t|.
        def every() -> Iterator[np.ndarray]:
            for start in range(0, n_all, BLOCK):
                bits = np.arange(start, min(start + BLOCK, n_all))[:, None] >> np.arange(n) & 1
                yield 1.0 - 2.0 * bits

        return every(), n_all, True

    def drawn() -> Iterator[np.ndarray]:
        rng = np.random.default_rng(seed)
        yield np.ones((1, n))
        for start in range(0, most, BLOCK):
            yield 2.0 * rng.integers(0, 2, (min(BLOCK, most - start), n)) - 1.0

    return drawn(), most + 1, False


def _label_patterns(stressed: np.ndarray, most: int, seed: int) -> tuple[Iterator[np.ndarray], int, bool]:
    """Yield blocks of labels (block, n) with as many stressed as observed: all, or the observed and random ones."""
    n, k = len(stressed), int(stressed.sum())
    if most == 0 or n == 0:
        return iter(()), 0, False
    n_all = comb(n, k)
    if n_all <= most:
        chosen = np.array(list(combinations(range(n), k)), dtype=np.int64).reshape(n_all, k)

        def every() -> Iterator[np.ndarray]:
            for start in range(0, n_all, BLOCK):
                labels = np.zeros((min(BLOCK, n_all - start), n))
                np.put_along_axis(labels, chosen[start : start + BLOCK], 1.0, axis=1)
                yield labels

        return every(), n_all, True

    def drawn() -> Iterator[np.ndarray]:
        rng = np.random.default_rng(seed)
        yield stressed.astype(float)[None]
        for start in range(0, most, BLOCK):
            yield rng.permuted(np.tile(stressed.astype(float), (min(BLOCK, most - start), 1)), axis=1)

    return drawn(), most + 1, False
