"""Replace single frames in which the face code jumps."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from affectflow.signal.stretches import median_step

# Median absolute deviation → standard deviation of a normal distribution.
MAD_TO_SD = 1.4826
# Numbers handled at once: a block, and a layer with its shifted copies, fit into a core's cache.
BLOCK = 2**15
LAYER = 2**13


def replace_outliers(
    values: np.ndarray, time_s: np.ndarray, *, window_s: float, n_sigma: float
) -> np.ndarray:
    """Replace values far from the median of their neighbours by that median (after Hampel).

    Two things differ from the textbook filter, so that behaviour as short as a
    blink passes. The spread is taken from a window one frame wider on either
    side than the level: at the turning point of a quick movement both neighbours
    are alike, and the spread of three values would be nil. And the spread is at
    least that of the whole stretch: where a face holds still, ordinary noise is
    no outlier. The level's window counts frames, at least 3, and covers no more
    than `window_s`; what lasts longer than half of it is never replaced.

    Parameters
    ----------
    values
        One stretch, shape (n, c), finite.
    time_s
        Shape (n,).
    window_s
        Neighbours looked at, seconds.
    n_sigma
        How many (robustly estimated) standard deviations are too far.

    References
    ----------
    Pearson et al. (2016), Generalized Hampel filters, EURASIP J. Adv. Signal Process.
    """
    n = values.shape[0]
    if n < 5:
        return values
    half = max(1, int(window_s / 2 / median_step(time_s) + 1e-9))
    half = min(half, (n - 1) // 2 - 1)
    out = np.empty(values.shape, order="F")
    width = max(1, BLOCK // n)
    for start in range(0, values.shape[1], width):
        block = slice(start, start + width)
        out[:, block] = _replaced(values[:, block], half, n_sigma * MAD_TO_SD)
    return out


def _replaced(values: np.ndarray, half: int, n_mad: float) -> np.ndarray:
    padded = np.pad(values, ((half + 1, half + 1), (0, 0)), mode="reflect")
    middle = _level(padded, half)
    distance = np.abs(values - middle)
    # The limit is the larger of two spreads: only where the one of the stretch is passed is the other needed.
    usual = _medians(distance.T)
    columns, rows = np.nonzero(n_mad * usual[:, None] < distance.T)
    out = values.copy(order="K")
    for start in range(0, rows.size, BLOCK):
        r, c = rows[start : start + BLOCK], columns[start : start + BLOCK]
        near = padded[r + np.arange(2 * half + 3)[:, None], c]
        spread = _median_of_layers(list(np.abs(near - _median_of_layers(list(near)))))
        far = distance[r, c] > n_mad * spread
        out[r[far], c[far]] = middle[r[far], c[far]]
    return out


def _medians(values: np.ndarray) -> np.ndarray:
    """Median of each row without NaN: what `np.median` says, without its search for NaN."""
    half = values.shape[1] // 2
    parted = np.partition(values, half, axis=1)
    if values.shape[1] % 2:
        return parted[:, half]
    return (parted[:, :half].max(axis=1) + parted[:, half]) / 2


def _level(padded: np.ndarray, half: int) -> np.ndarray:
    """Median of 2 half + 1 rows, of values with half + 1 rows added at either end."""
    n = padded.shape[0] - 2 * half - 2
    middle = np.empty((n, padded.shape[1]), order="F")
    for c in range(padded.shape[1]):
        for start in range(0, n, LAYER):
            stop = min(start + LAYER, n)
            shifted = [padded[start + k : stop + k, c] for k in range(1, 2 * half + 2)]
            middle[start:stop, c] = _median_of_layers(shifted)
    return middle


def _median_of_layers(layers: Sequence[np.ndarray]) -> np.ndarray:
    """Median over an odd number of arrays of one shape, element by element: fast for few of them.

    Of any half of them and two more the smallest and the largest cannot be the
    median: they are forgotten, the next one comes in, until one is left.
    """
    n_first = len(layers) // 2 + 2
    pool, waiting = list(layers[:n_first]), list(layers[n_first:])
    while len(pool) > 1:
        for j in range(len(pool) - 2):
            pool[j], pool[j + 1] = np.minimum(pool[j], pool[j + 1]), np.maximum(pool[j], pool[j + 1])
        pool[-2:] = [np.minimum(pool[-2], pool[-1])]
        for j in range(len(pool) - 1, 1, -1):
            pool[j - 1], pool[j] = np.minimum(pool[j - 1], pool[j]), np.maximum(pool[j - 1], pool[j])
        pool[:2] = [np.maximum(pool[0], pool[1])]
        pool += waiting[:1]
        waiting = waiting[1:]
    return pool[0]
