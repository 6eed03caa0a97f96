"""Clips of crops that networks see: cut so that none crosses a recording or a gap, read when they are asked for.

Axes: n = clip, b = clip of a batch, t = sample of a clip, s = sample of a recording, h, w = rows and columns, c = colour.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from affectflow.eda.clip_changes import ClipChanges
from affectflow.errors import DesignError
from affectflow.train.models.batches import ReadAhead

# A step this much longer than the usual one is a gap.
GAP_STEPS = 1.5
TARGETS = {"whole": "eda", "tonic": "eda_tonic", "phasic": "eda_phasic"}
Array = NDArray[np.float32]


class Pictures(Protocol):
    """A file of crops: `io.weights.WeightsFile`."""

    def __getitem__(self, name: str) -> np.ndarray:
        """Return an array."""

    def rows(self, name: str, first: int, last: int) -> np.ndarray:
        """Return rows of an array, reading no others."""

    def shape(self, name: str) -> tuple[int, ...]:
        """Return the shape of an array."""


@dataclass(frozen=True)
class Recording:
    """A recording as networks see it; pictures stay in the file.

    Attributes
    ----------
    recording_id, subject_id
        Of the sheet.
    file
        Of crop_faces.
    time_s, valid
        Of the samples; whether there is a picture, (s,).
    target
        What is learnt, on the networks' scale; NaN = missing, (s,).
    pulse
        In standard deviations from the recording's mean; NaN = missing, (s,).
    centre, scale
        target = (measured − centre) / scale, microsiemens.
    """

    recording_id: str
    subject_id: str
    file: Pictures
    time_s: NDArray[np.float64]
    valid: NDArray[np.bool_]
    target: Array
    pulse: Array
    centre: float = 0.0
    scale: float = 1.0

    def scaled(self, centre: float, scale: float) -> Recording:
        """Return the recording with its target, so far as measured, on a scale."""
        return replace(
            self, target=(self.target - np.float32(centre)) / np.float32(scale), centre=centre, scale=scale
        )


def open_recording(recording_id: str, subject_id: str, file: Pictures, *, target: str) -> Recording:
    """Read all of a recording but its pictures; the target stays as measured.

    Parameters
    ----------
    recording_id, subject_id
        Of the sheet.
    file
        Of crop_faces.
    target
        A name in `TARGETS`.
    """
    pulse = file["pulse"].astype(np.float64)
    known = pulse[np.isfinite(pulse)]
    spread = float(known.std()) if known.size else 0.0
    pulse = (pulse - known.mean()) / spread if spread > 0 else np.where(np.isfinite(pulse), 0.0, np.nan)
    return Recording(
        recording_id,
        subject_id,
        file,
        time_s=file["time_s"],
        valid=file["valid"],
        target=file[TARGETS[target]].astype(np.float32),
        pulse=pulse.astype(np.float32),
    )


def own_scale(recording: Recording) -> Recording:
    """Put the target into standard deviations from the recording's own mean; of a flat one nothing is left.

    Level and size of a person's answer are then known to nobody, and need not
    be: who compares must say that it is the course alone that is predicted.
    """
    known = recording.target[np.isfinite(recording.target)].astype(np.float64)
    spread = float(known.std()) if known.size else 0.0
    if spread > 0:
        return recording.scaled(float(known.mean()), spread)
    return replace(recording, target=np.full_like(recording.target, np.nan))


def common_scale(train: Sequence[Recording]) -> tuple[float, float]:
    """Return mean and standard deviation of the training people's targets, all samples together.

    Raises
    ------
    DesignError
        If nothing varies.
    """
    known = np.concatenate([r.target[np.isfinite(r.target)] for r in train]).astype(np.float64)
    if not known.size or known.std() == 0:
        raise DesignError(
            "eda: the skin conductance of the training people does not vary. See the log of crop_faces."
        )
    return float(known.mean()), float(known.std())


def cut_clips(
    recordings: Sequence[Recording],
    *,
    length: int,
    stride: int,
    pulse: bool = False,
    to_the_end: bool = False,
) -> NDArray[np.int64]:
    """Return where clips begin: (n, 2), number of the recording and of the first sample.

    All samples of a clip are of one recording, follow each other without a gap
    and have a picture and a measured value.

    Parameters
    ----------
    recordings
        Of one role.
    length, stride
        Samples of a clip, and from one beginning to the next.
    pulse
        Whether the pulse must be there as well.
    to_the_end
        Whether a stretch's last samples, where a stride leaves some, get a clip that ends with them.
    """
    found = []
    for i, recording in enumerate(recordings):
        usable = recording.valid & np.isfinite(recording.target)
        if pulse:
            usable &= np.isfinite(recording.pulse)
        for first, last in _runs(usable, recording.time_s):
            begins = list(range(first, last - length + 1, stride))
            if begins and to_the_end and begins[-1] + length < last:
                begins.append(last - length)
            found += [(i, begin) for begin in begins]
    return np.array(found, np.int64).reshape(-1, 2)


def _runs(usable: NDArray[np.bool_], time_s: NDArray[np.float64]) -> Iterator[tuple[int, int]]:
    """First and one past the last sample of each stretch without a gap."""
    steps = np.diff(time_s)
    gap = steps > GAP_STEPS * np.median(steps) if steps.size else np.zeros(0, bool)
    run = (
        np.cumsum(np.concatenate([[True], gap | (usable[1:] != usable[:-1])])) if usable.size else np.zeros(0)
    )
    for number in np.unique(run[usable]):
        own = np.flatnonzero(run == number)
        yield int(own[0]), int(own[-1]) + 1


@dataclass
class ClipBatches(ReadAhead):
    """Clips, a batch at a time: pictures 0..255 (b, t, h, w, 3), with `pulse` also the pulse (b, t); targets (b, t).

    Attributes
    ----------
    recordings, clips_n2
        What is read; where clips begin (`cut_clips`).
    length
        Samples of a clip.
    pulse
        Whether networks see the pulse.
    changes
        Of training clips; None = seen as they are.
    device, workers, waited_s
        See `ReadAhead`.
    """

    recordings: Sequence[Recording]
    clips_n2: NDArray[np.int64]
    length: int
    device: torch.device
    pulse: bool = False
    changes: ClipChanges | None = None
    workers: int = 0
    waited_s: float = 0.0

    def __len__(self) -> int:
        return len(self.clips_n2)

    @property
    def targets_nt(self) -> Array:
        """Targets of all clips."""
        made = [self.recordings[i].target[first : first + self.length] for i, first in self.clips_n2]
        return np.stack(made) if made else np.empty((0, self.length), np.float32)

    def run(self, order_n: np.ndarray, batch_size: int) -> Iterator[tuple[list[Tensor], Tensor]]:
        """Yield inputs and targets; changes depend on torch's seed at the first batch, the order and nothing else."""
        seed = int(torch.randint(2**31, ())) if self.changes else 0
        for number, (inputs, targets) in enumerate(super().run(order_n, batch_size)):
            x_bthwc = inputs[0].to(torch.float32)
            if self.changes:
                x_bthwc = self.changes.apply(x_bthwc, seed=[seed, number])
            yield [x_bthwc, *inputs[1:]], targets

    def _make(self, chosen_b: np.ndarray) -> tuple[list[Tensor], Tensor]:
        places = [
            (self.recordings[i], int(first), int(first) + self.length) for i, first in self.clips_n2[chosen_b]
        ]
        pictures = np.stack([r.file.rows("crops", first, last) for r, first, last in places])
        inputs = [torch.from_numpy(pictures)]
        if self.pulse:
            inputs.append(torch.from_numpy(np.stack([r.pulse[first:last] for r, first, last in places])))
        targets = torch.from_numpy(np.stack([r.target[first:last] for r, first, last in places]))
        if self.device.type == "cuda":
            return [x.pin_memory() for x in inputs], targets.pin_memory()
        return inputs, targets


def laid_together(
    made_nt: Array, clips_n2: NDArray[np.int64], recordings: Sequence[Recording]
) -> list[Array]:
    """Return the course of each recording, (s,): the mean of what clips say of a sample, NaN where none says anything."""
    courses = []
    for i, recording in enumerate(recordings):
        total, n = np.zeros(len(recording.time_s)), np.zeros(len(recording.time_s))
        for clip_t, (_, first) in zip(
            made_nt[clips_n2[:, 0] == i], clips_n2[clips_n2[:, 0] == i], strict=True
        ):
            total[first : first + len(clip_t)] += clip_t
            n[first : first + len(clip_t)] += 1
        courses.append(np.where(n > 0, total / np.maximum(n, 1), np.nan).astype(np.float32))
    return courses
