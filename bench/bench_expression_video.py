"""How fast videos of expressions are rendered, beside decoding and encoding alone.

    python bench/bench_expression_video.py [--rounds 3]

Renders all frames of woman_emotions_360p24.mp4 (640×360) with lists, diagram and cursor, from the file to the finished
file, as the stage does it (1 thread), in turn with a loop that only decodes the clip and encodes frames in a still
picture of the same size. Wall clock (the goal: 25 frames per second) and CPU time, since other work on the machine
disturbs the first.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import polars as pl
from video_rounds import CLIP, Work, bare, in_turns, reached, write

from affectflow.config.expressions import Expressions
from affectflow.face.extract_units import extract_units
from affectflow.face.map_expressions import map_expressions
from affectflow.face.track_faces import track_faces
from affectflow.face.units.geometric import GeometricUnits
from affectflow.io.video import read_frames, video_info
from affectflow.viz.expression_layout import expression_layout
from affectflow.viz.frame_pane import BOX_COLUMNS
from affectflow.viz.render_expressions import render_expressions


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
    made = Expressions()
    expressions, intervals = map_expressions(units, options=made)
    layout = expression_layout(info.width_px, info.height_px)
    size_px = layout.width_px, layout.height_px

    def rendered(folder: Path, **points) -> int:
        pictures = render_expressions(
            read_frames(CLIP),
            units,
            expressions,
            intervals,
            faces.select(BOX_COLUMNS),
            layout=layout,
            recording_id="clip",
            time_constant_s=made.time_constant_s,
            cumulative_s=made.cumulative_s,
            **points,
        )
        return write(pictures, folder / "rendered.mp4", *size_px)

    print(f"{CLIP.name}: {units.height} frames; pictures {layout.width_px}×{layout.height_px}")
    works: dict[str, Work] = {
        "decode + encode": bare(*size_px),
        "expressions": rendered,
        "… with landmarks": lambda folder: rendered(folder, faces=[faces]),
    }
    return reached(in_turns(works, rounds=rounds)["expressions"])


if __name__ == "__main__":
    sys.exit(main())
