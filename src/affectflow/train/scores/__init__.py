"""How good, over people: order, decisions, calibration, intervals, paired differences."""
