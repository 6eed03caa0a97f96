"""Find blinks in the eye aspect ratio, relative to the person's own open eyes."""

from __future__ import annotations

import numpy as np

from affectflow.face.holes import after_hole

# The open-eye level follows slow changes (head pitch, light, squinting) in this window; a few
# blinks in it do not move its upper quartile.
LEVEL_WINDOW_S = 20.0
LEVEL_STEP_S = 1.0
OPEN_QUANTILE = 0.75
# Eyes that are wide open for some seconds (surprise, looking up) have a higher level there: half-way down from it is a
# blink, though it may hardly be lower than the eyes usually are. The same quartile cannot fall into a blink.
NEAR_WINDOW_S, NEAR_STEP_S = 3.0, 0.5
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
    Upper quartile in a moving window of 20 s, or in one of 3 s where that is
    higher, shape (n,); NaN without any measurement.
    """
    good = np.isfinite(ear)
    if not good.any():
        return np.full(ear.shape, np.nan)
    time, value = time_s[good], ear[good]
    overall = float(np.quantile(value, OPEN_QUANTILE))
    centres, levels = _quartiles(time, value, window_s=LEVEL_WINDOW_S, step_s=LEVEL_STEP_S, otherwise=overall)
    usual = np.interp(time_s, centres, np.maximum(levels, LEVEL_FLOOR * overall))
    near = _quartiles(time, value, window_s=NEAR_WINDOW_S, step_s=NEAR_STEP_S, otherwise=0.0)
    return np.maximum(usual, np.interp(time_s, *near))


def _quartiles(
    time: np.ndarray, value: np.ndarray, *, window_s: float, step_s: float, otherwise: float
) -> tuple[np.ndarray, np.ndarray]:
    """Return the middles of moving windows and the upper quartile in each; a default where few samples lie."""
    centres = np.arange(time[0], time[-1] + step_s, step_s)
    first = np.searchsorted(time, centres - window_s / 2, side="left")
    last = np.searchsorted(time, centres + window_s / 2, side="right")
    levels = [
        np.quantile(value[a:b], OPEN_QUANTILE) if b - a >= FEWEST_SAMPLES else otherwise
        for a, b in zip(first, last, strict=True)
    ]
    return centres, np.array(levels)


def find_blinks(ear: np.ndarray, time_s: np.ndarray, *, close_below: float, open_above: float) -> np.ndarray:
    """Tell in which frames the eyes are shut.

    A closure is a run of frames below `open_above` that goes below
    `close_below` somewhere, relative to the open-eye level at that time; the
    eyes count as shut while they are below half of the way back from its
    lowest point. Eyes that stay narrowed after a blink (a squint, a smile)
    therefore do not count as shut. A frame without a face ends the run, and so
    does a hole in the video (`holes.after_hole`).

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
    return shut_rows(
        ear / open_eye_level(ear, time_s), time_s, close_below=close_below, open_above=open_above
    )


def shut_rows(share: np.ndarray, time_s: np.ndarray, *, close_below: float, open_above: float) -> np.ndarray:
    """Tell in which frames the eyes are shut, from their share of the open-eye level; see `find_blinks`."""
    with np.errstate(invalid="ignore"):
        lowered = share < open_above
    begins = (np.diff(lowered, prepend=False) | after_hole(time_s)) & lowered
    run = np.cumsum(begins) * lowered
    lowest = np.ones(int(run.max(initial=0)) + 1)
    np.minimum.at(lowest, run, np.where(lowered, share, 1.0))
    half_back = np.minimum(open_above, (1 + lowest) / 2)
    half_back[lowest >= close_below] = 0.0
    with np.errstate(invalid="ignore"):
        return lowered & (share < half_back[run])
