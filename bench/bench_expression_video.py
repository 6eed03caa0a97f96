"""How fast videos of expressions are rendered, beside decoding and encoding alone.

    python bench/bench_expression_video.py [--rounds 3]

Renders all frames of woman_emotions_360p24.mp4 (640×360) with lists, diagram and cursor, from the file to the finished
file, as the stage does it (1 thread), in turn with a loop that only decodes the clip and encodes frames in a still
picture of the same size. Wall clock (the goal: 25 frames per second) and CPU time, since other work on the machine
disturbs the first.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import polars as pl

from affectflow.config.expressions import Expressions
from affectflow.face.extract_units import extract_units
from affectflow.face.map_expressions import map_expressions
from affectflow.face.track_faces import track_faces
from affectflow.face.units.geometric import GeometricUnits
from affectflow.io.video import read_frames, video_info
from affectflow.io.video_writer import VideoWriter
from affectflow.viz.draw import Picture
from affectflow.viz.expression_layout import expression_layout
from affectflow.viz.frame_pane import BOX_COLUMNS
from affectflow.viz.render_expressions import render_expressions

CLIP = Path(__file__).resolve().parents[2] / "shared/data/media/woman_emotions_360p24.mp4"
GOAL_FPS = 25.0
CRF = 23


def timed(work: Callable[[], int]) -> tuple[int, float, float]:
    """Run and return what it returns, wall seconds and CPU seconds (all threads)."""
    wall, cpu = time.perf_counter(), time.process_time()
    n = work()
    return n, time.perf_counter() - wall, time.process_time() - cpu


def main() -> int:
    """Measure and print; exit code 1 when the goal is missed."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=3)
    rounds = parser.parse_args().rounds
    if not CLIP.exists():
        print(
            f"bench_expression_video: needs {CLIP.name} in shared/data/media beside the checkout; nothing measured."
        )
        return 0
    info = video_info(CLIP)
    faces = pl.concat(track_faces(read_frames(CLIP), recording_id="clip"))
    units, _ = extract_units([faces], GeometricUnits.load())
    expressions, intervals = map_expressions(units, options=Expressions())
    layout = expression_layout(info.width_px, info.height_px)

    def write(pictures: Iterator[tuple[Picture, float]], name: str) -> int:
        n = 0
        with VideoWriter(
            Path(folder, name), layout.width_px, layout.height_px, time_base=info.time_base, crf=CRF
        ) as writer:
            for rgb, time_s in pictures:
                writer.write(rgb, time_s)
                n += 1
        return n

    def rendered(**points) -> int:
        pictures = render_expressions(
            read_frames(CLIP),
            units,
            expressions,
            intervals,
            faces.select(BOX_COLUMNS),
            layout=layout,
            recording_id="clip",
            **points,
        )
        return write(pictures, "rendered.mp4")

    def bare() -> int:
        canvas = np.full((layout.height_px, layout.width_px, 3), 255, np.uint8)

        def pictures() -> Iterator[tuple[Picture, float]]:
            for frame in read_frames(CLIP):
                picture = canvas.copy()
                picture[: info.height_px, : info.width_px] = frame.rgb
                yield picture, frame.time_s

        return write(pictures(), "bare.mp4")

    works = {
        "decode + encode": bare,
        "expressions": rendered,
        "… with landmarks": lambda: rendered(faces=[faces]),
    }
    rates: dict[str, list[float]] = {name: [] for name in works}
    costs: dict[str, list[float]] = {name: [] for name in works}
    with tempfile.TemporaryDirectory() as folder:
        for _ in range(rounds):
            for name, work in works.items():
                n, wall, cpu = timed(work)
                rates[name].append(n / wall)
                costs[name].append(1000 * cpu / n)
    print(f"{CLIP.name}: {units.height} frames; pictures {layout.width_px}×{layout.height_px}")
    for name in works:
        low, high = min(rates[name]), max(rates[name])
        print(
            f"  {name:20s} {statistics.median(rates[name]):6.1f} frames/s [{low:.1f}–{high:.1f}], "
            f"{statistics.median(costs[name]):5.1f} ms CPU a frame"
        )
    reached = statistics.median(rates["expressions"])
    print(f"  goal: {GOAL_FPS:.0f} frames/s: {'reached' if reached >= GOAL_FPS else 'MISSED'}")
    return int(reached < GOAL_FPS)


if __name__ == "__main__":
    sys.exit(main())
