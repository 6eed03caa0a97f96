"""Action units of faces."""
