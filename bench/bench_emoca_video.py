"""How fast the emoca backend is from a video file to a Parquet table, and how much memory it takes.

    python bench/bench_emoca_video.py [video] [memory] [cuda] [--rounds N] [--minutes SHORT LONG]

video   track_faces + extract_codes of the clip on the CPU, reading the networks included, in float32, in
        bfloat16 where the processor has it, and with E_detail, against the straightforward loop of the three
        networks (bench_emoca.py) run before and after; the files that are written
memory  peak resident memory of extract_codes on the clip looped to an hour against two minutes, with a tiny
        network (--minutes to change); takes about ten minutes
cuda    extract_codes alone on a CUDA device, from the clip enlarged to 720p: frames per second, GPU memory,
        and how busy the GPU was by nvidia-smi

Without words: video. Weights are random; the time does not depend on them. Other work on the machine disturbs
frames per second more than ratios, which are the median over the rounds.
"""

from __future__ import annotations

import argparse
import json
import logging
import resource
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import imageio_ffmpeg
import numpy as np
import polars as pl
import torch
from bench_emoca import random_weights, straightforward_loop
from bench_tracking import CLIP, count_frames, our_stages

from affectflow.face.backends import emoca
from affectflow.face.backends.emoca import EmocaBackend
from affectflow.face.emoca.arithmetic import cpu_has_bfloat16
from affectflow.face.extract_codes import extract_codes
from affectflow.io.resume import resumable_table
from affectflow.io.table_stream import read_pieces, stream_table
from affectflow.io.tables import read_table
from affectflow.io.video import read_frames

# The stand-in head and the tiny network live with the tests.
sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from tests.support.synth_flame import synth_flame
from tests.support.tiny_emoca import TinyEncoders

GOALS = {"float32": 2.0, "bfloat16": 4.0, "memory": 1.10, "cuda_fps": 1000, "cuda_gib": 8}
# The published code's own path, pictures on disk between the steps, where the loop did 5.9 frames/s.
REFERENCE_OF_LOOP = 3.75 / 5.9
LOOP_PASSES = 6


def write_codes(backend: EmocaBackend, video: Path, faces: Path, folder: Path, *, threads: int) -> Path:
    """Do what the script extract_codes does; return the table's path."""
    codes = folder / "codes.parquet"

    def pieces(done_rows: int) -> Iterator[pl.DataFrame]:
        frames = read_frames(video, recording_id="clip", n_threads=threads)
        return extract_codes(read_pieces(faces, "faces"), backend, frames=frames, done_rows=done_rows)

    resumable_table(codes, "codes", pieces, footer={"stage": "bench"})
    return codes


def loop_speed(weights: Mapping[str, np.ndarray]) -> float:
    """Frames per second of the straightforward loop."""
    run, n_frames, _ = straightforward_loop(dict(weights))
    run()
    started = time.perf_counter()
    for _ in range(LOOP_PASSES):
        run()
    return LOOP_PASSES * n_frames / (time.perf_counter() - started)


