"""Smoothing spline of one contiguous stretch, all columns at once."""

from __future__ import annotations

import numpy as np
from scipy.linalg import solveh_banded

from affectflow.config.features import Smoothing
from affectflow.signal.stretches import median_step

# The p of the driving-stress study counts time in frames of its videos.
FRAMES_PER_S = 30.0


def smooth_spline(values: np.ndarray, time_s: np.ndarray, settings: Smoothing) -> np.ndarray:
    """Fit a cubic smoothing spline: no lag, uses the future, any spacing of frames.

    p is that of MATLAB's csaps with time counted in frames of 30 per second:
    the spline f minimises p Σ (y - f)² + (1 - p) ∫ f''². p = 1 keeps every
    value, p → 0 leaves a straight line; the driving-stress study's p = 0.8
    halves what swings at 6.8 Hz. At other frame rates the sum is weighted by
    the usual step, so that they are smoothed alike. A stretch of fewer than
    three frames is left as it is.

    Parameters
    ----------
    values, time_s, settings
        As for `smoothers.Smoother`; `p` is used.

    References
    ----------
    Reinsch (1967), Smoothing by spline functions, Numerische Mathematik 10.
    """
    if time_s.size < 3:
        return values
    frames = time_s * FRAMES_PER_S
    penalty = (1 - settings.p) / settings.p / (FRAMES_PER_S * median_step(time_s))
    return fit_spline(frames, values, penalty)


def fit_spline(x: np.ndarray, y: np.ndarray, penalty: float) -> np.ndarray:
    """Return at x the f that minimises Σ (y - f)² + penalty ∫ f''², a natural cubic spline.

    The same as `scipy.interpolate.make_smoothing_spline(x, y, lam=penalty)(x)`,
    which takes one column at a time before SciPy 1.16 (Python 3.11) and several
    times as long: here only the values at the knots are wanted.

    Parameters
    ----------
    x
        Increasing, shape (n,), n ≥ 3.
    y
        Shape (n, c).
    penalty
        ≥ 0.
    """
    h = np.diff(x)
    # Second derivatives u at the inner knots: (R + penalty QᵀQ) u = Qᵀ y, and f = y - penalty Q u,
    # with three numbers a, b, c in each column of Q.
    a, c = 1 / h[:-1], 1 / h[1:]
    b = -(a + c)
    bands = np.zeros((3, x.size - 2))
    bands[2] = (h[:-1] + h[1:]) / 3 + penalty * (a * a + b * b + c * c)
    bands[1, 1:] = h[1:-1] / 6 + penalty * (b[:-1] * a[1:] + c[:-1] * b[1:])
    bands[0, 2:] = penalty * c[:-2] * a[2:]
    bent = np.diff(np.diff(y, axis=0) / h[:, None], axis=0)
    u = solveh_banded(bands, bent, overwrite_ab=True, overwrite_b=True, check_finite=False)
    edge = np.zeros((1, y.shape[1]))
    slope = np.diff(np.concatenate([edge, u, edge]), axis=0) / h[:, None]
    return y - penalty * np.diff(np.concatenate([edge, slope, edge]), axis=0)
