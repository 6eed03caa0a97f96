"""Holes in a recording: times that no frame stands for, as of a frozen camera or a page that was hidden."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

# A step between frames that is longer than both is a hole: nothing tells what the face did meanwhile.
LONGEST_STEP_S = 0.25
LONGEST_STEPS = 3.0
# Frame times are sums of rounded steps; a frame this close to a border lies on it.
SAME_TIME_S = 1e-6


def after_hole(time_s: Array) -> NDArray[np.bool_]:
    """Tell which frames are the first after a hole.

    A hole is a step of more than 0.25 s and of more than 3 times the
    recording's median step (a video of 2 frames per second has none).

    Parameters
    ----------
    time_s
        Shape (frames,), ascending, seconds.

    Returns
    -------
    Shape (frames,); false for the first frame.
    """
    steps_s = np.diff(time_s)
    if not steps_s.size:
        return np.zeros(time_s.shape, bool)
    longest_s = max(LONGEST_STEP_S, LONGEST_STEPS * float(np.median(steps_s))) + SAME_TIME_S
    return np.append(False, steps_s > longest_s)


def frame_durations(time_s: Array) -> Array:
    """Return how long each frame stands, seconds: until the next one.

    The last one, and the last one before a hole, stand for the median step. A
    single frame stands for 0 s: nothing says how long.

    Parameters
    ----------
    time_s
        Shape (frames,), ascending, seconds.
    """
    steps_s = np.diff(time_s)
    usual_s = np.median(steps_s) if steps_s.size else 0.0
    return np.append(np.where(after_hole(time_s)[1:], usual_s, steps_s), usual_s)
