"""Column names in a reader's words."""

from __future__ import annotations

import re

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
_WORDS = {
    "ear_left": "left eye opening",
    "ear_right": "right eye opening",
    "brow_raise": "brow height",
    "smile": "smile",
    "mouth_open": "mouth opening",
    "lip_press": "lip height",
    "blink_rate_hz": "blink rate (Hz)",
    "hr_bpm": "heart rate (1/min)",
    "rppg_hr_bpm": "heart rate from the face (1/min)",
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
    """Return a column's name in words, with its unit: ``speed_hr_bpm`` → "heart rate, speed"."""
    match = re.fullmatch(r"(mean|sd|speed|slope)_(.+)", column)
    if not match:
        return _thing(column)
    summary, base = match.groups()
    thing = _thing(base)
    if summary == "mean":
        return thing
    bare = re.sub(r" \([^)]*\)$", "", thing)
    return f"{bare}, {'SD' if summary == 'sd' else summary}"


def has_words(column: str) -> bool:
    """Tell whether a column has a name of its own here: what most readers look for first."""
    return column in _WORDS


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
    stem, _, unit = base.rpartition("_")
    if stem and unit in _UNITS:
        return f"{stem.replace('_', ' ')} ({_UNITS[unit]})"
    return base.replace("_", " ")


def p_text(p: float | None, name: str = "p") -> str:
    """Return a p value for print: ``p = 0.012``, ``p < 0.001``."""
    if p is None:
        return f"{name} not known"
    return f"{name} < 0.001" if p < 0.001 else f"{name} = {p:.2f}" if p >= 0.1 else f"{name} = {p:.3f}"
