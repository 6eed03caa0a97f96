"""What can be said of somebody's skin conductance without looking at the face.

Axes: n = clip, s = sample of a recording, t = sample of a clip.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from affectflow.eda.clips import Array, Recording


def train_mean(train: Sequence[Recording]) -> float:
    """Return the mean of the training people's targets."""
    return float(np.concatenate([r.target[np.isfinite(r.target)] for r in train]).astype(np.float64).mean())


def last_values(
    recordings: Sequence[Recording], clips_n2: NDArray[np.int64], *, length: int, otherwise: float
) -> Array:
    """Return what was measured last before each clip, for all of its samples: (n, length).

    Parameters
    ----------
    recordings, clips_n2, length
        As of `clips.ClipBatches`.
    otherwise
        For clips before which nothing was measured.
    """
    out = np.full((len(clips_n2), length), otherwise, np.float32)
    for clip_t, (i, first) in zip(out, clips_n2, strict=True):
        before = recordings[i].target[:first]
        known = before[np.isfinite(before)]
        if known.size:
            clip_t[:] = known[-1]
    return out


def time_course(train: Sequence[Recording], recording: Recording, *, otherwise: float) -> Array:
    """Return the mean of the training people as long after their recordings' beginnings, (s,).

    Parameters
    ----------
    train
        Training people's recordings.
    recording
        At whose times the means are wanted.
    otherwise
        For times that no training recording reaches.
    """
    step = float(np.median(np.diff(recording.time_s))) if len(recording.time_s) > 1 else 1.0
    known = [(_place(r.time_s, step), r.target) for r in train]
    places = np.concatenate([p[np.isfinite(v)] for p, v in known])
    values = np.concatenate([v[np.isfinite(v)] for _, v in known]).astype(np.float64)
    wanted = _place(recording.time_s, step)
    n = max(int(places.max(initial=0)), int(wanted.max(initial=0))) + 1
    total, count = np.bincount(places, values, minlength=n), np.bincount(places, minlength=n)
    mean = np.where(count > 0, total / np.maximum(count, 1), otherwise)
    return mean[wanted].astype(np.float32)


def _place(time_s: NDArray[np.float64], step: float) -> NDArray[np.int64]:
    """Number of the step since the recording's first sample."""
    return np.rint((time_s - time_s[:1]) / step).astype(np.int64)
