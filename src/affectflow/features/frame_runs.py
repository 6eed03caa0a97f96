"""Stretches of frames that belong together in time, and what is done stretch by stretch."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
import polars as pl

from affectflow.signal.stretches import longest_step

# A function on one contiguous stretch: (values of shape (n, c), times of shape (n,)) → values (n, c).
OnStretch = Callable[[np.ndarray, np.ndarray], np.ndarray]


def phase_runs(phase: list[str | None] | np.ndarray | pl.Series) -> np.ndarray:
    """Number the uninterrupted runs of one phase: [P1, P1, null, P1] → [0, 0, 1, 2]."""
    names = phase if isinstance(phase, pl.Series) else pl.Series(list(phase), dtype=pl.String)
    return names.rle_id().cast(pl.Int64).to_numpy()


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


def block_of(rows: np.ndarray, columns: np.ndarray) -> tuple[slice | np.ndarray, slice | np.ndarray]:
    """Return an index of these rows and columns; where they follow one another, one that copies nothing."""
    whole = [part.size > 0 and part[-1] - part[0] + 1 == part.size for part in (rows, columns)]
    r: slice | np.ndarray = slice(rows[0], rows[-1] + 1) if whole[0] else rows
    c: slice | np.ndarray = slice(columns[0], columns[-1] + 1) if whole[1] else columns
    if not any(whole):
        return rows[:, None], columns
    return r, c


def clean_matrix(
    values: np.ndarray,
    time_s: np.ndarray,
    runs: np.ndarray,
    *,
    max_gap_s: float,
    steps: tuple[OnStretch, ...] = (),
    before_filling: tuple[OnStretch, ...] = (),
    out: np.ndarray | None = None,
) -> np.ndarray:
    """Treat every stretch of every column: what comes before filling, filling, what comes after.

    Parameters
    ----------
    values
        Shape (n, c); NaN = missing. Not changed (but see `out`).
    time_s, runs, max_gap_s
        See `find_stretches`. Rows without data inside a stretch are filled linearly.
    steps, before_filling
        Functions on one stretch; those before filling see the rows with data only.
    out
        Where to put the result; may be `values` itself, to save the memory of a second matrix.

    Returns
    -------
    Shape (n, c), NaN outside stretches.
    """
    if out is None:
        out = np.full(values.shape, np.nan, order="F")
    for columns, have in column_groups(np.isfinite(values)):
        for rows in find_stretches(have, time_s, runs, max_gap_s=max_gap_s):
            piece, time = values[block_of(rows, columns)], time_s[rows]
            for step in before_filling:
                piece = step(piece, time)
            inside = np.arange(rows[0], rows[-1] + 1)
            if inside.size > rows.size:
                piece = _fill(piece, rows - rows[0], time_s[inside])
            for step in steps:
                piece = step(piece, time_s[inside])
            out[block_of(inside, columns)] = piece
    return out


def _fill(values: np.ndarray, rows: np.ndarray, time_s: np.ndarray) -> np.ndarray:
    """Put values where they belong among the rows of a stretch, and interpolate what is between."""
    out = np.empty((time_s.size, values.shape[1]), order="F")
    out[rows] = values
    between = np.ones(time_s.size, dtype=bool)
    between[rows] = False
    out[between] = interpolate_rows(values, time_s[rows], time_s[between])
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
    out = np.full(values.shape, np.nan, order="F")
    for columns, have in column_groups(np.isfinite(values)):
        for rows in find_stretches(have, time_s, runs, max_gap_s=max_gap_s):
            for piece in np.split(rows, np.flatnonzero(np.diff(rows) > 1) + 1):
                if piece.size > 1:
                    block = block_of(piece, columns)
                    out[block] = np.gradient(values[block], time_s[piece], axis=0)
    return out
