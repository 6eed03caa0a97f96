"""Per-frame tables with known contents, for the rooms that work on them."""

from __future__ import annotations

import numpy as np
import polars as pl

from affectflow.schema import EXP, MEASURES, POSE

FACE = (*EXP, *POSE, *MEASURES)


def frame_times(n: int, *, fps: float = 25.0, irregular: float = 0.0, seed: int = 0) -> np.ndarray:
    """Frame times that start at 0; irregular = largest share by which a step differs."""
    steps = np.full(n - 1, 1 / fps)
    if irregular:
        steps *= 1 + np.random.default_rng(seed).uniform(-irregular, irregular, n - 1)
    return np.concatenate([[0.0], np.cumsum(steps)])


def face_codes(time_s: np.ndarray, *, seed: int = 0) -> dict[str, np.ndarray]:
    """Slow movement in every column; eyes half a second shut every 4 s, first at 2 s."""
    rng = np.random.default_rng(seed)
    out = {}
    for name in FACE:
        hz, phase = rng.uniform(0.1, 0.6), rng.uniform(0, 2 * np.pi)
        out[name] = 0.2 * np.sin(2 * np.pi * hz * time_s + phase)
    shut = np.exp(-0.5 * (((time_s % 4) - 2) / 0.08) ** 2)
    for name in ("ear_left", "ear_right"):
        out[name] = 0.3 - 0.22 * shut
    return out


def frames_table(
    time_s: np.ndarray,
    *,
    recording_id: str = "S01_a",
    lost: np.ndarray | None = None,
    phase: list[str | None] | str = "whole",
    signals: dict[str, np.ndarray] | None = None,
    columns: dict[str, np.ndarray] | None = None,
    seed: int = 0,
) -> pl.DataFrame:
    """A schema.FRAMES table; lost = frames without a face."""
    n = time_s.size
    valid = np.ones(n, bool) if lost is None else ~lost
    values = face_codes(time_s, seed=seed) | (columns or {})
    table = pl.DataFrame(
        {
            "recording_id": [recording_id] * n,
            "subject_id": [recording_id.split("_")[0]] * n,
            "condition": [recording_id.split("_")[-1]] * n,
            "pair": [recording_id.split("_")[0]] * n,
            "frame_id": np.arange(n, dtype=np.int32),
            "time_s": time_s,
            "phase": pl.Series([phase] * n if isinstance(phase, str) else phase, dtype=pl.String),
            "valid": valid,
            **{k: np.where(valid, v, np.nan).astype(np.float32) for k, v in values.items()},
            **{k: np.asarray(v, dtype=np.float64) for k, v in (signals or {}).items()},
        }
    )
    return table.with_columns(pl.col(pl.Float32, pl.Float64).fill_nan(None))
