"""Per-frame tables: joined on time, cleaned, differentiated, windowed; and the registry of smoothing presets."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True)
class Preset:
    """A way of smoothing, as the workflow must know it without importing it.

    Attributes
    ----------
    run
        ``"module:function"``: function(values, time_s, settings) on one contiguous
        stretch, see `features.smoothers.Smoother`.
    kind
        "zero-phase": looks in both directions and delays nothing, so it needs
        frames that come later. "causal": a value depends on it and what came
        before, at the price of a lag. "none": neither.
    about
        What it is, in a few words.
    """

    run: str
    kind: Literal["zero-phase", "causal", "none"]
    about: str


_HERE = "affectflow.features"

# Names for features.smoothing.preset.
SMOOTHERS: dict[str, Preset] = {
    "savgol": Preset(
        f"{_HERE}.smoothers:smooth_savgol", "zero-phase", "polynomial through the neighbours (Savitzky–Golay)"
    ),
    "triangular": Preset(
        f"{_HERE}.smoothers:smooth_triangular", "zero-phase", "weighted mean, nearer neighbours count more"
    ),
    "spline": Preset(f"{_HERE}.smoothing_spline:smooth_spline", "zero-phase", "cubic smoothing spline"),
    "median": Preset(f"{_HERE}.smoothers:smooth_median", "zero-phase", "median of the neighbours"),
    "one_euro": Preset(
        f"{_HERE}.smoothers:smooth_one_euro", "causal", "low-pass that follows quick movement (One Euro)"
    ),
    "none": Preset(f"{_HERE}.smoothers:smooth_none", "none", "values as they are"),
}

SMOOTH = {name: preset.run for name, preset in SMOOTHERS.items()}
