"""The smallest effect that a study of this size would have found."""

from __future__ import annotations

import math
from functools import lru_cache

import numpy as np
from scipy.optimize import brentq
from scipy.special import nctdtr, stdtrit

from affectflow.stats.effect_size import HUGE_T, huge_noncentrality


def smallest_paired(n: np.ndarray, *, alpha: float | np.ndarray, power: float) -> np.ndarray:
    """Return the smallest d_z that a two-sided paired t test of n people finds with the given power.

    Parameters
    ----------
    n
        Numbers of people, shape (n_tests,); below 2 gives NaN.
    alpha
        Level of each test, 0..1, a number or shape (n_tests,); NaN gives NaN.
    power
        Chance of finding it, 0..1.

    Returns
    -------
    Effects ≥ 0, shape (n_tests,).

    Notes
    -----
    The power of statsmodels and pingouin, solved for the effect here: at the small
    levels of a correction their solver returns effects whose power is another, without
    a warning (statsmodels 0.15.0, n = 8, level 0.05 / 56: 2.18, power 0.69 instead of 0.80).
    """
    return np.array(
        [_paired(int(m), float(a), power) for m, a in zip(n, np.broadcast_to(alpha, len(n)), strict=True)]
    )


def smallest_grouped(
    n_x: np.ndarray, n_y: np.ndarray, *, alpha: float | np.ndarray, power: float
) -> np.ndarray:
    """Return the smallest standardised difference that a two-sided t test of two groups finds; see `smallest_paired`.

    The power is that of the pooled t test, which Welch's test has when spreads are equal.
    """
    levels = np.broadcast_to(alpha, len(n_x))
    return np.array(
        [_grouped(int(x), int(y), float(a), power) for x, y, a in zip(n_x, n_y, levels, strict=True)]
    )


@lru_cache(maxsize=4096)
def _paired(n: int, alpha: float, power: float) -> float:
    return _noncentrality(n - 1, alpha, power) / math.sqrt(n) if n >= 2 else float("nan")


@lru_cache(maxsize=4096)
def _grouped(n_x: int, n_y: int, alpha: float, power: float) -> float:
    if min(n_x, n_y) < 1 or n_x + n_y < 3:
        return float("nan")
    return _noncentrality(n_x + n_y - 2, alpha, power) * math.sqrt(1 / n_x + 1 / n_y)


def _noncentrality(df: int, alpha: float, power: float) -> float:
    """Return the noncentrality at which a two-sided t test finds with this power (Cohen 1988)."""
    if not 0 < alpha < 1:
        return float("nan")
    if alpha >= power:
        return 0.0
    # The lower tail: 1 - alpha / 2 has no digits left for a small alpha.
    critical = -float(stdtrit(df, alpha / 2))
    if critical > HUGE_T:
        return huge_noncentrality(critical, df, power)

    def excess(noncentrality: float) -> float:
        above = 1 - float(nctdtr(df, noncentrality, critical))
        below = float(nctdtr(df, noncentrality, -critical))
        # The far tail, less than P(normal < -noncentrality), is lost (NaN) where it is next to nothing.
        return above + (0.0 if math.isnan(below) else below) - power

    high = critical + 2.0
    while excess(high) < 0:
        high *= 2
    return float(brentq(excess, 0.0, high, xtol=1e-12, rtol=1e-12))
