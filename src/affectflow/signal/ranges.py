"""What a sensor can read: values outside are missing, not measured."""

from __future__ import annotations

from affectflow.schema import SIGNAL_UNITS

# By the first word of the name together with its unit; lower bounds are not included.
# EDA of exactly 0 is an electrode that has not settled (every Empatica E4 file starts so).
BY_KIND: dict[tuple[str, str], tuple[float, float]] = {
    ("eda", "usiemens"): (0.0, 100.0),
    ("hr", "bpm"): (20.0, 250.0),
    ("rsp", "bpm"): (1.0, 100.0),
    ("br", "bpm"): (1.0, 100.0),
    ("temp", "degc"): (5.0, 50.0),
    ("pupil", "mm"): (0.5, 12.0),
}
# By unit, for every other signal of that unit.
BY_UNIT: dict[str, tuple[float, float]] = {
    "usiemens": (0.0, 100.0),
    "bpm": (0.0, 300.0),
    "degc": (-50.0, 60.0),
}
EVERYTHING = (float("-inf"), float("inf"))


def split_name(name: str) -> tuple[str, str, str] | None:
    """Split ``eda_left_usiemens`` into ("eda", "_left", "usiemens"); None when no known unit ends it."""
    stem, _, unit = name.rpartition("_")
    if unit not in SIGNAL_UNITS or not stem:
        return None
    kind, _, rest = stem.partition("_")
    return kind, f"_{rest}" if rest else "", unit


def plausible_range(kind: str, unit: str) -> tuple[float, float]:
    """Return the (excluded) lower and (included) upper bound of what can be measured."""
    return BY_KIND.get((kind, unit), BY_UNIT.get(unit, EVERYTHING))
