"""UBFC-Phys: rest, speech and arithmetic with a wristband."""
