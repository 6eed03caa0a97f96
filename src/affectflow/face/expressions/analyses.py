"""What lasts in a face: one expression on top, two together, or a changing mixture.

Runs and windows are measured in seconds. A frame without a face ends them, and so does a hole in the video.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from affectflow.face.expressions.labels import ranked
from affectflow.face.holes import SAME_TIME_S, after_hole, frame_durations

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Interval:
    """Frames first..last (included) of one finding, and the columns it is about, most frequent first."""

    first: int
    last: int
    columns: tuple[int, ...]


def one_dominant(
    scores: Array,
    time_s: Array,
    *,
    score_min: float,
    margin_min: float,
    run_min_s: float,
    legacy_last_run: bool = False,
) -> list[Interval]:
    """Find where one expression leads for a while.

    Parameters
    ----------
    scores
        Shape (frames, expressions), smoothed, without neutral; NaN in frames without a face.
    time_s
        Shape (frames,), ascending, seconds.
    score_min, margin_min
        Lowest score of the leader, and its lowest distance to the second.
    run_min_s
        Shortest time it must lead, seconds.
    legacy_last_run
        As the original has it: a run that reaches the last frame is left out.
    """
    first = ranked(scores, 1)[:, 0]
    top = _scores_at(scores, first)
    others = scores.copy()
    others[np.arange(len(scores)), first] = -np.inf
    leads = (top >= score_min) & (top - others.max(axis=1) >= margin_min)
    keys = np.where(leads, first, -1)[:, None]
    return _runs(keys, time_s, run_min_s=run_min_s, legacy_last_run=legacy_last_run)


def two_dominant(
    scores: Array,
    time_s: Array,
    *,
    score_min: float,
    run_min_s: float,
    legacy_last_run: bool = False,
) -> list[Interval]:
    """Find where the same two expressions lead together for a while, in either order.

    See `one_dominant`; here the second must reach `score_min` too.
    """
    if scores.shape[1] < 2:
        return []
    pair = ranked(scores, 2)
    both = _scores_at(scores, pair[:, 1]) >= score_min
    keys = np.where(both[:, None], np.sort(pair, axis=1), -1)
    return _runs(keys, time_s, run_min_s=run_min_s, legacy_last_run=legacy_last_run)


def unstable(
    scores: Array,
    time_s: Array,
    *,
    window_min_s: float,
    window_max_s: float,
    tops_min: int,
    range_max: float,
    mean_above: float,
) -> list[Interval]:
    """Find where many expressions take turns at about the same strength.

    A frame is marked when some window around it, `window_min_s` to
    `window_max_s` long, has at least `tops_min` different leaders, whose scores
    differ by at most `range_max` and are above `mean_above` in the mean (over
    time). Neighbouring marked frames make one interval.

    Parameters
    ----------
    scores, time_s
        As `one_dominant`.
    """
    top = ranked(scores, 1)[:, 0]
    marked = np.zeros(len(scores), dtype=bool)
    stands_s = frame_durations(time_s)
    ends_s = time_s + stands_s
    for start, stop in _stretches(top >= 0, time_s):
        value = _scores_at(scores[start:stop], top[start:stop])
        weight = stands_s[start:stop] if stop - start > 1 else np.ones(1)
        last = _last_occurrence(top[start:stop])
        for i in range(stop - start):
            # Windows that begin here end at one of these frames.
            begins_s = time_s[start + i]
            past = int(np.searchsorted(ends_s[start:stop], begins_s + window_max_s + SAME_TIME_S, "right"))
            long_enough = ends_s[start + i : start + past] - begins_s >= window_min_s - SAME_TIME_S
            if not long_enough.any():
                continue
            here = slice(i, past)
            spread = np.maximum.accumulate(value[here]) - np.minimum.accumulate(value[here])
            mean = np.cumsum(value[here] * weight[here]) / np.cumsum(weight[here])
            leaders = np.cumsum(last[here] < i)
            fits = long_enough & (leaders >= tops_min) & (spread <= range_max) & (mean > mean_above)
            if fits.any():
                marked[start + i : start + i + int(np.flatnonzero(fits)[-1]) + 1] = True
    return [Interval(a, b - 1, _by_time(top[a:b], stands_s[a:b])) for a, b in _stretches(marked, time_s)]


def mask_of(intervals: list[Interval], n_frames: int) -> NDArray[np.bool_]:
    """Return which of n frames lie in one of the intervals."""
    mask = np.zeros(n_frames, dtype=bool)
    for each in intervals:
        mask[each.first : each.last + 1] = True
    return mask


def _scores_at(scores: Array, column: NDArray[np.int64]) -> Array:
    """The score of one column per frame; NaN where the column is -1."""
    return np.where(column < 0, np.nan, scores[np.arange(len(scores)), column])


def _runs(
    keys: NDArray[np.int64], time_s: Array, *, run_min_s: float, legacy_last_run: bool
) -> list[Interval]:
    """Runs of equal rows of keys, shape (frames, n), that last long enough; rows of -1 belong to none."""
    if not len(keys):
        return []
    changes = np.flatnonzero((keys[1:] != keys[:-1]).any(axis=1) | after_hole(time_s)[1:]) + 1
    starts, stops = np.append(0, changes), np.append(changes, len(keys))
    ends_s = time_s + frame_durations(time_s)
    return [
        Interval(int(a), int(b) - 1, tuple(keys[a].tolist()))
        for a, b in zip(starts, stops, strict=True)
        if keys[a, 0] >= 0
        and ends_s[b - 1] - time_s[a] >= run_min_s - SAME_TIME_S
        and not (legacy_last_run and b == len(keys))
    ]


def _stretches(wanted: NDArray[np.bool_], time_s: Array) -> list[tuple[int, int]]:
    """First and one past the last frame of each stretch of true values without a hole."""
    before = np.append(False, wanted)[:-1]
    starts = wanted & (~before | after_hole(time_s))
    # Where a stretch ends, or another begins after a hole.
    stops = np.append(before & (~wanted | after_hole(time_s)), wanted[-1:])
    return list(zip(np.flatnonzero(starts).tolist(), np.flatnonzero(stops).tolist(), strict=True))


def _last_occurrence(top: NDArray[np.int64]) -> NDArray[np.int64]:
    """Where each frame's leader led the last time before; -1 where it never did."""
    seen: dict[int, int] = {}
    last = np.full(len(top), -1)
    for i, leader in enumerate(top.tolist()):
        last[i] = seen.get(leader, -1)
        seen[leader] = i
    return last


def _by_time(top: NDArray[np.int64], stands_s: Array) -> tuple[int, ...]:
    """The leaders, by how long they lead, longest first."""
    long_s = {leader: float(stands_s[top == leader].sum()) for leader in np.unique(top).tolist()}
    return tuple(sorted(long_s, key=lambda leader: (-round(long_s[leader], 6), leader)))
