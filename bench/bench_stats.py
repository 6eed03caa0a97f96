"""What the statistics cost at the true size of a study: 60 people, 843,000 frames, 56 codes.

    python bench/bench_stats.py [lda] [lda-held-out] [tsne]

lda: one fit (shifting, scaling, shrunken covariance of both classes) on 843,000 × 56, beside scikit-learn on the same
standardised rows in the same process. lda-held-out: the whole analysis on as many rows: 10 folds, p from 199
relabellings, interval from 2,000 draws. tsne: the analysis on 10,000 × 56 beside a bare openTSNE call on the same points
in the same process. One thread throughout: on a machine with nothing else to do, seconds of the processor are seconds.
"""

from __future__ import annotations

import argparse
import resource
import time

import numpy as np
import polars as pl
from threadpoolctl import threadpool_limits

from affectflow.schema import CODES_COLUMNS
from affectflow.stats.held_out import discriminant, fold_maker
from affectflow.stats.lda import lda
from affectflow.stats.tsne import tsne

N_PEOPLE, N_FRAMES, N_SECONDS = 60, 14_050, 9
LDA_GOAL_S, TSNE_GOAL = 2.0, 1.1
CONDITIONS = {"baseline": "ND", "stressor": "MD"}


def drives(n_frames: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Slow noise around each person's own level, a tenth of its spread higher in every second stretch of 9 s."""
    rng = np.random.default_rng(0)
    unit = np.repeat(np.arange(N_PEOPLE), n_frames)
    stressed = (np.arange(len(unit)) % n_frames) // (30 * N_SECONDS) % 2 == 1
    x = rng.normal(size=(len(unit), 56)) @ rng.normal(size=(56, 56)) / 8
    x += rng.normal(0, 2, (N_PEOPLE, 56))[unit] + 0.1 * stressed[:, None]
    return x, unit, stressed


def table(n_frames: int) -> pl.DataFrame:
    """The same as a table of frames that count as windows."""
    x, unit, stressed = drives(n_frames)
    person = pl.Series(unit).cast(pl.String).str.zfill(2)
    return pl.DataFrame(
        {
            "recording_id": person + pl.Series(np.where(stressed, "_MD", "_ND")),
            "subject_id": person,
            "condition": np.where(stressed, "MD", "ND"),
            "pair": person,
            "window_id": np.arange(len(unit), dtype=np.int32),
            "start_s": np.arange(len(unit)) / 30,
        }
    ).hstack(pl.DataFrame(x, schema=[f"mean_{c}" for c in CODES_COLUMNS]))


def peak_gib() -> float:
    """Return the most memory this process has held, GiB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20


@threadpool_limits.wrap(limits=1)
def bench_lda() -> None:
    """One fit beside scikit-learn."""
    x, unit, stressed = drives(N_FRAMES)
    everyone = np.ones(len(unit), dtype=bool)
    own, cpu, bare, gap = [], [], [], 0.0
    for _ in range(3):
        started, cpu_started = time.perf_counter(), time.process_time()
        fold = fold_maker(x, unit, stressed)(everyone, everyone)
        weight = fold.fit(stressed)[0] * fold.deviation
        own.append(time.perf_counter() - started)
        cpu.append(time.process_time() - cpu_started)
        z = (x - x.mean(axis=0)) / x.std(axis=0)
        started = time.perf_counter()
        expected = discriminant(z, stressed).coef_[0]
        bare.append(time.perf_counter() - started)
        gap = float(np.abs(weight - expected).max() / np.abs(expected).max())
    print(
        f"one LDA on {x.shape[0]:,} × {x.shape[1]}: {min(own):.2f} s (goal ≤ {LDA_GOAL_S:g}), {min(cpu):.2f} s of the processor, scaling included; "
        f"scikit-learn on scaled rows {min(bare):.2f} s; weights differ by {gap:.0e}; peak {peak_gib():.1f} GiB"
    )


def bench_lda_held_out() -> None:
    """The whole analysis."""
    frames = table(N_FRAMES)
    started = time.perf_counter()
    row = lda(frames, **CONDITIONS, seed=1, kinds=["codes"])["results"].row(0, named=True)
    print(
        f"lda, {len(frames):,} rows, {row['n_folds']} folds, {row['n_permutations']} relabellings: "
        f"{time.perf_counter() - started:.0f} s, AUROC {row['auroc']:.3f}, p {row['p_permutation']:.3f}; "
        f"peak {peak_gib():.1f} GiB"
    )


def bench_tsne() -> None:
    """The analysis beside openTSNE alone."""
    from openTSNE import TSNE

    frames = table(400)
    started = time.process_time()
    points = tsne(frames, **CONDITIONS, seed=1, max_points=10_000)["embedding"]
    whole = time.process_time() - started
    places = frames.with_row_index().join(points, on=["recording_id", "window_id"], how="semi")["index"]
    x = frames[places].select(pl.col("^mean_.*$")).to_numpy()
    x = (x - x.mean(axis=0)) / x.std(axis=0)
    with threadpool_limits(1):
        started = time.process_time()
        TSNE(perplexity=30, initialization="pca", n_jobs=1, random_state=1).fit(x)
        bare = time.process_time() - started
    print(
        f"t-SNE of {len(points):,} × {x.shape[1]}, seconds of the processor: {whole:.1f}, openTSNE alone {bare:.1f}, "
        f"ratio {whole / bare:.2f} (goal ≤ {TSNE_GOAL:g})"
    )


BENCHES = {"lda": bench_lda, "lda-held-out": bench_lda_held_out, "tsne": bench_tsne}


if __name__ == "__main__":
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("what", nargs="*", choices=[[], *BENCHES], help="default: all")
    for name in parser.parse_args().what or BENCHES:
        BENCHES[name]()
