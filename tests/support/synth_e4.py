"""Small sessions of an Empatica E4, as the real files are."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from tests.support.synth_signals import beat_times, clock, pulse_wave, skin_conductance

START = 1644227574.0
SECONDS = 60.0


def write_stream(path: Path, *, start: float, rate_hz: float, values: np.ndarray, decimals: int = 6) -> Path:
    """Write one stream; values (n,), or (n, 3) for the accelerometer."""
    values = np.asarray(values, dtype=float).reshape(len(values), -1)
    n = values.shape[1]
    lines = [", ".join([f"{start:.6f}"] * n), ", ".join([f"{rate_hz:.6f}"] * n)]
    lines += [",".join(f"{v:.{decimals}f}" for v in row) for row in values]
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n".join(lines) + "\n")
    return path


def write_session(
    folder: Path, *, start: float = START, seconds: float = SECONDS, tags: Sequence[float] = (10.0, 20.0)
) -> Path:
    """Write every stream, the first samples unsettled, HR 10 s late; tags in seconds since the start."""
    beats = beat_times(0, seconds, bpm=72)
    eda = skin_conductance(clock(0, seconds, 4), [5, 20, 40])
    eda[0] = 0
    bvp = 100 * pulse_wave(clock(0, seconds, 64), beats)
    bvp[:11] = -0.0
    write_stream(folder / "EDA.csv", start=start, rate_hz=4, values=eda)
    write_stream(folder / "BVP.csv", start=start, rate_hz=64, values=bvp, decimals=2)
    write_stream(
        folder / "TEMP.csv", start=start, rate_hz=4, values=np.full(int(seconds * 4), 33.2), decimals=2
    )
    write_stream(
        folder / "HR.csv", start=start + 10, rate_hz=1, values=np.full(int(seconds) - 10, 72.0), decimals=2
    )
    still = np.tile([3, -62, 14], (int(seconds * 32), 1))
    write_stream(folder / "ACC.csv", start=start, rate_hz=32, values=still, decimals=0)
    pairs = [f"{t:f},{d:f}" for t, d in zip(beats[1:], np.diff(beats), strict=True)]
    (folder / "IBI.csv").write_text("\n".join([f"{start:.6f}, IBI", *pairs]) + "\n")
    (folder / "tags.csv").write_text("".join(f"{start + t:.2f}\n" for t in tags))
    return folder
