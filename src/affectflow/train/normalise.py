"""Put channels on a common scale: within a person, and by the training people of a fold.

Axes: n = window, t = time, c = channel. Channels are always the last axis.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from affectflow.train.window_set import WindowSet

# Standardised values are cut here, so that one person far from the training people cannot
# drive a network outside of everything it has seen.
CLIP_SD = 5.0


def normalise_people(windows: WindowSet) -> WindowSet:
    """Return z-scores within each person, over all of the person's windows.

    Labels are not looked at, but the windows of both conditions are: a new
    person must be recorded in full before the first prediction (transductive).
    What differs between people (face shape, resting heart rate) goes; what
    differs within a person stays.
    """
    subject_n = windows.keys["subject_id"].to_numpy()
    arrays = {}
    for name, array in windows.arrays.items():
        result = np.empty_like(array)
        for subject in np.unique(subject_n):
            own = subject_n == subject
            centre, scale = _centre_and_scale(array[own])
            result[own] = (array[own] - centre) / scale
        arrays[name] = result
    return windows.replace(arrays)


@dataclass(frozen=True)
class Scaler:
    """Mean and standard deviation of each channel of the training people.

    A channel that no training person has is NaN in `centre` and becomes
    missing for everybody: there is no scale to put it on.
    """

    centre: Mapping[str, np.ndarray]
    scale: Mapping[str, np.ndarray]

    @classmethod
    def fit(cls, train: WindowSet, names: tuple[str, ...]) -> Scaler:
        """Learn from the arrays `names` of the training windows."""
        learnt = {name: _centre_and_scale(train.arrays[name]) for name in names}
        centre, scale = ({n: v[i].astype(np.float32) for n, v in learnt.items()} for i in (0, 1))
        return cls(centre, scale)

    def apply(self, windows: WindowSet) -> dict[str, np.ndarray]:
        """Return standardised float32 arrays, cut at ±5 standard deviations; NaN stays NaN."""
        return {
            name: np.clip(
                (windows.arrays[name] - self.centre[name]) / self.scale[name], -CLIP_SD, CLIP_SD
            ).astype(np.float32)
            for name in self.centre
        }


def _centre_and_scale(array: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return mean (c,) and standard deviation (c,) over measured values; 1 for a constant channel."""
    axes = tuple(range(array.ndim - 1))
    known = np.isfinite(array)
    count = known.sum(axis=axes)
    some = np.maximum(count, 1)
    value = np.where(known, array, 0.0).astype(np.float64)
    mean = value.sum(axis=axes) / some
    deviation = np.where(known, value - mean, 0.0)
    spread = np.sqrt((deviation**2).sum(axis=axes) / some)
    constant = spread <= 1e-6 * np.maximum(np.abs(mean), 1e-6)
    return np.where(count > 0, mean, np.nan), np.where(constant, 1.0, spread)
