"""Electrodermal activity from videos of faces."""
