"""Training the cross-modal transformer at the true size of the driving study: seconds per step, peak memory.

Run: python bench/bench_train.py [--epochs N] [--steps N] [--device auto]

60 people, 843,000 frames, 168 + 6 channels of synthetic values at 30 Hz on disk; windows of 9 s (T = 270), batch 32,
the network as published (1,069,186 parameters). Three trainings, each in a process of its own, on the same windows:

- plain: a bare loop over the whole set in memory, attention dropout 0.1 as published;
- published: `train.loop.fit_network` over grids on disk, the same network;
- recommended: the same without attention dropout, whose random numbers are half of each step.

A few steps of each by default, in turns; `--steps 0 --epochs 13` is the whole fold. A synthetic effect is in the values, so
that the score on the validation people can be compared.
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
from pathlib import Path

import numpy as np
import polars as pl
import torch
from sklearn.metrics import roc_auc_score
from torch.nn.functional import binary_cross_entropy_with_logits
from torch.optim.optimizer import register_optimizer_step_post_hook

from affectflow.config.train import Loop
from affectflow.device import choose_device, mixed_precision
from affectflow.io.weights import WeightsFile, write_weights
from affectflow.train.models.cross_modal import CrossModal, CrossModalConfig
from affectflow.train.models.loop import fit_network
from affectflow.train.windows.grid_source import open_windows
from affectflow.train.windows.normalise import Scaler
from affectflow.train.windows.window_set import WindowSet

PEOPLE, FRAMES, RATE_HZ, WINDOW_S, BATCH = 60, 843_000, 30.0, 9.0, 32
N_FACE, N_BIO = 168, 6
KINDS = ("plain", "published", "recommended")


def main() -> int:
    """Print the figures."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--epochs", type=int, default=1)
    parser.add_argument("--steps", type=int, default=6, help="steps of an epoch; 0 = all windows")
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--at-once", type=int, default=Loop().at_once)
    parser.add_argument("--device", default="auto")
    parser.add_argument("--run", choices=KINDS, help=argparse.SUPPRESS)
    parser.add_argument("--folder", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.run:
        print(json.dumps(run(options)))
        return 0
    with tempfile.TemporaryDirectory() as folder:
        write_study(Path(folder))
        results: dict[str, list[dict]] = {kind: [] for kind in KINDS}
        for _ in range(options.rounds):
            for kind in KINDS:
                command = [sys.executable, __file__, "--run", kind, "--folder", folder]
                command += [
                    "--at-once",
                    str(options.at_once),
                    "--epochs",
                    str(options.epochs),
                    "--steps",
                    str(options.steps),
                    "--device",
                    options.device,
                ]
                done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
                results[kind].append(json.loads(done.stdout.splitlines()[-1]))
    best = {kind: min(r["step_s"] for r in rows) for kind, rows in results.items()}
    first = results["plain"][0]
    print(
        f"{first['parameters']:,} parameters, batch {BATCH}, T {round(WINDOW_S * RATE_HZ)}, {first['device']}"
    )
    for kind, rows in results.items():
        print(
            f"{kind:12s} {best[kind]:.3f} s a step, {best[kind] / best['plain']:.3f} of plain; peak memory "
            f"{max(r['peak_gib'] for r in rows):.2f} GiB; waiting for data {100 * max(r['waiting'] for r in rows):.1f} %; "
            f"validation AUROC {rows[0]['auroc']:.3f}"
        )
    print(f"recommended is {best['published'] / best['recommended']:.2f} times as fast as published")
    return 0


def write_study(folder: Path) -> None:
    """Write the grids of 60 drives: slow noise, and 0.3 standard deviations more in ten channels in every other minute."""
    n = FRAMES // PEOPLE
    stressed = (np.arange(n) // round(60 * RATE_HZ)) % 2 == 1
    for k in range(PEOPLE):
        rng = np.random.default_rng(k)
        arrays, facts = {}, {}
        for name, channels in (("face", N_FACE), ("bio", N_BIO)):
            slow = np.repeat(rng.normal(size=(n // 15 + 1, channels)), 15, axis=0)[:n]
            values = (slow + rng.normal(size=(n, channels))).astype(np.float32)
            values[stressed, : channels // 16 + 1] += 0.3
            arrays[name] = values
            columns = [f"{name}_{i:03d}" for i in range(channels)]
            facts[name] = {"columns": columns, "rate_hz": RATE_HZ, "first_cell": 0}
        write_weights(arrays, folder / f"P{k:02d}.safetensors", facts={"grid": facts})


def open_study(folder: Path, people: range, steps: int) -> WindowSet:
    """Return windows of some people; with `steps` as many as fill them, spread over all."""
    n, length = FRAMES // PEOPLE, round(WINDOW_S * RATE_HZ)
    starts = np.arange(0, n - length + 1, length)
    keys = pl.DataFrame(
        {
            "recording_id": np.repeat([f"P{k:02d}" for k in people], len(starts)),
            "window_id": np.tile(np.arange(len(starts)), len(people)),
            "start_s": np.tile(starts / RATE_HZ, len(people)),
        }
    ).with_columns(subject_id="recording_id", end_s=pl.col("start_s") + WINDOW_S)
    label_n = ((keys["start_s"].to_numpy() + WINDOW_S / 2) // 60 % 2).astype(np.int8)
    grids = {f"P{k:02d}": WeightsFile(folder / f"P{k:02d}.safetensors") for k in people}
    columns = {m: tuple(next(iter(grids.values())).facts["grid"][m]["columns"]) for m in ("face", "bio")}
    windows = WindowSet(keys, label_n, open_windows(keys, grids, columns=columns), columns)
    if not steps:
        return windows
    return windows.take(np.linspace(0, len(windows) - 1, steps * BATCH).round().astype(int))


def run(options: argparse.Namespace) -> dict:
    """Train once and return what it took."""
    logging.getLogger("affectflow").setLevel(logging.WARNING)
    granted = int(torch.cuda.is_available())
    device = choose_device(options.device, granted_gpus=granted)
    train = open_study(options.folder, range(10, 50), options.steps)
    validation = open_study(options.folder, range(50, 60), min(options.steps, 2))
    # A modality's columns, and its samples: as published, but for attention dropout where it is recommended.
    dropout = 0.0 if options.run == "recommended" else 0.1
    n_time = round(WINDOW_S * RATE_HZ)
    config = CrossModalConfig(n_channels=(N_FACE, N_BIO), n_time=(n_time, n_time), attention_dropout=dropout)
    threads = torch.get_num_threads()
    if options.run == "plain":
        made = plain_loop(config, train, validation, options.epochs, device)
    else:
        loop = Loop(
            epochs=options.epochs,
            patience=options.epochs,
            batch_size=BATCH,
            learning_rate=3e-4,
            at_once=options.at_once,
        ).model_dump()
        with Stopwatch() as watch:
            fitted = fit_network(
                lambda: CrossModal(config),
                train,
                validation,
                modalities=("face", "bio"),
                loop=loop,
                seed=0,
                device=options.device,
                granted_gpus=granted,
                threads=threads,
            )
        made = {"auroc": fitted.log["validation_auroc"][-1], **watch.figures()}
    parameters = sum(p.numel() for p in CrossModal(config).parameters())
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    return {**made, "peak_gib": peak, "parameters": parameters, "device": str(device)}


class Stopwatch:
    """Times optimiser steps from inside a training that knows nothing of it."""

    def __init__(self) -> None:
        self.at: list[float] = []

    def __enter__(self) -> Stopwatch:
        self._handle = register_optimizer_step_post_hook(self._step)
        from affectflow.train.models import batches

        self._make, self.waited = batches.Batches.run, 0.0
        watch = self

        def timed(batch: batches.Batches, *arguments):  # type: ignore[no-untyped-def]
            before = batch.waited_s
            yield from watch._make(batch, *arguments)
            watch.waited += batch.waited_s - before

        batches.Batches.run = timed  # type: ignore[method-assign]
        self.started = time.perf_counter()
        return self

    def __exit__(self, *_: object) -> None:
        from affectflow.train.models import batches

        self._handle.remove()
        batches.Batches.run = self._make  # type: ignore[method-assign]
        self.seconds = time.perf_counter() - self.started

    def _step(self, *_: object) -> None:
        if torch.cuda.is_available():
            torch.cuda.synchronize()
        self.at.append(time.perf_counter())

    def figures(self) -> dict[str, float]:
        """Return the median seconds between steps, and the share of all time spent waiting for data."""
        steps = np.diff(self.at)
        return {"step_s": float(np.median(steps)), "waiting": self.waited / self.seconds}


def plain_loop(
    config: CrossModalConfig, train: WindowSet, validation: WindowSet, epochs: int, device: torch.device
) -> dict[str, float]:
    """Everything in memory on one scale, then the barest loop there is."""

    def tensors(windows: WindowSet) -> list[torch.Tensor]:
        scaled = scaler.apply({m: windows.arrays[m][:] for m in ("face", "bio")})
        values = [torch.from_numpy(v).to(device) for v in scaled.values()]
        return values + [torch.ones(v.shape[:2], dtype=torch.bool, device=device) for v in values]

    torch.manual_seed(0)
    scaler = Scaler.fit(train, ("face", "bio"))
    inputs, held_out = tensors(train), tensors(validation)
    labels = torch.from_numpy(train.label_n.astype(np.float32)).to(device)
    network = CrossModal(config).to(device).train()
    optimiser = torch.optim.AdamW(network.parameters(), lr=3e-4, weight_decay=0.05)
    precision = mixed_precision("auto", device)
    with Stopwatch() as watch:
        for _ in range(epochs):
            for chosen in torch.randperm(len(train)).split(BATCH):
                optimiser.zero_grad()
                with precision.autocast():
                    logits = network(*(x[chosen.to(device)] for x in inputs))
                loss = binary_cross_entropy_with_logits(logits.float(), labels[chosen.to(device)])
                loss.backward()
                torch.nn.utils.clip_grad_norm_(network.parameters(), 1.0)
                optimiser.step()
    network.eval()
    with torch.no_grad():
        scores = torch.cat([network(*batch) for batch in zip(*(x.split(64) for x in held_out), strict=True)])
    return {"auroc": float(roc_auc_score(validation.label_n, scores.cpu().numpy())), **watch.figures()}


if __name__ == "__main__":
    sys.exit(main())
