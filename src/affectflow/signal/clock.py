"""How a signal's clock runs against the video's: an offset and a linear drift."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

PPM = 1e-6


@dataclass(frozen=True)
class Clock:
    """t_video = t_signal + offset_s + drift_ppm · 1e-6 · (t_signal - reference_s).

    Attributes
    ----------
    offset_s
        What is added to a signal's time at `reference_s`, seconds.
    drift_ppm
        By how many millionths the signal's clock loses against the video's.
    reference_s
        The signal's time at which the offset is `offset_s`, seconds.
    """

    offset_s: float
    drift_ppm: float = 0.0
    reference_s: float = 0.0

    def to_video(self, signal_s: np.ndarray) -> np.ndarray:
        """Return the video's time of a signal's times, seconds."""
        return signal_s + self.offset_s + self.drift_ppm * PPM * (signal_s - self.reference_s)

    def to_signal(self, video_s: np.ndarray) -> np.ndarray:
        """Return the signal's time of the video's times, seconds; the way back of `to_video`."""
        since = (video_s - self.reference_s - self.offset_s) / (1.0 + self.drift_ppm * PPM)
        return self.reference_s + since
