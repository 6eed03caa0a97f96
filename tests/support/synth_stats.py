"""Small studies with a known answer for the statistics: windows and per-frame features of the schema."""

from __future__ import annotations

import numpy as np
import polars as pl

from affectflow.features.compare_smoothing import compare_smoothing
from affectflow.schema import CODES_COLUMNS, FEATURES, MEASURES, POSE, RECORDING_QUALITY, WINDOWS
from tests.support.synth_frames import frames_table

SIGNALS = ("hr_bpm", "eda_tonic_usiemens", "eda_phasic_usiemens")
SHIFTED = (
    "blink_rate_hz",
    "mean_brow_raise",
    "mean_hr_bpm",
    "mean_eda_tonic_usiemens",
    "speed_exp_03",
    "mean_exp_07",
)


def synth_windows(
    *,
    n_subjects: int = 8,
    n_windows: int = 4,
    effect: float = 2.0,
    seed: int = 0,
    grouped: bool = False,
    n_codes: int = 56,
) -> pl.DataFrame:
    """Return a windows table; the columns in `SHIFTED` are `effect` higher under the stressor.

    Values are standard normal: a person's own level (sd 2), the person's own
    change (sd 1) and each window's noise (sd 1). With `grouped` every second
    person has the baseline, the others the stressor.
    """
    rng = np.random.default_rng(seed)
    base = [*CODES_COLUMNS[:n_codes], *MEASURES, *SIGNALS]
    columns = [
        *(f"mean_{c}" for c in base),
        *(f"sd_{c}" for c in base),
        *(f"speed_{c}" for c in base),
        "blink_rate_hz",
    ]
    parts = []
    for s in range(n_subjects):
        level = rng.normal(0, 2, len(columns))
        for c, condition in enumerate(("baseline", "stressor")):
            change = rng.normal(0, 1, len(columns))
            if grouped and s % 2 != c:
                continue
            shift = np.array([effect * c * (name in SHIFTED) for name in columns])
            values = level * (not grouped) + change + shift + rng.normal(0, 1, (n_windows, len(columns)))
            ids = {
                "recording_id": f"S{s:02d}_{condition}",
                "subject_id": f"S{s:02d}",
                "condition": condition,
                "pair": f"S{s:02d}",
            }
            places = pl.DataFrame(
                {
                    "window_id": np.arange(n_windows, dtype=np.int32),
                    "start_s": np.arange(n_windows) * 2.0,
                    "end_s": np.arange(n_windows) * 2.0 + 4,
                    "n_frames": np.full(n_windows, 100, dtype=np.int32),
                    "coverage": np.ones(n_windows),
                }
            )
            named = places.with_columns(
                pl.lit("whole").alias("phase"), *[pl.lit(v).alias(k) for k, v in ids.items()]
            )
            parts.append(named.hstack(pl.DataFrame(values, schema=columns, orient="row")))
    return pl.concat(parts).select([*WINDOWS.names, *columns])


def synth_phases(
    *,
    n_subjects: int = 8,
    effect: float = 2.0,
    stress_phases: tuple[str, ...] = ("P2", "P4"),
    n_phases: int = 5,
    seed: int = 0,
    n_codes: int = 4,
) -> pl.DataFrame:
    """Return a phases table: each recording has the phases P1, P2, …, a row each.

    The columns in `SHIFTED` are `effect` higher under the stressor in the `stress_phases` only.
    """
    table = synth_windows(
        n_subjects=n_subjects, n_windows=n_phases, effect=0.0, seed=seed, n_codes=n_codes
    ).with_columns(phase=pl.format("P{}", pl.col("window_id") + 1))
    stressed = pl.col("phase").is_in(stress_phases) & (pl.col("condition") == "stressor")
    shifted = [c for c in SHIFTED if c in table.columns]
    return table.with_columns(pl.col(shifted) + effect * stressed)


def synth_agreement(
    *,
    n_subjects: int = 6,
    n_windows: int = 20,
    bias: float = 1.5,
    between: float = 2.0,
    within: float = 1.0,
    seed: int = 0,
) -> pl.DataFrame:
    """Return windows with two heart rates: the one from the face is off by `bias`, with the given SDs.

    In every fifth window the face has none.
    """
    windows = synth_windows(n_subjects=n_subjects, n_windows=n_windows, n_codes=2, seed=seed)
    rng = np.random.default_rng(seed)
    own = dict(zip(windows["subject_id"].unique().sort(), rng.normal(bias, between, n_subjects), strict=True))
    off = windows["subject_id"].replace_strict(own, return_dtype=pl.Float64).to_numpy()
    contact = rng.normal(75, 5, windows.height)
    face = contact + off + rng.normal(0, within, windows.height)
    return windows.with_columns(
        mean_hr_bpm=contact,
        mean_rppg_hr_bpm=pl.when(pl.col("window_id") % 5 < 4).then(pl.Series(face)),
    )


