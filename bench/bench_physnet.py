"""A training step of PhysNet from files against a plain loop on tensors in memory, in turns in one run.

The plain loop has everything ready: clips as float tensors in the default
layout, the network as published in the default layout, AdamW. The stage reads crops from
files, brings them to the network's scale and computes with channels last.

    python bench/bench_physnet.py [--steps 6] [--threads 2]
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import torch

from affectflow.eda.clips import ClipBatches, Recording, cut_clips, open_recording, own_scale
from affectflow.eda.losses import negative_pearson
from affectflow.eda.models import physnet
from affectflow.eda.networks.physnet import PhysNet
from affectflow.eda.train_eda import LOSSES, objective_of
from affectflow.io.array_stream import stream_arrays
from affectflow.io.weights import WeightsFile
from affectflow.train.models.trainer import Trainer

LENGTH, SIZE_PX, BATCH = 128, 72, 4
# From files against the loop (issue 8, point 6).
GOAL = 1.3
LOOP = {
    "batch_size": BATCH, "learning_rate": 1e-3, "weight_decay": 1e-4, "warmup_steps": 0, "clip_norm": 1.0,
    "amp": "off", "at_once": 0, "patience": 9, "epochs": 1, "workers": 1,
}  # fmt: skip


def write_crops(path: Path, n: int, seed: int) -> Recording:
    """A file as crop_faces writes one, of noise."""
    rng = np.random.default_rng(seed)
    arrays = {
        "time_s": np.arange(n) / 4,
        "valid": np.ones(n, bool),
        "eda": rng.normal(5, 1, n).astype(np.float32),
        "pulse": rng.normal(size=n).astype(np.float32),
    }
    shape = (n, SIZE_PX, SIZE_PX, 3)
    with stream_arrays(path, arrays, name="crops", shape=shape, dtype="uint8", facts={}) as file:
        for _ in range(n):
            file.append(rng.integers(0, 256, (1, *shape[1:]), dtype=np.uint8))
    return own_scale(open_recording(path.stem, path.stem, WeightsFile(path), target="whole"))


def as_published() -> PhysNet:
    """The network with each bend before the halving, as others write it; it gives the same numbers."""
    network = PhysNet()
    for name, part in network.named_children():
        if isinstance(part, torch.nn.Sequential) and isinstance(part[-2], torch.nn.MaxPool3d):
            setattr(network, name, torch.nn.Sequential(*part[:-2], part[-1], part[-2]))
    return network


def plain_steps(recordings: list[Recording], clips: np.ndarray) -> Iterator[np.ndarray]:
    """Seconds (wall, processor) of each step of the plain loop."""
    torch.manual_seed(0)
    network = as_published()
    optimiser = torch.optim.AdamW(network.parameters(), lr=1e-3, weight_decay=1e-4)
    pictures = np.stack([recordings[i].file.rows("crops", a, a + LENGTH) for i, a in clips])
    x = torch.from_numpy(pictures).permute(0, 4, 1, 2, 3).float().div(127.5).sub(1).contiguous()
    y = torch.from_numpy(np.stack([recordings[i].target[a : a + LENGTH] for i, a in clips]))
    network.train()
    while True:
        for k in range(0, len(x), BATCH):
            began = [time.perf_counter(), time.process_time()]
            optimiser.zero_grad()
            made = network(x[k : k + BATCH])
            (
                torch.nn.functional.mse_loss(made, y[k : k + BATCH])
                + negative_pearson(made, y[k : k + BATCH])
            ).backward()
            torch.nn.utils.clip_grad_norm_(network.parameters(), 1.0)
            optimiser.step()
            yield np.subtract([time.perf_counter(), time.process_time()], began)


def stage_steps(recordings: list[Recording], clips: np.ndarray) -> Iterator[np.ndarray]:
    """Seconds (wall, processor) of each step of the stage's way, reading included."""
    torch.manual_seed(0)
    training = Trainer(physnet(size_px=SIZE_PX, length=LENGTH), LOOP, None, objective_of(LOSSES["both"]))
    read = ClipBatches(recordings, clips, LENGTH, torch.device("cpu"), workers=LOOP["workers"])
    epoch = 0
    while True:
        for k in range(0, len(clips), BATCH):
            epoch += 1
            began = [time.perf_counter(), time.process_time()]
            training.run_epoch(epoch, read, np.arange(k, k + BATCH))
            yield np.subtract([time.perf_counter(), time.process_time()], began)


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--steps", type=int, default=6)
    parser.add_argument("--threads", type=int, default=2)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    with TemporaryDirectory() as folder:
        recordings = [write_crops(Path(folder) / f"r{k}.safetensors", 4 * LENGTH, k) for k in range(2)]
        clips = cut_clips(recordings, length=LENGTH, stride=LENGTH)
        ways: dict[str, Callable[[list[Recording], np.ndarray], Iterator[np.ndarray]]] = {
            "plain loop, tensors in memory": plain_steps,
            "train_eda's way, from files": stage_steps,
        }
        running = {name: way(recordings, clips) for name, way in ways.items()}
        seconds: dict[str, list[np.ndarray]] = {name: [] for name in ways}
        for step in range(options.steps + 1):
            for name, steps in running.items():
                taken = next(steps)
                # The first one of each warms up.
                if step:
                    seconds[name].append(taken)
    for name, taken in seconds.items():
        wall, processor = np.median(taken, axis=0)
        print(f"{name:32} {wall:6.2f} s a step, {processor:6.2f} s of the processor")
    plain, stage = (np.array(taken) for taken in seconds.values())
    # Neighbours in time share what else goes on.
    wall, processor = np.median(plain / stage, axis=0)
    print(
        f"{BATCH} clips of {LENGTH} x {SIZE_PX} x {SIZE_PX}, {options.threads} threads, {options.steps} turns: from files "
        f"{wall:.2f} times as fast, {processor:.2f} by processor time; the goal is {GOAL}"
    )


if __name__ == "__main__":
    main()
