"""Whether a signal's values can be in the unit its name says.

A unit is never converted in silence: a column of kilohms called microsiemens is
refused in one line, before it becomes a result that looks like one.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

# Fewer values say nothing about a unit.
FEWEST = 10
# Extent of a wave: between these percentiles, so that single spikes do not count.
INNER = (1.0, 99.0)


@dataclass(frozen=True)
class Suspicion:
    """Values that are usual in another unit and next to impossible in the named one.

    Attributes
    ----------
    kinds, unit
        First words of the names (empty = every name) and the unit they end in.
    measure
        ``median`` of the values other than 0, ``extent`` between the 1st and 99th
        percentile, or ``size``: the median of the values' sizes, whatever their sign.
    low, high
        low < measure <= high is suspicious.
    looks_like, advice
        For the message.
    """

    kinds: tuple[str, ...]
    unit: str
    measure: str
    low: float
    high: float
    looks_like: str
    advice: str


SUSPICIONS = (
    # Skin: 0.05 to 60 µS (Kleckner et al. 2018); palms have 10 to 4,700 kΩ.
    Suspicion(("eda",), "usiemens", "median", 60, 2e4, "kilohms or nanosiemens", "µS = 1000 / kΩ"),
    Suspicion(("eda",), "usiemens", "median", 2e4, 1e9, "ohms", "µS = 1,000,000 / Ω"),
    Suspicion(("eda",), "usiemens", "median", 0, 2e-3, "siemens or millisiemens", "µS = 1,000,000 S"),
    # Skin and core of a living person, indoors or out: 15 to 42 °C.
    Suspicion(("temp", "skt"), "degc", "median", 55, 120, "degrees Fahrenheit", "°C = (°F - 32) / 1.8"),
    Suspicion(("temp", "skt"), "degc", "median", 250, 330, "kelvin", "°C = K - 273.15"),
    Suspicion(("hr",), "bpm", "median", 0, 5, "beats per second (Hz)", "bpm = 60 Hz"),
    Suspicion(("hr",), "bpm", "median", 260, 3000, "intervals in ms", "name it ibi_ms"),
    Suspicion(("rsp", "br"), "bpm", "median", 0, 1.5, "breaths per second (Hz)", "bpm = 60 Hz"),
    Suspicion(("ibi", "rr"), "ms", "median", 0, 5, "seconds", "ms = 1000 s"),
    Suspicion(("ibi", "rr"), "ms", "median", 5, 220, "beats per minute", "name it hr_bpm"),
    # An R wave is 0.2 to 5 mV high, a muscle's burst 0.05 to 10 mV.
    Suspicion(("ecg",), "mv", "extent", 0, 0.02, "volts", "mV = 1000 V"),
    Suspicion(("emg",), "mv", "extent", 0, 0.001, "volts", "mV = 1000 V"),
    Suspicion(("ecg", "emg"), "mv", "extent", 100, np.inf, "microvolts or counts", "mV = µV / 1000, counts: _au"),
    Suspicion(("pupil",), "mm", "median", 0, 0.05, "metres", "mm = 1000 m"),
    Suspicion(("pupil",), "mm", "median", 12, np.inf, "pixels or counts", "name it pupil_px or pupil_au"),
    Suspicion(("gaze",), "px", "extent", 0, 1.5, "shares of the screen", "multiply by its width or height"),
    Suspicion(("acc",), "g", "size", 5, np.inf, "m/s² or counts", "g = m/s² / 9.81; Empatica: counts / 64"),
)  # fmt: skip


def suspected_unit(kind: str, unit: str, value: np.ndarray) -> str | None:
    """Tell in words when a signal's values look like another unit; None when they do not.

    Parameters
    ----------
    kind, unit
        First and last word of the signal's name, such as "eda" and "usiemens".
    value
        Its samples, any number; NaN = missing.

    Returns
    -------
    Such as "have a median of 212, which looks like kilohms (µS = 1000 / kΩ)".
    """
    value = value[np.isfinite(value)]
    if value.size < FEWEST:
        return None
    for case in SUSPICIONS:
        if unit != case.unit or kind not in case.kinds:
            continue
        found = _measure(value, case.measure)
        if case.low < found <= case.high and not (case.unit == "px" and not _normalised(value)):
            word = "an extent" if case.measure == "extent" else "a median"
            return f"have {word} of {found:.3g}, which looks like {case.looks_like} ({case.advice})"
    return None


def _measure(value: np.ndarray, measure: str) -> float:
    if measure == "extent":
        low, high = np.percentile(value, INNER)
        return float(high - low)
    sizes = np.abs(value) if measure == "size" else value
    sizes = sizes[sizes != 0]
    return float(np.median(sizes)) if sizes.size else 0.0


def _normalised(value: np.ndarray) -> bool:
    """Tell eyes that hold still at pixel 512 from shares of the screen, which stay near 0..1."""
    return bool(np.percentile(np.abs(value), INNER[1]) <= 2)
