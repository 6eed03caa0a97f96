"""What is known of a recording's resting level from one stretch of it: a phase, or its first seconds."""

from __future__ import annotations

import numpy as np
import polars as pl

from affectflow.config.features import Baseline
from affectflow.errors import InputError
from affectflow.features.rotations import relative_to

# Face codes are stored in single precision: what varies by less than its rounding does not vary.
RESOLUTION = 4 * float(np.finfo(np.float32).eps)


def baseline_rows(frames: pl.DataFrame, baseline: Baseline) -> np.ndarray:
    """Return which rows are the resting stretch (kinds first_seconds and phase), shape (n,).

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


def from_rest(values: np.ndarray, rows: np.ndarray, *, zscore: bool = False) -> np.ndarray:
    """Subtract from each column its mean over the given rows, and divide by their standard deviation if asked to.

    Parameters
    ----------
    values
        Shape (n, c), NaN = missing.
    rows
        Boolean, shape (n,).
    zscore
        Divide by the SD (n - 1) of the same rows.

    Returns
    -------
    Shape (n, c); NaN throughout in a column without a value in these rows, or,
    where it is divided by, without an SD: fewer than two values, or values that
    differ by no more than single-precision rounding.
    """
    part = values[rows]
    count = np.isfinite(part).sum(axis=0)
    unknown = np.full(values.shape[1], np.nan)
    mean = np.divide(np.nansum(part, axis=0), count, out=unknown.copy(), where=count > 0)
    centred = values - mean
    if not zscore:
        return centred
    variance = np.divide(
        np.nansum((part - mean) ** 2, axis=0), count - 1, out=unknown.copy(), where=count > 1
    )
    largest = np.fmax.reduce(np.abs(part), axis=0, initial=0.0)
    return centred / usable_sd(np.sqrt(variance), largest)


def rotations_from_rest(vectors: np.ndarray, rows: np.ndarray, *, zscore: bool = False) -> np.ndarray:
    """Express rotations relative to their mean over the given rows; NaN when none is known there.

    With `zscore` the three numbers of the relative rotation vector are each divided by their SD in
    these rows, see `from_rest`; what comes out is no rotation then.
    """
    reference = vectors[rows]
    reference = reference[np.isfinite(reference).all(axis=1)]
    if reference.shape[0] == 0:
        return np.full(vectors.shape, np.nan)
    turned = relative_to(vectors, reference)
    if not zscore:
        return turned
    sd = turned[rows & np.isfinite(turned).all(axis=1)]
    if sd.shape[0] < 2:
        return np.full(vectors.shape, np.nan)
    return turned / usable_sd(sd.std(axis=0, ddof=1), np.ones(3))


def usable_sd(sd: np.ndarray, largest: np.ndarray) -> np.ndarray:
    """Return standard deviations with NaN where values of this largest size do not vary."""
    return np.where(sd > RESOLUTION * largest, sd, np.nan)
