"""Audit and explanations at the true size of the driving study: wall seconds and peak memory, check by check.

Run: python bench/bench_audit.py [--folds N] [--stride S] [--windows N] [--steps N]

60 people, 843,000 frames, 120 columns (56 codes, 4 signals, and the velocities of both) of synthetic values at 30 Hz;
windows of 9 s; stress in every other minute, for everybody at another time. The cross-modal transformer as published, a
logistic regression and the control time_only are trained through the package, each network for a few steps only: what is read again
and recomputed afterwards does not depend on how well it learnt. Then, each in a process of its own:

- audit: every check of `audit_models`, in the order of the rule, which reads files as the rule does;
- explain: one split of the cross-modal transformer, `--windows` of the 400 that the study looks at, which take as much longer.
"""

from __future__ import annotations

import argparse
import json
import logging
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from affectflow.config.study import Study
from affectflow.features.make_windows import make_windows
from affectflow.io.tables import read_table, write_free_table, write_table
from affectflow.io.weights import WeightsFile, write_weights
from affectflow.registry import load
from affectflow.schema import EXP, FEATURES, MEASURES, POSE
from affectflow.train.audit import CHECKS
from affectflow.train.audit.artefacts import Artefacts, open_artefacts
from affectflow.train.audit.declared import declare
from affectflow.train.audit.rebuild import entry_windows
from affectflow.train.explain.explain_model import explain_model
from affectflow.train.models import options_of
from affectflow.train.models.trainer import Trainer
from affectflow.train.protocol.split_subjects import split_subjects
from affectflow.train.protocol.splits import all_splits
from affectflow.train.protocol.train_model import train_model
from affectflow.train.scores.evaluate_models import evaluate_models
from affectflow.train.windows.grid_frames import grid_frames
from affectflow.train.windows.label_windows import label_windows

PEOPLE, FRAMES, RATE_HZ, WINDOW_S = 60, 843_000, 30.0, 9.0
SIGNALS = ("eda_tonic_usiemens", "hr_bpm", "perinasal_degc", "rsp_rate_bpm")
MODEL = "cross_modal"
Rows = dict[str, tuple[float, float, float]]


