"""Which frame is shown at a moment, and which square of it the networks see.

Axes: t = moment, f = frame.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

NO_FRAME = -1
Array = NDArray[np.float64]


def nearest_frames(at_t: Array, time_f: Array, *, tolerance_s: float) -> NDArray[np.int32]:
    """Return the frame nearest to each moment, (t,): its place, or -1 where none is near enough.

    Parameters
    ----------
    at_t
        Moments, seconds.
    time_f
        Times of the frames, increasing, seconds.
    tolerance_s
        A frame may be half a frame's duration (of the median step) and so much more away.
    """
    if not time_f.size:
        return np.full(at_t.shape, NO_FRAME, np.int32)
    step = float(np.median(np.diff(time_f))) if time_f.size > 1 else 0.0
    after = np.clip(np.searchsorted(time_f, at_t), 0, len(time_f) - 1)
    before = np.clip(after - 1, 0, None)
    # Exactly between two frames the earlier one is still shown.
    nearest = np.where(at_t - time_f[before] <= time_f[after] - at_t, before, after)
    far = np.abs(time_f[nearest] - at_t) > step / 2 + tolerance_s + 1e-9
    return np.where(far, NO_FRAME, nearest).astype(np.int32)


def steady_squares(
    boxes_f4: NDArray[np.floating], time_f: Array, at_t: Array, *, scale: float, smoothing_s: float
) -> Array:
    """Return the square around the face at each moment, which follows the face without trembling.

    Centre and side are medians over the frames within `smoothing_s` / 2 on
    either side: single wrong boxes move nothing, and a tracker's noise is
    gone from one moment to the next.

    Parameters
    ----------
    boxes_f4
        Left, top, right, bottom of the face in each frame, pixels; NaN = no face.
    time_f
        Times of the frames, increasing, seconds.
    at_t
        Moments, seconds.
    scale
        Side over the longer side of the box.
    smoothing_s
        See above; 0 = the frame nearest to the moment alone.

    Returns
    -------
    (t, 3): centre x, y and side, pixels; NaN where there is no face within the time.
    """
    seen = np.isfinite(boxes_f4).all(axis=1)
    boxes, time = boxes_f4[seen].astype(np.float64), time_f[seen]
    sides = scale * np.maximum(boxes[:, 2] - boxes[:, 0], boxes[:, 3] - boxes[:, 1])
    squares = np.column_stack([(boxes[:, 0] + boxes[:, 2]) / 2, (boxes[:, 1] + boxes[:, 3]) / 2, sides])
    out = np.full((len(at_t), 3), np.nan)
    first = np.searchsorted(time, at_t - smoothing_s / 2 - 1e-9)
    last = np.searchsorted(time, at_t + smoothing_s / 2 + 1e-9)
    nearest = nearest_frames(at_t, time, tolerance_s=0)
    for i, (a, b) in enumerate(zip(first, last, strict=True)):
        if b > a:
            out[i] = np.median(squares[a:b], axis=0)
        elif nearest[i] != NO_FRAME:
            out[i] = squares[nearest[i]]
    return out
