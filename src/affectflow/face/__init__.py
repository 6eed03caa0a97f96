"""Faces: detection, tracking, landmarks, pose, codes."""
