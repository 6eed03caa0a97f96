"""Electrodermal activity: level, responses, and how often they come."""

from __future__ import annotations

import neurokit2 as nk
import numpy as np

from affectflow.config.signal import Signal
from affectflow.signal.event_rates import events_per_second
from affectflow.signal.stretches import Cleaned, Result, Stretch

# The split is at 0.05 Hz: a shorter piece has no slow part that could be told from a trend.
SHORTEST_S = 5.0
# A response rises within 1 to 3 s; with fewer samples it cannot be seen.
SLOWEST_HZ = 2.0
# NeuroKit2's low-pass at 3 Hz needs more than twice that rate.
LOWPASS_ABOVE_HZ = 7.0


def clean_eda(stretch: Stretch, options: Signal, *, problem: str | None = None) -> Result:
    """Split skin conductance into level (tonic) and responses (phasic), and count the responses.

    Noise is removed by a 3 Hz low-pass (Butterworth, zero phase), level and
    responses are split at 0.05 Hz (NeuroKit2's ``highpass``, as in Biopac's
    AcqKnowledge). A response counts when it rises by at least
    `options.scr_min_usiemens` from its onset to its peak; the limit is absolute,
    so that noise does not become responses in someone who shows none.

    Returns
    -------
    ``eda_tonic_usiemens`` and ``eda_phasic_usiemens`` on the signal's clock;
    ``scr_rate_hz`` on the same clock: responses per second in a centred window of
    `options.scr_window_s`.

    References
    ----------
    Boucsein et al. (2012), Publication recommendations for electrodermal
    measurements, Psychophysiology 49, 1017-1034.
    """
    time, nothing = stretch.time_s, np.full(stretch.time_s.shape, np.nan)
    if problem is None and stretch.duration_s < SHORTEST_S:
        problem = f"{stretch.duration_s:.1f} s of EDA are too short (at least {SHORTEST_S:g} s)"
    if problem:
        return _result(time, nothing, nothing, nothing, problem)
    if stretch.rate_hz < SLOWEST_HZ:
        note = f"EDA at {stretch.rate_hz:.2g} Hz is too slow for responses; only its level is kept"
        return _result(time, stretch.value, nothing, nothing, note)
    value = stretch.value
    if stretch.rate_hz > LOWPASS_ABOVE_HZ:
        value = nk.eda_clean(value, sampling_rate=stretch.rate_hz, method="neurokit")
    parts = nk.eda_phasic(value, sampling_rate=stretch.rate_hz, method="highpass")
    tonic, phasic = parts["EDA_Tonic"].to_numpy(), parts["EDA_Phasic"].to_numpy()
    peaks = find_responses(phasic, min_rise=options.scr_min_usiemens)
    rate = events_per_second(
        time[peaks], time, begin_s=time[0], end_s=time[-1], window_s=options.scr_window_s
    )
    return _result(time, tonic, phasic, rate, None)


def find_responses(phasic: np.ndarray, *, min_rise: float) -> np.ndarray:
    """Return the sample numbers of skin conductance response peaks.

    Parameters
    ----------
    phasic
        Phasic skin conductance, microsiemens.
    min_rise
        Least rise from onset to peak, microsiemens.
    """
    if phasic.size < 3 or np.ptp(phasic) < min_rise:
        return np.empty(0, dtype=np.int64)
    found = nk.signal_findpeaks(phasic, relative_height_min=None)
    peaks, onsets = np.asarray(found["Peaks"], dtype=np.int64), np.asarray(found["Onsets"], dtype=float)
    # An onset that lies before the stretch is not known; the stretch's first sample stands for it.
    onsets = np.where(np.isnan(onsets), 0, onsets).astype(np.int64)
    return peaks[phasic[peaks] - phasic[onsets] >= min_rise]


def _result(
    time: np.ndarray, tonic: np.ndarray, phasic: np.ndarray, rate: np.ndarray, note: str | None
) -> Result:
    quantities = [
        Cleaned("eda_tonic_usiemens", time, tonic),
        Cleaned("eda_phasic_usiemens", time, phasic),
        Cleaned("scr_rate_hz", time, rate),
    ]
    return Result(quantities, [note] if note else [])
