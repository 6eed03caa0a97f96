"""Measures of a predicted course, from sums that add up over recordings and people."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

MEASURES = ("mse", "mae", "r", "ccc")
SUMS = ("n", "x", "y", "xx", "yy", "xy", "abs")


def sums_of(x: NDArray[np.float64], y: NDArray[np.float64]) -> tuple[float, ...]:
    """Return `SUMS` of a measured and a predicted course."""
    products = (x.sum(), y.sum(), (x * x).sum(), (y * y).sum(), (x * y).sum(), np.abs(x - y).sum())
    return (float(len(x)), *(float(v) for v in products))


def measures_of(sums: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return `MEASURES` (4, …) of sums (7, …); Pearson's r is NaN where either course does not vary, CCC then 0."""
    n, x, y, xx, yy, xy, absolute = sums
    with np.errstate(invalid="ignore", divide="ignore"):
        mx, my = x / n, y / n
        vx, vy, cov = xx / n - mx**2, yy / n - my**2, xy / n - mx * my
        # What is left of the variance of a flat course is rounding.
        flat = np.minimum(vx, vy) <= 1e-9 * np.maximum(1.0, np.maximum(xx, yy) / n)
        r = np.where(flat, np.nan, cov / np.sqrt(np.maximum(vx * vy, 1e-300)))
        ccc = 2 * cov / (vx + vy + (mx - my) ** 2)
        return np.stack([(xx + yy - 2 * xy) / n, absolute / n, r, np.where(flat, 0.0, ccc)])
