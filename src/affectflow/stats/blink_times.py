"""How many blinks of the simulated study were found, at the right time."""

from __future__ import annotations

from typing import Any

import numpy as np
import polars as pl

ALL = "all"
TIME_TOLERANCE_S = 1e-6
BLINK_TOLERANCE_S = 0.2


def score_blink_times(truth: pl.DataFrame, blinks: pl.DataFrame) -> list[dict[str, Any]]:
    """Score the onsets of blinks: F1 of those found against the true ones.

    A blink counts as found when it is seen within `BLINK_TOLERANCE_S` after its
    true onset; lids need a part of that time to close.

    Parameters
    ----------
    truth
        `recording_id`, `frame_id`, `time_s`, `blink_onset` of any number of recordings.
    blinks
        `recording_id`, `frame_id`, `blink` of the same recordings.

    Returns
    -------
    list of dict
        Rows of `check_recovery`'s table, the one for all recordings first; `true_mean`
        and `measured_mean` hold the two counts.
    """
    rows, totals = [], np.zeros(3, dtype=int)
    for (name,), own in truth.sort("recording_id", "frame_id").group_by("recording_id", maintain_order=True):
        shut = own.select("frame_id", "time_s", "blink_onset").join(
            blinks.filter(pl.col("recording_id") == name).select("frame_id", "blink"),
            on="frame_id",
            how="left",
        )
        flag = shut.sort("frame_id")["blink"].fill_null(False).to_numpy()
        time_s = shut["time_s"].to_numpy()
        found = time_s[flag & ~np.concatenate([[False], flag[:-1]])]
        true = time_s[shut["blink_onset"].to_numpy()]
        counts = np.array([_matches(true, found), len(true), len(found)])
        totals += counts
        rows.append(_blink_row(str(name), counts, len(time_s)))
    return [_blink_row(ALL, totals, truth.height), *rows]


def _matches(true: np.ndarray, found: np.ndarray) -> int:
    """Count true onsets that a found one follows within the tolerance, each used once."""
    free = list(found)
    n = 0
    for moment in true:
        near = next((f for f in free if -TIME_TOLERANCE_S <= f - moment <= BLINK_TOLERANCE_S), None)
        if near is not None:
            free.remove(near)
            n += 1
    return n


def _blink_row(name: str, counts: np.ndarray, n_frames: int) -> dict[str, Any]:
    matched, n_true, n_found = (int(c) for c in counts)
    value = 2 * matched / (n_true + n_found) if n_true + n_found else None
    return {
        "recording_id": name,
        "quantity": "blink times",
        "statistic": "F1",
        "value": value,
        "target": None,
        "met": None,
        "true_mean": float(n_true),
        "measured_mean": float(n_found),
        "slope": None,
        "n_frames": n_frames,
    }
