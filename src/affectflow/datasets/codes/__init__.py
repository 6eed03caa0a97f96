"""Face codes that other programs made: EMOCA's CSV, OpenFace, py-feat."""
