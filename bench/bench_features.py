"""How fast a study of the driving study's size becomes tests: 843,000 frames of 59 columns, on 2 cores.

    python bench/bench_features.py [--frames 843000] [--jobs 2]

Prints, of one run: preprocessing of 60 recordings (30 people, two drives of five phases each, 30 frames per second,
56 face codes and 3 signals, one frame in fifty without a face) and their phases in `--jobs` processes, as the workflow
does them, and the 560 tests of 56 codes × 2 summaries × 5 phases; the same preprocessing of one recording as
long as all of them; and `make_windows` (9 s / 9 s) of two such long recordings. Each part runs in processes of its own, so that
peak memory is its own: that of the process, or the sum of all of them (what they share is counted in each).
"""

from __future__ import annotations

import argparse
import os
import resource
import sys
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from tempfile import TemporaryDirectory

# Before NumPy and polars are loaded, here and in the processes that are started.
os.environ |= {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
os.environ.setdefault("POLARS_MAX_THREADS", "1")

import numpy as np
import polars as pl

from affectflow.features.make_windows import make_windows
from affectflow.features.preprocess_frames import preprocess_frames
from affectflow.features.summarise_phases import summarise_phases
from affectflow.io.tables import read_table, write_table
from affectflow.schema import CODES_COLUMNS, FRAMES
from affectflow.stats.paired_tests import paired_tests

FPS, N_PEOPLE, N_PHASES = 30.0, 30, 5
SIGNALS = ("hr_bpm", "rsp_rate_bpm", "perspiration_degc2")
MAX_GAP_S, MIN_PHASE_S = 0.2, 4.0
GOALS = {"tests": (5.0, 2.0), "windows": (10.0, 2.5)}


def drive(n: int, *, person: int, condition: str) -> pl.DataFrame:
    """One recording: slow movement and noise in every column."""
    rng = np.random.default_rng([person, condition == "MD"])
    names = (*CODES_COLUMNS, *SIGNALS)
    noise = rng.standard_normal((n, len(names)), dtype=np.float32)
    values = np.cumsum(noise, axis=0) * np.float32(0.01) + noise[::-1] * np.float32(0.05)
    values[:, 50:56] *= 0.2
    seen = pl.Series(rng.random(n) > 0.02)
    ids = {
        "recording_id": f"S{person:02d}_{condition}",
        "subject_id": f"S{person:02d}",
        "condition": condition,
        "pair": f"S{person:02d}",
    }
    codes = [pl.when(seen).then(pl.Series(c, values[:, i])).alias(c) for i, c in enumerate(CODES_COLUMNS)]
    signals = [pl.Series(c, values[:, 56 + i].astype(np.float64)) for i, c in enumerate(SIGNALS)]
    phase = [f"P{k + 1}" for k in (np.arange(n) * N_PHASES // n).tolist()]
    rows = FRAMES.empty().clear(n).with_columns(*(pl.lit(v).alias(k) for k, v in ids.items()))
    return rows.with_columns(
        pl.Series("frame_id", np.arange(n, dtype=np.int32)),
        pl.Series("time_s", np.arange(n) / FPS),
        pl.Series("phase", phase),
        seen.alias("valid"),
        *codes,
        *signals,
    )


def peak_gib() -> float:
    """Largest memory of this process so far, GiB (Linux counts in KiB)."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20


def one_recording(path: str) -> tuple[pl.DataFrame, list[float], int, float]:
    """Frames of a file → phases; processor seconds of reading, preprocessing, phases; which process, and its peak."""
    clock = [time.process_time()]
    frames = read_table(path, "frames")
    clock.append(time.process_time())
    features = preprocess_frames(frames, max_gap_s=MAX_GAP_S)
    clock.append(time.process_time())
    phases = summarise_phases([features], min_phase_s=MIN_PHASE_S, max_gap_s=MAX_GAP_S)
    clock.append(time.process_time())
    return phases, np.diff(clock).tolist(), os.getpid(), peak_gib()


def study(paths: list[str], jobs: int) -> None:
    """Preprocess all recordings in processes, then test."""
    with ProcessPoolExecutor(jobs, mp_context=get_context("spawn")) as pool:
        list(pool.map(one_recording, paths[:jobs]))  # starts them and loads the libraries
        start = time.perf_counter()
        done = list(pool.map(one_recording, paths))
        middle = time.perf_counter()
    phases = pl.concat([d[0] for d in done])
    codes = phases.select(~pl.selectors.matches("|".join(SIGNALS)))
    cpu = time.process_time()
    tests = paired_tests(codes, baseline="ND", stressor="MD", by_phase=True, min_phase_s=MIN_PHASE_S)
    end, cpu = time.perf_counter(), time.process_time() - cpu
    n_tests = tests["results"]["p"].is_not_null().sum()
    memory = peak_gib() + sum({d[2]: d[3] for d in done}.values())
    reading, cleaning, summing = np.sum([d[1] for d in done], axis=0)
    print(
        f"{len(paths)} recordings, {jobs} processes: {middle - start:.2f} s, of the processor {reading:.2f} s reading, "
        f"{cleaning:.2f} s preprocess_frames, {summing:.2f} s summarise_phases; then {n_tests} tests with "
        f"max-T {end - middle:.2f} s ({cpu:.2f} s of the processor)"
    )
    busy = (reading + cleaning + summing) / jobs + cpu
    print(f"with {jobs} cores of its own that is {busy:.2f} s")
    judge("all of it", end - start, memory, *GOALS["tests"])


def long_recording(path: str, out: str) -> None:
    """Preprocess one recording as long as all the others; keeps the features for `windows`."""
    frames = read_table(path, "frames")
    start, cpu = time.perf_counter(), time.process_time()
    features = preprocess_frames(frames, max_gap_s=MAX_GAP_S)
    seconds, cpu = time.perf_counter() - start, time.process_time() - cpu
    print(
        f"one recording of {frames.height} frames: preprocess_frames {seconds:.2f} s ({cpu:.2f} s of the processor), "
        f"peak {peak_gib():.2f} GiB"
    )
    write_table(features, out, "features")


def windows(path: str) -> None:
    """Cut two long recordings into windows, reading included."""
    start, cpu = time.perf_counter(), time.process_time()
    tables = (read_table(path, "features") for _ in range(2))
    table = make_windows(tables, length_s=9, stride_s=9, min_coverage=0.8, max_gap_s=MAX_GAP_S)
    seconds, cpu = time.perf_counter() - start, time.process_time() - cpu
    what = f"make_windows of two such recordings, {table.height} windows, reading included ({cpu:.2f} s of the processor)"
    judge(what, seconds, peak_gib(), *GOALS["windows"])


def judge(what: str, seconds: float, gib: float, goal_s: float, goal_gib: float) -> None:
    """Print a figure beside its goal."""
    met = "met" if seconds <= goal_s and gib <= goal_gib else "MISSED"
    print(f"{what}: {seconds:.2f} s, peak {gib:.2f} GiB (goal {goal_s:g} s, {goal_gib:g} GiB: {met})")


def apart(run: Callable[..., None], *arguments: object) -> None:
    """Run in a process of its own."""
    process = get_context("spawn").Process(target=run, args=arguments)
    process.start()
    process.join()
    if process.exitcode:
        sys.exit(process.exitcode)


def write_drives(folder: str, n_frames: int) -> list[str]:
    """Write the study's frames, and those of the long recording; return the study's paths."""
    paths = []
    for person in range(N_PEOPLE):
        for condition in ("ND", "MD"):
            paths.append(str(Path(folder, f"S{person:02d}_{condition}.parquet")))
            part = drive(n_frames // (2 * N_PEOPLE), person=person, condition=condition)
            write_table(part, paths[-1], "frames")
    return paths


def write_long(path: str, n_frames: int) -> None:
    """Write the frames of the long recording."""
    write_table(drive(n_frames, person=99, condition="MD"), path, "frames")


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--frames", type=int, default=843_000)
    parser.add_argument("--jobs", type=int, default=2)
    options = parser.parse_args()
    with TemporaryDirectory() as folder:
        paths = write_drives(folder, options.frames)
        apart(study, paths, options.jobs)
        long, features = str(Path(folder, "long.parquet")), str(Path(folder, "features.parquet"))
        apart(write_long, long, options.frames)
        apart(long_recording, long, features)
        apart(windows, features)


if __name__ == "__main__":
    main()
