"""Numbers from 0 (useless) to 1 (clean) for pieces of a signal: what a wave looks like, what a window holds."""

from __future__ import annotations

import re
from collections.abc import Collection

import numpy as np
from scipy.ndimage import binary_dilation

# First word of a name of a quality in the tables of signals, frames and windows.
PREFIX = "quality_"
# Further away from every beat or breath than so many of their usual distances, nothing is seen.
FAR = 1.5
# Skin conductance that changes faster than this, and so many seconds around it, is an artefact
# (Kleckner et al. 2018, IEEE Transactions on Biomedical Engineering 65, 1460-1467).
STEEPEST_USIEMENS_PER_S = 10.0
AROUND_S = 5.0
# A sensor that shows one and the same number for so long is stuck, seconds.
STUCK_S = 10.0
# Quantities that are missing by their nature for much of a good recording: a minute's variability at
# the ends, the height of responses where there are none, a device's list of the beats it was sure of.
OCCASIONAL = re.compile(
    r"(quality|hrv)_.*|(ibi|rr)_(.*_)?ms|scr_(.*_)?amplitude_usiemens|perinasal_(.*_)?trend_degc2"
)
# A window's quality of these kinds is that of the wave in which they were found.
FOUND_IN = {"scr": "eda"}


def shape_quality(wave: np.ndarray, places: np.ndarray, at: np.ndarray) -> np.ndarray:
    """Tell how much each beat (or breath) looks like the usual one.

    The correlation of the wave around a beat with the median beat, over one usual
    distance between beats; template matching as in Orphanidou et al. (2015), who
    accept pulse waves from 0.86. Between beats it is interpolated; below 0, and
    far from any beat, it is 0.

    Parameters
    ----------
    wave
        Filtered wave of one stretch, shape (n,).
    places
        Positions of the beats in samples, increasing, shape (k,).
    at
        Positions in samples at which the quality is wanted, shape (m,).

    Returns
    -------
    Shape (m,), 0..1; all 0 with fewer than three beats.

    References
    ----------
    Orphanidou et al. (2015), IEEE Journal of Biomedical and Health Informatics 19, 832-838.
    """
    nothing = np.zeros(at.shape)
    if places.size < 3:
        return nothing
    usual = float(np.median(np.diff(places)))
    half = max(2, round(usual / 2))
    centre = np.round(places).astype(np.int64)
    whole = (centre >= half) & (centre < wave.size - half)
    if whole.sum() < 3:
        return nothing
    centre = centre[whole]
    beats = wave[centre[:, None] + np.arange(-half, half + 1)]
    beats = beats - beats.mean(axis=1, keepdims=True)
    size = np.linalg.norm(beats, axis=1)
    template = np.median(beats / np.maximum(size, 1e-300)[:, None], axis=0)
    template = template - template.mean()
    alike = beats @ template / np.maximum(size * np.linalg.norm(template), 1e-300)
    right = np.clip(np.searchsorted(centre, at), 1, centre.size - 1)
    far = np.minimum(np.abs(at - centre[right - 1]), np.abs(at - centre[right])) > FAR * usual
    return np.where(far, 0.0, np.interp(at, centre, np.clip(alike, 0.0, 1.0)))


def eda_artefacts(value: np.ndarray, *, rate_hz: float) -> np.ndarray:
    """Mark artefacts in skin conductance: jumps, 5 s around them, and stuck sensors.

    Parameters
    ----------
    value
        Skin conductance of one stretch on a regular clock, microsiemens, shape (n,).
    rate_hz
        Samples per second.

    Returns
    -------
    Boolean, shape (n,).
    """
    step = np.diff(value, prepend=value[:1])
    jump = np.abs(step) * rate_hz > STEEPEST_USIEMENS_PER_S
    jump[:-1] |= jump[1:]
    around = 2 * round(AROUND_S * rate_hz) + 1
    artefact = binary_dilation(jump, np.ones(around, dtype=bool)) if jump.any() else jump
    edges = np.flatnonzero(np.append(True, step[1:] != 0))
    length = np.diff(np.append(edges, value.size))
    return artefact | np.repeat(length >= STUCK_S * rate_hz, length)


def quality_column(signal: str, columns: Collection[str]) -> str | None:
    """Return which quality belongs to a signal: ``hr_ppg_bpm`` → ``quality_hr_ppg`` where there is one.

    Parameters
    ----------
    signal
        Name with its unit.
    columns
        The names there are.
    """
    words = signal.split("_")[:-1]
    words[:1] = [FOUND_IN.get(words[0], words[0])] if words else []
    for n in range(len(words), 0, -1):
        name = PREFIX + "_".join(words[:n])
        if name in columns:
            return name
    return None


def is_continuous(signal: str) -> bool:
    """Tell whether a cleaned signal should have a value at any time of a good recording."""
    return OCCASIONAL.fullmatch(signal) is None
