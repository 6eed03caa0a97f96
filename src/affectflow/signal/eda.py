"""Electrodermal activity: level, responses, and how often they come."""

from __future__ import annotations

import numpy as np
from scipy.signal import butter, find_peaks, sosfiltfilt

from affectflow.config.signal import Signal
from affectflow.signal.event_rates import events_per_second, mean_of_events
from affectflow.signal.quality import eda_artefacts
from affectflow.signal.stretches import Cleaned, Result, Stretch

# The split is at 0.05 Hz: a shorter piece has no slow part that could be told from a trend.
SHORTEST_S = 5.0
# A response rises within 1 to 3 s; with fewer samples it cannot be seen.
SLOWEST_HZ = 2.0
# A response rises from its onset to its peak within this time, seconds.
WITHIN_S = 5.0
# A low-pass at 3 Hz needs more than twice that rate.
LOWPASS_ABOVE_HZ = 7.0
LOWPASS_HZ, SPLIT_HZ = 3.0, 0.05
# The high-passed signal peaks somewhat before the conductance itself.
LATER_S = 1.0


def clean_eda(stretch: Stretch, options: Signal, *, problem: str | None = None) -> Result:
    """Split skin conductance into level (tonic) and responses (phasic); count and measure the responses.

    Noise is removed by a 3 Hz low-pass (Butterworth, zero phase), level and
    responses are split at 0.05 Hz: the filters of NeuroKit2's ``eda_clean`` and
    ``eda_phasic`` (``highpass``, as in Biopac's AcqKnowledge), called in SciPy
    so that jobs without a pulse wave need not load NeuroKit2. A response counts
    when it rises by at least `options.scr_min_usiemens`; the limit is absolute,
    so that noise does not become responses in someone who shows none (it is met
    by the high-passed signal, in which a response keeps about two thirds of its
    height). Nothing is counted within 5 s of a jump no skin can make
    (`quality.eda_artefacts`). The peaks are SciPy's: NeuroKit2's search takes nine
    times as long as everything else here together.

    Returns
    -------
    On the signal's clock: ``eda_tonic_usiemens`` and ``eda_phasic_usiemens``;
    ``scr_rate_hz``, responses per second in a centred window of `options.scr_window_s`;
    ``scr_amplitude_usiemens``, mean rise from onset to peak of the responses
    in that window, NaN where there is none; ``quality_eda``, 1 or, in an artefact, 0.

    References
    ----------
    Boucsein et al. (2012), Publication recommendations for electrodermal
    measurements, Psychophysiology 49, 1017-1034.
    """
    time, nothing = stretch.time_s, np.full(stretch.time_s.shape, np.nan)
    if problem is None and stretch.duration_s < SHORTEST_S:
        problem = f"{stretch.duration_s:.1f} s of EDA are too short (at least {SHORTEST_S:g} s)"
    if problem:
        return _result(time, [nothing] * 5, problem)
    artefact = eda_artefacts(stretch.value, rate_hz=stretch.rate_hz)
    quality = np.where(artefact, 0.0, 1.0)
    if stretch.rate_hz < SLOWEST_HZ:
        note = f"EDA at {stretch.rate_hz:.2g} Hz is too slow for responses; only its level is kept"
        return _result(time, [stretch.value, nothing, nothing, nothing, quality], note)
    value = stretch.value
    if stretch.rate_hz > LOWPASS_ABOVE_HZ:
        value = _filtered(value, 4, LOWPASS_HZ, "lowpass", stretch.rate_hz)
    tonic, phasic = split_parts(value, rate_hz=stretch.rate_hz)
    peaks = find_responses(phasic, rate_hz=stretch.rate_hz, min_rise=options.scr_min_usiemens)
    peaks = peaks[~artefact[peaks]]
    rises = response_amplitudes(value, peaks, rate_hz=stretch.rate_hz)
    window = {"begin_s": time[0], "end_s": time[-1], "window_s": options.scr_window_s}
    rate = events_per_second(time[peaks], time, **window)
    mean_rise = mean_of_events(time[peaks], rises, time, window_s=options.scr_window_s)
    return _result(time, [tonic, phasic, rate, mean_rise, quality], None)


def split_parts(value: np.ndarray, *, rate_hz: float) -> tuple[np.ndarray, np.ndarray]:
    """Return level and responses of a stretch of at least `SHORTEST_S`, split at 0.05 Hz.

    Parameters
    ----------
    value
        Skin conductance, or what was predicted of it, without gaps, shape (n,).
    rate_hz
        Samples per second.
    """
    tonic, phasic = (_filtered(value, 2, SPLIT_HZ, band, rate_hz) for band in ("lowpass", "highpass"))
    return tonic, phasic


def _filtered(value: np.ndarray, order: int, cutoff_hz: float, kind: str, rate_hz: float) -> np.ndarray:
    """Filter without a shift in time; a short piece is padded by what there is."""
    sos = butter(order, cutoff_hz, btype=kind, fs=rate_hz, output="sos")
    return sosfiltfilt(sos, value, padlen=min(3 * (2 * len(sos) + 1), value.size - 1))


def find_responses(phasic: np.ndarray, *, rate_hz: float, min_rise: float) -> np.ndarray:
    """Return the sample numbers of skin conductance response peaks.

    SciPy's prominence: how far a peak stands above the higher of the valleys on
    either side, so that noise on the way up does not split a rise. The valleys
    are sought within `WITHIN_S`: a slow return of the level is no response.

    Parameters
    ----------
    phasic
        Phasic skin conductance, microsiemens.
    rate_hz
        Samples per second.
    min_rise
        Least rise from onset to peak, and least fall seen after it, microsiemens.
    """
    if phasic.size < 3 or np.ptp(phasic) == 0:
        return np.empty(0, dtype=np.int64)
    return find_peaks(phasic, prominence=max(min_rise, 1e-9), wlen=max(3, round(2 * WITHIN_S * rate_hz)))[0]


def response_amplitudes(value: np.ndarray, peaks: np.ndarray, *, rate_hz: float) -> np.ndarray:
    """Return how far skin conductance rises from onset to peak of each response, microsiemens.

    The onset is the lowest point in the `WITHIN_S` before the peak and after the
    peak before it; measured on the conductance itself, of which a high-pass takes a part away.

    Parameters
    ----------
    value
        Low-passed skin conductance, microsiemens, shape (n,).
    peaks
        Sample numbers of `find_responses`, shape (k,).
    rate_hz
        Samples per second.
    """
    later, within = round(LATER_S * rate_hz), round(WITHIN_S * rate_hz)
    rises = np.empty(peaks.size)
    for i, peak in enumerate(peaks):
        first = max(peak - within, peaks[i - 1] if i else 0, 0)
        onset = first + int(np.argmin(value[first : peak + 1]))
        last = min(peak + later + 1, peaks[i + 1] if i + 1 < peaks.size else value.size)
        rises[i] = value[peak : max(last, peak + 1)].max() - value[onset]
    return rises


def _result(time: np.ndarray, values: list[np.ndarray], note: str | None) -> Result:
    names = (
        "eda_tonic_usiemens",
        "eda_phasic_usiemens",
        "scr_rate_hz",
        "scr_amplitude_usiemens",
        "quality_eda",
    )
    quantities = [Cleaned(name, time, value) for name, value in zip(names, values, strict=True)]
    return Result(quantities, [note] if note else [])