def bench_video(n_rounds: int) -> None:
    """Print frames per second from file to table, and ratios to the loop."""
    networks, n_frames = random_weights(), count_frames(CLIP)
    weights, threads = {**networks, **synth_flame()}, torch.get_num_threads()
    variants: dict[str, dict[str, Any]] = {"float32": {"precision": "float32"}}
    if cpu_has_bfloat16():
        variants["bfloat16"] = {"precision": "bfloat16"}
    last = list(variants)[-1]
    variants[f"{last} and E_detail"] = {"precision": last, "parameters": ["detail"]}
    speeds: dict[str, list[float]] = {name: [] for name in variants}
    ratios: dict[str, list[float]] = {name: [] for name in variants}
    loops = [loop_speed(networks)]
    for _ in range(n_rounds):
        for name, options in variants.items():
            with tempfile.TemporaryDirectory() as place:
                folder = Path(place)
                started = time.perf_counter()
                our_stages(CLIP, folder, codes=False)
                tracked_s = time.perf_counter() - started
                before = set(folder.rglob("*"))
                backend = EmocaBackend.load(weights, options={**options, "threads": threads})
                codes = write_codes(backend, CLIP, folder / "faces.parquet", folder, threads=threads)
                seconds = time.perf_counter() - started
                written = sorted(p.name for p in set(folder.rglob("*")) - before)
                size, n_coded = codes.stat().st_size, int(read_table(codes, "codes")["valid"].sum())
            loops.append(loop_speed(networks))
            speeds[name].append(n_frames / seconds)
            ratios[name].append(speeds[name][-1] / statistics.mean(loops[-2:]))
            print(
                f"  {name}: {n_frames} frames, {n_coded} with a face, in {seconds:.1f} s (tracking {tracked_s:.1f} s); "
                f"extract_codes wrote {', '.join(written)}, {size / 2**20:.1f} MiB",
                flush=True,
            )
    print(
        f"{CLIP.name}, file to Parquet, {threads} threads; the loop did {statistics.median(loops):.2f} frames/s"
    )
    for name in variants:
        goal, of_loop = f" (goal {GOALS[name]})" if name in GOALS else "", statistics.median(ratios[name])
        print(
            f"  {name:24} {statistics.median(speeds[name]):6.1f} frames/s, {of_loop:.2f} × the loop of three "
            f"networks, {of_loop / REFERENCE_OF_LOOP:.1f} × the published code's path{goal}"
        )


def looped(folder: Path, *, minutes: float, scale: str | None = None) -> tuple[Path, Path]:
    """Write the clip over and over, and the faces table that belongs to it."""
    video, faces, ffmpeg = folder / "long.mp4", folder / "long.faces.parquet", imageio_ffmpeg.get_ffmpeg_exe()
    our_stages(CLIP, folder, codes=False)
    once = read_table(folder / "faces.parquet", "faces")
    how = ["-vf", f"scale={scale}", "-preset", "veryfast"] if scale else ["-c", "copy"]
    arguments = ["-stream_loop", "-1", "-i", CLIP, "-t", minutes * 60, "-an", *how, video]
    subprocess.run([ffmpeg, "-nostdin", "-loglevel", "error", *map(str, arguments)], check=True)
    n_frames, step = count_frames(video), once["time_s"][1]
    enlarge = 2.0 if scale else 1.0
    pixels = [c for c in once.columns if c.endswith("_px") and c != "landmarks_px"]
    landmarks = (
        (pl.col("landmarks_px") * enlarge).cast(once.schema["landmarks_px"]) if scale else "landmarks_px"
    )
    with stream_table(faces, "faces") as stream:
        for start in range(0, n_frames, once.height):
            ids = (pl.col("frame_id") + start).cast(pl.Int32)
            piece = once.head(n_frames - start).with_columns(
                pl.col(pixels) * enlarge, landmarks, frame_id=ids
            )
            stream.append(piece.with_columns(time_s=pl.col("frame_id") * step))
    return video, faces


def memory_job(minutes: float) -> None:
    """Extract with the tiny network in this process; print peak memory and speed as JSON."""
    emoca.Encoders = TinyEncoders  # type: ignore[attr-defined, misc, assignment]
    with tempfile.TemporaryDirectory() as place:
        # In a process of its own, whose memory is not counted here.
        command = [sys.executable, __file__, "--loop-to", place, str(minutes)]
        subprocess.run(command, check=True)
        folder = Path(place)
        backend = EmocaBackend.load(synth_flame(), options={"threads": torch.get_num_threads()})
        started = time.perf_counter()
        video, faces = folder / "long.mp4", folder / "long.faces.parquet"
        codes = write_codes(backend, video, faces, folder, threads=1)
        n_frames = pl.scan_parquet(codes).select(pl.len()).collect().item()
        seconds = time.perf_counter() - started
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(json.dumps({"peak_mib": peak, "n_frames": n_frames, "frames_per_s": n_frames / seconds}))


