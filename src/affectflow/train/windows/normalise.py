"""Put channels on a common scale: within a person, and by the training people of a fold.

Axes: n = window, b = window of a batch, t = time, c = channel, p = person. Channels are always the last axis.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from affectflow.train.windows.grid_source import Windowed
from affectflow.train.windows.window_set import WindowSet

# Standardised values are cut here, so that one person far from the training people cannot
# drive a network outside of everything it has seen.
CLIP_SD = 5.0
# Numbers read at once while something is learnt.
AT_ONCE = 2**23
# Median and quartiles come from windows spread evenly over those there are, of so many values of a channel together.
SAMPLE = 100_000
# Half of a normal distribution lies within 1.349 standard deviations.
IQR_SD = 1.3489795


def normalise_people(windows: WindowSet, *, learn_n: np.ndarray | None = None) -> WindowSet:
    """Return z-scores within each person, over all of the person's windows or some of them.

    Labels are not looked at, but the windows of both conditions are: a new
    person must be recorded in full before the first prediction (transductive).
    What differs between people (face shape, resting heart rate) goes; what
    differs within a person stays. Arrays on disk stay there; they are put on
    the scale when read.

    Parameters
    ----------
    windows
        Of any number of people.
    learn_n
        Windows that the scales are learnt from, bool (n,); at least one of each person. None = all.
    """
    subject_n = windows.keys["subject_id"].to_numpy()
    people, person_n = np.unique(subject_n, return_inverse=True)
    taken_n = np.ones(len(windows), bool) if learn_n is None else learn_n
    of_person = [np.flatnonzero((person_n == p) & taken_n) for p in range(len(people))]
    arrays: dict[str, Windowed] = {}
    for name, array in windows.arrays.items():
        learnt = [_mean_and_sd(array.take(own, axis=0)) for own in of_person]
        centre_pc, scale_pc = (np.stack([one[k] for one in learnt]) for k in (0, 1))
        scaled = PersonScaled(array, person_n, centre_pc, scale_pc)
        arrays[name] = scaled[:] if isinstance(array, np.ndarray) else scaled
    return windows.replace(arrays)


@dataclass(frozen=True)
class PersonScaled:
    """An array of windows, each on its person's own scale when it is read.

    Attributes
    ----------
    source
        As measured, (n, …, c).
    person_n
        Number of each window's person.
    centre_pc, scale_pc
        Of each person and channel.
    """

    source: Windowed
    person_n: np.ndarray
    centre_pc: np.ndarray
    scale_pc: np.ndarray

    @property
    def shape(self) -> tuple[int, ...]:
        """That of the source."""
        return self.source.shape

    def __getitem__(self, positions: Any) -> np.ndarray:
        """Return scaled windows, float32."""
        values = self.source[positions]
        person_b = self.person_n[positions]
        own = (slice(None), *[None] * (values.ndim - 2))
        return ((values - self.centre_pc[person_b][own]) / self.scale_pc[person_b][own]).astype(np.float32)

    def take(self, indices: Any, axis: int = 0) -> PersonScaled:
        """Return fewer windows."""
        return replace(self, source=self.source.take(indices, axis=axis), person_n=self.person_n[indices])


@dataclass(frozen=True)
class Scaler:
    """Centre and scale of each channel of the training people.

    A channel that no training person has is NaN in `centre` and becomes
    missing for everybody: there is no scale to put it on.

    Attributes
    ----------
    centre, scale
        Of each array, shape (c,), float32.
    clip_sd
        Scaled values are cut at ± this.
    """

    centre: Mapping[str, np.ndarray]
    scale: Mapping[str, np.ndarray]
    clip_sd: float = CLIP_SD

    @classmethod
    def fit(
        cls, train: WindowSet, names: tuple[str, ...], *, norm: str = "global", clip_sd: float = CLIP_SD
    ) -> Scaler:
        """Learn from the arrays `names` of the training windows.

        Parameters
        ----------
        train
            Windows of training people only.
        names
            Arrays.
        norm
            "global": mean and standard deviation; "robust": median and the quartiles' distance over 1.349;
            "none": 0 and 1 where anything was measured.
        clip_sd
            See `Scaler`; infinity = no cut.
        """
        learn = {"global": _mean_and_sd, "robust": _median_and_iqr, "none": _unscaled}[norm]
        learnt = {name: learn(train.arrays[name]) for name in names}
        centre, scale = ({n: v[i].astype(np.float32) for n, v in learnt.items()} for i in (0, 1))
        return cls(centre, scale, clip_sd)

    def apply(self, arrays: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
        """Return standardised float32 values of windows that were read; NaN stays NaN.

        Parameters
        ----------
        arrays
            Values of (some of) the windows, by name: those the scaler knows are returned.
        """
        scaled = {}
        for name in self.centre:
            values = (arrays[name] - self.centre[name]).astype(np.float32)
            values /= self.scale[name]
            scaled[name] = np.clip(values, -self.clip_sd, self.clip_sd, out=values)
        return scaled


def _chunks(array: Windowed) -> Iterator[np.ndarray]:
    """Read windows a piece at a time."""
    n, each = array.shape[0], max(1, int(np.prod(array.shape[1:])))
    step = max(1, AT_ONCE // each)
    for start in range(0, n, step):
        yield array[np.arange(start, min(n, start + step))]


def _mean_and_sd(array: Windowed) -> tuple[np.ndarray, np.ndarray]:
    """Return mean (c,) and standard deviation (c,) over measured values; 1 for a constant channel."""
    n_channels = array.shape[-1]
    count, total, squares = np.zeros(n_channels), np.zeros(n_channels), np.zeros(n_channels)
    for values in _chunks(array):
        known = np.isfinite(values)
        count += known.sum(axis=tuple(range(values.ndim - 1)))
        total += np.where(known, values, 0.0).sum(axis=tuple(range(values.ndim - 1)), dtype=np.float64)
    mean = total / np.maximum(count, 1)
    # A second reading: squares around the mean keep their digits.
    for values in _chunks(array):
        deviation = np.where(np.isfinite(values), values - mean, 0.0)
        squares += (deviation**2).sum(axis=tuple(range(values.ndim - 1)))
    spread = np.sqrt(squares / np.maximum(count, 1))
    return np.where(count > 0, mean, np.nan), _or_one(spread, mean)


def _median_and_iqr(array: Windowed) -> tuple[np.ndarray, np.ndarray]:
    """Return median (c,) and the quartiles' distance as a standard deviation (c,); 1 for a constant channel."""
    per_window = int(np.prod(array.shape[1:-1]))
    step = max(1, -(-array.shape[0] * per_window // SAMPLE))
    values = array[np.arange(0, array.shape[0], step)].reshape(-1, array.shape[-1]).astype(np.float64)
    values[~np.isfinite(values)] = np.nan
    known = np.isfinite(values).any(axis=0)
    low, median, high = np.full((3, array.shape[-1]), np.nan)
    if known.any():
        low[known], median[known], high[known] = np.nanquantile(values[:, known], [0.25, 0.5, 0.75], axis=0)
    return median, _or_one(np.where(known, (high - low) / IQR_SD, 0.0), np.where(known, median, 0.0))


def _unscaled(array: Windowed) -> tuple[np.ndarray, np.ndarray]:
    known = np.zeros(array.shape[-1], bool)
    for values in _chunks(array):
        known |= np.isfinite(values).any(axis=tuple(range(values.ndim - 1)))
    return np.where(known, 0.0, np.nan), np.ones(array.shape[-1])


def _or_one(spread: np.ndarray, centre: np.ndarray) -> np.ndarray:
    """Replace the spread of a constant channel by 1."""
    return np.where(spread <= 1e-6 * np.maximum(np.abs(centre), 1e-6), 1.0, spread)
