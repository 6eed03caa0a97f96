"""Biosignals as arrays: cleaning, decomposition, rates, validity."""
