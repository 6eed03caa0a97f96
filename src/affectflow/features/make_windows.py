"""Windows of fixed duration, summarised: the table that statistics and models start from."""

from __future__ import annotations

import logging
from collections.abc import Iterable

import numpy as np
import polars as pl

from affectflow.features.frame_runs import phase_runs
from affectflow.schema import EXP, FEATURES, MEASURES, POSE, WINDOWS, is_further_face
from affectflow.signal.quality import PREFIX, quality_column
from affectflow.signal.stretches import longest_step, median_step

logger = logging.getLogger(__name__)

# A column that is present in a smaller share of a window's frames has no summary there.
FACE = (*EXP, *POSE, *MEASURES)


def make_windows(
    tables: Iterable[pl.DataFrame],
    *,
    length_s: float,
    stride_s: float,
    min_coverage: float,
    max_gap_s: float,
) -> pl.DataFrame:
    """Cut recordings into windows of fixed duration and summarise each.

    Windows are cut by time, not by row count, so recordings of different frame
    rates stay comparable; they start with the first frame of each phase and lie
    inside it. A window that reaches past the phase's end is dropped. One table
    is held in memory at a time.

    Parameters
    ----------
    tables
        `schema.FEATURES`, one recording each.
    length_s, stride_s
        Duration of a window and step between starts, seconds. Windows that
        overlap (stride below length) are not independent observations.
    min_coverage
        Windows with a valid face for a smaller share of their time are dropped.
        In a recording without a single valid face (signals only) the share of
        time with a signal counts instead, and the face's summaries are null.
    max_gap_s
        A frame stands for the time until the next one, but for no longer than
        this; needed to tell coverage in a video of variable frame rate.

    Returns
    -------
    `schema.WINDOWS`: per window mean (``mean_``), standard deviation
    (``sd_``, n - 1) and mean absolute derivative (``speed_``) of codes,
    measures and signals over the frames where they are present, null where that
    is less than `min_coverage` of the frames; ``blink_rate_hz`` = beginnings of
    blinks per second with a face; ``quality_`` of each signal, 0..1 = share of the
    window's time with a valid value × mean quality of the wave it was found in.
    """
    made = []
    for features in tables:
        windows = _windows_of(
            features, length_s=length_s, stride_s=stride_s, min_coverage=min_coverage, max_gap_s=max_gap_s
        )
        if windows.height == 0 and features.height:
            logger.warning(
                "recording %s: gives no window of %g s with at least %.0f %% coverage",
                *(features["recording_id"][0], length_s, 100 * min_coverage),
            )
        made.append(windows)
    table = pl.concat(made, how="diagonal") if made else WINDOWS.empty()
    return table.select(*WINDOWS.names, *sorted(c for c in table.columns if c not in WINDOWS.names))


