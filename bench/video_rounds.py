"""Videos rendered in turns, and what each way costs a frame: what the benchmarks of videos share."""

from __future__ import annotations

import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np

from affectflow.io.video import read_frames, video_info
from affectflow.io.video_writer import VideoWriter
from affectflow.viz.draw import Picture

# 640×360, 472 frames.
CLIP = Path(__file__).resolve().parents[2] / "shared/data/media/woman_emotions_360p24.mp4"
GOAL_FPS = 25.0
CRF = 23

# Writes one video into a folder and returns the number of its frames.
Work = Callable[[Path], int]


def write(pictures: Iterator[tuple[Picture, float]], path: Path, width_px: int, height_px: int) -> int:
    """Encode pictures with the clip's time base; return how many."""
    n = 0
    with VideoWriter(path, width_px, height_px, time_base=video_info(CLIP).time_base, crf=CRF) as writer:
        for rgb, time_s in pictures:
            writer.write(rgb, time_s)
            n += 1
    return n


def bare(width_px: int, height_px: int) -> Work:
    """Return what only decodes the clip and encodes its frames in a still picture."""
    info = video_info(CLIP)
    canvas = np.full((height_px, width_px, 3), 255, np.uint8)

    def pictures() -> Iterator[tuple[Picture, float]]:
        for frame in read_frames(CLIP):
            picture = canvas.copy()
            picture[: info.height_px, : info.width_px] = frame.rgb
            yield picture, frame.time_s

    return lambda folder: write(pictures(), folder / "bare.mp4", width_px, height_px)


def in_turns(works: dict[str, Work], *, rounds: int) -> dict[str, float]:
    """Run all works, in turn, and print frames per second and processor time; return the medians of the first."""
    rates: dict[str, list[float]] = {name: [] for name in works}
    costs: dict[str, list[float]] = {name: [] for name in works}
    with tempfile.TemporaryDirectory() as folder:
        for _ in range(rounds):
            for name, work in works.items():
                wall, cpu = time.perf_counter(), time.process_time()
                n = work(Path(folder))
                rates[name].append(n / (time.perf_counter() - wall))
                costs[name].append(1000 * (time.process_time() - cpu) / n)
    for name, own in rates.items():
        print(
            f"  {name:20s} {statistics.median(own):6.1f} frames/s [{min(own):.1f}–{max(own):.1f}], "
            f"{statistics.median(costs[name]):5.1f} ms CPU a frame"
        )
    return {name: statistics.median(own) for name, own in rates.items()}


def reached(frames_per_s: float) -> int:
    """Say whether the goal is reached; return the exit code."""
    print(f"  goal: {GOAL_FPS:.0f} frames/s: {'reached' if frames_per_s >= GOAL_FPS else 'MISSED'}")
    return int(frames_per_s < GOAL_FPS)
