"""One recording smoothed by every preset: what each does to it, and the levels and speeds that tests would see."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import polars as pl

from affectflow.config.features import Baseline, Outliers, Smoothing
from affectflow.features.frame_runs import phase_runs
from affectflow.features.preprocess_frames import SLOW, matrix, preprocess_frames
from affectflow.features.smoothing_quality import SmoothingQuality, smoothing_quality
from affectflow.features.summarise_phases import summarise_phases
from affectflow.schema import FRAMES, POSE, SMOOTHING, is_further_face

# What the others are compared with: gaps filled and jumps replaced, but not smoothed.
RAW = "none"


def compare_smoothing(
    frames: pl.DataFrame,
    *,
    presets: Sequence[str],
    max_gap_s: float,
    min_phase_s: float,
    outliers: Outliers | None = None,
    smoothing: Smoothing | None = None,
    baseline: Baseline | None = None,
) -> pl.DataFrame:
    """Smooth one recording by each preset, and tell what becomes of jitter, time and movement.

    Everything but the preset stays as the study has it, and nothing but this
    recording is looked at: no condition, no other person.

    Parameters
    ----------
    frames
        `schema.FRAMES` of one recording in order of time. Not changed.
    presets
        Names of `features.SMOOTHERS`; "none" is compared in any case.
    max_gap_s, outliers, smoothing, baseline
        As for `preprocess_frames`; `smoothing.preset` is not used.
    min_phase_s
        As for `summarise_phases`.

    Returns
    -------
    `schema.SMOOTHING`: one row per preset and run of a phase; no row where nobody
    was seen. Columns that are never smoothed (eyes, signals) are left out.
    """
    faces = frames.select(c for c in frames.columns if c in FRAMES.names or is_further_face(c))
    further = [c for c in faces.columns if is_further_face(c)]
    names = [
        c for c in (*SLOW, *POSE, *further) if faces[c].cast(pl.Float64).fill_null(np.nan).is_finite().any()
    ]
    if not names:
        return SMOOTHING.empty()
    time, runs = faces["time_s"].to_numpy(), phase_runs(faces["phase"].to_list())
    smoothing, raw = smoothing or Smoothing(), np.empty(0)
    made = []
    for preset in dict.fromkeys((RAW, *presets)):
        features = preprocess_frames(
            faces,
            max_gap_s=max_gap_s,
            outliers=outliers,
            smoothing=smoothing.model_copy(update={"preset": preset}),
            baseline=baseline,
        )
        values = matrix(features, names)
        raw = values if preset == RAW else raw
        quality = smoothing_quality(raw, values, time, runs, max_gap_s=max_gap_s)
        phases = summarise_phases([features], min_phase_s=min_phase_s, max_gap_s=max_gap_s)
        made.append(
            _with_quality(phases, quality, names, preset, runs[np.searchsorted(time, phases["start_s"])])
        )
    table = pl.concat(made)
    return table.select(*SMOOTHING.names, *sorted(c for c in table.columns if c not in SMOOTHING.names))


def _with_quality(
    phases: pl.DataFrame, quality: SmoothingQuality, names: Sequence[str], preset: str, runs: np.ndarray
) -> pl.DataFrame:
    columns = {
        f"{word}_{name}": pl.Series(values[runs, i], dtype=pl.Float64, nan_to_null=True)
        for word, values in (("jitter", quality.jitter), ("lag", quality.lag_s), ("kept", quality.kept))
        for i, name in enumerate(names)
    }
    summaries = [c for n in names for c in (f"mean_{n}", f"sd_{n}", f"speed_{n}", f"slope_{n}")]
    places = [c for c in SMOOTHING.names if c != "preset"]
    return phases.select(*places, *summaries).with_columns(pl.lit(preset).alias("preset"), **columns)