def main() -> int:
    """Print the figures."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--folds", type=int, default=3)
    parser.add_argument("--stride", type=float, default=WINDOW_S, help="step between windows, seconds")
    parser.add_argument("--windows", type=int, default=20, help="windows of a split that are explained")
    parser.add_argument("--steps", type=int, default=8, help="steps that each network is trained for")
    parser.add_argument("--run", choices=RUNS, help=argparse.SUPPRESS)
    parser.add_argument("--folder", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    logging.getLogger("affectflow").setLevel(logging.ERROR)
    if options.run:
        print(json.dumps(RUNS[options.run](options)))
        return 0
    with tempfile.TemporaryDirectory() as folder:
        options.folder = Path(folder)
        sizes = {name: in_process(name, options)[0] for name in ("frames", "models")}
        print(", ".join(f"{n:,} {what}" for own in sizes.values() for what, n in own.items()))
        for name in ("audit", "explain"):
            rows, seconds = in_process(name, options)
            for what, (own_s, cpu_s, peak_gib) in rows.items():
                print(
                    f"{name:8} {what:24} {own_s:7.1f} s ({cpu_s:.1f} s of the processor), peak so far {peak_gib:.2f} GiB"
                )
            print(f"{name:8} {'whole process':24} {seconds:7.1f} s")
    return 0


def in_process(name: str, options: argparse.Namespace) -> tuple[dict[str, Any], float]:
    """Return what one part prints as JSON, and how long its process lasted."""
    command = [sys.executable, __file__, "--run", name]
    for option in ("folder", "folds", "stride", "windows", "steps"):
        command += [f"--{option}", str(getattr(options, option))]
    begun = time.perf_counter()
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
    return json.loads(done.stdout.splitlines()[-1]), time.perf_counter() - begun


def settings(options: argparse.Namespace) -> Study:
    """The settings of the study, as published where the paper says it."""
    published = {"d_model": 96, "conv_width": 64, "heads": 4, "feed_forward": 384, "encoder_layers": 2}
    train = {
        "models": ["logistic", MODEL],
        "controls": ["time_only"],
        "folds": options.folds,
        "label": "phase",
        "positive_phases": ["stress"],
        "emoca_mode": ["expression", "pose", "velocities"],
        "bio_mode": ["level", "velocity"],
        "rates_hz": dict.fromkeys(("face", "bio", "gaze"), RATE_HZ),
        "cross_modal": {**published, "cross_blocks": 2},
        "loop": {"epochs": 1, "batch_size": 32, "learning_rate": 3e-4},
    }
    windows = {"length_s": WINDOW_S, "stride_s": options.stride, "within": "recording"}
    return Study.model_validate({"train": train, "features": {"windows": windows}})


def write_frames(options: argparse.Namespace) -> dict[str, int]:
    """Write features and grids of everybody, and the windows."""
    study, n = settings(options), FRAMES // PEOPLE
    windows = []
    for k in range(PEOPLE):
        rng = np.random.default_rng(k)
        names = (*EXP, *POSE, *SIGNALS)
        slow = np.repeat(rng.normal(size=(n // 15 + 1, len(names))), 15, axis=0)[:n]
        values = (slow + rng.normal(size=(n, len(names)))).astype(np.float32)
        time_s = np.arange(n) / RATE_HZ
        stressed = (time_s + rng.uniform(0, 120)) // 60 % 2 == 1
        values[stressed, :8] += 0.3
        columns = dict(zip(names, values.T, strict=True))
        columns |= {f"d_{c}": np.gradient(v, np.float32(1 / RATE_HZ)) for c, v in columns.items()}
        table = pl.DataFrame({"time_s": time_s, "phase": np.where(stressed, "stress", "rest"), **columns})
        table = table.with_row_index("frame_id").with_columns(
            *(pl.lit(f"P{k:02d}").alias(c) for c in ("recording_id", "subject_id", "pair")),
            *(pl.lit(None, pl.Float32).alias(c) for c in MEASURES),
            *(pl.lit(value).alias(c) for c, value in {"valid": True, "blink": False}.items()),
            pl.lit(study.stats.stressor).alias("condition"),
            pl.col("frame_id").cast(pl.Int32),
        )
        table = table.select(*FEATURES.names, pl.exclude(FEATURES.names))
        write_table(table, options.folder / f"features/P{k:02d}.parquet", "features")
        clocks = study.train.rates_hz.model_dump()
        arrays, facts = grid_frames(table, rates_hz=clocks, max_gap_s=study.train.max_gap_s)
        write_weights(arrays, options.folder / f"grids/P{k:02d}.safetensors", facts={"grid": facts})
        cut = {**study.features.windows.model_dump(), "max_gap_s": study.features.max_gap_s}
        windows.append(make_windows([table], **cut))
    made = pl.concat(windows)
    write_table(made, options.folder / "windows.parquet", "windows")
    return {"frames": n * PEOPLE, "windows": made.height}


def train(options: argparse.Namespace) -> dict[str, int]:
    """Train every entry on every fold, networks for a few steps, and write what the audit reads."""
    study, folder = settings(options), options.folder
    declared = declare(study)
    windows = read_table(folder / "windows.parquet", "windows")
    phases = (read_table(p, "features") for p in sorted((folder / "features").glob("*")))
    examples = label_windows(windows, **declared["label_rule"], phases=phases, seed=study.seed)
    folds = split_subjects(
        examples, n_folds=options.folds, validation_share=study.train.validation_share, seed=study.seed
    )
    grids = {p.stem: WeightsFile(p) for p in (folder / "grids").glob("*")}
    none = pl.DataFrame()
    untrained = Artefacts(declared, windows, examples, folds, none, [], None, grids)
    write_table(examples, folder / "examples.parquet", "examples")
    write_table(folds, folder / "folds.parquet", "folds")
    whole = Trainer.run_epoch

    def few_steps(self: Trainer, epoch: int, batches: Any, order_n: np.ndarray) -> None:
        whole(self, epoch, batches, order_n[: options.steps * self.loop["batch_size"]])

    Trainer.run_epoch = few_steps  # type: ignore[method-assign]
    predictions = []
    for name, entry in declared["entries"].items():
        how = {k: v for k, v in entry["settings"].items() if k not in ("emoca_mode", "bio_mode", "signals")}
        trained = train_model(
            entry_windows(untrained, name),
            folds,
            name=name,
            model=entry["model"],
            splits=all_splits(n_repeats=1, n_folds=options.folds, n_seeds=1),
            subject_norm="none",
            seed=study.seed,
            options=options_of(study.train, entry["model"]),
            **how,
        )
        predictions.append(trained.predictions)
        write_table(trained.predictions, folder / f"{name}/all/predictions.parquet", "predictions")
        write_weights(
            trained.weights, folder / f"{name}/all/weights.safetensors", facts={"training": trained.facts}
        )
    how = {"controls": study.train.controls, "n_resamples": 200, "subject_norm": "none", "seed": 1}
    result = evaluate_models(pl.concat(predictions), main=MODEL, **how)
    write_free_table(result.thresholds, folder / "thresholds.parquet", footer={})
    return {"trainings": options.folds * len(predictions)}


def opened(options: argparse.Namespace) -> Artefacts:
    """The study as rule audit_models opens it."""
    folder = options.folder
    return open_artefacts(
        declare(settings(options)),
        **{name: folder / f"{name}.parquet" for name in ("windows", "examples", "folds", "thresholds")},
        predictions=sorted(folder.glob("*/all/predictions.parquet")),
        weights=sorted(folder.glob("*/all/weights.safetensors")),
        grids=sorted((folder / "grids").glob("*")),
        features=sorted((folder / "features").glob("*")),
    )


def audit(options: argparse.Namespace) -> Rows:
    """Run one check after the other, as `audit_models` does; what one has read the next ones use."""
    rows: Rows = {}
    study = timed(rows, "opening", lambda: opened(options))
    for name, check in CHECKS.items():
        timed(rows, name, partial(load({name: check.function}, name, "check"), study))
    return rows


def explain(options: argparse.Namespace) -> Rows:
    """Explain one split."""
    rows: Rows = {}
    study, how = opened(options), settings(options).train
    own = next(t for t in study.trainings if t.entry == MODEL)
    weights = {name: own.array(name) for name in own.names()}
    explanation = timed(
        rows,
        f"{options.windows} windows",
        lambda: explain_model(
            entry_windows(study, MODEL),
            study.folds,
            [(own.split, weights, own.facts)],
            model=MODEL,
            modalities=how.modalities,
            subject_norm="none",
            n_permutations=how.explanations.permutations,
            steps=how.explanations.steps,
            most_windows=options.windows,
            n_resamples=how.bootstrap,
            seed=1,
            grids=study.grids,
        ),
    )
    assert explanation.moments.height
    return rows


def timed(rows: Rows, name: str, do: Callable[[], Any]) -> Any:
    """Do something and note its seconds, those of the processor, and the process's peak memory so far, GiB."""
    begun, begun_cpu = time.perf_counter(), time.process_time()
    result = do()
    seconds = (time.perf_counter() - begun, time.process_time() - begun_cpu)
    rows[name] = (*seconds, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20)
    return result


RUNS: dict[str, Callable[[argparse.Namespace], dict[str, Any]]] = {
    "frames": write_frames,
    "models": train,
    "audit": audit,
    "explain": explain,
}

if __name__ == "__main__":
    sys.exit(main())