def window_edges(
    time_s: np.ndarray, runs: np.ndarray, in_phase: np.ndarray, *, length_s: float, stride_s: float
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return start times and first and one-past-last row of every complete window.

    Parameters
    ----------
    time_s
        Increasing, seconds, shape (n,).
    runs
        Number of the phase run of each row, shape (n,).
    in_phase
        False between phases, shape (n,).
    length_s, stride_s
        See `make_windows`.
    """
    starts, first, last = [np.empty(0)], [np.empty(0, np.int64)], [np.empty(0, np.int64)]
    step = median_step(time_s) if time_s.size > 1 else 0.0
    for run in np.unique(runs[in_phase]):
        rows = np.flatnonzero(runs == run)
        begin = time_s[rows[0]]
        # The last frame of a phase is shown for one more step; half a step forgives rounding.
        room = time_s[rows[-1]] + 1.5 * step - begin - length_s
        n = int(np.floor(room / stride_s)) + 1 if room >= 0 else 0
        start = begin + stride_s * np.arange(n)
        starts.append(start)
        first.append(np.searchsorted(time_s, start - 1e-9, side="left"))
        end = np.searchsorted(time_s, start + length_s - 1e-9, side="left")
        last.append(np.minimum(end, rows[-1] + 1))
    return np.concatenate(starts), np.concatenate(first), np.concatenate(last)


def _windows_of(
    features: pl.DataFrame, *, length_s: float, stride_s: float, min_coverage: float, max_gap_s: float
) -> pl.DataFrame:
    time = features["time_s"].to_numpy()
    phase = features["phase"]
    runs = phase_runs(phase.to_list())
    starts, first, last = window_edges(
        time, runs, phase.is_not_null().to_numpy(), length_s=length_s, stride_s=stride_s
    )
    others = [c for c in features.columns if c not in FEATURES.names and not c.startswith(("d_", PREFIX))]
    further = [c for c in others if is_further_face(c)]
    signals = [c for c in others if c not in further]
    shown_s = _time_shown(time, max_gap_s)
    valid = features["valid"].to_numpy()
    face_s = _sums(np.where(valid, shown_s, 0.0), first, last)
    covered_s = face_s
    if not valid.any() and signals:
        any_signal = features.select(pl.any_horizontal(pl.col(signals).is_not_null())).to_series().to_numpy()
        covered_s = _sums(np.where(any_signal, shown_s, 0.0), first, last)
    keep = (covered_s / length_s >= min_coverage - 1e-9) & (last > first)
    starts, first, last, face_s = starts[keep], first[keep], last[keep], face_s[keep]
    n = first.size
    head = features.select("recording_id", "subject_id", "condition", "pair").head(1)
    table = head.select(pl.all().gather(pl.Series([0] * n, dtype=pl.UInt32))) if n else head.clear()
    columns: dict[str, pl.Series] = {
        "window_id": pl.Series(np.arange(n), dtype=pl.Int32),
        "start_s": pl.Series(starts, dtype=pl.Float64),
        "end_s": pl.Series(starts + length_s, dtype=pl.Float64),
        "phase": phase.gather(first),
        "n_frames": pl.Series(last - first, dtype=pl.Int32),
        "coverage": pl.Series(np.minimum(face_s / length_s, 1.0), dtype=pl.Float64),
    }
    for name in (*FACE, *further, *signals):
        columns |= _summaries(features, name, first, last, min_coverage)
    for name in signals:
        worth = _sums(shown_s * _quality_of(features, name), first, last) / length_s
        columns[f"{PREFIX}{name}"] = pl.Series(np.minimum(worth, 1.0), dtype=pl.Float64)
    columns["blink_rate_hz"] = _blink_rate(features["blink"], first, last, face_s)
    return table.with_columns(v.alias(k) for k, v in columns.items())


def _time_shown(time: np.ndarray, max_gap_s: float) -> np.ndarray:
    """How long each frame stands for: until the next one, at most the longest step that is no gap."""
    if time.size < 2:
        return np.zeros(time.shape)
    step = np.append(np.diff(time), median_step(time))
    return np.minimum(step, longest_step(time, max_gap_s))


def _sums(value: np.ndarray, first: np.ndarray, last: np.ndarray) -> np.ndarray:
    """Sum of each window's rows, from one running sum."""
    running = np.concatenate([[0.0], np.cumsum(value)])
    return running[last] - running[first]


def _summaries(
    features: pl.DataFrame, name: str, first: np.ndarray, last: np.ndarray, min_coverage: float
) -> dict[str, pl.Series]:
    value = features[name].cast(pl.Float64).fill_null(np.nan).to_numpy()
    present = np.isfinite(value)
    # Around the column's own mean, so that the running sum of squares keeps its digits.
    centre = value[present].mean() if present.any() else 0.0
    around = np.where(present, value - centre, 0.0)
    count = _sums(present.astype(np.float64), first, last)
    enough = count >= np.maximum(min_coverage * (last - first), 1) - 1e-9
    total, squares = _sums(around, first, last), _sums(around**2, first, last)
    some = np.maximum(count, 1)
    variance = np.maximum(squares - total**2 / some, 0.0) / np.maximum(count - 1, 1)
    out = {
        f"mean_{name}": _column(centre + total / some, enough),
        f"sd_{name}": _column(np.sqrt(variance), enough & (count > 1)),
    }
    if f"d_{name}" in features.columns:
        slope = features[f"d_{name}"].cast(pl.Float64).fill_null(np.nan).to_numpy()
        present = np.isfinite(slope)
        count = _sums(present.astype(np.float64), first, last)
        total = _sums(np.where(present, np.abs(slope), 0.0), first, last)
        enough = count >= np.maximum(min_coverage * (last - first), 1) - 1e-9
        out[f"speed_{name}"] = _column(total / np.maximum(count, 1), enough)
    return out


def _quality_of(features: pl.DataFrame, name: str) -> np.ndarray:
    """Return per frame: 0 where the signal is missing, else what the wave is worth in which it was found (or 1)."""
    present = features[name].is_not_null().to_numpy().astype(np.float64)
    quality = quality_column(name, features.columns)
    return present if quality is None else present * features[quality].fill_null(0.0).to_numpy()


def _column(value: np.ndarray, known: np.ndarray) -> pl.Series:
    return pl.Series(np.where(known, value, np.nan), dtype=pl.Float64, nan_to_null=True)


def _blink_rate(blink: pl.Series, first: np.ndarray, last: np.ndarray, face_s: np.ndarray) -> pl.Series:
    """Beginnings of blinks per second with a face; one that began before its first seen frame is not counted."""
    began = (blink & ~blink.shift(1)).fill_null(False).to_numpy().astype(np.float64)
    return _column(_sums(began, first, last) / np.maximum(face_s, 1e-9), face_s > 0)
