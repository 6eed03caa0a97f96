"""Frames of one recording → features: gaps, outliers, smoothing, blinks, resting level, derivatives."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from functools import partial

import numpy as np
import polars as pl

from affectflow.config.features import Baseline, Blink, Outliers, Smoothing
from affectflow.face.blinks import find_blinks
from affectflow.features import SMOOTH
from affectflow.features.baseline import baseline_rows, from_rest, rotations_from_rest
from affectflow.features.frame_runs import OnStretch, clean_matrix, per_second, phase_runs
from affectflow.features.outliers import replace_outliers
from affectflow.features.rotations import aligned_quaternions, rotation_vectors
from affectflow.features.running_level import from_running_mean, rotations_from_running_mean
from affectflow.registry import load
from affectflow.schema import EXP, FEATURES, FRAMES, MEASURES, POSE, is_further_face
from affectflow.signal.quality import PREFIX

logger = logging.getLogger(__name__)

# Eyes shut for a tenth of a second: these are neither smoothed nor searched for jumps.
FAST = ("ear_left", "ear_right")
SLOW = tuple(c for c in (*EXP, *MEASURES) if c not in FAST)
ROTATIONS = (POSE[:3], POSE[3:])
# Step functions (responses counted in a window), raw waves and what changes slowly by its making (a
# minute's variability) have no useful slope per frame.
NO_DERIVATIVE = ("_hz", "_au", "_mv")
NO_DERIVATIVE_OF = ("scr_", "hrv_", "quality_")
# Columns differentiated at once: all of them would take as much memory again as they do.
AT_ONCE = 16
OnColumns = Callable[[np.ndarray], np.ndarray]


def preprocess_frames(
    frames: pl.DataFrame,
    *,
    max_gap_s: float,
    outliers: Outliers | None = None,
    smoothing: Smoothing | None = None,
    blink: Blink | None = None,
    baseline: Baseline | None = None,
) -> pl.DataFrame:
    """Clean the face codes of one recording and differentiate them.

    Each step works on stretches: rows with a face whose steps are at most
    `max_gap_s`, inside one phase. In this order:

    1. single-frame jumps are replaced (`outliers.replace_outliers`);
    2. missing frames inside a stretch are interpolated; longer gaps stay null;
    3. smoothing (`features.SMOOTHERS`); rotations are smoothed as rotations;
    4. the recording's own resting level is subtracted, if asked for, and its
       spread divided by (`baseline`, `running_level`);
    5. ``d_`` columns: first derivatives of the result, per second (for a signal in bpm, bpm per second).

    Eye aspect ratios are interpolated, never smoothed; blinks are found in
    them before anything else. ``valid`` stays what was measured: an interpolated
    frame has values and ``valid = false``. Signals were cleaned on their own
    clocks and are only differentiated. Nothing is learnt from other recordings.

    Parameters
    ----------
    frames
        `schema.FRAMES` of one recording in order of time. Not changed.
    max_gap_s
        Longest time between two measured frames that is interpolated, seconds.
    outliers, smoothing, blink, baseline
        Settings; defaults are those of `config.features`.

    Returns
    -------
    `schema.FEATURES`: the same rows, and the same columns plus ``d_*`` and ``blink``.

    Raises
    ------
    ConfigError
        If the smoothing preset does not exist.
    InputError
        If the phase that should be the baseline is not in the recording.
    """
    outliers, smoothing = outliers or Outliers(), smoothing or Smoothing()
    blink, baseline = blink or Blink(), baseline or Baseline()
    time, runs = frames["time_s"].to_numpy(), phase_runs(frames["phase"])
    others = sorted(c for c in frames.columns if c not in FRAMES.names)
    signals = [c for c in others if not is_further_face(c)]
    slow = (*SLOW, *(c for c in others if is_further_face(c)))
    values = {
        "slow": matrix(frames, slow),
        "fast": matrix(frames, FAST),
        "signals": matrix(frames, signals),
        "pose": matrix(frames, POSE),
    }
    shut = find_blinks(
        mean_of_present(values["fast"]), time, close_below=blink.close_below, open_above=blink.open_above
    )
    values.update(_cleaned(values, time, runs, max_gap_s, outliers, smoothing))
    if baseline.kind != "none":
        # What a signal is worth has no resting level.
        levels = np.array([not n.startswith(PREFIX) for n in signals], dtype=bool)
        values = _from_resting_level(values, frames, baseline, levels)
    names: dict[str, Sequence[str]] = {"slow": slow, "fast": FAST, "pose": POSE, "signals": signals}
    columns: list[pl.Series] = []
    for kind in tuple(values):
        dtype = pl.Float64 if kind == "signals" else pl.Float32
        differentiate = partial(per_second, time_s=time, runs=runs, max_gap_s=max_gap_s)
        columns += _with_derivatives(names[kind], values.pop(kind), dtype, differentiate)
    features = frames.with_columns(*columns, pl.when("valid").then(pl.Series("blink", shut)).alias("blink"))
    return features.select(*FEATURES.names, *sorted(c for c in features.columns if c not in FEATURES.names))


def matrix(table: pl.DataFrame, names: Sequence[str]) -> np.ndarray:
    """Return columns as float64, shape (n, c), each contiguous, null = NaN."""
    if not names:
        return np.empty((table.height, 0), order="F")
    return table.select(pl.col(names).cast(pl.Float64).fill_null(np.nan)).to_numpy(
        order="fortran", writable=True
    )


def series(names: Sequence[str], values: np.ndarray, dtype: type[pl.DataType]) -> list[pl.Series]:
    """Return the columns of a matrix, NaN = null."""
    kind = np.float32 if dtype == pl.Float32 else np.float64
    return [
        pl.Series(name, values[:, i].astype(kind), dtype=dtype, nan_to_null=True)
        for i, name in enumerate(names)
    ]


def _with_derivatives(
    names: Sequence[str], block: np.ndarray, dtype: type[pl.DataType], differentiate: OnColumns
) -> list[pl.Series]:
    """Return the columns of a matrix and the derivatives of those that have a useful one."""
    columns = series(names, block, dtype)
    keep = [
        i
        for i, name in enumerate(names)
        if not (name.endswith(NO_DERIVATIVE) or name.startswith(NO_DERIVATIVE_OF))
    ]
    for start in range(0, len(keep), AT_ONCE):
        part = keep[start : start + AT_ONCE]
        columns += series([f"d_{names[i]}" for i in part], differentiate(block[:, part]), pl.Float32)
    return columns


def mean_of_present(values: np.ndarray) -> np.ndarray:
    """Mean over columns of what is present, shape (n,); NaN where nothing is."""
    count = np.isfinite(values).sum(axis=1)
    return np.divide(np.nansum(values, axis=1), count, out=np.full(len(values), np.nan), where=count > 0)


def _cleaned(
    values: dict[str, np.ndarray],
    time: np.ndarray,
    runs: np.ndarray,
    max_gap_s: float,
    outliers: Outliers,
    smoothing: Smoothing,
) -> dict[str, np.ndarray]:
    """Fill and smooth everything that comes from the face."""
    smoother = load(SMOOTH, smoothing.preset, "features.smoothing.preset")
    smooth = partial(smoother, settings=smoothing)
    jumps: tuple[OnStretch, ...] = ()
    if outliers.kind == "hampel":
        jumps = (partial(replace_outliers, window_s=outliers.window_s, n_sigma=outliers.n_sigma),)
    # In place: a long recording in double precision is most of the memory this takes.
    fill = partial(clean_matrix, time_s=time, runs=runs, max_gap_s=max_gap_s)
    clean = partial(fill, before_filling=jumps, steps=(smooth,))
    turned = [aligned_quaternions(values["pose"][:, 3 * i : 3 * i + 3]) for i in range(len(ROTATIONS))]
    back = [rotation_vectors(clean(q, out=q)) for q in turned]
    return {
        "slow": clean(values["slow"], out=values["slow"]),
        "fast": fill(values["fast"], out=values["fast"]),
        "pose": np.hstack(back),
    }


def _from_resting_level(
    values: dict[str, np.ndarray], frames: pl.DataFrame, baseline: Baseline, levels: np.ndarray
) -> dict[str, np.ndarray]:
    """Take every block relative to the resting level; of the signals those marked in `levels`."""
    zscore = baseline.scale == "zscore"
    plain: OnColumns
    turned: OnColumns
    if baseline.kind == "running":
        time, seconds = frames["time_s"].to_numpy(), baseline.seconds
        plain = partial(from_running_mean, time_s=time, seconds=seconds, zscore=zscore)
        turned = partial(rotations_from_running_mean, time_s=time, seconds=seconds, zscore=zscore)
    else:
        rows = baseline_rows(frames, baseline)
        if frames["valid"].any() and not frames.filter(pl.Series(rows))["valid"].any():
            logger.warning(
                "recording %s: no face in its resting stretch (features.baseline: %s), so its face codes stay empty",
                *(frames["recording_id"][0], baseline.label),
            )
        plain = partial(from_rest, rows=rows, zscore=zscore)
        turned = partial(rotations_from_rest, rows=rows, zscore=zscore)
    out = {kind: plain(block) for kind, block in values.items() if kind != "pose"}
    out["signals"] = np.where(levels, out["signals"], values["signals"])
    out["pose"] = np.hstack([turned(values["pose"][:, 3 * i : 3 * i + 3]) for i in range(len(ROTATIONS))])
    return out
