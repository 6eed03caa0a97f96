"""One recording on a uniform clock: what networks read window by window.

Axes: t = cell of the clock, c = channel.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import numpy as np
import polars as pl

from affectflow.schema import EXP, FEATURES, MEASURES, POSE, is_further_face
from affectflow.signal.stretches import median_step
from affectflow.train.windows.cells import cell_means

MODALITIES = ("face", "bio", "gaze")
GAZE = re.compile(r"(gaze|pupil)_")
# Numbers handled at once: the cells' edges take a few times this in memory.
AT_ONCE = 2**20


def modality_columns(names: list[str]) -> dict[str, tuple[str, ...]]:
    """Return which columns of a features table belong to each modality, derivatives (``d_``) after the levels.

    Parameters
    ----------
    names
        All columns of the table. What is neither face nor gaze is a biosignal;
        what says how something was measured (``quality_``) is no input.
    """
    own = {*FEATURES.names}
    extra = sorted(n for n in names if n not in own and not n.startswith(("d_", "quality_")))
    levels = {
        "face": [*EXP, *POSE, *MEASURES, *(n for n in extra if is_further_face(n))],
        "bio": [n for n in extra if not is_further_face(n) and not GAZE.match(n)],
        "gaze": [n for n in extra if not is_further_face(n) and GAZE.match(n)],
    }
    there = set(names)
    return {
        modality: tuple(n for n in [*columns, *(f"d_{c}" for c in columns)] if n in there)
        for modality, columns in levels.items()
    }


def grid_frames(
    features: pl.DataFrame, *, rates_hz: Mapping[str, float], max_gap_s: float
) -> tuple[dict[str, np.ndarray], dict[str, Any]]:
    """Bring a recording's frames to a uniform clock, one for each modality.

    A cell holds the mean over its duration of the straight lines between
    neighbouring frames, so any frame rate, also a variable one, gives the same
    grid without aliasing. Nothing is made up: a stretch between two frames
    counts only when both are measured and at most `max_gap_s` apart, and a cell
    measured for less than half of its duration is NaN.

    Parameters
    ----------
    features
        `schema.FEATURES` of one recording.
    rates_hz
        Cells per second of each of `MODALITIES`.
    max_gap_s
        Longest step between frames that is bridged, seconds.

    Returns
    -------
    arrays, facts
        Per modality float32 (t, c), NaN = not measured, and its ``columns``,
        ``rate_hz`` and ``first_cell``: row k lasts from (first_cell + k) / rate_hz
        to one cell later. A modality that the recording lacks has no channels.
        Beside them ``phase_runs``: see `phase_runs`.
    """
    columns = modality_columns(features.columns)
    time_f = features["time_s"].to_numpy()
    arrays: dict[str, np.ndarray] = {}
    facts: dict[str, Any] = {"phase_runs": phase_runs(features)}
    for modality in MODALITIES:
        rate_hz, names = rates_hz[modality], columns[modality]
        first, last = _cells_of(time_f, rate_hz)
        edges_e = np.arange(first, last + 1) / rate_hz
        grid_tc = np.full((last - first, len(names)), np.nan, np.float32)
        at_once = max(1, AT_ONCE // max(len(time_f), 1))
        for start in range(0, len(names), at_once):
            part = slice(start, start + at_once)
            values_fc = _numbers(features, names[part])
            grid_tc[:, part] = cell_means(time_f, values_fc, edges_e[None, :], max_gap_s=max_gap_s)[0]
        arrays[modality] = grid_tc
        facts[modality] = {"columns": list(names), "rate_hz": rate_hz, "first_cell": first}
    return arrays, facts


def phase_runs(features: pl.DataFrame) -> list[tuple[str | None, float]]:
    """Return the uninterrupted runs of phases, in order of time.

    Parameters
    ----------
    features
        phase and time_s of one recording's frames.

    Returns
    -------
    Phase (None between phases) and time of its first frame, seconds, of each run.
    """
    first = features.filter(pl.col("phase").rle_id().is_first_distinct())
    return [(phase, float(start_s)) for phase, start_s in first.select("phase", "time_s").iter_rows()]


def _cells_of(time_f: np.ndarray, rate_hz: float) -> tuple[int, int]:
    """Return the first and one past the last cell that a recording reaches into."""
    if not len(time_f):
        return 0, 0
    shown_s = median_step(time_f) if len(time_f) > 1 else 0.0
    first = int(np.floor(time_f[0] * rate_hz + 1e-6))
    return first, max(first + 1, int(np.ceil((time_f[-1] + shown_s) * rate_hz - 1e-6)))


def _numbers(table: pl.DataFrame, names: tuple[str, ...]) -> np.ndarray:
    nan = float("nan")
    return table.select(pl.col(n).cast(pl.Float64).fill_null(nan) for n in names).to_numpy()
