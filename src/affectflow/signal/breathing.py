"""Breathing rate from a chest belt or another breathing wave."""

from __future__ import annotations

import neurokit2 as nk
import numpy as np

from affectflow.config.signal import Signal
from affectflow.signal.event_rates import rate_per_minute, refine_peaks, regular_times
from affectflow.signal.stretches import Cleaned, Result, Stretch, on_regular_clock

# Two breaths at rest; NeuroKit2's filter passes down to 0.05 Hz.
SHORTEST_S = 10.0
LOWEST_PER_MIN, HIGHEST_PER_MIN = 3.0, 60.0
# NeuroKit2's band-pass ends at 3 Hz; slower waves are put on a faster clock for it.
FILTER_HZ = 10.0
SLOWEST_HZ = 2.0


def clean_rsp(stretch: Stretch, options: Signal, *, problem: str | None = None) -> Result:
    """Find the breathing rate, breath to breath.

    0.05-3 Hz Butterworth and the extrema of Khodadad et al. (2018), both from
    NeuroKit2. The rate is that of each interval between two crests (ends of
    breathing in), on a regular clock (`options.rate_clock_hz`).

    Returns
    -------
    ``rsp_rate_bpm``, breaths per minute.

    References
    ----------
    Khodadad et al. (2018), Physiological Measurement 39, 094001.
    """
    clock = regular_times(stretch.time_s[0], stretch.time_s[-1], options.rate_clock_hz)
    problem = problem or _problem(stretch)
    crests = np.empty(0) if problem else _crests(stretch)
    rate = rate_per_minute(
        crests,
        clock,
        lowest=LOWEST_PER_MIN,
        highest=HIGHEST_PER_MIN,
        max_change=None,
        max_gap_s=options.max_gap_s,
    )
    if not problem and np.isnan(rate).all():
        problem = f"no two breaths in {stretch.duration_s:.1f} s"
    return Result([Cleaned("rsp_rate_bpm", clock, rate)], [problem] if problem else [])


def _crests(stretch: Stretch) -> np.ndarray:
    if stretch.rate_hz < FILTER_HZ:
        stretch = on_regular_clock(stretch.time_s, stretch.value, step_s=1.0 / FILTER_HZ)
    clean = np.asarray(nk.rsp_clean(stretch.value, sampling_rate=stretch.rate_hz, method="khodadad2018"))
    found = nk.rsp_findpeaks(clean, sampling_rate=stretch.rate_hz, method="khodadad2018")
    peaks = np.asarray(found["RSP_Peaks"], dtype=np.int64)
    return stretch.time_s[0] + refine_peaks(clean, peaks) / stretch.rate_hz


def _problem(stretch: Stretch) -> str | None:
    if stretch.rate_hz < SLOWEST_HZ * 0.99:
        return f"a breathing wave at {stretch.rate_hz:.2g} Hz is too slow (at least {SLOWEST_HZ:g} Hz)"
    if stretch.duration_s < SHORTEST_S:
        return f"{stretch.duration_s:.1f} s of breathing are too short (at least {SHORTEST_S:g} s)"
    if np.ptp(stretch.value) == 0:
        return f"the breathing wave is flat for {stretch.duration_s:.1f} s"
    return None
