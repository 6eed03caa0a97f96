"""Breathing rate from a chest belt or another breathing wave."""

from __future__ import annotations

import numpy as np
from scipy.ndimage import uniform_filter1d
from scipy.signal import butter, find_peaks, sosfiltfilt

from affectflow.config.signal import Signal
from affectflow.signal.event_rates import rate_per_minute, refine_peaks, regular_times
from affectflow.signal.quality import shape_quality
from affectflow.signal.stretches import Cleaned, Result, Stretch, on_regular_clock

# Two breaths at rest; the filter passes down to 0.05 Hz.
SHORTEST_S = 10.0
LOWEST_PER_MIN, HIGHEST_PER_MIN = 3.0, 60.0
# The band-pass ends at 3 Hz; slower waves are put on a faster clock for it.
BAND_HZ = (0.05, 3.0)
FILTER_HZ = 10.0
SLOWEST_HZ = 2.0
# A breath is at least this share of the usual one, in so many seconds around it.
LEAST_SHARE = 0.3
USUAL_S = 60.0


def clean_rsp(stretch: Stretch, options: Signal, *, problem: str | None = None) -> Result:
    """Find the breathing rate, breath to breath.

    0.05-3 Hz Butterworth as in Khodadad et al. (2018), NeuroKit2's filter called in
    SciPy. Crests and troughs stand out by at least 0.3 of the usual breath in the minute around
    them, Khodadad's criterion; NeuroKit2's own search is not used because it
    gives up the first and the last breath, a third of a short recording. The
    rate is the mean of that between crests (ends of breathing in) and that
    between troughs, or the one there is near the ends, on a regular clock
    (`options.rate_clock_hz`).

    Returns
    -------
    ``rsp_rate_bpm``, breaths per minute, and ``quality_rsp`` (`quality.shape_quality` of the crests).

    References
    ----------
    Khodadad et al. (2018), Physiological Measurement 39, 094001.
    """
    clock = regular_times(stretch.time_s[0], stretch.time_s[-1], options.rate_clock_hz)
    problem = problem or _problem(stretch)
    rate, quality = np.full(clock.shape, np.nan), np.full(clock.shape, np.nan)
    if not problem:
        wave = _filtered(stretch)
        crests, troughs = _extrema(wave)
        for places in (crests, troughs):
            one = rate_per_minute(
                wave.time_s[0] + places / wave.rate_hz,
                clock,
                lowest=LOWEST_PER_MIN,
                highest=HIGHEST_PER_MIN,
                max_change=None,
                max_gap_s=options.max_gap_s,
            )
            rate = np.where(np.isnan(rate), one, np.where(np.isnan(one), rate, (rate + one) / 2))
        quality = shape_quality(wave.value, crests, (clock - wave.time_s[0]) * wave.rate_hz)
        if np.isnan(rate).all():
            problem = f"no two breaths in {stretch.duration_s:.1f} s"
    quantities = [Cleaned("rsp_rate_bpm", clock, rate), Cleaned("quality_rsp", clock, quality)]
    return Result(quantities, [problem] if problem else [])


def _filtered(stretch: Stretch) -> Stretch:
    if stretch.rate_hz < FILTER_HZ:
        stretch = on_regular_clock(stretch.time_s, stretch.value, step_s=1.0 / FILTER_HZ)
    sos = butter(2, BAND_HZ, btype="bandpass", fs=stretch.rate_hz, output="sos")
    return Stretch(stretch.time_s, sosfiltfilt(sos, stretch.value), stretch.rate_hz)


def _extrema(wave: Stretch) -> tuple[np.ndarray, np.ndarray]:
    """Positions of crests and of troughs in samples, with fractions."""
    # The height of a sine wave is 2 sqrt(2) times its root mean square.
    power = uniform_filter1d(wave.value**2, max(1, round(USUAL_S * wave.rate_hz)), mode="nearest")
    least = LEAST_SHARE * 2 * np.sqrt(2 * power)
    apart = max(1, round(60 / HIGHEST_PER_MIN * wave.rate_hz))
    crests, troughs = (find_peaks(w, prominence=least, distance=apart)[0] for w in (wave.value, -wave.value))
    return refine_peaks(wave.value, crests), refine_peaks(-wave.value, troughs)


def _problem(stretch: Stretch) -> str | None:
    if stretch.rate_hz < SLOWEST_HZ * 0.99:
        return f"a breathing wave at {stretch.rate_hz:.2g} Hz is too slow (at least {SLOWEST_HZ:g} Hz)"
    if stretch.duration_s < SHORTEST_S:
        return f"{stretch.duration_s:.1f} s of breathing are too short (at least {SHORTEST_S:g} s)"
    if np.ptp(stretch.value) == 0:
        return f"the breathing wave is flat for {stretch.duration_s:.1f} s"
    return None
