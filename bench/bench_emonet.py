"""How many pictures a second EmoNet reads on this machine's CPU: our way beside a plain loop over batches of 8.

    python bench/bench_emonet.py [--threads N] [--rounds N] [--batches]

Both get the same pictures as uint8 and give valence, arousal and probabilities, without the mirror image. The plain
loop is what a script does: batches of 8, default layout, convolutions that share all threads. --batches: ours with 1, 2,
4 and 8 pictures a pass too. Weights are random; the time does not depend on them. The ways take turns, and a ratio is
the median of those within each turn: compare ratios, since other work on the machine disturbs the rest.
"""

from __future__ import annotations

import argparse
import copy
import statistics
import sys
import time
from collections.abc import Callable

import numpy as np
import torch
from numpy.typing import NDArray

from affectflow.face.affect.emonet import EmoNet
from affectflow.face.affect.emonet_backend import Reading
from affectflow.face.picture_pass import PicturePass

LOOP_BATCH = 8
# Ours against the loop (issue 7, point 4).
GOAL = 1.2
Crops = list[NDArray[np.uint8]]


def plain_loop(network: EmoNet) -> Callable[[Crops], object]:
    """Batches of 8 in the default layout."""
    read = Reading(network, flip=False)

    def run(crops: Crops) -> object:
        found = []
        with torch.inference_mode():
            for i in range(0, len(crops), LOOP_BATCH):
                x = torch.from_numpy(np.stack(crops[i : i + LOOP_BATCH]).transpose(0, 3, 1, 2).copy())
                found.append(read(x.float() / 255))
        return torch.cat(found).numpy()

    return run


def ours(network: EmoNet, *, threads: int, batch_size: int | None = None) -> Callable[[Crops], object]:
    """The pass of the stage extract_affect."""
    network = copy.deepcopy(network).to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    reading = Reading(network, flip=False)
    return PicturePass(reading, device=torch.device("cpu"), batch_size=batch_size, threads=threads).run


def main() -> int:
    """Print the figures."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--threads", type=int, default=torch.get_num_threads(), help="threads of the CPU")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--batches", action="store_true", help="other batch sizes too")
    given = parser.parse_args()
    torch.set_num_threads(given.threads)
    torch.manual_seed(0)
    network = EmoNet(8).eval().requires_grad_(False)
    ways = {f"plain loop, batches of {LOOP_BATCH}": plain_loop(network)}
    ways["ours, default (1 picture a pass)"] = ours(network, threads=given.threads)
    if given.batches:
        for n in (2, 4, 8):
            ways[f"ours, {n} pictures a pass"] = ours(network, threads=given.threads, batch_size=n)
    crops = list(np.random.default_rng(0).integers(0, 256, (LOOP_BATCH, 256, 256, 3), dtype=np.uint8))
    speeds: dict[str, list[float]] = {name: [] for name in ways}
    for _ in range(1 + given.rounds):
        for name, run in ways.items():
            started = time.perf_counter()
            run(crops)
            speeds[name].append(len(crops) / (time.perf_counter() - started))
    loop, default = (speeds[name][1:] for name in list(ways)[:2])
    print(
        f"EmoNet, {given.threads} threads, torch {torch.__version__}, {given.rounds} turns; pictures a second:"
    )
    for name, found in speeds.items():
        ratio = statistics.median(a / b for a, b in zip(found[1:], loop, strict=True))
        print(f"{name:36} {statistics.median(found[1:]):6.2f}  {ratio:.2f} times the loop")
    reached = statistics.median(a / b for a, b in zip(default, loop, strict=True))
    print(f"{'reached' if reached >= GOAL else 'missed'}: {reached:.2f} times the loop, the goal is {GOAL}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
