"""Tables of action units with a known story."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import polars as pl

from affectflow.face.expressions.mapping import UNITS
from affectflow.schema import ACTION_UNITS

# Full strength of what a name shows most clearly.
FACES: dict[str, dict[int, float]] = {
    "neutral": {},
    "happy": {6: 0.8, 12: 0.9, 25: 0.8},
    "sad": {1: 0.9, 4: 0.8, 6: 0.8, 15: 0.9, 17: 0.8},
    "surprised": {1: 0.9, 2: 0.9, 5: 0.8, 25: 0.9, 26: 0.9},
    "angry": {4: 0.9, 10: 0.4, 17: 0.5},
    "disgusted": {9: 0.9, 10: 0.9, 17: 0.8},
}


def units_table(
    time_s: np.ndarray,
    units: Mapping[int, np.ndarray] | None = None,
    *,
    recording_id: str = "S01_a",
    lost: np.ndarray | None = None,
) -> pl.DataFrame:
    """Action units at these times, 0 where not given; null and valid = false in lost frames."""
    n = len(time_s)
    valid = np.ones(n, bool) if lost is None else ~lost
    given = units or {}
    columns = {f"au_{u:02d}": np.asarray(given.get(u, np.zeros(n)), np.float32) for u in UNITS}
    measured = {"ear_sum": np.full(n, 0.6, np.float32), "eyes_closed": columns["au_43"] > 0.5, **columns}
    table = pl.DataFrame(
        {
            "recording_id": [recording_id] * n,
            "frame_id": np.arange(n, dtype=np.int32),
            "time_s": np.asarray(time_s, float),
            "valid": valid,
            "method": ["geometric"] * n,
            "perclos": pl.Series([None] * n, dtype=pl.Float32),
            **measured,
        }
    )
    table = table.with_columns(pl.when("valid").then(name).alias(name) for name in measured)
    further = [c for c in table.columns if c not in ACTION_UNITS.names]
    return table.select(*ACTION_UNITS.names, *further)


def told(
    story: Sequence[tuple[str, float]],
    *,
    fps: float = 25.0,
    recording_id: str = "S01_a",
    noise: float = 0.0,
    seed: int = 0,
) -> pl.DataFrame:
    """Action units of a face that shows one thing after the other: ("happy", 2.0) for two seconds.

    "gone" is a face that is not there. Faces come and go within 0.2 s.
    """
    n = round(sum(length for _, length in story) * fps)
    time_s = np.arange(n) / fps
    targets = np.zeros((n, len(UNITS)))
    lost = np.zeros(n, bool)
    start = 0.0
    for name, length in story:
        here = (time_s >= start - 1e-9) & (time_s < start + length - 1e-9)
        lost |= here & (name == "gone")
        for unit, value in FACES.get(name, {}).items():
            targets[here, UNITS.index(unit)] = value
        start += length
    width = max(1, round(0.2 * fps))
    padded = np.pad(targets, ((width // 2, width - 1 - width // 2), (0, 0)), mode="edge")
    eased = np.stack([np.convolve(c, np.full(width, 1 / width), mode="valid") for c in padded.T], axis=1)
    shaken = eased + noise * np.random.default_rng(seed).normal(size=eased.shape)
    shaken[:, -1] = eased[:, -1]
    columns = dict(zip(UNITS, np.clip(shaken, 0, 1).T, strict=True))
    return units_table(time_s, columns, recording_id=recording_id, lost=lost)
