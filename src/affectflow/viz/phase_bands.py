"""The phases of a recording along an axis of time: where each lies, and as much of its name as fits."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from affectflow.features.frame_runs import phase_runs

# Of more than so many nobody could read the names.
MOST_NAMES = 40


class PhaseBand(NamedTuple):
    """One run of a phase, seconds, and what is written on it; None where there are too many runs for names."""

    name: str
    start_s: float
    end_s: float
    shown: str | None


def phase_bands(
    time_s: NDArray[np.float64], phase: Sequence[str | None], *, end_s: float, letters: int
) -> list[PhaseBand]:
    """Return the runs of phases that have a name, in order of time.

    Parameters
    ----------
    time_s, phase
        Of each row, shape (n,), n > 0.
    end_s
        Where the last run ends; the others end where the next one begins.
    letters
        How many letters of a name fit across the whole axis.
    """
    first = np.flatnonzero(np.diff(phase_runs(list(phase)), prepend=-1))
    ends = np.append(time_s[first[1:]], end_s)
    runs = [
        (name, time_s[i], end) for i, end in zip(first, ends, strict=True) if (name := phase[i]) is not None
    ]
    whole_s = max(end_s - time_s[0], 1e-9)

    def shown(name: str, start: float, end: float) -> str | None:
        return shortened(name, int((end - start) / whole_s * letters)) if len(runs) <= MOST_NAMES else None

    return [PhaseBand(name, start, end, shown(name, start, end)) for name, start, end in runs]


def shortened(name: str, letters: int) -> str:
    """Return a name that takes no more than so many letters, an ellipsis for what is cut; nothing below two."""
    if len(name) <= letters:
        return name
    return name[: letters - 1] + "…" if letters >= 2 else ""
