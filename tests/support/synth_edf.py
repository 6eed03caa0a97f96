"""Small EDF+ files."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pyedflib

from tests.support.synth_signals import beat_times, clock, pulse_wave, skin_conductance

SECONDS = 60
Channel = tuple[str, str, int, np.ndarray]


def channels() -> list[Channel]:
    """Label, physical dimension, rate and values of three signals and one of an odd unit."""
    eda = skin_conductance(clock(0, SECONDS, 8), [5, 20, 40])
    bvp = pulse_wave(clock(0, SECONDS, 64), beat_times(0, SECONDS, bpm=72))
    return [
        ("EDA left", "uS", 8, eda),
        ("BVP", "", 64, bvp),
        ("Temperature", "degC", 4, np.full(4 * SECONDS, 33.0)),
        ("Pressure", "mmHg", 4, np.full(4 * SECONDS, 80.0)),
    ]


def write_edf(
    path: Path,
    signals: Sequence[Channel] | None = None,
    *,
    annotations: Sequence[tuple[float, float, str]] = ((0, 10, "P1"), (10, 10, "P2"), (30, -1, "cough")),
) -> Path:
    signals = channels() if signals is None else signals
    writer = pyedflib.EdfWriter(str(path), len(signals), file_type=pyedflib.FILETYPE_EDFPLUS)
    for i, (label, dimension, rate, value) in enumerate(signals):
        low, high = float(value.min()) - 1, float(value.max()) + 1
        writer.setSignalHeader(
            i,
            {
                "label": label, "dimension": dimension, "sample_frequency": rate,
                "physical_min": round(low, 3), "physical_max": round(high, 3),
                "digital_min": -32768, "digital_max": 32767, "transducer": "", "prefilter": "",
            },
        )  # fmt: skip
    writer.writeSamples([np.ascontiguousarray(value) for *_, value in signals])
    for onset, duration, text in annotations:
        writer.writeAnnotation(onset, duration, text)
    writer.close()
    return path
