"""Labelled still pictures: what is in a data set, its splits, networks fine-tuned on it, and what they are worth."""
