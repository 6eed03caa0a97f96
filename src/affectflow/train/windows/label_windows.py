"""Windows that models learn from: which, and with which label."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Sequence
from zlib import crc32

import numpy as np
import polars as pl

from affectflow.errors import DesignError, did_you_mean
from affectflow.schema import EXAMPLES
from affectflow.signal.stretches import median_step

logger = logging.getLogger(__name__)


def label_windows(
    windows: pl.DataFrame,
    *,
    baseline: str,
    stressor: str,
    label: str = "condition",
    positive_phases: Sequence[str] = (),
    label_share: float = 0.4,
    phases: Iterable[pl.DataFrame] = (),
    seed: int = 0,
) -> pl.DataFrame:
    """Choose the windows that models learn from and label them.

    Parameters
    ----------
    windows
        `schema.WINDOWS`; not changed, the order of rows does not matter.
    baseline, stressor
        Values of `condition`.
    label
        "condition": windows of both conditions, 1 under the stressor. "phase": windows of the stressor's
        recordings alone, 1 where at least `label_share` of the window's time lies in `positive_phases`
        (driving-stress study: 0.4 for its fusion model).
    positive_phases
        Phases of `label` "phase".
    label_share
        Share of a window's time, 0..1.
    phases
        For `label` "phase": recording_id, time_s, phase of each recording's frames, one table each, read one
        at a time. What lies between phases is not positive.
    seed
        Of the shuffled labels.

    Returns
    -------
    `schema.EXAMPLES`, sorted by recording and window. `shuffled_label` is a control: the labels of each
    person's blocks (recordings, or runs of one label within a recording) dealt anew among that person's
    blocks, so that windows next to each other keep their common label and nothing but its meaning is lost.

    Raises
    ------
    DesignError
        If there are windows of one label only, or a phase is nowhere.
    """
    if label == "phase":
        shares = _phase_shares(windows.filter(pl.col("condition") == stressor), phases, positive_phases)
    else:
        shares = windows.filter(pl.col("condition").is_in([baseline, stressor])).with_columns(
            share=(pl.col("condition") == stressor).cast(pl.Float64)
        )
        _check_conditions(windows, shares, baseline, stressor)
    limit = label_share if label == "phase" else 0.5
    labelled = shares.with_columns(label=(pl.col("share") >= limit - 1e-9).cast(pl.Int8)).sort(
        "recording_id", "window_id"
    )
    if label == "phase" and labelled["label"].n_unique() < 2:
        raise DesignError(
            f"train.label: phase: all {labelled.height} windows of {stressor!r} have the label "
            f"{'none' if labelled.is_empty() else labelled['label'][0]}, so there is nothing to tell apart. Check "
            "train.positive_phases, train.label_share and features.windows."
        )
    return labelled.with_columns(shuffled_label=_shuffled(labelled, seed)).select(EXAMPLES.names)


def _check_conditions(windows: pl.DataFrame, both: pl.DataFrame, baseline: str, stressor: str) -> None:
    for name in (baseline, stressor):
        if not (both["condition"] == name).any():
            found = ", ".join(repr(c) for c in windows["condition"].unique().sort().to_list()) or "none"
            raise DesignError(
                f"windows: no window has condition {name!r} (found: {found}), so there is nothing to tell apart. "
                "Check the sheet's condition column and stats.baseline / stats.stressor."
            )


def _phase_shares(
    windows: pl.DataFrame, phases: Iterable[pl.DataFrame], positive: Sequence[str]
) -> pl.DataFrame:
    """Add the share of each window's time in the positive phases."""
    rows = windows.partition_by("recording_id", as_dict=True)
    parts, seen = [], set()
    for table in phases:
        own = rows.pop((table["recording_id"][0],), None) if table.height else None
        if own is None:
            continue
        seen |= set(table["phase"].drop_nulls().unique())
        parts.append(own.with_columns(share=pl.Series(_shares(own, table, positive), dtype=pl.Float64)))
    if rows:
        raise DesignError(
            f"features: no phases of {', '.join(sorted(str(k[0]) for k in rows))}. Re-run make_windows."
        )
    for name in positive:
        if name not in seen:
            raise DesignError(
                f"train.positive_phases: there is no phase {name!r}.{did_you_mean(name, seen)} "
                f"Found: {', '.join(sorted(seen)) or 'none'}."
            )
    return pl.concat(parts) if parts else windows.with_columns(share=pl.lit(None, pl.Float64))


def _shares(windows: pl.DataFrame, frames: pl.DataFrame, positive: Sequence[str]) -> np.ndarray:
    """Share of each window that frames of the positive phases fill; a frame lasts until the next one."""
    time_f = frames["time_s"].to_numpy()
    inside_f = frames["phase"].is_in(list(positive)).fill_null(False).to_numpy()
    if len(time_f) < 2:
        return np.zeros(windows.height)
    until_f = np.append(time_f[1:], time_f[-1] + median_step(time_f))
    # Time inside the positive phases up to any moment, as straight lines between frames.
    edges = np.append(time_f, until_f[-1])
    passed = np.append(0.0, np.cumsum(np.where(inside_f, until_f - time_f, 0.0)))
    start, end = windows["start_s"].to_numpy(), windows["end_s"].to_numpy()
    return (np.interp(end, edges, passed) - np.interp(start, edges, passed)) / (end - start)


def _shuffled(labelled: pl.DataFrame, seed: int) -> pl.Series:
    """Return the labels of each person's blocks, dealt anew among them."""
    block = (
        labelled.select(
            (
                (pl.col("recording_id") != pl.col("recording_id").shift())
                | (pl.col("label") != pl.col("label").shift())
            )
            .fill_null(True)
            .cum_sum()
        )
        .to_series()
        .to_numpy()
    )
    person, label = labelled["subject_id"].to_numpy(), labelled["label"].to_numpy()
    kinds = labelled.group_by("subject_id").agg(pl.col("label").n_unique())["label"]
    if single := int((kinds == 1).sum()):
        logger.warning(
            "shuffled labels: %d of %d people have windows of one label only and keep it, so the control shuffled_labels "
            "says less than it should",
            *(single, len(kinds)),
        )
    result = label.copy()
    for name in np.unique(person):
        own = np.flatnonzero(person == name)
        _, first, of_block = np.unique(block[own], return_index=True, return_inverse=True)
        state = np.random.SeedSequence([seed, crc32(f"label_windows/{name}".encode())])
        dealt = np.random.default_rng(state).permutation(label[own][first])
        result[own] = dealt[of_block]
    return pl.Series(result, dtype=pl.Int8)
