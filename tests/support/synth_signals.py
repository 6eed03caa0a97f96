"""Biosignals with known answers: beats, breaths and skin responses at given times."""

from __future__ import annotations

import numpy as np
import polars as pl


def clock(start_s: float, end_s: float, rate_hz: float) -> np.ndarray:
    """Regular times from start_s up to, not including, end_s."""
    return start_s + np.arange(round((end_s - start_s) * rate_hz)) / rate_hz


def beat_times(
    start_s: float, end_s: float, *, bpm: float, swing: float = 0.0, swing_hz: float = 0.1
) -> np.ndarray:
    """Beats whose rate is bpm + swing × sin(2 pi swing_hz t), by integrating the rate."""
    fine = np.linspace(start_s, end_s, round((end_s - start_s) * 1000) + 1)
    rate = bpm + swing * np.sin(2 * np.pi * swing_hz * fine)
    count = np.concatenate([[0], np.cumsum((rate[1:] + rate[:-1]) / 120 * np.diff(fine))])
    return np.interp(np.arange(1, int(count[-1]) + 1) - 0.5, count, fine)


def pulse_wave(time_s: np.ndarray, beats_s: np.ndarray) -> np.ndarray:
    """A systolic bump (and a smaller one after it) at every beat, on a slow drift."""
    wave = 0.2 * np.sin(2 * np.pi * 0.05 * time_s)
    for beat in beats_s:
        wave += np.exp(-0.5 * ((time_s - beat) / 0.08) ** 2)
        wave += 0.3 * np.exp(-0.5 * ((time_s - beat - 0.3) / 0.08) ** 2)
    return wave


def skin_conductance(
    time_s: np.ndarray, responses_s: np.ndarray | list[float], *, level: float = 4.0, size: float = 0.5
) -> np.ndarray:
    """A level with a slow trend and responses that rise in about a second and decay in four."""
    value = level + 0.01 * (time_s - time_s[0])
    for onset in responses_s:
        after = np.maximum(time_s - onset, 0)
        shape = np.exp(-after / 4.0) - np.exp(-after / 0.6)
        value = value + size * shape / 0.59
    return value


def study_signals(*, bpm: float = 72.0, breaths: float = 15.0) -> pl.DataFrame:
    """A wide table like the simulated study's: 100 Hz pulse, 25 Hz EDA and breathing, from -10 s to 15 s."""
    time = clock(-10, 15, 100)
    slow = np.arange(time.size) % 4 == 0
    eda = skin_conductance(time, [-6.0, 1.0, 4.0, 9.0])
    breathing = np.sin(2 * np.pi * breaths / 60 * time)
    return pl.DataFrame(
        {
            "time_s": time,
            "eda_usiemens": np.where(slow, eda, np.nan),
            "ppg_au": pulse_wave(time, beat_times(-10, 15, bpm=bpm)),
            "rsp_au": np.where(slow, breathing, np.nan),
        }
    ).with_columns(pl.all().fill_nan(None))