def bench_memory(minutes: list[float]) -> None:
    """Compare the peak memory on the looped clip."""
    peaks = []
    for length in minutes:
        command = [sys.executable, __file__, "--job", str(length)]
        done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
        found = json.loads(done.stdout.splitlines()[-1])
        peaks.append(found["peak_mib"])
        print(
            f"  {length:g} min: {found['n_frames']} frames, {found['peak_mib']:.0f} MiB, "
            f"{found['frames_per_s']:.0f} frames/s with the tiny network",
            flush=True,
        )
    print(
        f"peak memory of extract_codes, emoca: ratio {peaks[1] / peaks[0]:.3f} (goal at most {GOALS['memory']})"
    )


class Busy:
    """Asks nvidia-smi how busy the GPU is, a few times a second."""

    def __enter__(self) -> Busy:
        self.shares: list[float] = []
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._ask, daemon=True)
        self._thread.start()
        return self

    def _ask(self) -> None:
        command = ["nvidia-smi", "--query-gpu=utilization.gpu", "--format=csv,noheader,nounits", "-i", "0"]
        while not self._ended.wait(0.25):
            done = subprocess.run(command, capture_output=True, text=True, check=False)
            if done.returncode == 0:
                self.shares.append(float(done.stdout.split()[0]))

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self._thread.join()


def bench_cuda(minutes: float = 4.0) -> None:
    """Print what one recording in 720p does on a GPU."""
    if not torch.cuda.is_available():
        print("cuda: torch finds no CUDA device here; nothing measured")
        return
    weights, threads = {**random_weights(), **synth_flame()}, torch.get_num_threads()
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        video, faces = looped(folder, minutes=minutes, scale="1280:720")
        backend = EmocaBackend.load(weights, device="cuda", options={"threads": threads})
        # Networks are read and cuDNN has chosen its algorithms before the clock starts.
        backend._encoders.encode(np.zeros((backend._encoders.batch_size, 224, 224, 3), np.uint8))
        torch.cuda.reset_peak_memory_stats()
        with Busy() as busy:
            started = time.perf_counter()
            codes = write_codes(backend, video, faces, folder, threads=threads)
            seconds = time.perf_counter() - started
        n_frames = pl.scan_parquet(codes).select(pl.len()).collect().item()
    print(
        f"{torch.cuda.get_device_name()}: {n_frames} frames of 1280 × 720, {threads} threads: "
        f"{n_frames / seconds:.0f} frames/s (goal {GOALS['cuda_fps']}), "
        f"{torch.cuda.max_memory_reserved() / 2**30:.1f} GiB (goal at most {GOALS['cuda_gib']}), "
        f"GPU busy {statistics.mean(busy.shares) if busy.shares else float('nan'):.0f} % of the time"
    )


def main() -> None:
    """Run what was asked for."""
    parser = argparse.ArgumentParser(description="How fast the emoca backend is from file to table.")
    parser.add_argument("words", nargs="*", metavar="video|memory|cuda")
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--minutes", type=float, nargs=2, default=[2.0, 60.0])
    parser.add_argument("--job", type=float, help=argparse.SUPPRESS)
    parser.add_argument("--loop-to", nargs=2, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.loop_to:
        looped(Path(given.loop_to[0]), minutes=float(given.loop_to[1]))
        return
    if given.job:
        memory_job(given.job)
        return
    if set(given.words) - {"video", "memory", "cuda"}:
        parser.error(f"no such word: {' '.join(given.words)}")
    logging.getLogger("affectflow").addHandler(logging.NullHandler())
    for word in given.words or ["video"]:
        if word == "video":
            bench_video(given.rounds)
        elif word == "memory":
            bench_memory(given.minutes)
        else:
            bench_cuda()


if __name__ == "__main__":
    main()
