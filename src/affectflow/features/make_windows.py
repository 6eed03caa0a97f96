"""Windows of fixed duration, summarised: the table that statistics and models start from."""

from __future__ import annotations

import logging
from collections.abc import Iterable

import numpy as np
import polars as pl

from affectflow.features.frame_runs import phase_runs
from affectflow.features.summaries import Spans, covered_time, in_schema_order, summarise, time_shown
from affectflow.signal.stretches import median_step

logger = logging.getLogger(__name__)


def make_windows(
    tables: Iterable[pl.DataFrame],
    *,
    length_s: float,
    stride_s: float,
    min_coverage: float,
    max_gap_s: float,
    within: str = "phase",
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
    within
        "phase", or "recording": windows then start with the recording's first frame and run on over phases
        and what lies between; `phase` is what fills most of the window (null between phases), and
        derivatives are not taken across its limits.

    Returns
    -------
    `schema.WINDOWS`: per window mean (``mean_``), standard deviation
    (``sd_``, n - 1), mean absolute derivative (``speed_``) and mean signed
    derivative (``slope_``, both per second) of codes, measures and signals over
    the frames where they are present, null where that is less than
    `min_coverage` of the frames. The slope is the change over all steps between
    neighbouring values over the time those steps take: where nothing is missing,
    (last - first) / time. What moves there and back has speed and no slope.
    ``blink_rate_hz`` = beginnings of blinks per second with a face;
    ``quality_`` of each signal, 0..1 = share of the window's time with a valid
    value × mean quality of the wave it was found in.
    """
    made = []
    for features in tables:
        windows = _windows_of(
            features,
            length_s=length_s,
            stride_s=stride_s,
            min_coverage=min_coverage,
            max_gap_s=max_gap_s,
            within=within,
        )
        if windows.height == 0 and features.height:
            logger.warning(
                "recording %s: gives no window of %g s with at least %.0f %% coverage",
                *(features["recording_id"][0], length_s, 100 * min_coverage),
            )
        made.append(windows)
    return in_schema_order(made)


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
    features: pl.DataFrame,
    *,
    length_s: float,
    stride_s: float,
    min_coverage: float,
    max_gap_s: float,
    within: str,
) -> pl.DataFrame:
    phase = features["phase"]
    across = within == "recording"
    starts, first, last = window_edges(
        features["time_s"].to_numpy(),
        np.zeros(features.height, np.int64) if across else phase_runs(phase),
        np.ones(features.height, bool) if across else phase.is_not_null().to_numpy(),
        length_s=length_s,
        stride_s=stride_s,
    )
    spans = Spans(starts, starts + length_s, first, last).keep(last > first)
    covered_s = covered_time(features, spans, max_gap_s=max_gap_s)[1]
    spans = spans.keep(covered_s / length_s >= min_coverage - 1e-9)

    def enough(spans: Spans, present: np.ndarray) -> np.ndarray:
        return spans.sums(present) >= np.maximum(min_coverage * (spans.last - spans.first), 1) - 1e-9

    windows = summarise(features, spans, max_gap_s=max_gap_s, enough=enough)
    return windows.with_columns(phase=_longest_phase(features, spans, max_gap_s)) if across else windows


def _longest_phase(features: pl.DataFrame, spans: Spans, max_gap_s: float) -> pl.Series:
    """Return what fills most of each span: a phase, or null; of equals the earlier in the alphabet, null first."""
    shown_s = time_shown(features["time_s"].to_numpy(), max_gap_s)
    names = features["phase"].unique().sort(nulls_last=False)
    filled_s = [spans.sums(np.where(features["phase"].eq_missing(name), shown_s, 0.0)) for name in names]
    longest = np.argmax(np.reshape(filled_s, (len(names), spans.first.size)).round(9), axis=0)
    return names.gather(pl.Series(longest, dtype=pl.UInt32)).alias("phase")
