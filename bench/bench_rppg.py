"""How fast the pulse is read from a face, beside decoding alone, and how well on simulated people.

    python bench/bench_rppg.py [speed] [accuracy]      # without words: both

speed     frames per second of extract_rppg (decode, skin, POS, table) against decoding to RGB alone, in turn
accuracy  mean absolute error and signal-to-noise ratio on simulated clips of 20 s, and the share of windows
          that pass the gate with and without a pulse in the skin
"""

from __future__ import annotations

import argparse
import logging
import statistics
import tempfile
import time
from pathlib import Path

import numpy as np
import polars as pl

from affectflow.config.signal import Rppg
from affectflow.datasets.simulated import face as simulated_face
from affectflow.datasets.simulated.recording import simulate_recording, write_recording
from affectflow.face.finish_faces import TrackTotals, finish_faces
from affectflow.face.track_faces import track_faces
from affectflow.features.extract_rppg import extract_rppg
from affectflow.io.table_stream import read_pieces, stream_table
from affectflow.io.video import read_frames
from affectflow.signal.rppg import HEART_RATE, SNR

CLIP = Path(__file__).resolve().parents[2] / "shared/data/media/woman_emotions_360p24.mp4"
GOAL = 0.5
PEOPLE = ("S01_baseline", "S02_stressor", "S03_baseline")


def write_faces(video: Path, target: Path) -> None:
    """Track a video's faces."""
    totals = TrackTotals()
    draft = pl.concat(totals.watch(track_faces(read_frames(video), recording_id="clip")))
    with stream_table(target, "faces") as stream:
        stream.append(finish_faces(draft, lasting=totals.lasting_tracks(), primary=totals.primary_tracks()))


def pulse(video: Path, faces: Path, method: str = "pos") -> pl.DataFrame:
    """What the script does, but for writing."""
    return extract_rppg(
        read_frames(video),
        read_pieces(faces, "faces"),
        recording_id="clip",
        options=Rppg(method=method),
        rate_clock_hz=4.0,
        max_gap_s=1.0,
    )


def speed(folder: Path) -> None:
    """Print frames per second of both."""
    if not CLIP.exists():
        print(f"speed: {CLIP.name} is not there")
        return
    faces = folder / "faces.parquet"
    write_faces(CLIP, faces)
    bare, ours = [], []
    for _ in range(5):
        began = time.perf_counter()
        n = sum(frame.rgb.shape[0] > 0 for frame in read_frames(CLIP))
        middle = time.perf_counter()
        pulse(CLIP, faces)
        bare.append(n / (middle - began))
        ours.append(n / (time.perf_counter() - middle))
    alone, with_pulse = statistics.median(bare), statistics.median(ours)
    print(
        f"speed: decoding {alone:.0f}, extract_rppg {with_pulse:.0f} frames/s: {with_pulse / alone:.2f} (goal {GOAL})"
    )


def accuracy(folder: Path) -> None:
    """Print how near the truth, with a pulse of usual and of half size and without one."""
    usual = simulated_face._PULSE_SIZE
    for size in (usual, usual / 2, 0.0):
        simulated_face._PULSE_SIZE = size
        found: dict[str, list[tuple[float, float, float]]] = {"pos": [], "chrom": []}
        for name in PEOPLE:
            truth = simulated(folder, name)
            for method, numbers in found.items():
                table = pulse(folder / "clip.mp4", folder / "faces.parquet", method)
                rate, ratio = (table.filter(pl.col("signal") == s)["value"] for s in (HEART_RATE, SNR))
                error = abs(rate.mean() - truth) if rate.count() else float("nan")
                numbers.append((error, 1 - rate.null_count() / rate.len(), ratio.median()))
        for method, numbers in found.items():
            error, kept, ratio = np.array(numbers).T
            worst = f"{np.nanmax(error):.2f}" if np.isfinite(error).any() else "-"
            print(
                f"accuracy: pulse {size:.1%}, {method}: {kept.mean():.0%} kept, median {np.median(ratio):.1f} dB, "
                f"largest error of a clip {worst} per minute"
            )
    simulated_face._PULSE_SIZE = usual


def simulated(folder: Path, name: str) -> float:
    """Simulate a clip, track it, and return its mean heart rate."""
    person, _, condition = name.partition("_")
    recording = simulate_recording(recording_id=name, subject_id=person, condition=condition, duration_s=20.0)
    paths = {key: folder / key for key in ("signals", "events", "truth")}
    write_recording(recording, video=folder / "clip.mp4", **paths)
    write_faces(folder / "clip.mp4", folder / "faces.parquet")
    return float(recording.truth["hr_bpm"].mean())


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("what", nargs="*", metavar="speed|accuracy")
    chosen = parser.parse_args().what or ["speed", "accuracy"]
    logging.disable(logging.WARNING)
    with tempfile.TemporaryDirectory() as temporary:
        for part in chosen:
            {"speed": speed, "accuracy": accuracy}[part](Path(temporary))
