"""Standardised effects with exact-as-can-be intervals."""

from __future__ import annotations

import math

import numpy as np
from scipy.optimize import brentq
from scipy.special import gammaincinv, nctdtr, ndtri

# Beyond this the noncentral t is the spread of its denominator alone (to 2e-7 of the value up to df = 200, 5e-7 up
# to 1000), while SciPy's own becomes NaN from 1e5 on.
HUGE_T = 1e4


def noncentrality_interval(t: float, df: float, *, level: float = 0.95) -> tuple[float, float]:
    """Return the noncentralities for which a t value this far out is just likely enough.

    The interval is found by turning the test round (Steiger and Fouladi 1997;
    Cumming and Finch 2001): its lower end is the noncentrality under which a
    larger t has probability (1 - level) / 2, its upper end the one under which a
    smaller t has. Unlike t ± constant it is not symmetric, and it has its nominal
    coverage when the data are normal.

    Parameters
    ----------
    t
        Observed t value, finite.
    df
        Degrees of freedom, > 0.
    level
        Coverage, 0..1.
    """
    if t < 0:
        # The mirror image; the far side of the distribution is not computed well.
        low, high = noncentrality_interval(-t, df, level=level)
        return -high, -low
    tail = (1 - level) / 2
    if t > HUGE_T:
        return huge_noncentrality(t, df, tail), huge_noncentrality(t, df, 1 - tail)

    def excess(noncentrality: float, share: float) -> float:
        return float(nctdtr(df, noncentrality, t)) - share

    def find(share: float, near: float, far: float) -> float:
        return float(brentq(excess, near, far, args=(share,), xtol=1e-11, rtol=1e-12))

    # A t above 0 is likelier than `tail` from where 0 is: P(T > 0) = Φ(noncentrality). Further down lies
    # nothing, and the distribution is not computed well (NaN).
    lowest = float(ndtri(tail)) - 1e-6
    # Given ncp = t the noncentral t spreads about t by sqrt(1 + t² / 2 df): widen from there.
    step = 2 + t / math.sqrt(df)
    highest = t + step
    while excess(highest, tail) > 0:
        highest += step
    return find(1 - tail, t, lowest), find(tail, t, highest)


def huge_noncentrality(t: float, df: float, share: float) -> float:
    """Return the noncentrality under which T is above a huge t with probability `share`.

    T = (Z + noncentrality) / S: next to a huge noncentrality the normal Z is nothing, and what is left is
    P(S < noncentrality / t) = share, with S² × df distributed as chi² (error: a share of t⁻² of the value).

    Parameters
    ----------
    t
        Above `HUGE_T`.
    df
        Degrees of freedom, > 0.
    share
        0..1.
    """
    return t * math.sqrt(2 * float(gammaincinv(df / 2, share)) / df)


def hedges_correction(df: float) -> float:
    """Return Hedges' J, by which a standardised difference is too large in small samples.

    J = 1 - 3 / (4 df - 1), the usual approximation (Hedges 1981; as in pingouin and
    statsmodels), with df = n - 1 of paired differences and N - 2 of two groups. From
    df = 2 on it is within 1.3 % of the exact Γ(df / 2) / (√(df / 2) Γ((df - 1) / 2)), from df = 7 within 0.1 %.

    Parameters
    ----------
    df
        Degrees of freedom of the standard deviation, > 1.
    """
    return 1 - 3 / (4 * df - 1)


def d_z_interval(t: float, n: int, *, level: float = 0.95) -> tuple[float, float, float]:
    """Return Cohen's d_z of paired differences with its interval.

    d_z = mean / standard deviation of the differences = t / √n (Cohen 1988); it
    tells how regular the change is over people, not how large it is in units.

    Parameters
    ----------
    t
        Paired t value.
    n
        Number of differences.
    level
        Coverage of the interval, 0..1.
    """
    low, high = noncentrality_interval(t, n - 1, level=level)
    root = math.sqrt(n)
    return t / root, low / root, high / root


def hedges_g_interval(x: np.ndarray, y: np.ndarray, *, level: float = 0.95) -> tuple[float, float, float]:
    """Return Hedges' g of two independent groups (x minus y) with its interval.

    g = J × (mean difference / pooled standard deviation), J = 1 - 3 / (4 N - 9);
    see `hedges_correction`. The
    interval turns round the pooled t test and is multiplied by J; it takes the
    two spreads as equal.

    Parameters
    ----------
    x, y
        Values of the two groups, shapes (n_x,) and (n_y,), finite.
    level
        Coverage of the interval, 0..1.
    """
    n_x, n_y = len(x), len(y)
    df = n_x + n_y - 2
    pooled = math.sqrt(((n_x - 1) * np.var(x, ddof=1) + (n_y - 1) * np.var(y, ddof=1)) / df)
    d = float(np.mean(x) - np.mean(y)) / pooled
    scale = math.sqrt(1 / n_x + 1 / n_y)
    j = hedges_correction(df)
    low, high = noncentrality_interval(d / scale, df, level=level)
    return j * d, j * low * scale, j * high * scale
