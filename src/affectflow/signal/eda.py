"""Electrodermal activity: level, responses, and how often they come."""

from __future__ import annotations

import neurokit2 as nk
import numpy as np
from scipy.signal import find_peaks

from affectflow.config.signal import Signal
from affectflow.signal.event_rates import events_per_second
from affectflow.signal.stretches import Cleaned, Result, Stretch

# The split is at 0.05 Hz: a shorter piece has no slow part that could be told from a trend.
SHORTEST_S = 5.0
# A response rises within 1 to 3 s; with fewer samples it cannot be seen.
SLOWEST_HZ = 2.0
# A response rises from its onset to its peak within this time, seconds.
WITHIN_S = 5.0
# NeuroKit2's low-pass at 3 Hz needs more than twice that rate.
LOWPASS_ABOVE_HZ = 7.0


def clean_eda(stretch: Stretch, options: Signal, *, problem: str | None = None) -> Result:
    """Split skin conductance into level (tonic) and responses (phasic), and count the responses.

    Noise is removed by a 3 Hz low-pass (Butterworth, zero phase), level and
    responses are split at 0.05 Hz (NeuroKit2's ``highpass``, as in Biopac's
    AcqKnowledge). A response counts when it rises by at least
    `options.scr_min_usiemens`; the limit is absolute, so that noise does not
    become responses in someone who shows none (it is met by the high-passed
    signal, in which a response keeps about two thirds of its height). The peaks are SciPy's: NeuroKit2's
    search takes nine times as long as everything else here together.

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
    peaks = find_responses(phasic, rate_hz=stretch.rate_hz, min_rise=options.scr_min_usiemens)
    rate = events_per_second(
        time[peaks], time, begin_s=time[0], end_s=time[-1], window_s=options.scr_window_s
    )
    return _result(time, tonic, phasic, rate, None)


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


def _result(
    time: np.ndarray, tonic: np.ndarray, phasic: np.ndarray, rate: np.ndarray, note: str | None
) -> Result:
    quantities = [
        Cleaned("eda_tonic_usiemens", time, tonic),
        Cleaned("eda_phasic_usiemens", time, phasic),
        Cleaned("scr_rate_hz", time, rate),
    ]
    return Result(quantities, [note] if note else [])
