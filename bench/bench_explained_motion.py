"""Explained motion of the facemesh codes on the sample clips, and the speed of extract_codes.

Run: python bench/bench_explained_motion.py  (needs the sample media beside the checkout: ../shared/data)
"""

from __future__ import annotations

import sys
import time
from pathlib import Path

import numpy as np
import polars as pl

from affectflow.face.backends.facemesh import FaceMeshBackend
from affectflow.face.explained_motion import explained_motion
from affectflow.face.extract_codes import extract_codes
from affectflow.face.track_faces import track_faces
from affectflow.io.video import read_frames

MEDIA = Path(__file__).resolve().parents[2] / "shared" / "data" / "media"
# Clips without a target are shown for comparison.
CLIPS = {
    "woman_emotions_360p24.mp4": 0.80,
    "man_frontal_360p30.mp4": 0.85,
    "man_headpose_270p12.mp4": None,
    "man_signing_vga30.mkv": None,
}
REPEATED_FRAMES = 20_000


def main() -> int:
    """Print the figures; exit code 1 when a target is missed."""
    if not MEDIA.is_dir():
        print(f"bench_explained_motion: no sample media in {MEDIA}; nothing measured")
        return 0
    backend = FaceMeshBackend.load()
    missed = False
    print("explained motion, 50 expression numbers + jaw, person's median removed")
    print(f"{'clip':28} {'faces':>6} {'head-aligned':>13} {'(x y z)':>18} {'all-aligned':>12} {'target':>7}")
    for name, target in CLIPS.items():
        pieces = list(track_faces(read_frames(MEDIA / name), recording_id=name.partition(".")[0]))
        faces = pl.concat(pieces).filter("valid")
        landmarks = faces["landmarks_px"].to_numpy().reshape(-1, 478, 3)
        head = explained_motion(landmarks, backend)
        strict = explained_motion(landmarks, backend, align="all")["all"]
        axes = " ".join(f"{head[axis]:.2f}" for axis in "xyz")
        shown = "" if target is None else f"{target:.2f}"
        print(f"{name:28} {len(landmarks):6d} {head['all']:13.3f} {axes:>18} {strict:12.3f} {shown:>7}")
        missed |= target is not None and min(head["all"], strict) < target
        if name.startswith("woman"):
            speed = frames_per_second(pieces, backend)
    print(f"extract_codes: {speed:,.0f} frames/s of processor time (tables in memory)")
    return int(missed)


def frames_per_second(pieces: list[pl.DataFrame], backend: FaceMeshBackend) -> float:
    """Frames coded per second of processor time, over the clip repeated many times."""
    n_frames = sum(piece.height for piece in pieces)
    rounds = int(np.ceil(REPEATED_FRAMES / n_frames))
    started = time.process_time()
    for _ in range(rounds):
        for _ in extract_codes(pieces, backend):
            pass
    return rounds * n_frames / (time.process_time() - started)


if __name__ == "__main__":
    sys.exit(main())
