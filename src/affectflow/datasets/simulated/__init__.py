"""Recordings with a known truth: the simulated study, and miniatures of data sets in their exact layouts."""
