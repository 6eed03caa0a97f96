"""What a sensor can read: values outside are missing, not measured."""

from __future__ import annotations

from affectflow.schema import SIGNAL_UNITS

# By the first word of the name together with its unit; lower bounds are not included.
# EDA of exactly 0 is an electrode that has not settled (every Empatica E4 file starts so);
# below 0.01 µS (100 megohms) no skin is touched. Dry wrists have 0.05 µS.
BY_KIND: dict[tuple[str, str], tuple[float, float]] = {
    ("eda", "usiemens"): (0.01, 100.0),
    ("hr", "bpm"): (20.0, 250.0),
    ("rsp", "bpm"): (1.0, 100.0),
    ("br", "bpm"): (1.0, 100.0),
    ("ibi", "ms"): (240.0, 3000.0),
    ("rr", "ms"): (240.0, 3000.0),
    ("temp", "degc"): (5.0, 50.0),
    ("skt", "degc"): (5.0, 50.0),
    ("pupil", "mm"): (0.5, 12.0),
    ("perinasal", "degc2"): (-1.0, 10.0),
    ("acc", "g"): (-20.0, 20.0),
}
# Palms and fingers, where electrodes belong, conduct at least this much (Kleckner et al. 2018,
# IEEE Trans. Biomed. Eng. 65, 1460); less is an electrode that came off.
BY_SITE: dict[tuple[str, str], tuple[float, float]] = {
    ("eda_palm", "usiemens"): (0.05, 100.0),
    ("eda_finger", "usiemens"): (0.05, 100.0),
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


def plausible_range(kind: str, unit: str, rest: str = "") -> tuple[float, float]:
    """Return the (excluded) lower and (included) upper bound of what can be measured.

    Parameters
    ----------
    kind, unit, rest
        As `split_name` returns them; of `rest` the first word counts, as in eda_palm_left_usiemens.
    """
    site = f"{kind}_{rest.split('_')[1]}" if rest else kind
    return BY_SITE.get((site, unit)) or BY_KIND.get((kind, unit)) or BY_UNIT.get(unit, EVERYTHING)
