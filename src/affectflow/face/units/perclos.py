"""PERCLOS: for how much of the last minute the eyes were nearly shut, a sign of drowsiness."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from affectflow.face.holes import frame_durations

if TYPE_CHECKING:
    from affectflow.face.units.eyes import Eyes

WINDOW_S = 60.0
NEARLY_SHUT = 0.8
# A window of which less was seen says nothing.
LEAST_SEEN = 0.5
# Landmarks of shut lids never meet. Blinks that stay shallower than this share of open eyes do not say where they would.
SHUT_AT_MOST = 0.5


def perclos(eyes: Eyes) -> NDArray[np.float64]:
    """Return the share of the last 60 s in which the eyes were at least 80 % closed.

    How far eyes are closed is counted from the person's own open eyes
    (0 %) to the median lowest point of their own closures (100 %), since the
    landmarks of shut lids never quite meet. The window holds no later frame;
    these two levels are of the whole recording.

    Parameters
    ----------
    eyes
        The eyes of the recording.

    Returns
    -------
    (n,) 0..1; NaN before 60 s have passed, and where a face was seen for less than half of them.

    References
    ----------
    Wierwille et al. (1994), Research on vehicle-based driver status/performance monitoring (P80).
    """
    n = len(eyes.time_s)
    if n < 2:
        return np.full(n, np.nan)
    # A frame stands for the time to the next one, but not for a hole in the video.
    holds = frame_durations(eyes.time_s)
    seen = np.isfinite(eyes.share)
    shut = np.zeros(n, bool)
    shut[seen] = 1 - eyes.share[seen] >= NEARLY_SHUT * (1 - _shut_share(eyes))
    shut_s, seen_s = (_last_minute(np.where(rows, holds, 0.0), eyes.time_s) for rows in (shut & seen, seen))
    known = (eyes.time_s >= eyes.time_s[0] + WINDOW_S - 1e-9) & (seen_s >= LEAST_SEEN * WINDOW_S)
    return np.divide(shut_s, seen_s, out=np.full(n, np.nan), where=known)


def _shut_share(eyes: Eyes) -> float:
    """Return how low the closures of a recording go, as a share of open eyes; 0 without a closure."""
    starts = np.flatnonzero(np.diff(eyes.closed, prepend=False) & eyes.closed)
    if not len(starts):
        return 0.0
    lowest = np.minimum.reduceat(np.where(eyes.closed, eyes.share, np.inf), starts)
    return min(float(np.median(lowest)), SHUT_AT_MOST)


def _last_minute(amount_s: NDArray[np.float64], time_s: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the sum, at each frame, of what lies in the window before it."""
    until = np.concatenate([[0.0], np.cumsum(amount_s)[:-1]])
    return until - np.interp(time_s - WINDOW_S, time_s, until)
