"""Find blinks in the eye aspect ratio, relative to the person's own open eyes."""

from __future__ import annotations

import numpy as np

# The open-eye level follows slow changes (head pitch, light, squinting) in this window; a few
# blinks in it do not move its upper quartile.
LEVEL_WINDOW_S = 20.0
LEVEL_STEP_S = 1.0
OPEN_QUANTILE = 0.75
# Eyes that stay shut must not become the level: it never falls below this share of the whole recording's.
LEVEL_FLOOR = 0.6
FEWEST_SAMPLES = 10


def open_eye_level(ear: np.ndarray, time_s: np.ndarray) -> np.ndarray:
    """Return the eye aspect ratio of open eyes at each time.

    Parameters
    ----------
    ear
        Mean eye aspect ratio, shape (n,); NaN where there is no face.
    time_s
        Increasing, seconds, shape (n,).

    Returns
    -------
    Upper quartile in a moving window, shape (n,); NaN without any measurement.
    """
    good = np.isfinite(ear)
    if not good.any():
        return np.full(ear.shape, np.nan)
    time, value = time_s[good], ear[good]
    overall = np.quantile(value, OPEN_QUANTILE)
    centres = np.arange(time[0], time[-1] + LEVEL_STEP_S, LEVEL_STEP_S)
    first = np.searchsorted(time, centres - LEVEL_WINDOW_S / 2, side="left")
    last = np.searchsorted(time, centres + LEVEL_WINDOW_S / 2, side="right")
    levels = np.array(
        [
            np.quantile(value[a:b], OPEN_QUANTILE) if b - a >= FEWEST_SAMPLES else overall
            for a, b in zip(first, last, strict=True)
        ]
    )
    return np.interp(time_s, centres, np.maximum(levels, LEVEL_FLOOR * overall))


def find_blinks(ear: np.ndarray, time_s: np.ndarray, *, close_below: float, open_above: float) -> np.ndarray:
    """Tell in which frames the eyes are shut.

    A closure is a run of frames below `open_above` that goes below
    `close_below` somewhere, relative to the open-eye level at that time; the
    eyes count as shut while they are below half of the way back from its
    lowest point. Eyes that stay narrowed after a blink (a squint, a smile)
    therefore do not count as shut. A frame without a face ends the run.

    Parameters
    ----------
    ear
        Mean eye aspect ratio of both eyes, *unsmoothed* (a smoothing window is as
        long as a blink), shape (n,); NaN where there is no face.
    time_s
        Increasing, seconds, shape (n,).
    close_below, open_above
        Shares of the open-eye level, close_below ≤ open_above.

    Returns
    -------
    Boolean, shape (n,), false where there is no face.

    References
    ----------
    Soukupova and Cech (2016), Real-time eye blink detection using facial landmarks.
    """
    share = ear / open_eye_level(ear, time_s)
    with np.errstate(invalid="ignore"):
        lowered = share < open_above
    run = np.cumsum(np.diff(lowered, prepend=False) & lowered) * lowered
    lowest = np.ones(int(run.max(initial=0)) + 1)
    np.minimum.at(lowest, run, np.where(lowered, share, 1.0))
    half_back = np.minimum(open_above, (1 + lowest) / 2)
    half_back[lowest >= close_below] = 0.0
    with np.errstate(invalid="ignore"):
        return lowered & (share < half_back[run])
