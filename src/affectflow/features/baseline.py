"""The rows of a recording whose mean is its resting level."""

from __future__ import annotations

import numpy as np
import polars as pl

from affectflow.config.features import Baseline
from affectflow.errors import InputError
from affectflow.features.rotations import relative_to


def baseline_rows(frames: pl.DataFrame, baseline: Baseline) -> np.ndarray:
    """Return which rows are the resting stretch, shape (n,).

    Raises
    ------
    InputError
        If the recording has no such phase.
    """
    if baseline.kind == "first_seconds":
        time = frames["time_s"].to_numpy()
        return time < time.min(initial=np.inf) + baseline.seconds
    rows = (frames["phase"] == baseline.phase).fill_null(False).to_numpy()
    if frames.height and not rows.any():
        phases = sorted(p for p in frames["phase"].unique().to_list() if p is not None)
        raise InputError(
            f"recording {frames['recording_id'][0]}: has no phase {baseline.phase!r} to take as baseline "
            f"(its phases: {', '.join(phases) or 'none'}). Correct features.baseline.phase or the events file."
        )
    return rows


def subtract_mean(values: np.ndarray, rows: np.ndarray) -> np.ndarray:
    """Subtract from each column its mean over the given rows; a column without a value there becomes NaN.

    Parameters
    ----------
    values
        Shape (n, c), NaN = missing.
    rows
        Boolean, shape (n,).
    """
    part = values[rows]
    count = np.isfinite(part).sum(axis=0)
    mean = np.divide(np.nansum(part, axis=0), count, out=np.full(values.shape[1], np.nan), where=count > 0)
    return values - mean


def rotate_back(vectors: np.ndarray, rows: np.ndarray) -> np.ndarray:
    """Express rotations relative to their mean over the given rows; NaN when none is known there."""
    reference = vectors[rows]
    reference = reference[np.isfinite(reference).all(axis=1)]
    return relative_to(vectors, reference) if reference.shape[0] else np.full(vectors.shape, np.nan)
