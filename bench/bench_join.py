"""How fast signals are joined to frames: one hour of 30 fps frames with five signals, beside a bare np.interp loop.

    python bench/bench_join.py [--seconds 3600] [--repeats 5]

Prints seconds of `join_frames` (codes of 62 columns, five signals of 1 to 64 Hz with gaps, five phases, a clock) and
of `np.interp` of the same five signals at the same times in the same process, taking turns, and their ratio.
"""

from __future__ import annotations

import argparse
import statistics
import time

import numpy as np
import polars as pl

from affectflow.features.join_frames import join_frames
from affectflow.schema import CLOCKS, CODES, EXP_COLUMNS, MEASURE_COLUMNS, POSE_COLUMNS

GOAL_S = 2.0
RATES_HZ = {"hr_bpm": 4, "rsp_rate_bpm": 1, "eda_tonic_usiemens": 4, "temp_degc": 4, "bvp_au": 64}
FACE = [c.name for c in (*EXP_COLUMNS, *POSE_COLUMNS, *MEASURE_COLUMNS)]


def frames_and_codes(seconds: float, rng: np.random.Generator) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Frames at 30 fps with jitter, and a code for each."""
    n = round(seconds * 30)
    keys = pl.DataFrame(
        {
            "recording_id": pl.repeat("hour", n, eager=True),
            "frame_id": np.arange(n, dtype=np.int32),
            "time_s": np.arange(n) / 30 + rng.uniform(0, 0.01, n),
        }
    )
    face = rng.standard_normal((n, len(FACE)), dtype=np.float32)
    codes = (
        CODES.empty()
        .clear(n)
        .with_columns(
            *keys.get_columns(),
            pl.Series("valid", rng.random(n) > 0.02),
            *(pl.Series(name, face[:, i]) for i, name in enumerate(FACE)),
        )
    )
    return keys, codes


def signals_table(seconds: float, rng: np.random.Generator) -> pl.DataFrame:
    """Five signals, each on its own clock, one in a hundred samples missing."""
    tables = []
    for name, rate in RATES_HZ.items():
        n = round(seconds * rate)
        valid = rng.random(n) > 0.01
        value = np.where(valid, np.cumsum(rng.standard_normal(n)), np.nan)
        tables.append(
            pl.DataFrame(
                {
                    "recording_id": pl.repeat("hour", n, eager=True),
                    "signal": pl.repeat(name, n, eager=True),
                    "time_s": np.arange(n) / rate,
                    "value": pl.Series(value, nan_to_null=True),
                    "valid": valid,
                }
            )
        )
    return pl.concat(tables).sort("signal", "time_s")


def bare_loop(signals: pl.DataFrame, at_s: np.ndarray) -> list[np.ndarray]:
    """What the joining of signals would take without gaps, clocks and aliasing."""
    out = []
    for name in RATES_HZ:
        one = signals.filter((pl.col("signal") == name) & pl.col("valid"))
        out.append(np.interp(at_s, one["time_s"].to_numpy(), one["value"].to_numpy()))
    return out


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seconds", type=float, default=3600.0)
    parser.add_argument("--repeats", type=int, default=5)
    options = parser.parse_args()
    rng = np.random.default_rng(0)
    frames, codes = frames_and_codes(options.seconds, rng)
    signals = signals_table(options.seconds, rng)
    clock = pl.DataFrame(
        {"recording_id": ["hour"], "method": ["markers"], "offset_s": [0.2], "drift_ppm": [50.0],
         "reference_s": [0.0], "confidence": [None], "n_markers": [3], "residual_s": [0.0], "note": [None]},
        schema={c.name: c.dtype for c in CLOCKS.columns},
    )  # fmt: skip
    step = options.seconds / 5
    events = pl.DataFrame(
        {
            "onset_s": step * np.arange(5),
            "duration_s": np.full(5, step),
            "phase": [f"P{i + 1}" for i in range(5)],
            "label": pl.Series([None] * 5, dtype=pl.String),
        }
    )
    ours, bare = [], []
    for _ in range(options.repeats):
        started = time.perf_counter()
        table = join_frames(
            frames, codes, signals, events, clock=clock,
            subject_id="S", condition="a", pair="S", max_gap_s=1.0,
        )  # fmt: skip
        ours.append(time.perf_counter() - started)
        started = time.perf_counter()
        bare_loop(signals, frames["time_s"].to_numpy())
        bare.append(time.perf_counter() - started)
    a, b = statistics.median(ours), statistics.median(bare)
    print(
        f"{table.height} frames, {len(RATES_HZ)} signals of {signals.height} samples, {table.width} columns"
    )
    print(
        f"join_frames {a:.3f} s (goal {GOAL_S:g} s: {'met' if a <= GOAL_S else 'MISSED'}), of {options.repeats} runs"
    )
    print(f"bare np.interp loop {b:.3f} s; ratio {a / b:.1f}")


if __name__ == "__main__":
    main()
