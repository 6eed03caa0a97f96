"""The windows a model sees: who, when, label, and arrays with NaN where nothing was measured.

Axes: n = window, t = time within the window, c = channel.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl

from affectflow.errors import DesignError, TableError
from affectflow.train.windows.grid_source import Windowed

logger = logging.getLogger("affectflow")
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
        1 = positive, 0 = negative (`label_windows.label_windows`), int8.
    arrays
        "summary" (n, c) and, for networks, "face", "bio" and "gaze" (n, t, c), which
        are read from disk when indexed (`grid_source.GridSource`); float32, NaN = not
        measured.
    columns
        Names of the channels of each array.
    """

    keys: pl.DataFrame
    label_n: np.ndarray
    arrays: Mapping[str, Windowed]
    columns: Mapping[str, tuple[str, ...]]

    def __len__(self) -> int:
        return self.keys.height

    def take(self, chosen_n: np.ndarray) -> WindowSet:
        """Return the windows where `chosen_n` (bool or positions) says so."""
        positions = np.flatnonzero(chosen_n) if chosen_n.dtype == bool else chosen_n
        arrays = {name: array.take(positions, axis=0) for name, array in self.arrays.items()}
        return WindowSet(self.keys[positions], self.label_n[positions], arrays, self.columns)

    def replace(self, arrays: Mapping[str, Windowed]) -> WindowSet:
        """Return the same windows with other arrays of the same channels."""
        return WindowSet(self.keys, self.label_n, {**self.arrays, **arrays}, self.columns)


def labelled_set(windows: pl.DataFrame, examples: pl.DataFrame, *, time: bool, shuffled: bool) -> WindowSet:
    """Return what every entry begins with: `time_set` for the control that sees nothing but time, else `summary_set`."""
    return (
        time_set(examples, shuffled=shuffled) if time else summary_set(windows, examples, shuffled=shuffled)
    )


def summary_set(windows: pl.DataFrame, examples: pl.DataFrame, *, shuffled: bool = False) -> WindowSet:
    """Return labelled windows with their summary features as the array "summary".

    Coverage, number of frames and time are left out on purpose: they say how a
    window was recorded, not what the person did.

    Parameters
    ----------
    windows
        `schema.WINDOWS`.
    examples
        `schema.EXAMPLES`: the windows wanted, with their labels; in this order.
    shuffled
        Whether the labels are the control's; windows that have none are left out.

    Raises
    ------
    TableError
        If an example is no window.
    DesignError
        If the control has no labels at all.
    """
    examples, label_n = _labels(examples, shuffled)
    names = tuple(c for c in windows.columns if SUMMARY_COLUMN.fullmatch(c))
    key = ["recording_id", "window_id"]
    found = examples.select(key).join(
        windows.select(*key, *names, there=pl.lit(True)), on=key, how="left", maintain_order="left"
    )
    if found["there"].null_count():
        raise TableError("windows and examples do not belong together. Re-run label_windows.")
    array = summary_array(found, names)
    return WindowSet(examples.select(KEYS), label_n, {"summary": array}, {"summary": names})


def summary_array(windows: pl.DataFrame, names: Sequence[str]) -> np.ndarray:
    """Return summaries as float32 (n, c), NaN where nothing was measured.

    Infinite ones, and those too large for float32, count as not measured, as in
    statistics and in the networks' inputs: no scale could be learnt beside
    them. The log names their columns.

    Parameters
    ----------
    windows
        Table with some of the columns.
    names
        Columns wanted; one that is absent is NaN throughout.
    """
    there = [n for n in names if n in windows.columns]
    values = windows.select(pl.col(n).cast(pl.Float32) for n in there)
    if infinite := {n: count for n in there if (count := int(values[n].is_infinite().sum()))}:
        logger.warning(
            "windows: infinite values are taken as not measured: %s",
            ", ".join(f"{n} in {count} of {windows.height}" for n, count in infinite.items()),
        )
    array = np.full((windows.height, len(names)), np.nan, np.float32)
    for n in there:
        own_n = values[n].fill_null(np.nan).to_numpy()
        array[:, names.index(n)] = np.where(np.isfinite(own_n), own_n, np.nan)
    return array


def time_set(examples: pl.DataFrame, *, shuffled: bool = False) -> WindowSet:
    """Return labelled windows of which nothing is known but when they are, as the array "summary".

    What a model scores on these is what the design gives away: a stressor that
    always comes second, or tiredness, needs no face. How long a recording is plays no part: no model sees it.

    Parameters
    ----------
    examples
        `schema.EXAMPLES`.
    shuffled
        As in `summary_set`.

    Raises
    ------
    DesignError
        If the control has no labels at all.
    """
    examples, label_n = _labels(examples, shuffled)
    names = ("start_s", "start_s_squared", "since_phase_s")
    run = pl.struct("recording_id", "phase").rle_id()
    times = (
        examples.with_columns(since_phase_s=pl.col("start_s") - pl.col("start_s").min().over(run))
        .with_columns(start_s_squared=pl.col("start_s") ** 2)
        .select(pl.col(n).cast(pl.Float32) for n in names)
    )
    return WindowSet(examples.select(KEYS), label_n, {"summary": times.to_numpy()}, {"summary": names})


def _labels(examples: pl.DataFrame, shuffled: bool) -> tuple[pl.DataFrame, np.ndarray]:
    """Return the examples that have a label, and the labels."""
    name = "shuffled_label" if shuffled else "label"
    chosen = examples.drop_nulls(name)
    if chosen.is_empty() and examples.height:
        raise DesignError(
            "models/examples.parquet: no dealing can change anybody's label, so there is nothing to train on shuffled labels. "
            "Drop shuffled_labels from train.controls, or record more people in both conditions."
        )
    return chosen, chosen[name].to_numpy().astype(np.int8)
