"""Two recordings of the same movement, pulse or heart rate on clocks that do not agree."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.signal import butter, sosfiltfilt

from affectflow.signal.clock import Clock

FINE_HZ = 100.0
SPARE_S = 20.0
# Samples per second of the signal, noise of the signal and of what the video shows, in standard deviations.
KINDS = {"movement": (32, 0.3, 0.7), "pulse": (64, 0.3, 1.0), "heart_rate": (4, 0.1, 0.5)}


@dataclass(frozen=True)
class Pair:
    """A signal on its own clock, a reference on the video's, and the true clock between them."""

    signal_s: np.ndarray
    signal: np.ndarray
    video_s: np.ndarray
    seen: np.ndarray
    clock: Clock

    def lag_error_s(self, found: Clock) -> float:
        """How far a clock is off the true one in the middle of the recording, seconds."""
        middle = np.array([self.clock.reference_s])
        return abs(float(found.to_video(middle)[0] - self.clock.to_video(middle)[0]))


def clock_pair(
    kind: str,
    rng: np.random.Generator,
    *,
    seconds: float = 600.0,
    lag_s: float | None = None,
    drift_ppm: float | None = None,
    related: bool = True,
) -> Pair:
    """A pair with lag within ±5 s and drift within ±200 ppm unless given; frames at 30 fps with jitter and lost faces."""
    lag_s = rng.uniform(-5, 5) if lag_s is None else lag_s
    drift_ppm = rng.uniform(-200, 200) if drift_ppm is None else drift_ppm
    clock = Clock(lag_s, drift_ppm, seconds / 2)
    rate, noise, seen_noise = KINDS[kind]
    fine, truth = _truth(kind, rng, seconds)
    other = truth if related else _truth(kind, rng, seconds)[1]
    signal_s = np.arange(-8, seconds + 8, 1 / rate)
    signal = np.interp(clock.to_video(signal_s), fine, other) + noise * rng.standard_normal(signal_s.size)
    video_s = np.arange(0, seconds, 1 / 30)
    video_s = video_s + rng.uniform(0, 0.01, video_s.size)
    error = rng.standard_normal(video_s.size)
    if kind == "heart_rate":  # found from a wave in a window: its errors last seconds
        error = np.convolve(error, np.ones(61), "same") / np.sqrt(61)
    seen = np.interp(video_s, fine, truth) + seen_noise * error
    for start in rng.uniform(0, seconds, 5):
        seen[(video_s > start) & (video_s < start + rng.uniform(0.5, 8))] = np.nan
    return Pair(signal_s, signal, video_s, seen, clock)


def _truth(kind: str, rng: np.random.Generator, seconds: float) -> tuple[np.ndarray, np.ndarray]:
    n = round((seconds + 2 * SPARE_S) * FINE_HZ)
    time = np.arange(n) / FINE_HZ - SPARE_S
    if kind == "movement":
        value = sosfiltfilt(
            butter(2, [0.1, 3.0], "bandpass", fs=FINE_HZ, output="sos"), rng.standard_normal(n)
        )
        knots = np.arange(time[0], time[-1] + 2, 2)
        value = value * np.exp(0.8 * np.interp(time, knots, rng.standard_normal(knots.size)))
    else:
        rate = 75 + 4 * _heart_rate(rng, n)
        phase = 2 * np.pi * np.cumsum(rate / 60) / FINE_HZ
        value = rate if kind == "heart_rate" else np.cos(phase) + 0.4 * np.cos(2 * phase + 0.8)
    return time, (value - value.mean()) / value.std()


def _heart_rate(rng: np.random.Generator, n: int) -> np.ndarray:
    """Slow changes, waves of 10 s and of breathing, as in people at rest."""
    f = np.fft.rfftfreq(n, 1 / FINE_HZ)
    size = 3 / np.sqrt(1 + (f / 0.01) ** 2) + 2 * np.exp(-(((f - 0.1) / 0.03) ** 2))
    size += 1.5 * np.exp(-(((f - 0.27) / 0.04) ** 2))
    value = np.fft.irfft(size * np.exp(2j * np.pi * rng.random(f.size)), n)
    return value / value.std()
