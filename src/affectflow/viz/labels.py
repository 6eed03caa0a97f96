"""Column names in a reader's words."""

from __future__ import annotations

import re
from collections.abc import Sequence

_UNITS = {
    "usiemens": "µS",
    "bpm": "1/min",
    "hz": "Hz",
    "px": "px",
    "degc": "°C",
    "degc2": "°C²",
    "au": "a.u.",
    "mv": "mV",
    "ms": "ms",
    "ms2": "ms²",
    "percent": "%",
    "g": "g",
    "mm": "mm",
    "rad": "rad",
    "deg": "°",
    "kmh": "km/h",
    "newton": "N",
    "m": "m",
    "db": "dB",
}
# Whole names, without summary: what this package measures.
_MEASURED = {
    "ear_left": "left eye opening",
    "ear_right": "right eye opening",
    "brow_raise": "brow height",
    "smile": "smile",
    "mouth_open": "mouth opening",
    "lip_press": "lip height",
    "blink_rate_hz": "blink rate (Hz)",
    "hr_bpm": "heart rate (1/min)",
    "rppg_hr_bpm": "heart rate from the face (1/min)",
    "rppg_wave_au": "pulse wave of the face (a.u.)",
    "rppg_snr_db": "pulse in the face, signal to noise (dB)",
    "rsp_rate_bpm": "breathing rate (1/min)",
    "scr_rate_hz": "skin response rate (Hz)",
    "scr_amplitude_usiemens": "height of skin responses (µS)",
    "hrv_rmssd_ms": "heart rate variability, RMSSD (ms)",
    "hrv_sdnn_ms": "heart rate variability, SDNN (ms)",
    "hrv_pnn50_percent": "heart rate variability, pNN50 (%)",
    "hrv_hf_ms2": "heart rate variability, HF (ms²)",
    "hrv_lf_ms2": "heart rate variability, LF (ms²)",
    "eda_tonic_usiemens": "skin conductance level (µS)",
    "eda_phasic_usiemens": "skin response (µS)",
}
# Further ones: what sensors and the data sets that are read call theirs.
_WORDS = _MEASURED | {
    "eda_usiemens": "skin conductance (µS)",
    "ibi_ms": "time between beats (ms)",
    "rr_ms": "time between beats, RR (ms)",
    "pupil_mm": "pupil diameter (mm)",
    "perinasal_degc2": "perinasal perspiration (°C²)",
    "perinasal_trend_degc2": "perinasal perspiration, trend (°C²)",
    "temp_degc": "temperature (°C)",
    "car_speed_kmh": "speed of the car (km/h)",
    "acceleration_deg": "accelerator pedal (°)",
    "brake_newton": "brake force (N)",
    "steering_rad": "steering wheel (rad)",
    "lane_position_m": "position in the lane (m)",
}
# Words of names that have no entry above: names of instruments as they are usually written.
_PARTS = {
    "acc": "acceleration",
    **{
        word: word.upper()
        for word in ("bvp", "ppg", "ecg", "emg", "eeg", "eog", "ibi", "rr", "hr", "eda", "facs", "hrv")
    },
    "temp": "temperature",
    "rsp": "breathing",
}
_SUMMARIES = {"sd": "SD", "speed": "speed", "slope": "slope", "d": "change per second"}
_AXES = "xyz"
KINDS = {"codes": "face codes", "measures": "facial measures", "signals": "biosignals", "other": "features"}

EFFECT_NAMES = {"d_z": r"effect $d_z$", "g": "effect, Hedges' $g$"}


def natural_order(name: str) -> tuple[tuple[int, int | str], ...]:
    """Return a key that sorts names as people do: P2 before P10, exp_9 before exp_10."""
    return tuple((0, int(part)) if part.isdigit() else (1, part) for part in re.findall(r"\d+|\D+", name))


def in_words(name: str) -> str:
    """Return a name without underscores."""
    return name.replace("_", " ")


def label_of(column: str) -> str:
    """Return a column's name in words, with its unit: ``speed_hr_bpm`` → "heart rate, speed".

    One rule for all figures. A name that is known has words of its own; so has one with further words after the
    first (``hr_bvp_bpm`` is the heart rate, BVP), which say which of several sensors it is from. Any other name, such
    as a user's own, keeps its words, and what is an abbreviation everywhere is written out or in capitals.
    """
    match = re.fullmatch(r"(mean|sd|speed|slope|d)_(.+)", column)
    if not match:
        return _thing(column)
    summary, base = match.groups()
    thing = _thing(base)
    if summary == "mean":
        return thing
    # A derivative has a name with words or a unit; d_prime of a user's own is none.
    if summary == "d" and thing == _spoken(base):
        return _thing(column)
    bare = re.sub(r" \([^)]*\)$", "", thing)
    return f"{bare}, {_SUMMARIES[summary]}"


def is_usual(column: str) -> bool:
    """Tell whether a column is one that this package measures: what most readers look for first."""
    return column in _MEASURED


def _thing(base: str) -> str:
    if base in _WORDS:
        return _WORDS[base]
    if match := re.fullmatch(r"exp_(\d+)", base):
        return f"expression {match[1]}"
    if match := re.fullmatch(r"pose_0(\d)", base):
        number = int(match[1])
        return f"{'head' if number < 3 else 'jaw'} rotation {_AXES[number % 3]}"
    if match := re.fullmatch(r"au(\d+)", base):
        return f"AU{match[1]}"
    if found := _of_several(base):
        return found
    stem, _, unit = base.rpartition("_")
    if stem and unit in _UNITS:
        return f"{_spoken(stem)} ({_UNITS[unit]})"
    return _spoken(base)


def _of_several(base: str) -> str | None:
    """Return the words of a known name into which further ones were put: eda_left_tonic_usiemens."""
    parts = base.split("_")
    for end in range(2, len(parts)):
        known = _WORDS.get("_".join([parts[0], *parts[end:]]))
        if known:
            words, _, unit = known.partition(" (")
            return f"{words}, {_spoken('_'.join(parts[1:end]))}" + (f" ({unit}" if unit else "")
    return None


def _spoken(name: str) -> str:
    return " ".join(_PARTS.get(word, word) for word in name.split("_"))


def listed(words: Sequence[str]) -> str:
    """Return words as a list in a sentence: "a, b and c"."""
    words = list(words)
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}"


def seconds(value: float) -> str:
    """Return a duration with its unit."""
    return f"{value:g} s"


def p_text(p: float | None, name: str = "p") -> str:
    """Return a p value for print: ``p = 0.012``, ``p < 0.001``."""
    if p is None:
        return f"{name} not known"
    return f"{name} < 0.001" if p < 0.001 else f"{name} = {p:.2f}" if p >= 0.1 else f"{name} = {p:.3f}"
