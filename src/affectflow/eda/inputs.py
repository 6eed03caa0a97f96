"""What the networks see of raw pictures, as the published checkpoints were trained (rPPG-Toolbox, Liu et al. 2023).

Axes: t = picture, h, w = rows and columns, c = colour.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

LEAST_SUM = 1e-7


def difference_normalised(frames_thwc: NDArray[np.number]) -> NDArray[np.float32]:
    """Return how each picture changes to the next, relative to its brightness, in standard deviations of the clip.

    Parameters
    ----------
    frames_thwc
        (t, h, w, c) raw intensities 0..255, t at least 2. Of pictures that are
        standardised already the denominator would cross zero.

    Returns
    -------
    (t, h, w, c); the last one, which has no next, is 0, and so are all of a clip in which nothing changes.
    """
    frames = np.asarray(frames_thwc, np.float64)
    change = np.diff(frames, axis=0) / (frames[1:] + frames[:-1] + LEAST_SUM)
    spread = change.std()
    changes = change / spread if spread > 0 else np.zeros_like(change)
    return np.concatenate([changes, np.zeros_like(frames[:1])]).astype(np.float32)


def standardised(frames_thwc: NDArray[np.number]) -> NDArray[np.float32]:
    """Return pictures in standard deviations from the mean of the whole clip, all colours together.

    Parameters
    ----------
    frames_thwc
        (t, h, w, c).

    Returns
    -------
    The same shape; 0 where the clip is of one colour.
    """
    frames = np.asarray(frames_thwc, np.float64)
    spread = frames.std()
    centred = frames - frames.mean()
    return (centred / spread if spread > 0 else np.zeros_like(centred)).astype(np.float32)
