"""Heart rate from a pulse wave or an electrocardiogram, beat to beat."""

from __future__ import annotations

import neurokit2 as nk
import numpy as np
from scipy.interpolate import CubicSpline

from affectflow.config.signal import Signal
from affectflow.signal.event_rates import (
    are_plausible,
    pick,
    rate_of_intervals,
    refine_peaks,
    regular_times,
)
from affectflow.signal.hrv import ADJACENT_S
from affectflow.signal.quality import shape_quality
from affectflow.signal.stretches import Cleaned, Intervals, Result, Stretch

# A handful of beats: fewer cannot be checked against each other.
SHORTEST_S = 5.0
# Breathing moves a healthy heart by up to a fifth; a missed beat doubles the interval.
LIMITS = {"lowest": 30.0, "highest": 220.0, "max_change": 0.25}
# NeuroKit2's pulse filter passes up to 8 Hz; its ECG filter needs the sharp R wave.
PPG_SLOWEST_HZ = 20.0
ECG_SLOWEST_HZ = 100.0
PPG_SEARCH_HZ = 100.0
# Beats less like the usual one say nothing about variability (limits of Orphanidou et al. 2015).
PPG_ALIKE, ECG_ALIKE = 0.86, 0.66


def clean_ppg(stretch: Stretch, options: Signal, *, problem: str | None = None) -> Result:
    """Find the heart rate in a photoplethysmogram (pulse wave).

    0.5-8 Hz Butterworth and the systolic peaks of Elgendi et al. (2013), both from
    NeuroKit2; peaks are placed between samples by a parabola. The rate is that of
    each interval between beats, on a regular clock (`options.rate_clock_hz`), and
    is missing where a beat was missed; see `event_rates.rate_per_minute`.

    Returns
    -------
    ``hr_bpm`` and ``quality_hr`` (`quality.shape_quality`). `Result.beats` are the
    intervals between beats that look like the usual one (from 0.86; ECG 0.66), for
    the heart rate variability of the whole recording.

    References
    ----------
    Elgendi et al. (2013), PLoS ONE 8(10): e76585. Orphanidou et al. (2015), IEEE Journal
    of Biomedical and Health Informatics 19, 832-838.
    """
    problem = problem or _problem(stretch, "pulse wave", PPG_SLOWEST_HZ)
    if problem:
        return _without(stretch, options, problem)
    stretch = _finer(stretch)
    clean = nk.ppg_clean(stretch.value, sampling_rate=stretch.rate_hz, method="elgendi")
    peaks = nk.ppg_findpeaks(clean, sampling_rate=stretch.rate_hz, method="elgendi")["PPG_Peaks"]
    return _result(stretch, clean, peaks, options, alike_min=PPG_ALIKE)


def clean_ecg(stretch: Stretch, options: Signal, *, problem: str | None = None) -> Result:
    """Find the heart rate in an electrocardiogram (NeuroKit2's R peaks); else as `clean_ppg`."""
    problem = problem or _problem(stretch, "ECG", ECG_SLOWEST_HZ)
    if problem:
        return _without(stretch, options, problem)
    rate = round(stretch.rate_hz)
    clean = nk.ecg_clean(stretch.value, sampling_rate=rate, method="neurokit")
    peaks = nk.ecg_findpeaks(clean, sampling_rate=rate, method="neurokit")["ECG_R_Peaks"]
    return _result(stretch, clean, peaks, options, alike_min=ECG_ALIKE)


def screen_beats(time_s: np.ndarray, value: np.ndarray, options: Signal) -> Result:
    """Take intervals between beats, as devices list them, for what they are: nothing is put between them.

    A sample's time is that of a beat, its value the time since the beat before
    (Empatica's IBI.csv). Intervals that cannot be true, against their neighbours
    or against the times of the list, are missing.

    Returns
    -------
    ``ibi_ms`` on its own clock; ``hr_bpm`` as `clean_ppg` gives it, on a regular
    clock; `Result.beats`.
    """
    known = np.flatnonzero(~np.isnan(value))
    length = value[known] / 1000.0
    start = time_s[known] - length
    # One that begins before the beat before it contradicts the list's own times.
    true = are_plausible(length, **LIMITS)
    true &= np.append(True, start[1:] >= time_s[known][:-1] - ADJACENT_S)[: true.size]
    beats = pick(Intervals(start, length), true)
    kept = np.full(value.shape, np.nan)
    kept[known[true]] = value[known[true]]
    clock = regular_times(time_s[0], time_s[-1], options.rate_clock_hz)
    rate = rate_of_intervals(beats, clock, max_gap_s=options.max_gap_s)
    n_out = int((~true).sum())
    notes = [f"{n_out} of {known.size} intervals cannot be true and count as missing"] if n_out else []
    return Result([Cleaned("ibi_ms", time_s, kept), Cleaned("hr_bpm", clock, rate)], notes, beats)


def _problem(stretch: Stretch, what: str, slowest_hz: float) -> str | None:
    if stretch.rate_hz < slowest_hz * 0.99:
        return f"a {what} at {stretch.rate_hz:.3g} Hz is too slow to find beats (at least {slowest_hz:g} Hz)"
    if stretch.duration_s < SHORTEST_S:
        return f"{stretch.duration_s:.1f} s of {what} are too short (at least {SHORTEST_S:g} s)"
    if np.ptp(stretch.value) == 0:
        return f"the {what} is flat for {stretch.duration_s:.1f} s"
    return None


def _finer(stretch: Stretch) -> Stretch:
    """Put a slow pulse wave on a clock on which the search's windows of 0.1 s hold enough samples."""
    factor = int(np.ceil(PPG_SEARCH_HZ / stretch.rate_hz - 0.01))
    if factor <= 1:
        return stretch
    n = (stretch.time_s.size - 1) * factor + 1
    rate = stretch.rate_hz * factor
    offset = np.arange(n) / rate
    curve = CubicSpline(np.arange(stretch.time_s.size) / stretch.rate_hz, stretch.value)
    return Stretch(stretch.time_s[0] + offset, curve(offset), rate)


def _without(stretch: Stretch, options: Signal, problem: str) -> Result:
    clock = regular_times(stretch.time_s[0], stretch.time_s[-1], options.rate_clock_hz)
    nothing = np.full(clock.shape, np.nan)
    return Result([Cleaned("hr_bpm", clock, nothing), Cleaned("quality_hr", clock, nothing)], [problem])


def _result(
    stretch: Stretch, wave: np.ndarray, peaks: np.ndarray, options: Signal, *, alike_min: float
) -> Result:
    clock = regular_times(stretch.time_s[0], stretch.time_s[-1], options.rate_clock_hz)
    wave = np.asarray(wave, dtype=np.float64)
    places = refine_peaks(wave, np.asarray(peaks, dtype=np.int64))
    at = stretch.time_s[0] + places / stretch.rate_hz
    found = Intervals(at[:-1], np.diff(at))
    true = are_plausible(found.length_s, **LIMITS)
    rate = rate_of_intervals(pick(found, true), clock, max_gap_s=options.max_gap_s)
    quality = shape_quality(wave, places, (clock - stretch.time_s[0]) * stretch.rate_hz)
    # A rate averages over a bad beat; a difference between beats is made of it.
    alike = shape_quality(wave, places, places) >= alike_min
    beats = pick(found, true & alike[:-1] & alike[1:])
    notes = [f"no two plausible beats in {stretch.duration_s:.1f} s"] if np.isnan(rate).all() else []
    return Result([Cleaned("hr_bpm", clock, rate), Cleaned("quality_hr", clock, quality)], notes, beats)