def synth_features(
    *, n_subjects: int = 4, n_frames: int = 60, effect: float = 3.0, seed: int = 0
) -> pl.DataFrame:
    """Return a features table: exp_00 and exp_01 are `effect` higher under the stressor; every tenth frame has no face."""
    rng = np.random.default_rng(seed)
    parts = []
    for s in range(n_subjects):
        level = rng.normal(0, 1, len(CODES_COLUMNS))
        for c, condition in enumerate(("baseline", "stressor")):
            values = level + rng.normal(0, 1, (n_frames, len(CODES_COLUMNS)))
            values[:, :2] += effect * c
            valid = np.arange(n_frames) % 10 != 9
            codes = pl.DataFrame(values.astype(np.float32), schema=list(CODES_COLUMNS), orient="row")
            codes = codes.select(pl.when(pl.Series(valid)).then(pl.all()))
            ids = pl.DataFrame(
                {
                    "recording_id": [f"S{s}_{condition}"] * n_frames,
                    "subject_id": f"S{s}",
                    "condition": condition,
                    "pair": f"S{s}",
                    "frame_id": np.arange(n_frames, dtype=np.int32),
                    "time_s": np.arange(n_frames) / 25,
                    "phase": "whole",
                    "valid": valid,
                    "blink": [False] * n_frames,
                }
            )
            measures = pl.DataFrame({m: np.zeros(n_frames, dtype=np.float32) for m in MEASURES})
            parts.append(ids.hstack(codes).hstack(measures).with_columns(d_exp_00=pl.lit(0.5, pl.Float32)))
    return pl.concat(parts).select([*FEATURES.names, "d_exp_00"])


def quality_row(recording_id: str, *, excluded: str | None = None) -> pl.DataFrame:
    """Return the quality table of one recording: who it is and why it is left out, if it is."""
    row = {"recording_id": recording_id, "subject_id": recording_id.split("_")[0], "excluded": excluded}
    return pl.DataFrame([row], schema={c.name: c.dtype for c in RECORDING_QUALITY.columns})


def synth_phased_features(
    *, durations_s: dict[str, list[tuple[str | None, float]]], fps: float = 20.0
) -> pl.DataFrame:
    """Return features of recordings "person_condition" with given runs of phases; hr_bpm = 60 + 10 × share of the run.

    The share runs from 0 at a phase's beginning to 1 at its end, whatever its
    length; people differ by one beat per minute (S0, S1, …), and the stressor adds 5.
    """
    parts = []
    for recording_id, runs in durations_s.items():
        person, condition = recording_id.split("_")
        phase = [name for name, length in runs for _ in range(round(length * fps))]
        share = np.concatenate(
            [(np.arange(n) + 0.5) / n for _, length in runs for n in [round(length * fps)]]
        )
        n = len(phase)
        ids = pl.DataFrame(
            {
                "recording_id": [recording_id] * n,
                "subject_id": person,
                "condition": condition,
                "pair": person,
                "frame_id": np.arange(n, dtype=np.int32),
                "time_s": np.arange(n) / fps,
                "phase": pl.Series(phase, dtype=pl.String),
                "valid": True,
                "blink": False,
                "hr_bpm": 60 + 10 * share + int(person[1:]) + 5.0 * (condition == "stressor"),
            }
        )
        face = {c: np.zeros(n, dtype=np.float32) for c in (*CODES_COLUMNS, *MEASURES)}
        parts.append(ids.with_columns(**face))
    return pl.concat(parts).select([*FEATURES.names, "hr_bpm"])


def synth_smoothing(
    *, n_subjects: int = 5, presets: tuple[str, ...] = ("none", "savgol", "one_euro")
) -> pl.DataFrame:
    """Return the smoothing tables of recordings whose head shakes a bit more under the stressor: see `synth_shaking`."""
    parts = [
        compare_smoothing(
            synth_shaking(f"S{s}", condition, seed=2 * s + i), presets=presets, max_gap_s=0.2, min_phase_s=1.0
        )
        for s in range(n_subjects)
        for i, condition in enumerate(("baseline", "stressor"))
    ]
    return pl.concat(parts)


def synth_shaking(person: str, condition: str, *, seed: int, duration_s: float = 8.0) -> pl.DataFrame:
    """Return frames in which exp_00..02 and the head swing below 1.5 Hz, under white noise of a tenth of that."""
    rng = np.random.default_rng(seed)
    time = np.arange(round(25 * duration_s)) / 25
    moved = {}
    for name in (*CODES_COLUMNS[:3], *POSE[:3]):
        swing = sum(np.sin(2 * np.pi * (hz * time + rng.uniform())) for hz in (0.4, 0.9, 1.4))
        size = 0.3 if condition == "stressor" else 0.2
        moved[name] = (
            size * swing + 0.05 * rng.normal(size=time.size) + (0.2 if condition == "stressor" else 0.0)
        )
    return frames_table(time, recording_id=f"{person}_{condition}", columns=moved)
