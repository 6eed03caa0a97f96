"""The windows a model sees: who, when, label, and arrays with NaN where nothing was measured.

Axes: n = window, t = time within the window, c = channel.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import polars as pl

from affectflow.errors import DesignError

KEYS = ("recording_id", "subject_id", "window_id", "start_s", "end_s")
SUMMARY_COLUMN = re.compile(r"(mean|sd|speed)_[a-z0-9_]+|blink_rate_hz")


@dataclass(frozen=True)
class WindowSet:
    """Labelled windows of any number of people.

    Attributes
    ----------
    keys
        One row per window: `KEYS`.
    label_n
        1 in the stressor condition, 0 in the baseline, int8.
    arrays
        "summary" (n, c) and, for networks, "face" and "bio" (n, t, c); float32,
        NaN = not measured.
    columns
        Names of the channels of each array.
    """

    keys: pl.DataFrame
    label_n: np.ndarray
    arrays: Mapping[str, np.ndarray]
    columns: Mapping[str, tuple[str, ...]]

    def __len__(self) -> int:
        return self.keys.height

    def take(self, chosen_n: np.ndarray) -> WindowSet:
        """Return the windows where `chosen_n` (bool or positions) says so."""
        positions = np.flatnonzero(chosen_n) if chosen_n.dtype == bool else chosen_n
        arrays = {name: array[positions] for name, array in self.arrays.items()}
        return WindowSet(self.keys[positions], self.label_n[positions], arrays, self.columns)

    def replace(self, arrays: Mapping[str, np.ndarray]) -> WindowSet:
        """Return the same windows with other arrays of the same channels."""
        return WindowSet(self.keys, self.label_n, {**self.arrays, **arrays}, self.columns)


def label_windows(windows: pl.DataFrame, *, baseline: str, stressor: str) -> pl.DataFrame:
    """Keep the windows of the two conditions and add their `label`, sorted by key.

    Parameters
    ----------
    windows
        `schema.WINDOWS`; not changed.
    baseline, stressor
        Values of `condition`; label 0 and 1.

    Raises
    ------
    DesignError
        If either condition has no window.
    """
    both = windows.filter(pl.col("condition").is_in([baseline, stressor]))
    for name in (baseline, stressor):
        if not (both["condition"] == name).any():
            found = ", ".join(repr(c) for c in windows["condition"].unique().sort().to_list()) or "none"
            raise DesignError(
                f"windows: no window has condition {name!r} (found: {found}), so there is nothing to tell apart. "
                "Check the sheet's condition column and stats.baseline / stats.stressor."
            )
    label = (pl.col("condition") == stressor).cast(pl.Int8).alias("label")
    return both.with_columns(label).sort("recording_id", "window_id")


def summary_set(labelled: pl.DataFrame) -> WindowSet:
    """Return labelled windows with their summary features as the array "summary".

    Coverage, number of frames and time are left out on purpose: they say how a
    window was recorded, not what the person did.
    """
    names = tuple(c for c in labelled.columns if SUMMARY_COLUMN.fullmatch(c))
    values = labelled.select(pl.col(n).cast(pl.Float32).fill_null(float("nan")) for n in names)
    array = values.to_numpy().astype(np.float32).reshape(labelled.height, len(names))
    label_n = labelled["label"].to_numpy().astype(np.int8)
    return WindowSet(labelled.select(KEYS), label_n, {"summary": array}, {"summary": names})
