"""One value per window of every input: what label_inputs and time_inputs look through.

Axes: n = window, t = time, c = channel.
"""

from __future__ import annotations

import numpy as np

from affectflow.train.audit.artefacts import Artefacts
from affectflow.train.audit.rebuild import entry_windows
from affectflow.train.windows.grid_source import Windowed

# Numbers read at once.
AT_ONCE = 2**23


def window_values(study: Artefacts) -> tuple[list[str], np.ndarray]:
    """Return names and values of every input that any entry reads, but of the control that is given the time.

    Parameters
    ----------
    study
        What was left behind.

    Returns
    -------
    names, values
        "array: channel", and float64 (n, c) in the order of `examples`: a summary as it is, a channel of a
        network its mean over the window; NaN where nothing was measured.
    """
    return study.once("window_values", lambda: _collect(study))


def _collect(study: Artefacts) -> tuple[list[str], np.ndarray]:
    names: list[str] = []
    parts: list[np.ndarray] = [np.empty((study.examples.height, 0))]
    for entry, declared in study.declared["entries"].items():
        if declared["time"]:
            continue
        windows = entry_windows(study, entry)
        for array, columns in windows.columns.items():
            fresh = [i for i, c in enumerate(columns) if f"{array}: {c}" not in names]
            if fresh:
                names += [f"{array}: {columns[i]}" for i in fresh]
                parts.append(_means(windows.arrays[array], np.array(fresh)))
    return names, np.concatenate(parts, axis=1)


def _means(array: Windowed, channels: np.ndarray) -> np.ndarray:
    """Return the mean of each window over its measured samples, (n, c)."""
    n, each = array.shape[0], max(1, int(np.prod(array.shape[1:])))
    step = max(1, AT_ONCE // each)
    means = [np.empty((0, len(channels)))]
    for start in range(0, n, step):
        values = array[np.arange(start, min(n, start + step))][..., channels].astype(np.float64)
        if values.ndim == 3:
            known = np.isfinite(values)
            count = known.sum(axis=1)
            total = np.where(known, values, 0.0).sum(axis=1)
            values = np.where(count > 0, total / np.maximum(count, 1), np.nan)
        means.append(values)
    return np.concatenate(means)
