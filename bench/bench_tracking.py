"""How fast face tracking is, beside a bare MediaPipe loop, and how much memory it takes.

    python bench/bench_tracking.py [speed] [pair] [memory]      # without words: all three

speed   frames per second of decoding, track_faces, extract_codes and writing both tables, against bare loops
        (PyAV decode + `mp.solutions.face_mesh` on the whole frame, nothing written), taking turns in one
        process; wall clock and CPU time, since other work on the machine disturbs the first
pair    two recordings at once against one alone
memory  peak resident memory of track_faces on the clip looped to 10 minutes against 1 minute
"""

from __future__ import annotations

import argparse
import json
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import av
import imageio_ffmpeg

CLIP = Path(__file__).resolve().parents[2] / "shared/data/media/woman_emotions_360p24.mp4"
GOALS = {"speed": 0.85, "pair": 1.7, "memory": 1.10}


def bare_loop(video: Path, *, refine: bool) -> int:
    """Decode with PyAV and track with MediaPipe's own solution, nothing kept."""
    import mediapipe as mp

    n_found = 0
    with mp.solutions.face_mesh.FaceMesh(refine_landmarks=refine) as mesh, av.open(str(video)) as container:
        for picture in container.decode(video=0):
            n_found += mesh.process(picture.to_ndarray(format="rgb24")).multi_face_landmarks is not None
    return n_found


def our_stages(video: Path, folder: Path, *, codes: bool = True) -> int:
    """Run what the scripts track_faces and extract_codes run, tables written."""
    from affectflow.face.finish_faces import TrackTotals, finish_faces
    from affectflow.face.track_faces import track_faces
    from affectflow.io.table_stream import stream_table, transform_table
    from affectflow.io.tables import read_table
    from affectflow.io.video import read_frames

    draft, faces, totals = folder / "draft.parquet", folder / "faces.parquet", TrackTotals()
    with stream_table(draft, "faces") as stream:
        for piece in totals.watch(track_faces(read_frames(video), recording_id="clip")):
            stream.append(piece)
    lasting, primary = totals.lasting_tracks(), totals.primary_tracks()
    transform_table(draft, faces, "faces", lambda t: finish_faces(t, lasting=lasting, primary=primary))
    if codes:
        write_codes(faces, folder / "codes.parquet")
    return read_table(faces, "faces", columns=["valid"])["valid"].sum()


def write_codes(faces: Path, target: Path) -> None:
    """Run what the script extract_codes runs with the backend facemesh."""
    from affectflow.face.backends import BACKENDS
    from affectflow.face.extract_codes import extract_codes
    from affectflow.io.table_stream import read_pieces, stream_table
    from affectflow.registry import load

    backend = load(BACKENDS, "facemesh", "backend").load()
    with stream_table(target, "codes") as stream:
        for piece in extract_codes(read_pieces(faces, "faces"), backend):
            stream.append(piece)


def timed(run: Callable[[], int], n_frames: int) -> tuple[float, float, int]:
    """Return frames per second of wall clock, frames per CPU second, and the valid frames."""
    wall, cpu = time.perf_counter(), time.process_time()
    n_valid = run()
    return n_frames / (time.perf_counter() - wall), n_frames / (time.process_time() - cpu), n_valid


def count_frames(video: Path) -> int:
    """Count the frames that decode."""
    with av.open(str(video)) as container:
        return sum(1 for _ in container.decode(video=0))


def bench_speed(n_rounds: int = 5) -> None:
    """Let the loops take turns and print the medians."""
    n_frames = count_frames(CLIP)
    with tempfile.TemporaryDirectory() as folder:
        loops: dict[str, Callable[[], int]] = {
            "bare loop, 468 points": lambda: bare_loop(CLIP, refine=False),
            "bare loop, 478 points": lambda: bare_loop(CLIP, refine=True),
            "track_faces + extract_codes": lambda: our_stages(CLIP, Path(folder)),
        }
        for loop in loops.values():
            loop()
        results: dict[str, list[tuple[float, float, int]]] = {name: [] for name in loops}
        for _ in range(n_rounds):
            for name, loop in loops.items():
                results[name].append(timed(loop, n_frames))
    print(f"{CLIP.name}, {n_frames} frames, median of {n_rounds} rounds")
    for name, rounds in results.items():
        wall, cpu, _ = (statistics.median(values) for values in zip(*rounds, strict=True))
        print(f"  {name:28s} {wall:6.1f} frames/s, {cpu:6.1f} per CPU second, valid {rounds[0][2]}")
    ours = results.pop("track_faces + extract_codes")
    for name, rounds in results.items():
        wall, cpu = (
            statistics.median(o[i] / r[i] for o, r in zip(ours, rounds, strict=True)) for i in (0, 1)
        )
        print(f"  ratio to {name}: {wall:.2f} wall clock, {cpu:.2f} CPU time (goal {GOALS['speed']})")


