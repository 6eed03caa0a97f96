"""Pulse wave and heart rate from the colour of the skin, by published formulas.

POS (plane orthogonal to the skin): Wang et al. (2017), IEEE Trans. Biomed. Eng. 64(7): 1479.
CHROM (chrominance): de Haan and Jeanne (2013), IEEE Trans. Biomed. Eng. 60(10): 2878.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray
from scipy.signal import butter, get_window, sosfiltfilt

Array = NDArray[np.float64]

# What is found, as signals.
HEART_RATE, SNR, WAVE = "rppg_hr_bpm", "rppg_snr_db", "rppg_wave_au"
# 42 to 240 beats per minute.
BAND_HZ = (0.7, 4.0)
# Both methods normalise the colour over windows that hold at least one beat (both papers: 1.6 s).
NORMALISE_S = 1.6
# Half width of what belongs to the pulse in a spectrum, around its rate; twice that around its harmonic.
TEMPLATE_HZ = 0.1
# Below this the band does not fit under half the frame rate.
SLOWEST_HZ = 2.2 * BAND_HZ[1]
_GRID_BPM = 0.5
_CHUNK = 2000


@dataclass(frozen=True)
class RateEstimate:
    """Heart rate in windows, each against its own spectrum.

    Attributes
    ----------
    hr_bpm
        (n_windows,); NaN where no peak stands inside the band.
    snr_db
        (n_windows,): power at the rate and its harmonic against all other power in the
        band, decibels (de Haan and Jeanne 2013); NaN without a peak.
    """

    hr_bpm: Array
    snr_db: Array


def pos_wave(rgb: Array, *, rate_hz: float) -> Array:
    """Return the pulse wave by POS.

    In every window of 1.6 s the colour is divided by its mean and projected onto two
    axes that are blind to brightness, G - B and G + B - 2R; the second is scaled to
    the first's standard deviation and added; windows overlap by all but one frame.

    Parameters
    ----------
    rgb
        (n, 3) mean skin colour on a regular clock, finite and above 0.
    rate_hz
        Frames per second.

    Returns
    -------
    (n,) arbitrary units of about the share of brightness; it rises with the blood volume
    (the paper's sign is the opposite).
    """
    length = min(max(round(NORMALISE_S * rate_hz), 2), len(rgb))
    wave = np.zeros(len(rgb))
    windows = sliding_window_view(rgb, length, axis=0)
    for first in range(0, len(windows), _CHUNK):
        piece = windows[first : first + _CHUNK]
        red, green, blue = np.moveaxis(piece / piece.mean(axis=2, keepdims=True), 1, 0)
        one, two = green - blue, green + blue - 2 * red
        part = one + _ratio(one.std(axis=1), two.std(axis=1))[:, None] * two
        part -= part.mean(axis=1, keepdims=True)
        for i in range(length):
            wave[first + i : first + i + len(piece)] -= part[:, i]
    return wave / length


def chrom_wave(rgb: Array, *, rate_hz: float) -> Array:
    """Return the pulse wave by CHROM.

    In windows of 1.6 s the colour is divided by its mean and turned into two
    chrominances that a white highlight does not change, X = 3R - 2G and
    Y = 1.5R + G - 1.5B, both held to the band; the pulse is X - Y times the ratio of
    their standard deviations. Windows overlap by half and are added under a Hann window.

    Parameters, Returns
    -------------------
    As `pos_wave`; the sign is the paper's.
    """
    n = len(rgb)
    half = max(round(NORMALISE_S * rate_hz / 2), 1)
    length = min(2 * half, n)
    hann = get_window("hann", length)
    wave, weight = np.zeros(n), np.zeros(n)
    # The paper filters inside the window, where a filter has no room; a chrominance of locally
    # normalised colour, filtered over the whole stretch, is the same away from the edges.
    local = rgb / _moving_mean(rgb, length)
    x = band_pass(3 * local[:, 0] - 2 * local[:, 1], rate_hz=rate_hz)
    y = band_pass(1.5 * local[:, 0] + local[:, 1] - 1.5 * local[:, 2], rate_hz=rate_hz)
    starts = np.append(np.arange(0, n - length, half), n - length)
    for a in np.unique(starts):
        own = slice(a, a + length)
        scale = _ratio(x[own].std(), y[own].std())
        wave[own] += hann * (x[own] - scale * y[own])
        weight[own] += hann
    return np.divide(wave, weight, out=np.zeros(n), where=weight > 1e-6)


WAVES: dict[str, Callable[..., Array]] = {"pos": pos_wave, "chrom": chrom_wave}


def band_pass(wave: Array, *, rate_hz: float) -> Array:
    """Hold a wave to 0.7-4 Hz (Butterworth of order 3, both directions), shape kept."""
    sections = butter(3, BAND_HZ, btype="bandpass", fs=rate_hz, output="sos")
    return sosfiltfilt(sections, wave, padlen=min(len(wave) - 1, round(2 * rate_hz)))


def heart_rates(wave: Array, starts: NDArray[np.int64], *, length: int, rate_hz: float) -> RateEstimate:
    """Find the heart rate in windows of a pulse wave, from the strongest peak of each spectrum.

    The peak of the Hann-windowed, zero-padded power spectrum (grid 0.5 per minute) is
    placed between grid points by a parabola through the logarithms. Only a local maximum
    inside the band counts: drift that leaks in from below has none. For the signal-to-noise ratio,
    0.1 Hz on either side of the rate and 0.2 Hz of its first harmonic are signal (de Haan and
    Jeanne 2013), or one over the window's length where that is wider, since no spectrum
    resolves more.

    Parameters
    ----------
    wave
        (n,) pulse wave, finite.
    starts
        First sample of each window.
    length
        Samples of a window.
    rate_hz
        Samples per second.
    """
    n_fft = int(2 ** np.ceil(np.log2(max(60 * rate_hz / _GRID_BPM, length))))
    frequency = np.fft.rfftfreq(n_fft, 1 / rate_hz)
    band = np.flatnonzero((frequency >= BAND_HZ[0]) & (frequency <= BAND_HZ[1]))
    inside, taper = frequency[band], get_window("hann", length)
    windows = sliding_window_view(wave, length)
    rates, ratios = [np.empty(0)], [np.empty(0)]
    for first in range(0, len(starts), _CHUNK // 10):
        piece = windows[starts[first : first + _CHUNK // 10]]
        piece = (piece - piece.mean(axis=1, keepdims=True)) * taper
        power = np.abs(np.fft.rfft(piece, n_fft, axis=1)[:, band]) ** 2
        peak_hz = _peaks(power, inside)
        rates.append(60 * peak_hz)
        ratios.append(_snr_db(power, inside, peak_hz, half_width=max(TEMPLATE_HZ, rate_hz / length)))
    return RateEstimate(np.concatenate(rates), np.concatenate(ratios))


def _peaks(power: Array, frequency: Array) -> Array:
    """Return the frequency of each row's highest local maximum; NaN without one."""
    middle = power[:, 1:-1]
    local = (middle > power[:, :-2]) & (middle >= power[:, 2:])
    best = np.where(local, middle, -1.0).argmax(axis=1) + 1
    row = np.arange(len(power))
    with np.errstate(divide="ignore", invalid="ignore"):
        below, at, above = (np.log(power[row, best + k]) for k in (-1, 0, 1))
        shift = 0.5 * (below - above) / (below - 2 * at + above)
    shift = np.where(np.isfinite(shift), shift, 0.0)
    found = frequency[best] + np.clip(shift, -0.5, 0.5) * (frequency[1] - frequency[0])
    return np.where(local.any(axis=1), found, np.nan)


def _snr_db(power: Array, frequency: Array, peak_hz: Array, *, half_width: float) -> Array:
    away = frequency - peak_hz[:, None], frequency - 2 * peak_hz[:, None]
    pulse = (np.abs(away[0]) <= half_width) | (np.abs(away[1]) <= 2 * half_width)
    signal = np.where(pulse, power, 0).sum(axis=1)
    rest = power.sum(axis=1) - signal
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = 10 * np.log10(signal / rest)
    # All power at the pulse: a spectrum without any noise still has its rounding.
    return np.where(np.isnan(peak_hz), np.nan, np.clip(ratio, -60, 60))


def _ratio(a: Array, b: Array) -> Array:
    """Return a / b, and 0 where b is 0: a projection without any change adds nothing."""
    return np.divide(a, b, out=np.zeros_like(np.asarray(a, dtype=float)), where=np.asarray(b) > 0)


def _moving_mean(values: Array, length: int) -> Array:
    """Centred moving mean over the first axis; at the ends over what there is."""
    total = np.concatenate([np.zeros((1, values.shape[1])), np.cumsum(values, axis=0)])
    at = np.arange(len(values))
    first, last = np.maximum(at - length // 2, 0), np.minimum(at - length // 2 + length, len(values))
    return (total[last] - total[first]) / (last - first)[:, None]
