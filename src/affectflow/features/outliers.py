"""Replace single frames in which the face code jumps."""

from __future__ import annotations

import numpy as np

from affectflow.signal.stretches import median_step

# Median absolute deviation → standard deviation of a normal distribution.
MAD_TO_SD = 1.4826
BLOCK_ROWS = 20_000


def replace_outliers(
    values: np.ndarray, time_s: np.ndarray, *, window_s: float, n_sigma: float
) -> np.ndarray:
    """Replace values far from the median of their neighbours by that median (Hampel filter).

    The spread is the median absolute deviation in the window, but at least that
    of the whole stretch: where a face holds still, ordinary noise is no outlier.
    The window counts frames, at least 3, and covers less than `window_s`, so
    that behaviour as short as a blink is kept.

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
    if values.shape[0] < 3:
        return values
    half = max(1, int(window_s / 2 / median_step(time_s) + 1e-9))
    half = min(half, (values.shape[0] - 1) // 2)
    middle, spread = _running_median_and_mad(values, half)
    distance = np.abs(values - middle)
    usual = np.median(distance, axis=0)
    too_far = distance > n_sigma * MAD_TO_SD * np.maximum(spread, usual)
    return np.where(too_far, middle, values)


def _running_median_and_mad(values: np.ndarray, half: int) -> tuple[np.ndarray, np.ndarray]:
    """Median of each window of 2 half + 1 rows (mirrored at the ends) and median distance from it."""
    n = values.shape[0]
    padded = np.pad(values, ((half, half), (0, 0)), mode="reflect")
    middle, spread = np.empty_like(values), np.empty_like(values)
    for start in range(0, n, BLOCK_ROWS):
        stop = min(start + BLOCK_ROWS, n)
        stack = np.stack([padded[start + k : stop + k] for k in range(2 * half + 1)])
        middle[start:stop] = _median_of_layers(stack)
        spread[start:stop] = _median_of_layers(np.abs(stack - middle[start:stop]))
    return middle, spread


def _median_of_layers(stack: np.ndarray) -> np.ndarray:
    """Median over the first axis (odd length), by sorting layers against each other: fast for few layers."""
    layers = list(stack)
    middle = len(layers) // 2
    # Selection by bubbling: after the k-th pass the k-th smallest layer is in place.
    for k in range(middle + 1):
        for j in range(len(layers) - 1, k, -1):
            low = np.minimum(layers[j - 1], layers[j])
            layers[j] = np.maximum(layers[j - 1], layers[j])
            layers[j - 1] = low
    return layers[middle]
