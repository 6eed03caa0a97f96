"""Biosignals as arrays: cleaning, decomposition, rates, validity."""

# First word of a raw signal's name → the function that turns one contiguous stretch of it
# into what can be compared between people (see `signal.stretches.Cleaner`). A signal whose
# first word is not here is passed through after a check of its range.
CLEANERS = {
    "eda": "affectflow.signal.eda:clean_eda",
    "ppg": "affectflow.signal.heart:clean_ppg",
    "bvp": "affectflow.signal.heart:clean_ppg",
    "ecg": "affectflow.signal.heart:clean_ecg",
    "rsp": "affectflow.signal.breathing:clean_rsp",
}

# First word and unit of a raw signal's name → the function that screens its own samples
# (see `signal.stretches.Screen`): beats, and what has blinks or outliers of its own kind.
SCREENS = {
    "ibi_ms": "affectflow.signal.heart:screen_beats",
    "rr_ms": "affectflow.signal.heart:screen_beats",
    "gaze_px": "affectflow.signal.eyes:screen_gaze",
    "pupil_mm": "affectflow.signal.eyes:screen_pupil",
    "perinasal_degc2": "affectflow.signal.perspiration:screen_perspiration",
}

# Rates that must not go through the cleaner of their kind: rsp_rate_bpm is an answer, not a chest belt.
WAVE_UNITS = frozenset({"au", "mv", "usiemens", "mm", "degc"})
