"""Runs of a phase, summarised: what is compared phase by phase."""

from __future__ import annotations

import logging
from collections.abc import Iterable

import numpy as np
import polars as pl

from affectflow.features.frame_runs import phase_runs
from affectflow.features.summaries import Spans, in_schema_order, summarise, time_shown
from affectflow.signal.stretches import median_step

logger = logging.getLogger(__name__)


def summarise_phases(tables: Iterable[pl.DataFrame], *, min_phase_s: float, max_gap_s: float) -> pl.DataFrame:
    """Summarise each uninterrupted run of a phase of each recording as a whole.

    What windows are for models, phases are for tests: one level and one speed
    per person, phase and measure, as in the driving-stress study (arXiv
    2601.04376; at least 40 samples at 10 Hz, so 4 s). A phase that comes twice
    in a recording has two rows; rows between phases belong to none. No row is
    dropped: a phase without a face is there, with null. One table is held in
    memory at a time.

    Parameters
    ----------
    tables
        `schema.FEATURES`, one recording each.
    min_phase_s
        A column that is present for less of a recording's phase than this, seconds, all its runs
        together, has no summary there. Half a frame is forgiven.
    max_gap_s
        A frame stands for the time until the next one, but for no longer than this.

    Returns
    -------
    `schema.WINDOWS`, where a window is a run of a phase: ``start_s`` is its first
    frame's time, ``end_s`` the time until which its last frame is shown. The
    columns are those of `make_windows`.
    """
    made = []
    for features in tables:
        phases = _phases_of(features, min_phase_s=min_phase_s, max_gap_s=max_gap_s)
        if phases.height == 0 and features.height:
            logger.warning("recording %s: no frame lies in a phase", features["recording_id"][0])
        made.append(phases)
    return in_schema_order(made)


def phase_spans(time_s: np.ndarray, runs: np.ndarray, in_phase: np.ndarray, *, max_gap_s: float) -> Spans:
    """Return the runs of a phase as spans.

    Parameters
    ----------
    time_s
        Increasing, seconds, shape (n,).
    runs
        Number of the phase run of each row (`phase_runs`), shape (n,).
    in_phase
        False between phases, shape (n,).
    max_gap_s
        Longest time that the last frame of a run is taken to be shown, seconds.
    """
    first = np.flatnonzero(in_phase & np.append(True, np.diff(runs) != 0)[: time_s.size])
    ends = np.append(np.flatnonzero(np.diff(runs) != 0) + 1, time_s.size)
    last = ends[np.searchsorted(ends, first, side="right")]
    shown_s = time_shown(time_s, max_gap_s)
    return Spans(time_s[first], time_s[last - 1] + shown_s[last - 1], first, last)


def _phases_of(features: pl.DataFrame, *, min_phase_s: float, max_gap_s: float) -> pl.DataFrame:
    time, phase = features["time_s"].to_numpy(), features["phase"]
    spans = phase_spans(time, phase_runs(phase), phase.is_not_null().to_numpy(), max_gap_s=max_gap_s)
    shown_s = time_shown(time, max_gap_s)
    half_a_frame = median_step(time) / 2 if time.size > 1 else 0.0
    name = phase.gather(spans.first).to_numpy()
    same_phase = (name[:, None] == name).astype(np.float64)

    def enough(spans: Spans, present: np.ndarray) -> np.ndarray:
        there_s = spans.sums(np.where(present, shown_s, 0.0))
        # A phase that comes back is one phase: its runs together must last.
        in_phase_s = there_s @ same_phase
        long = in_phase_s >= min_phase_s - half_a_frame - 1e-9
        return long & (spans.sums(present) > 0)

    return summarise(features, spans, max_gap_s=max_gap_s, enough=enough)
