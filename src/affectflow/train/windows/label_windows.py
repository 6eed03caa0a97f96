"""Windows that models learn from: which, and with which label."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
import polars as pl

from affectflow.errors import DesignError, did_you_mean
from affectflow.schema import EXAMPLES
from affectflow.signal.stretches import median_step
from affectflow.train.windows.shuffle_labels import shuffle_labels


def label_windows(windows: pl.DataFrame, *, seed: int = 0, **rule: Any) -> pl.DataFrame:
    """Choose the windows that models learn from and label them, once by a rule and once as a control.

    Parameters
    ----------
    windows
        `schema.WINDOWS`; not changed, the order of rows does not matter.
    seed
        Of the shuffled labels.
    rule
        See `label_by_rule`.

    Returns
    -------
    `schema.EXAMPLES`, sorted by recording and window. `shuffled_label` is the control, see
    `shuffle_labels.shuffle_labels`: nothing but the meaning of the labels is lost.

    Raises
    ------
    DesignError
        See `label_by_rule`.
    """
    labelled = label_by_rule(windows, **rule)
    return labelled.with_columns(shuffled_label=shuffle_labels(labelled, seed=seed)).select(EXAMPLES.names)


def label_by_rule(
    windows: pl.DataFrame,
    *,
    baseline: str,
    stressor: str,
    label: str = "condition",
    positive_phases: Sequence[str] = (),
    label_share: float = 0.4,
    phases: Iterable[pl.DataFrame] = (),
) -> pl.DataFrame:
    """Return the windows that have a label, with the `share` of each that is positive, and the `label`.

    Parameters
    ----------
    windows
        As in `label_windows`.
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

    Raises
    ------
    DesignError
        If there are no windows of a condition, windows of one label only, or a phase is nowhere.
    """
    if label == "phase":
        own = windows.filter(pl.col("condition") == stressor)
        _check_conditions(windows, own, [stressor])
        shares, seen = _phase_shares(own, phases, positive_phases)
    else:
        shares = windows.filter(pl.col("condition").is_in([baseline, stressor])).with_columns(
            share=(pl.col("condition") == stressor).cast(pl.Float64)
        )
        _check_conditions(windows, shares, [baseline, stressor])
    limit = label_share if label == "phase" else 0.5
    labelled = shares.with_columns(label=(pl.col("share") >= limit - 1e-9).cast(pl.Int8)).sort(
        "recording_id", "window_id"
    )
    if label == "phase" and labelled["label"].n_unique() < 2:
        raise DesignError(_one_label(labelled, stressor, positive_phases, label_share, seen))
    return labelled


def _check_conditions(windows: pl.DataFrame, chosen: pl.DataFrame, wanted: Sequence[str]) -> None:
    for name in wanted:
        if not (chosen["condition"] == name).any():
            found = ", ".join(repr(c) for c in windows["condition"].unique().sort().to_list()) or "none"
            raise DesignError(
                f"windows: no window has condition {name!r} (found: {found}), so there is nothing to tell apart. "
                "Check the sheet's condition column and stats.baseline / stats.stressor."
            )


def _one_label(
    labelled: pl.DataFrame, stressor: str, positive: Sequence[str], limit: float, seen: Sequence[str]
) -> str:
    """Say why all windows of label: phase have the same label."""
    label, share_n = labelled["label"][0], labelled["share"].to_numpy()
    reached, mend = (
        (f"at least {share_n.min():.0%}", "Name fewer, or raise label_share.")
        if label
        else (f"at most {share_n.max():.0%}", "Name others, lower label_share, or cut shorter windows.")
    )
    return (
        f"train.positive_phases: all {labelled.height} windows of {stressor!r} have the label {label}, so there is nothing to "
        f"tell apart: {reached} of a window's time lies in {', '.join(positive)}, and train.label_share is {limit:.0%}. "
        f"Phases seen: {', '.join(seen)}. {mend}"
    )


def _phase_shares(
    windows: pl.DataFrame, phases: Iterable[pl.DataFrame], positive: Sequence[str]
) -> tuple[pl.DataFrame, list[str]]:
    """Add the share of each window's time in the positive phases; return the phases seen, too."""
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
    return pl.concat(parts), sorted(seen)


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
