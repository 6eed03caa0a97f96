"""Closures of the eyes as events: blinks, and what is longer."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np
import polars as pl
from numpy.typing import NDArray

from affectflow.face.holes import after_hole
from affectflow.schema import BLINKS

if TYPE_CHECKING:
    from affectflow.face.units.eyes import Eyes

# A blink takes 0.1 to 0.4 s from the first movement of the lids to the last.
SHORTEST_S, LONGEST_BLINK_S = 0.1, 0.4


def find_closures(eyes: Eyes, *, recording_id: str, open_above: float) -> pl.DataFrame:
    """List the closures of the eyes.

    A closure begins where the lids pass `open_above` on their way down, and
    ends where they pass it on their way up, between frames by straight lines,
    or where they stop rising (eyes that stay narrowed after a blink). What is
    shorter than 0.1 s by more than a step between frames is a slip of the
    landmarks and left out. A closure that is cut off by the recording's begin
    or end, by a lost face or by a hole in the video, is listed as long as it
    is seen.

    Parameters
    ----------
    eyes
        The eyes of the recording, in order of time.
    recording_id
        For the rows.
    open_above
        Share of the open-eye level above which eyes are open in any case.

    Returns
    -------
    `schema.BLINKS`, in order of time.
    """
    rows = []
    step = float(np.median(np.diff(eyes.time_s))) if len(eyes.time_s) > 1 else 0.0
    last_end = -np.inf
    anew = after_hole(eyes.time_s)
    for first, last in _runs(eyes.closed, anew):
        onset = max(_edge(eyes, first, -1, open_above, step, anew), last_end)
        last_end = _edge(eyes, last, +1, open_above, step, anew)
        duration = last_end - onset
        if duration + step >= SHORTEST_S:
            kind = "blink" if duration <= LONGEST_BLINK_S else "closure"
            rows.append((recording_id, onset, duration, kind))
    return pl.DataFrame(rows, schema={c.name: c.dtype for c in BLINKS.columns}, orient="row")


def _runs(closed: NDArray[np.bool_], anew: NDArray[np.bool_]) -> Iterator[tuple[int, int]]:
    """Yield first and last row of each run of true; one that comes after a hole begins anew."""
    before = np.append(False, closed)[:-1]
    starts = closed & (~before | anew)
    ends = np.append(before & (~closed | anew), closed[-1:])
    yield from zip(np.flatnonzero(starts).tolist(), (np.flatnonzero(ends) - 1).tolist(), strict=True)


def _edge(eyes: Eyes, row: int, way: int, open_above: float, step: float, anew: NDArray[np.bool_]) -> float:
    """Return when the lids are up, from a closed row on in one direction of time."""
    share, time = eyes.share, eyes.time_s
    while True:
        beyond = row + way
        if not 0 <= beyond < len(share) or np.isnan(share[beyond]) or anew[max(row, beyond)]:
            # As long as it was seen: a frame stands for the time to the next one.
            return float(time[row] + (step if way > 0 else 0.0))
        if share[beyond] >= open_above:
            part = (open_above - share[row]) / (share[beyond] - share[row])
            return float(time[row] + part * (time[beyond] - time[row]))
        if share[beyond] <= share[row]:
            return float(time[row])
        row = beyond
