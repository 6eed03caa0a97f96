"""Skin colour with a pulse of known rate, and frames and faces that show it."""

from __future__ import annotations

import numpy as np

# Share of the blood's change that each channel shows (Wang et al. 2017), and a skin's colour.
BLOOD = np.array([0.33, 0.77, 0.53])
SKIN = np.array([170.0, 140.0, 120.0])


def skin_course(
    time_s: np.ndarray,
    *,
    bpm: float,
    strength: float = 0.01,
    brightness: float = 0.0,
    noise: float = 0.1,
    seed: int = 1,
) -> tuple[np.ndarray, np.ndarray]:
    """Colour of skin at the given times, and the blood volume behind it.

    `strength` is the amplitude of the pulse and `brightness` that of slow and fast
    changes of light (0.3 and 2.9 Hz), as shares; `noise` is in levels of 0..255.
    """
    phase = 2 * np.pi * bpm / 60 * time_s
    volume = np.sin(phase) + 0.3 * np.sin(2 * phase + 0.5)
    light = 1 + brightness * (np.sin(2 * np.pi * 0.3 * time_s) + np.sin(2 * np.pi * 2.9 * time_s))
    colour = SKIN * light[:, None] * (1 - strength * volume[:, None] * BLOOD)
    return colour + np.random.default_rng(seed).normal(0, noise, colour.shape), volume
