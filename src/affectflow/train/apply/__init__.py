"""A stored model on recordings that the study does not have."""
