"""How fast overlay videos are rendered, beside decoding and encoding alone.

    python bench/bench_render.py [--rounds 3]

Renders all frames of woman_emotions_360p24.mp4 (640×360) with box, landmarks, mesh and strip, threads = 2 as the rule
has it, in turn with a loop that only decodes the clip and encodes pictures of the overlay's size; then the mesh of
FLAME's size alone (5,023 vertices, 9,976 triangles, the tests' stand-in head) at 360 px. Wall clock (the
goal: 25 frames per second) and CPU time, since other work on the machine disturbs the first.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import numpy as np
import polars as pl
from video_rounds import CLIP, Work, bare, in_turns, reached, write

from affectflow.face.backends.emoca import EmocaBackend
from affectflow.face.backends.facemesh import FaceMeshBackend
from affectflow.face.extract_codes import extract_codes
from affectflow.face.track_faces import track_faces
from affectflow.io.video import read_frames, video_info
from affectflow.viz.frame_pane import BOX_COLUMNS
from affectflow.viz.mesh_renderer import MeshRenderer
from affectflow.viz.overlay_layout import overlay_layout
from affectflow.viz.render_overlay import render_overlay
from affectflow.viz.series import code_series

# The stand-in head lives with the tests.
sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from tests.support.synth_flame import synth_flame

MESH_PX = 360


def main() -> int:
    """Measure and print; exit code 1 when the goal is missed."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=3)
    rounds = parser.parse_args().rounds
    if not CLIP.exists():
        print(f"bench_render: needs {CLIP.name} in shared/data/media beside the checkout; nothing measured.")
        return 0
    backend, info = FaceMeshBackend.load(), video_info(CLIP)
    faces = pl.concat(track_faces(read_frames(CLIP), recording_id="clip"))
    series = code_series(pl.concat(extract_codes([faces], backend)))
    layout = overlay_layout(info.width_px, info.height_px)

    size_px = layout.width_px, layout.height_px

    def overlay(folder: Path, threads: int) -> int:
        pictures = render_overlay(
            read_frames(CLIP),
            series,
            faces.select(BOX_COLUMNS),
            backend,
            layout=layout,
            recording_id="clip",
            threads=threads,
        )
        return write(pictures, folder / f"overlay{threads}.mp4", *size_px)

    flame = EmocaBackend.load(synth_flame())
    resting = flame.mesh(np.zeros((1, 50)), np.zeros((1, 6)))[0]
    renderer = MeshRenderer(resting, flame.triangles, size_px=MESH_PX)

    def flame_mesh(_: Path) -> int:
        pose = np.zeros((series.n_frames, 6))
        pose[:, 1], pose[:, 3] = np.linspace(-0.6, 0.6, len(pose)), 0.15
        for vertices in flame.mesh(np.zeros((len(pose), 50)), pose):
            renderer.render(vertices)
        return len(pose)

    print(
        f"{CLIP.name}: {series.n_frames} frames, {series.valid.sum()} with a face; pictures {layout.width_px}×{layout.height_px}"
    )
    works: dict[str, Work] = {
        "decode + encode": bare(*size_px),
        "overlay, 2 threads": lambda folder: overlay(folder, 2),
        "overlay, 1 thread": lambda folder: overlay(folder, 1),
        "FLAME's mesh alone": flame_mesh,
    }
    return reached(in_turns(works, rounds=rounds)["overlay, 2 threads"])


if __name__ == "__main__":
    sys.exit(main())
