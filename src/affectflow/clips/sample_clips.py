"""Clips of any length → what the classifier sees: a fixed number of steps of the primary face's codes.

Axes: n = clip, t = step, f = frame with codes, c = code.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from affectflow.clips.record import feature_names
from affectflow.errors import InputError

logger = logging.getLogger("affectflow")
# Sums of frame times are no exact multiples of the time between two frames.
ROUNDING_S = 1e-9


def sample_clips(
    clips: Iterable[tuple[str, pl.DataFrame, pl.DataFrame]], *, steps: int, max_gap_s: float
) -> tuple[dict[str, NDArray[np.float32]], dict[str, Any]]:
    """Bring the primary face's codes of all clips to the same number of steps.

    Nothing is learnt here: a clip's numbers depend on that clip alone.

    Parameters
    ----------
    clips
        Of each its recording_id, `schema.TRAJECTORIES` and `schema.TRAJECTORY_CODES`; taken one at a time.
    steps, max_gap_s
        See `sample_codes`.

    Returns
    -------
    ``codes`` (n, steps, c) float32, NaN = missing; and ``recording_ids`` and ``columns``, names along n and c.

    Raises
    ------
    InputError
        If clips have different codes.
    """
    names: list[str] = []
    parts: list[NDArray[np.float32]] = []
    columns: list[str] = []
    for recording_id, trajectories, codes in clips:
        own = feature_names(codes)
        columns = columns or own
        if own != columns:
            raise InputError(
                f"recording {recording_id}: has {len(own)} codes, {names[0]} has {len(columns)}. "
                "Re-run: snakemake -R code_trajectories"
            )
        primary = trajectories.filter("primary")["track_id"]
        seen = codes.filter(pl.col("track_id").is_in(primary.unique().implode()))
        names.append(recording_id)
        parts.append(
            sample_codes(
                seen["time_s"].to_numpy(),
                seen.select(columns).to_numpy(),
                seen["valid"].to_numpy(),
                steps=steps,
                max_gap_s=max_gap_s,
            )
        )
    made = np.stack(parts) if parts else np.empty((0, steps, 0), np.float32)
    if faceless := [n for n, own in zip(names, made, strict=True) if not np.isfinite(own).any()]:
        logger.warning(
            "%d of %d clips show no face that was coded, such as %s",
            *(len(faceless), len(names), ", ".join(faceless[:5])),
        )
    return {"codes": made}, {"recording_ids": names, "columns": columns}


def sample_codes(
    time_f: NDArray[np.float64],
    codes_fc: NDArray[np.floating],
    valid_f: NDArray[np.bool_],
    *,
    steps: int,
    max_gap_s: float,
) -> NDArray[np.float32]:
    """Bring the codes of one face to equally long steps from its first frame to its last.

    A step has the mean of its frames. One without any is laid on the line
    between the frames before and after it, if they are not too far apart. The
    jaw's rotation is small enough (below half a radian) that means of its
    vectors are means of rotations.

    Parameters
    ----------
    time_f
        Increasing, seconds; of all frames of the face, those without codes as well.
    codes_fc
        Whatever stands where `valid_f` is false is not looked at.
    valid_f
        Whether the frame has codes.
    steps
        How many.
    max_gap_s
        Frames with codes that are farther apart leave the steps between them missing, seconds.

    Returns
    -------
    (steps, c) float32, NaN = missing.
    """
    made = np.full((steps, codes_fc.shape[1]), np.nan)
    if not valid_f.any():
        return made.astype(np.float32)
    first_s, span_s = float(time_f[0]), float(time_f[-1] - time_f[0])
    own_f, own_fc = time_f[valid_f], codes_fc[valid_f].astype(np.float64)
    part_f = (own_f - first_s) / span_s if span_s else np.zeros(len(own_f))
    step_f = np.minimum((part_f * steps).astype(np.intp), steps - 1)
    count_t = np.bincount(step_f, minlength=steps)
    summed_tc = np.zeros_like(made)
    np.add.at(summed_tc, step_f, own_fc)
    full_t = count_t > 0
    made[full_t] = summed_tc[full_t] / count_t[full_t, None]
    middle_t = first_s + (np.arange(steps) + 0.5) / steps * span_s
    before_t = np.searchsorted(own_f, middle_t, side="right") - 1
    after_t = np.searchsorted(own_f, middle_t, side="left")
    inside_t = (before_t >= 0) & (after_t < len(own_f)) & ~full_t
    inside_t[inside_t] = own_f[after_t[inside_t]] - own_f[before_t[inside_t]] <= max_gap_s + ROUNDING_S
    for c in range(made.shape[1]):
        made[inside_t, c] = np.interp(middle_t[inside_t], own_f, own_fc[:, c])
    return made.astype(np.float32)
