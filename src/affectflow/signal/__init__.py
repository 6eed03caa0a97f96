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

# Rates that must not go through the cleaner of their kind: rsp_rate_bpm is an answer, not a chest belt.
WAVE_UNITS = frozenset({"au", "mv", "usiemens", "mm", "degc"})
