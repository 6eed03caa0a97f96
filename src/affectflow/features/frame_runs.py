"""Stretches of frames that belong together in time, and what is done stretch by stretch."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np

from affectflow.signal.stretches import longest_step

# A function on one contiguous stretch: (values of shape (n, c), times of shape (n,)) → values (n, c).
OnStretch = Callable[[np.ndarray, np.ndarray], np.ndarray]


def phase_runs(phase: list[str | None] | np.ndarray) -> np.ndarray:
    """Number the uninterrupted runs of one phase: [P1, P1, null, P1] → [0, 0, 1, 2]."""
    codes = np.unique(["\0" if p is None else str(p) for p in phase], return_inverse=True)[1]
    if codes.size == 0:
        return np.empty(0, dtype=np.int64)
    return np.concatenate([[0], np.cumsum(np.diff(codes) != 0)])


def find_stretches(
    have: np.ndarray, time_s: np.ndarray, runs: np.ndarray, *, max_gap_s: float
) -> list[np.ndarray]:
    """Return, per stretch, the rows that hold data.

    A stretch ends where two such rows are further apart than `max_gap_s` (or, in
    a slow video, than one and a half of its usual steps), where the phase
    changes, and where time does not increase.

    Parameters
    ----------
    have
        Rows that hold data, shape (n,).
    time_s
        Times of all rows, seconds, shape (n,).
    runs
        Number of the phase run of each row (`phase_runs`), shape (n,).
    max_gap_s
        Longest step that is no gap, seconds.
    """
    rows = np.flatnonzero(have)
    if rows.size == 0:
        return []
    step = np.diff(time_s[rows])
    limit = longest_step(time_s, max_gap_s) + 1e-9
    breaks = (step > limit) | (step <= 0) | (runs[rows[1:]] != runs[rows[:-1]])
    return np.split(rows, np.flatnonzero(breaks) + 1)


def column_groups(have: np.ndarray) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Yield (columns, rows with data) for columns that miss the same rows.

    Usually all do, and they can then be handled as one matrix.

    Parameters
    ----------
    have
        True where a value is present, shape (n, c).
    """
    packed = np.packbits(have, axis=0)
    groups: dict[bytes, list[int]] = {}
    for column in range(have.shape[1]):
        groups.setdefault(packed[:, column].tobytes(), []).append(column)
    for columns in groups.values():
        yield np.array(columns), have[:, columns[0]]


def clean_matrix(
    values: np.ndarray,
    time_s: np.ndarray,
    runs: np.ndarray,
    *,
    max_gap_s: float,
    steps: tuple[OnStretch, ...] = (),
    before_filling: tuple[OnStretch, ...] = (),
) -> np.ndarray:
    """Treat every stretch of every column: what comes before filling, filling, what comes after.

    Parameters
    ----------
    values
        Shape (n, c); NaN = missing. Not changed.
    time_s, runs, max_gap_s
        See `find_stretches`. Rows without data inside a stretch are filled linearly.
    steps, before_filling
        Functions on one stretch; those before filling see the rows with data only.

    Returns
    -------
    Shape (n, c), NaN outside stretches.
    """
    out = np.full(values.shape, np.nan)
    for columns, have in column_groups(np.isfinite(values)):
        for rows in find_stretches(have, time_s, runs, max_gap_s=max_gap_s):
            piece, time = values[np.ix_(rows, columns)], time_s[rows]
            for step in before_filling:
                piece = step(piece, time)
            inside = np.arange(rows[0], rows[-1] + 1)
            if inside.size > rows.size:
                piece = interpolate_rows(piece, time, time_s[inside])
            for step in steps:
                piece = step(piece, time_s[inside])
            out[np.ix_(inside, columns)] = piece
    return out


def interpolate_rows(values: np.ndarray, time_s: np.ndarray, at_s: np.ndarray) -> np.ndarray:
    """Interpolate all columns linearly at once.

    Parameters
    ----------
    values
        Shape (n, c).
    time_s
        Increasing, shape (n,).
    at_s
        Within the first and last of `time_s`, shape (m,).

    Returns
    -------
    Shape (m, c); at the time of a row exactly that row.
    """
    if time_s.size == 1:
        return np.repeat(values, at_s.size, axis=0)
    left = np.clip(np.searchsorted(time_s, at_s, side="right") - 1, 0, time_s.size - 2)
    share = (at_s - time_s[left]) / (time_s[left + 1] - time_s[left])
    mixed = values[left] * (1 - share)[:, None] + values[left + 1] * share[:, None]
    return mixed


def per_second(values: np.ndarray, time_s: np.ndarray, runs: np.ndarray, *, max_gap_s: float) -> np.ndarray:
    """Return first derivatives: second-order central differences, one-sided at the ends of a stretch.

    Parameters
    ----------
    values
        Shape (n, c); NaN = missing.
    time_s, runs, max_gap_s
        As `find_stretches`; a row without data always ends a stretch here.

    Returns
    -------
    Shape (n, c), in units per second; NaN where the value or both neighbours are missing.
    """
    out = np.full(values.shape, np.nan)
    for columns, have in column_groups(np.isfinite(values)):
        for rows in find_stretches(have, time_s, runs, max_gap_s=max_gap_s):
            for piece in np.split(rows, np.flatnonzero(np.diff(rows) > 1) + 1):
                if piece.size > 1:
                    block = values[np.ix_(piece, columns)]
                    out[np.ix_(piece, columns)] = np.gradient(block, time_s[piece], axis=0)
    return out
