"""Biosignals of a simulated recording: skin conductance, pulse and breathing from NeuroKit2's simulators."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import polars as pl
from scipy.signal import find_peaks

from affectflow.datasets.simulated.design import generator

# The signals begin before the video and end after it, so that the edges of filters fall outside.
LEAD_S, TAIL_S = 10.0, 5.0
PPG_HZ, SLOW_HZ = 100, 25
# Beats are timed on a finer clock than the file's: 10 ms would be 1 bpm at 75 bpm.
_FINE_HZ = 500
_SETTLE_S = 10.0
# Of a full smile.
_VISIBLE_USIEMENS = 0.4


@dataclass(frozen=True)
class Signals:
    """Signals of one recording and the truth about them.

    Attributes
    ----------
    table
        `time_s` (s, 0 = first frame), `eda_usiemens`, `ppg_au`, `rsp_au`; the slower
        signals are null where they have no sample.
    beat_s
        Times of the systolic peaks on the same clock, seconds.
    scr_s
        Times at which skin conductance responses peak, seconds.
    """

    table: pl.DataFrame
    beat_s: np.ndarray
    scr_s: np.ndarray


def simulate_signals(levels: dict[str, float], *, duration_s: float, recording_id: str, seed: int) -> Signals:
    """Simulate the biosignals of one recording.

    Parameters
    ----------
    levels
        What `design.draw_levels` returned.
    duration_s
        Length of the video, seconds.
    recording_id, seed
        Where the random numbers come from.
    """
    rng = generator(seed, "signals", recording_id)
    total_s = LEAD_S + duration_s + TAIL_S
    n_fast = round(total_s * PPG_HZ) + 1
    time_s = np.round(np.arange(n_fast) / PPG_HZ - LEAD_S, 4)
    ppg, beat_s = _pulse(levels["hr_bpm"], total_s=total_s, rng=rng)
    eda, scr_s = _skin(levels, total_s=total_s, rng=rng)
    rsp = _breathing(levels["rsp_rate_bpm"], total_s=total_s, rng=rng)
    step = PPG_HZ // SLOW_HZ
    table = pl.DataFrame({"time_s": time_s}).with_columns(
        pl.Series("eda_usiemens", _spread(eda, n_fast, step)),
        pl.Series("ppg_au", np.round(ppg[:n_fast], 4)),
        pl.Series("rsp_au", _spread(rsp, n_fast, step)),
    )
    return Signals(table.fill_nan(None), beat_s - LEAD_S, scr_s - LEAD_S)


def visible_conductance(
    signals: Signals,
    frame_s: np.ndarray,
    shown: np.ndarray,
    levels: dict[str, float],
    *,
    recording_id: str,
    seed: int,
) -> Signals:
    """Return the signals with a skin conductance that follows what the face shows, at once and in full.

    No skin does that: it is for studies in which the face is known to tell the
    conductance. There are no responses then.

    Parameters
    ----------
    signals
        Of `simulate_signals`.
    frame_s, shown
        Times of frames, seconds, and what the face does in them, -1..1; held at the ends.
    levels
        As of `simulate_signals`.
    recording_id, seed
        Where the sensor's noise comes from.
    """
    table = signals.table
    sampled = table["eda_usiemens"].is_not_null().to_numpy()
    time_s = table["time_s"].to_numpy()
    rng = generator(seed, "visible", recording_id)
    course = _VISIBLE_USIEMENS * np.interp(time_s, frame_s, shown) + rng.normal(0, 0.002, len(time_s))
    eda = np.where(sampled, np.round(np.maximum(levels["eda_tonic_usiemens"] + course, 0.1), 4), np.nan)
    changed = table.with_columns(pl.Series("eda_usiemens", eda, nan_to_null=True))
    return replace(signals, table=changed, scr_s=np.empty(0))


def heart_rate_bpm(time_s: np.ndarray, beat_s: np.ndarray) -> np.ndarray:
    """Return the heart rate at the given times, from the times of the beats.

    60 / interval, placed in the middle of each interval and joined by straight
    lines; held at the ends. Shape as `time_s`, beats per minute.
    """
    beat_s = np.asarray(beat_s)
    return np.interp(time_s, (beat_s[:-1] + beat_s[1:]) / 2, 60 / np.diff(beat_s))


def _spread(values: np.ndarray, n_fast: int, step: int) -> np.ndarray:
    """Put a slower signal on the fast clock, NaN between its samples."""
    out = np.full(n_fast, np.nan)
    n_slow = len(out[::step])
    out[::step] = np.round(values[:n_slow], 4)
    return out


def _nk_seed(rng: np.random.Generator) -> int:
    return int(rng.integers(2**31 - 1))


def _pulse(hr_bpm: float, *, total_s: float, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    import neurokit2 as nk

    # The simulator's first and last waves are unfinished: simulate more and cut a piece out.
    start_s = _SETTLE_S / 2 + rng.uniform(0, 60 / hr_bpm)
    fine = np.asarray(
        nk.ppg_simulate(
            duration=int(np.ceil(total_s + 2 * _SETTLE_S)),
            sampling_rate=_FINE_HZ,
            heart_rate=hr_bpm,
            frequency_modulation=0.06,
            ibi_randomness=0.04,
            drift=0,
            motion_amplitude=0,
            powerline_amplitude=0,
            burst_number=0,
            burst_amplitude=0,
            random_state=_nk_seed(rng),
            random_state_distort=_nk_seed(rng),
        )
    )
    piece = fine[round(start_s * _FINE_HZ) :]
    peaks, _ = find_peaks(piece, prominence=0.6, distance=round(0.3 * _FINE_HZ))
    beat_s = peaks / _FINE_HZ
    ppg = piece[:: _FINE_HZ // PPG_HZ][: round(total_s * PPG_HZ) + 1]
    return ppg + rng.normal(0, 0.01, len(ppg)), beat_s[beat_s <= total_s]


def _skin(
    levels: dict[str, float], *, total_s: float, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """Return skin conductance (µS) and the times of its responses."""
    import neurokit2 as nk

    longer_s = int(np.ceil(total_s + 2 * _SETTLE_S))
    number = max(round(levels["scr_rate_bpm"] / 60 * longer_s), 1)
    # Where the evenly spaced responses fall must not be the same in every recording.
    start_s = _SETTLE_S / 2 + rng.uniform(0, min(longer_s / number, _SETTLE_S))
    bare = np.asarray(
        nk.eda_simulate(
            duration=longer_s,
            sampling_rate=SLOW_HZ * 4,
            scr_number=number,
            noise=0,
            drift=0,
            random_state=_nk_seed(rng),
            random_state_distort=_nk_seed(rng),
        )
    )
    phasic = bare[round(start_s * SLOW_HZ * 4) :: 4] - 1.0
    n = round(total_s * SLOW_HZ) + 1
    phasic = phasic[:n]
    peaks, _ = find_peaks(phasic, prominence=0.2)
    slope = rng.normal(0, 0.004) * np.arange(n) / SLOW_HZ
    eda = levels["eda_tonic_usiemens"] + 0.35 * phasic + slope + rng.normal(0, 0.002, n)
    return eda, peaks / SLOW_HZ


def _breathing(rate_bpm: float, *, total_s: float, rng: np.random.Generator) -> np.ndarray:
    import neurokit2 as nk

    longer_s = int(np.ceil(total_s + 2 * _SETTLE_S))
    fine = np.asarray(
        nk.rsp_simulate(
            duration=longer_s,
            sampling_rate=PPG_HZ,
            respiratory_rate=rate_bpm,
            method="breathmetrics",
            noise=0,
            random_state=_nk_seed(rng),
            random_state_distort=_nk_seed(rng),
        )
    )
    start_s = rng.uniform(0, _SETTLE_S)
    piece = fine[round(start_s * PPG_HZ) :: PPG_HZ // SLOW_HZ][: round(total_s * SLOW_HZ) + 1]
    return piece + rng.normal(0, 0.004, len(piece))
