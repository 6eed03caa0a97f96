"""Replace single frames in which the face code jumps."""

from __future__ import annotations

import numpy as np

from affectflow.signal.stretches import median_step

# Median absolute deviation → standard deviation of a normal distribution.
MAD_TO_SD = 1.4826
# Numbers handled at once: a block and its shifted copies fit into a core's cache.
BLOCK = 2**14


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
    middle, spread = _level_and_spread(values, half)
    distance = np.abs(values - middle)
    usual = np.median(distance, axis=0)
    too_far = distance > n_sigma * MAD_TO_SD * np.maximum(spread, usual)
    return np.where(too_far, middle, values)


def _level_and_spread(values: np.ndarray, half: int) -> tuple[np.ndarray, np.ndarray]:
    """Median of 2 half + 1 rows, and median absolute deviation in 2 half + 3; mirrored at the ends."""
    n, wide = values.shape[0], half + 1
    padded = np.pad(values, ((wide, wide), (0, 0)), mode="reflect")
    middle, spread = np.empty_like(values), np.empty_like(values)
    rows = max(BLOCK // max(values.shape[1], 1), 16)
    for start in range(0, n, rows):
        stop = min(start + rows, n)
        stack = np.stack([padded[start + k : stop + k] for k in range(2 * wide + 1)])
        middle[start:stop] = _median_of_layers(stack[1:-1])
        spread[start:stop] = _median_of_layers(np.abs(stack - _median_of_layers(stack)))
    return middle, spread


def _median_of_layers(stack: np.ndarray) -> np.ndarray:
    """Median over the first axis (odd length), by sorting layers against each other: fast for few layers."""
    layers = list(stack.copy())
    middle = len(layers) // 2
    spare = np.empty_like(layers[0])
    # Selection by bubbling: after the k-th pass the k-th smallest layer is in place.
    for k in range(middle + 1):
        for j in range(len(layers) - 1, k, -1):
            np.minimum(layers[j - 1], layers[j], out=spare)
            np.maximum(layers[j - 1], layers[j], out=layers[j])
            layers[j - 1], spare = spare, layers[j - 1]
    return layers[middle]
