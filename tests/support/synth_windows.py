"""Synthetic per-frame features and windows of the schema, with a known difference between conditions."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl

from affectflow.schema import CODES_COLUMNS, FEATURES, MEASURES, WINDOWS

SIGNALS = ("eda_phasic_usiemens", "eda_tonic_usiemens", "hr_bpm", "rsp_rate_bpm")
CHANNELS = (*CODES_COLUMNS, *MEASURES)


@dataclass(frozen=True)
class Study:
    """Windows, per-frame features by recording, and what was put into them."""

    windows: pl.DataFrame
    features: dict[str, pl.DataFrame]


def make_study(
    *,
    n_people: int = 6,
    effect: float = 1.0,
    effect_in: tuple[str, ...] = ("face", "bio"),
    duration_s: float = 10.0,
    fps: float = 25.0,
    length_s: float = 4.0,
    stride_s: float = 2.0,
    missing: float = 0.0,
    person_sd: float = 1.0,
    recording_sd: float = 0.3,
    seed: int = 0,
) -> Study:
    """Make people recorded in baseline and stressor.

    Every person has an own level in every channel (standard deviation
    `person_sd`), every recording a small shift of its own (`recording_sd`), and
    the noise is slow. In the stressor condition `effect` (in within-recording
    standard deviations) is added to the brow, blinks and signals, and movement
    gets faster; with `effect_in` in one of the two modalities alone. `missing` of the frames have no face, in stretches.
    """
    rng = np.random.default_rng(seed)
    features = {}
    for i in range(n_people):
        level_c = rng.normal(0, person_sd, len(CHANNELS) + len(SIGNALS))
        for condition in ("baseline", "stressor"):
            name = f"P{i:02d}_{condition}"
            features[name] = _recording(
                rng,
                name,
                f"P{i:02d}",
                condition,
                level_c,
                effect,
                effect_in,
                duration_s,
                fps,
                missing,
                recording_sd,
            )
    tables = [_windows(table, length_s, stride_s) for table in features.values()]
    return Study(pl.concat(tables), features)


def _recording(
    rng, name, subject, condition, level_c, effect, effect_in, duration_s, fps, missing, recording_sd
):
    n = round(duration_s * fps)
    time_f = np.arange(n) / fps
    noise_fc = _slow_noise(rng, n, len(level_c), fps)
    on = float(condition == "stressor") * effect
    shift_c = np.zeros(len(level_c))
    names = [*CHANNELS, *SIGNALS]
    for channel, size in {
        "brow_raise": 1.0,
        "exp_03": 0.8,
        "hr_bpm": 1.2,
        "eda_phasic_usiemens": 1.2,
    }.items():
        shift_c[names.index(channel)] = size * on * (("bio" if channel in SIGNALS else "face") in effect_in)
    in_face = on * ("face" in effect_in)
    moving_c = np.where([c.startswith("pose") for c in names], 1 + 0.5 * in_face, 1.0)
    values_fc = level_c + rng.normal(0, recording_sd, len(level_c)) + shift_c + noise_fc * moving_c
    valid_f = np.ones(n, bool)
    while valid_f.mean() > 1 - missing:
        start = rng.integers(n)
        valid_f[start : start + round(fps)] = False
    table = {
        "recording_id": pl.Series([name] * n),
        "subject_id": pl.Series([subject] * n),
        "condition": pl.Series([condition] * n),
        "pair": pl.Series([subject] * n),
        "frame_id": pl.Series(np.arange(n), dtype=pl.Int32),
        "time_s": pl.Series(time_f),
        "phase": pl.Series(["whole"] * n),
        "valid": pl.Series(valid_f),
    }
    face = len(CHANNELS)
    velocity_fc = np.gradient(values_fc, 1 / fps, axis=0)
    for j, channel in enumerate(CHANNELS):
        table[channel], table[f"d_{channel}"] = values_fc[:, j], velocity_fc[:, j]
    for j, channel in enumerate(SIGNALS):
        table[channel] = values_fc[:, face + j]
    table["blink"] = pl.Series(rng.random(n) < 0.02 * (1 + in_face)).set(pl.Series(~valid_f), None)
    of_face = pl.col(*CHANNELS, *(f"d_{channel}" for channel in CHANNELS)).cast(pl.Float32)
    made = pl.DataFrame(table).with_columns(pl.when("valid").then(of_face))
    return made.select(*FEATURES.names, pl.exclude(FEATURES.names))


def _slow_noise(rng, n, channels, fps):
    """Autoregressive noise of standard deviation 1 with a time constant of 0.4 s."""
    keep = np.exp(-1 / (0.4 * fps))
    noise = rng.normal(size=(n, channels))
    for i in range(1, n):
        noise[i] = keep * noise[i - 1] + np.sqrt(1 - keep**2) * noise[i]
    return noise


def _windows(table, length_s, stride_s):
    end = table["time_s"][-1]
    channels = (*CHANNELS, *SIGNALS)
    summaries = [
        *(e for c in channels for e in (_mean(pl.col(c)).alias(f"mean_{c}"), pl.std(c).alias(f"sd_{c}"))),
        *(_mean(pl.col(f"d_{c}").abs()).alias(f"speed_{c}") for c in CHANNELS),
        (pl.col("blink").fill_null(False).cast(pl.Int8).diff() == 1).sum().alias("blink_rate_hz") / length_s,
    ]
    rows = []
    for k in range(int((end + 0.1 - length_s) // stride_s) + 1):
        start = k * stride_s
        part = table.filter((pl.col("time_s") >= start) & (pl.col("time_s") < start + length_s))
        whole = (
            pl.lit(k).alias("window_id"),
            pl.lit(start).alias("start_s"),
            pl.lit(start + length_s).alias("end_s"),
        )
        ids = pl.col("recording_id", "subject_id", "condition", "pair", "phase").first()
        counts = pl.len().alias("n_frames"), pl.mean("valid").alias("coverage")
        rows.append(part.select(ids, *whole, *counts, *summaries))
    types = {c.name: c.dtype for c in WINDOWS.columns}
    frame = pl.concat(rows)
    frame = frame.cast({name: types.get(name, pl.Float64) for name in frame.columns})
    return frame.select(*WINDOWS.names, pl.exclude(WINDOWS.names))


def _mean(values):
    """The mean in double precision, as the windows of the package have it."""
    return values.cast(pl.Float64).mean()