def child(word: str, video: Path) -> subprocess.Popen:
    """Start this file again for one job; it prints what it measured."""
    return subprocess.Popen(
        [sys.executable, __file__, "--job", word, str(video)], stdout=subprocess.PIPE, text=True
    )


def job(word: str, video: Path) -> None:
    """Do one job in a process of its own and print the figures as JSON."""
    with tempfile.TemporaryDirectory() as folder:
        our_stages(video, Path(folder), codes=word != "memory")
        base_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        wall, cpu = time.perf_counter(), time.process_time()
        if word == "pair":
            our_stages(video, Path(folder))
        figures = {
            "wall_s": time.perf_counter() - wall,
            "cores": (time.process_time() - cpu) / max(time.perf_counter() - wall, 1e-9),
            "peak_mb": base_mb,
        }
    print(json.dumps(figures))


def finished(process: subprocess.Popen) -> dict[str, float]:
    """Wait for a job and return its figures."""
    output, _ = process.communicate()
    if process.returncode:
        raise SystemExit(f"a job of the bench failed with exit code {process.returncode}")
    return json.loads(output)


def bench_pair(n_rounds: int = 3) -> None:
    """Compare two recordings at once with one alone."""
    rounds = []
    for _ in range(n_rounds):
        alone = finished(child("pair", CLIP))
        both = [finished(p) for p in [child("pair", CLIP), child("pair", CLIP)]]
        rounds.append((sum(alone["wall_s"] / b["wall_s"] for b in both), alone["cores"]))
    ratio, cores = (statistics.median(values) for values in zip(*rounds, strict=True))
    print(
        f"two recordings at once: {ratio:.2f} times one (goal {GOALS['pair']}); one alone uses {cores:.2f} cores"
    )


def bench_memory(minutes: tuple[int, int] = (1, 10)) -> None:
    """Compare the peak memory on the looped clip."""
    ffmpeg, peaks = imageio_ffmpeg.get_ffmpeg_exe(), []
    with tempfile.TemporaryDirectory() as folder:
        for n_minutes in minutes:
            looped = Path(folder) / f"{n_minutes}.mp4"
            arguments = ["-stream_loop", "-1", "-i", CLIP, "-t", n_minutes * 60, "-an", "-c", "copy", looped]
            subprocess.run([ffmpeg, "-nostdin", "-loglevel", "error", *map(str, arguments)], check=True)
            peaks.append(finished(child("memory", looped))["peak_mb"])
    print(
        f"peak memory of track_faces: {peaks[0]:.0f} MiB for {minutes[0]} min, {peaks[1]:.0f} MiB for {minutes[1]} min "
        f"of video, ratio {peaks[1] / peaks[0]:.3f} (goal at most {GOALS['memory']})"
    )


def main() -> None:
    """Run what was asked for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("parts", nargs="*", help="speed, pair, memory")
    parser.add_argument("--job", nargs=2, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.job:
        job(options.job[0], Path(options.job[1]))
        return
    if not CLIP.is_file():
        raise SystemExit(f"{CLIP} not found: this bench needs the reference videos beside the checkout.")
    benches = {"speed": bench_speed, "pair": bench_pair, "memory": bench_memory}
    for part in options.parts or benches:
        if part not in benches:
            raise SystemExit(f"{part!r} is not a part of this bench. Choose from: {', '.join(benches)}.")
        benches[part]()


if __name__ == "__main__":
    main()
