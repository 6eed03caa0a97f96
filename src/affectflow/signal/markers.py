"""A clock from moments that were marked on both: a clap, a flash, a button press."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.stats import theilslopes

from affectflow.signal.clock import PPM, Clock


@dataclass(frozen=True)
class MarkerFit:
    """A clock found from markers.

    Attributes
    ----------
    clock
        Offset and, where the markers can tell it, drift.
    residual_s
        float64 (n,): how far each marker lies off the clock, seconds, as given.
    note
        In words, why there is no drift; None when there is one.
    """

    clock: Clock
    residual_s: np.ndarray
    note: str | None


def fit_markers(
    signal_s: np.ndarray, video_s: np.ndarray, *, max_drift_ppm: float, tolerance_s: float
) -> MarkerFit:
    """Find offset and drift from markers.

    The drift is the median of the slopes between all pairs of markers (Theil-Sen), the
    offset the median of what remains: one wrong marker of four or more moves neither.
    A drift is looked for only when it could be seen: over a span of markers on which the
    largest drift that is believed moves the last against the first by more than
    `tolerance_s`. Reading errors over a shorter span would become a drift that ruins the
    rest of the recording. A drift beyond `max_drift_ppm` is not believed either.

    Parameters
    ----------
    signal_s, video_s
        The same moments on the signal's and on the video's clock, seconds, any order, at least one.
    max_drift_ppm
        Largest drift that is believed, millionths; 0 = offset alone.
    tolerance_s
        How far off a marker may be read, seconds.

    References
    ----------
    Sen (1968), Journal of the American Statistical Association 63, 1379-1389.
    """
    reference = float(np.median(signal_s))
    shift = video_s - signal_s
    drift, note = _drift(signal_s, shift, max_drift_ppm=max_drift_ppm, tolerance_s=tolerance_s)
    offset = float(np.median(shift - drift * PPM * (signal_s - reference)))
    clock = Clock(offset, drift, reference)
    return MarkerFit(clock, video_s - clock.to_video(signal_s), note)


def _drift(
    signal_s: np.ndarray, shift_s: np.ndarray, *, max_drift_ppm: float, tolerance_s: float
) -> tuple[float, str | None]:
    if signal_s.size == 1:
        return 0.0, "one marker tells an offset, no drift"
    if max_drift_ppm == 0:
        return 0.0, "no drift was looked for (max_drift_ppm is 0)"
    span, needed = float(np.ptp(signal_s)), tolerance_s / (max_drift_ppm * PPM)
    if span < needed:
        return 0.0, f"markers span {span:.0f} s; a drift can be told from {needed:.0f} s on"
    drift = float(theilslopes(shift_s, signal_s)[0]) / PPM
    if abs(drift) > max_drift_ppm:
        return 0.0, f"the markers' drift of {drift:.0f} ppm is beyond {max_drift_ppm:g} and not believed"
    return drift, None
