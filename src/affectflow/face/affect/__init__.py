"""Valence, arousal and expression of faces, straight from pixels."""
