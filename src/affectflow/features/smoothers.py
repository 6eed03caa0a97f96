"""Smoothing of one contiguous stretch, all columns at once."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

import numpy as np
from scipy.ndimage import convolve1d, median_filter
from scipy.signal import savgol_filter
from scipy.signal.windows import triang

from affectflow.config.features import Smoothing
from affectflow.features.frame_runs import interpolate_rows
from affectflow.signal.stretches import median_step

# Frame times this near to a regular clock (in steps) are taken as regular; containers round
# them to milliseconds.
REGULAR_WITHIN = 0.1


class Smoother(Protocol):
    """A function named in `features.SMOOTHERS`."""

    def __call__(self, values: np.ndarray, time_s: np.ndarray, settings: Smoothing) -> np.ndarray:
        """Smooth one contiguous stretch.

        Parameters
        ----------
        values
            Shape (n, c), finite. Not changed.
        time_s
            Increasing, seconds, shape (n,).
        settings
            Of all smoothers; each uses its own.

        Returns
        -------
        Smoothed values, shape (n, c).
        """


def smooth_none(values: np.ndarray, time_s: np.ndarray, settings: Smoothing) -> np.ndarray:
    """Leave values as they are."""
    return values


def smooth_savgol(values: np.ndarray, time_s: np.ndarray, settings: Smoothing) -> np.ndarray:
    """Fit a polynomial to the neighbours of each value (Savitzky and Golay 1964): no lag, uses the future.

    The window is given in seconds and counted in frames (odd, at least
    order + 3), so that recordings of different frame rates are smoothed alike. A
    variable frame rate is interpolated to a regular clock of the median step and
    back. A stretch shorter than the window is left as it is.

    Parameters
    ----------
    values, time_s, settings
        As for `Smoother`; `window_s` and `order` are used.
    """
    return _on_regular_clock(
        values,
        time_s,
        window_s=settings.window_s,
        least=settings.order + 3,
        smooth=lambda v, length: savgol_filter(v, length, settings.order, axis=0, mode="interp"),
    )


def smooth_triangular(values: np.ndarray, time_s: np.ndarray, settings: Smoothing) -> np.ndarray:
    """Average with weights that fall off linearly on both sides: no lag, uses the future.

    The smoother of the driving-stress study (arXiv 2601.04376), with its reflection
    at the ends; its 5 frames of 30 per second, weights 1 2 3 2 1, are
    ``window_s: 0.1667``. Length and irregular frames as `smooth_savgol`; one
    frame changes nothing.

    Parameters
    ----------
    values, time_s, settings
        As for `Smoother`; `window_s` is used.
    """

    def average(regular: np.ndarray, length: int) -> np.ndarray:
        kernel = triang(length)
        return convolve1d(regular, kernel / kernel.sum(), axis=0, mode="mirror")

    return _on_regular_clock(values, time_s, window_s=settings.window_s, least=1, smooth=average)


def smooth_median(values: np.ndarray, time_s: np.ndarray, settings: Smoothing) -> np.ndarray:
    """Take the median of the neighbours, reflected at the ends: no lag, uses the future, keeps steps.

    Length and irregular frames as `smooth_savgol`. What is shorter than half the
    window (a blink, a tremor of the mouth) disappears.

    Parameters
    ----------
    values, time_s, settings
        As for `Smoother`; `window_s` is used.
    """
    return _on_regular_clock(
        values,
        time_s,
        window_s=settings.window_s,
        least=1,
        smooth=lambda v, length: median_filter(v, size=(length, 1), mode="mirror"),
    )


def _on_regular_clock(
    values: np.ndarray,
    time_s: np.ndarray,
    *,
    window_s: float,
    least: int,
    smooth: Callable[[np.ndarray, int], np.ndarray],
) -> np.ndarray:
    """Smooth with a window counted in frames; frames that are not regular go to a regular clock and back."""
    step = median_step(time_s)
    if np.isnan(step):
        return values
    length = odd_count(window_s / step, least=least)
    clock = regular_clock(time_s, step)
    regular = clock.size == time_s.size and bool(np.all(np.abs(clock - time_s) <= REGULAR_WITHIN * step))
    if length > min(clock.size, time_s.size):
        return values
    if regular:
        return smooth(values, length)
    on_clock = interpolate_rows(values, time_s, clock)
    return interpolate_rows(smooth(on_clock, length), clock, time_s)


def regular_clock(time_s: np.ndarray, step_s: float) -> np.ndarray:
    """Return a regular clock over the same span, of nearly this step."""
    n = max(2, round((time_s[-1] - time_s[0]) / step_s) + 1)
    return np.linspace(time_s[0], time_s[-1], n)


def odd_count(length: float, *, least: int) -> int:
    """Return the odd number nearest to `length`, and not below `least`."""
    return max(2 * round((length - 1) / 2) + 1, least + 1 - least % 2)


def smooth_one_euro(values: np.ndarray, time_s: np.ndarray, settings: Smoothing) -> np.ndarray:
    """Low-pass with a cut-off that rises with speed; uses the past only, steps may vary.

    alpha(fc) = 1 / (1 + 1 / (2 pi fc dt)). The speed is the difference to the
    previous *raw* value, low-passed at `d_cutoff_hz`; the cut-off is
    `min_cutoff_hz` + `beta` |speed|. The first value is kept.

    Parameters
    ----------
    values, time_s, settings
        As for `Smoother`; `min_cutoff_hz`, `beta` and `d_cutoff_hz` are used.

    References
    ----------
    Casiez, Roussel and Vogel (2012), 1 euro filter, CHI 2012.
    """
    out = values.copy()
    if values.shape[0] < 2:
        return out
    step = np.diff(time_s)
    change = np.diff(values, axis=0) / step[:, None]
    speed = np.zeros(values.shape[1])
    two_pi_dt = 2 * np.pi * step
    speed_alpha = 1 / (1 + 1 / (two_pi_dt * settings.d_cutoff_hz))
    for i in range(1, values.shape[0]):
        speed = speed + speed_alpha[i - 1] * (change[i - 1] - speed)
        cutoff = settings.min_cutoff_hz + settings.beta * np.abs(speed)
        alpha = 1 / (1 + 1 / (two_pi_dt[i - 1] * cutoff))
        out[i] = out[i - 1] + alpha * (values[i] - out[i - 1])
    return out
