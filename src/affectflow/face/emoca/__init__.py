"""EMOCA v2 and its head model FLAME: networks, geometry and crops, on arrays alone."""
