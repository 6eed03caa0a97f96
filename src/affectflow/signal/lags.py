"""Correlation of two signals at every lag, each with pieces missing."""

from __future__ import annotations

import numpy as np
from scipy.fft import irfft, next_fast_len, rfft

# A lag at which less than this share of the usual samples meet says nothing.
LEAST_OVERLAP = 0.5


def lagged_correlation(signal: np.ndarray, reference: np.ndarray, *, max_shift: int) -> np.ndarray:
    """Return the correlation of the samples that meet when `signal` is moved by each number of samples.

    Pearson's correlation over the pairs of valid samples at each shift (Padfield 2012), by
    FFT. Up to `max_shift` in either direction nothing wraps around; beyond it the signal
    enters again at the other end, after a pause. Those shifts are too large to be true, and
    what they correlate is what chance gives.

    Parameters
    ----------
    signal, reference
        float64 (n,) on one regular clock; NaN = missing.
    max_shift
        Samples.

    Returns
    -------
    float64 (m,), m ≥ n + max_shift, odd: element m // 2 + s belongs to the shift s (signal moved s
    samples later); NaN where too few samples meet or one side is constant.

    References
    ----------
    Padfield (2012), Masked object registration in the Fourier domain, IEEE Transactions on
    Image Processing 21, 2706-2718.
    """
    # scipy's fast lengths may be even; an even length has one shift that is its own opposite.
    length = next_fast_len(signal.size + max_shift, real=True)
    x, has_x = _filled(signal)
    y, has_y = _filled(reference)
    moved = [np.conj(rfft(a, length)) for a in (has_x, x, x * x)]
    fixed = [rfft(b, length) for b in (has_y, y, y * y)]

    def meet(a: int, b: int) -> np.ndarray:
        return irfft(moved[a] * fixed[b], length)

    n = np.round(meet(0, 0))
    enough = n >= max(LEAST_OVERLAP * n.max(), 3)
    n = np.where(enough, n, 1.0)
    sum_x, sum_y = meet(1, 0), meet(0, 1)
    spread_x = meet(2, 0) - sum_x**2 / n
    spread_y = meet(0, 2) - sum_y**2 / n
    both = meet(1, 1) - sum_x * sum_y / n
    # FFTs leave rounding of about 1e-12 of the largest sum: below that a side is constant.
    varies = (spread_x > 1e-9 * spread_x.max()) & (spread_y > 1e-9 * spread_y.max())
    known = enough & varies
    r = np.full(length, np.nan)
    r[known] = np.clip(both[known] / np.sqrt(spread_x[known] * spread_y[known]), -1.0, 1.0)
    half = (length - 1) // 2
    return np.concatenate([r[-half:], r[: half + 1]])


def _filled(value: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    has = ~np.isnan(value)
    return np.where(has, value, 0.0), has.astype(np.float64)


def correlation(a: np.ndarray, b: np.ndarray) -> float:
    """Return Pearson's correlation over the pairs in which both are there; -1 when it cannot be told."""
    both = ~(np.isnan(a) | np.isnan(b))
    if both.sum() < 3:
        return -1.0
    x, y = a[both] - a[both].mean(), b[both] - b[both].mean()
    spread = float(np.sqrt((x @ x) * (y @ y)))
    return float(x @ y) / spread if spread > 0 else -1.0


def independent_samples(a: np.ndarray, b: np.ndarray, longest: int) -> float:
    """Return how many independent pairs two signals on one regular clock are worth (Bartlett 1946).

    Parameters
    ----------
    a, b
        float64, NaN = missing.
    longest
        Autocorrelations are summed up to this lag, samples.
    """
    n = min((~np.isnan(a)).sum(), (~np.isnan(b)).sum())
    auto = [lagged_correlation(v, v, max_shift=longest) for v in (a, b)]
    one, other = (np.nan_to_num(r[r.size // 2 + 1 : r.size // 2 + 1 + longest]) for r in auto)
    return float(n / max(1.0 + 2.0 * float(one @ other), 1.0))


def peak_between(value: np.ndarray, place: int) -> float:
    """Return the place of a maximum with its fraction: the top of the parabola through three samples."""
    if not 0 < place < value.size - 1:
        return float(place)
    before, at, after = value[place - 1 : place + 2]
    bend = before - 2 * at + after
    return place + float(np.clip(0.5 * (before - after) / bend, -0.5, 0.5)) if bend < 0 else float(place)
