"""Per-frame tables: joined on time, cleaned, differentiated, windowed."""

# Name for features.smoothing.preset → function(values, time_s, settings) on one contiguous
# stretch (see `features.smoothers.Smoother`).
SMOOTHERS: dict[str, str] = {
    "savgol": "affectflow.features.smoothers:smooth_savgol",
    "one_euro": "affectflow.features.smoothers:smooth_one_euro",
    "none": "affectflow.features.smoothers:smooth_none",
}
