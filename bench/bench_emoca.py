"""How fast the emoca backend is on this machine, beside a straightforward loop of its networks.

    python bench/bench_emoca.py [--threads N] [networks] [batches] [cuda]      # without words: networks and cuda

networks  crops to codes on the CPU: E_flame and E_expression in float32 and bfloat16, with E_detail, and with
          convolutions that share all threads instead of tasks of one thread each, against the straightforward
          loop: the three networks as published, one after the other, float32, default layout, batches of 4
batches   the same for passes of 2, 4, 8, 16 and 32 crops, and compiled (takes minutes)
cuda      crops in memory to codes on a CUDA device in batches of 256, its share of the chip's bfloat16 peak,
          and GPU memory

Weights are random; the time does not depend on them. All variants take turns within one run, and a ratio is
the median of the ratios within each turn: compare ratios, since other work on the machine disturbs the rest.
"""

from __future__ import annotations

import argparse
import os
import statistics
import sys
import time
from collections.abc import Callable

import numpy as np
import torch

from affectflow.errors import MissingDependencyError
from affectflow.face.emoca.arithmetic import cpu_has_bfloat16
from affectflow.face.emoca.codes import WIDTHS
from affectflow.face.emoca.cpu_pass import TASK_PICTURES
from affectflow.face.emoca.encoders import Encoders
from affectflow.face.emoca.halves import load_halves
from affectflow.face.emoca.resnet import FLOP_PER_PICTURE, ResNet50Encoder

ROUNDS = 5
LOOP_BATCH = 4
CUDA_BATCH, CUDA_PASSES = 256, 16
# From file to table the goal is 2 (float32) and 4 times (bfloat16) the reference's own path, which on two cores
# made 3.75 frames a second where this loop alone made 5.9; so in multiples of this loop:
GOALS = {"float32": 2 * 3.75 / 5.9, "bfloat16": 4 * 3.75 / 5.9}
# Dense bfloat16 TFLOP/s by NVIDIA's data sheets ("H200 Tensor Core GPU", "H100 Tensor Core GPU", both with
# the sparse figure halved; "A100 Tensor Core GPU"). The first name that the device's name holds counts.
PEAK_TFLOPS = {
    "H200 NVL": 835.5,
    "H200": 989.5,
    "H100 NVL": 835.5,
    "H100 PCIe": 756.5,
    "H100": 989.5,
    "A100": 312.0,
}
# Frames per second of both encoders together on one H200, and memory (issue 3, point 4).
CUDA_GOAL, CUDA_GIB = 4000, 8

# A variant: a function that takes frames through the networks, and how many frames and networks that are.
Variant = tuple[Callable[[], object], int, int]


def random_weights() -> dict[str, np.ndarray]:
    """Weights of the three encoders with every number drawn afresh."""
    torch.manual_seed(0)
    networks = {name: ResNet50Encoder(width) for name, width in WIDTHS.items()}
    return {f"{n}.{k}": t.numpy() for n, network in networks.items() for k, t in network.state_dict().items()}


def random_crops(n: int) -> np.ndarray:
    """Noise in the shape of crops."""
    return np.random.default_rng(0).integers(0, 256, (n, 224, 224, 3), dtype=np.uint8)


def straightforward_loop(weights: dict[str, np.ndarray]) -> Variant:
    """The networks as published, one after the other, on pictures as floats."""
    networks = []
    for name, width in WIDTHS.items():
        network = ResNet50Encoder(width).eval()
        own = {k: torch.from_numpy(weights[f"{name}.{k}"]) for k in network.state_dict()}
        network.load_state_dict(own)
        networks.append(network)
    crops = random_crops(LOOP_BATCH).transpose(0, 3, 1, 2)

    def run() -> None:
        pictures = torch.from_numpy(np.ascontiguousarray(crops)).float() / 255
        with torch.no_grad():
            for network in networks:
                network(pictures)

    return run, LOOP_BATCH, len(networks)


def ours(weights: dict[str, np.ndarray], **how: object) -> Variant:
    """Our encoders on one pass."""
    encoders = Encoders.from_arrays(weights, **how)  # type: ignore[arg-type]
    crops = random_crops(encoders.batch_size)
    return lambda: encoders.encode(crops), len(crops), 3 if how.get("detail") else 2


def shared_threads(weights: dict[str, np.ndarray], precision: str) -> Variant:
    """The same folded networks, but each convolution shared among all threads."""
    dtype = getattr(torch, precision)
    names = ("E_flame", "E_expression")
    networks = [load_halves(weights, n, device=torch.device("cpu"), dtype=dtype) for n in names]
    crops = random_crops(TASK_PICTURES)

    def run() -> None:
        with torch.inference_mode():
            pictures = torch.from_numpy(crops).permute(0, 3, 1, 2).to(dtype)
            for network in networks:
                network.head(network.trunk(pictures))

    return run, len(crops), len(networks)


def take_turns(variants: dict[str, Variant], *, rounds: int = ROUNDS) -> dict[str, list[tuple[float, float]]]:
    """Frames per second, and per second of processor time, of each variant in each turn but the first."""
    found: dict[str, list[tuple[float, float]]] = {name: [] for name in variants}
    for _ in range(1 + rounds):
        for name, (run, n_frames, _networks) in variants.items():
            started, used = time.perf_counter(), time.process_time()
            run()
            seconds = time.perf_counter() - started, time.process_time() - used
            found[name].append((n_frames / seconds[0], n_frames / seconds[1]))
    return {name: speeds[1:] for name, speeds in found.items()}


def print_speeds(variants: dict[str, Variant]) -> dict[str, float]:
    """Time the variants, print a line each, and return the ratios to the first."""
    speeds = take_turns(variants)
    first = next(iter(speeds.values()))
    ratios = {}
    print(f"{'':44} frames/s   best  images/s  frames/core-s  ratio (least to most of {ROUNDS} turns)")
    for name, found in speeds.items():
        wall, used = ([turn[i] for turn in found] for i in (0, 1))
        each = sorted(a[0] / b[0] for a, b in zip(found, first, strict=True))
        ratios[name] = statistics.median(each)
        middle = statistics.median(wall)
        print(
            f"{name:44} {middle:8.1f} {max(wall):6.1f} {middle * variants[name][2]:9.1f}"
            f" {statistics.median(used):14.2f}  {ratios[name]:.2f} ({each[0]:.2f} to {each[-1]:.2f})"
        )
    return ratios


def describe_cpu() -> None:
    """Print what the figures hold for."""
    load = os.getloadavg()[0] if hasattr(os, "getloadavg") else float("nan")
    print(
        f"CPU, {torch.get_num_threads()} threads, {torch.backends.cpu.get_cpu_capability()}, "
        f"bfloat16 {'yes' if cpu_has_bfloat16() else 'no'}, torch {torch.__version__}, load before: {load:.1f}"
    )


def bench_networks() -> None:
    """Our ways against the straightforward loop."""
    describe_cpu()
    weights = random_weights()
    precisions = ["float32", *(["bfloat16"] if cpu_has_bfloat16() else [])]
    variants = {f"straightforward loop, 3 networks, batch {LOOP_BATCH}": straightforward_loop(weights)}
    for precision in precisions:
        variants[f"{precision}, 2 networks (default)"] = ours(weights, precision=precision)
        variants[f"{precision}, 3 networks (with detail)"] = ours(weights, precision=precision, detail=True)
        variants[f"{precision}, 2 networks, shared threads"] = shared_threads(weights, precision)
    ratios = print_speeds(variants)
    for precision in precisions:
        ratio = ratios[f"{precision}, 2 networks (default)"]
        print(
            f"{precision}: {ratio:.2f} times the loop; the goal from file to table is {GOALS[precision]:.2f}"
        )
    if "bfloat16" in precisions:
        print_bfloat16_error(weights)
    else:
        print("this processor has no bfloat16 instructions: not measured")


def print_bfloat16_error(weights: dict[str, np.ndarray]) -> None:
    """Print how far bfloat16 is from float32, relative to the spread of each code over its numbers."""
    crops = random_crops(8)
    exact = Encoders.from_arrays(weights, precision="float32").encode(crops)
    close = Encoders.from_arrays(weights, precision="bfloat16").encode(crops)
    errors = {
        name: float(np.sqrt(np.mean((close[name] - exact[name]) ** 2)) / exact[name].std()) for name in exact
    }
    print("bfloat16 against float32, RMS / spread: " + ", ".join(f"{n} {e:.1e}" for n, e in errors.items()))


def bench_batches() -> None:
    """Batch sizes, and compiled networks."""
    describe_cpu()
    weights = random_weights()
    for precision in ["float32", *(["bfloat16"] if cpu_has_bfloat16() else [])]:
        variants = {f"straightforward loop, 3 networks, batch {LOOP_BATCH}": straightforward_loop(weights)}
        for batch in (2, 4, 8, 16, 32):
            name = f"{precision}, 2 networks, batch {batch}"
            variants[name] = ours(weights, precision=precision, batch_size=batch)
        try:
            variants[f"{precision}, 2 networks, compiled"] = ours(weights, precision=precision, compile=True)
        except MissingDependencyError as error:
            print(error)
        print_speeds(variants)


def bench_cuda() -> None:
    """Encoders alone on a CUDA device."""
    if not torch.cuda.is_available():
        print("cuda: torch finds no CUDA device here; nothing measured")
        return
    name = torch.cuda.get_device_name(0)
    peak = next((tflops for part, tflops in PEAK_TFLOPS.items() if part in name), None)
    weights, crops = random_weights(), random_crops(CUDA_BATCH * CUDA_PASSES)
    print(f"{name}, torch {torch.__version__}, {len(crops)} crops from memory in batches of {CUDA_BATCH}")
    for precision, compiled in (("bfloat16", False), ("bfloat16", True), ("float32", False)):
        try:
            encoders = Encoders.from_arrays(
                weights, device="cuda", precision=precision, batch_size=CUDA_BATCH, compile=compiled
            )
        except MissingDependencyError as error:
            print(error)
            continue
        encoders.encode(crops[: 2 * CUDA_BATCH])
        torch.cuda.reset_peak_memory_stats()
        speeds = []
        for _ in range(ROUNDS):
            started = time.perf_counter()
            encoders.encode(crops)
            speeds.append(len(crops) / (time.perf_counter() - started))
        speed, memory = statistics.median(speeds), torch.cuda.max_memory_reserved() / 2**30
        tflops = speed * 2 * FLOP_PER_PICTURE / 1e12
        share = f"{tflops / peak:.1%} of {peak:.0f}" if peak else "peak of this chip not in the table"
        print(
            f"{precision}{', compiled' if compiled else ''}: {speed:.0f} frames/s of 2 encoders "
            f"({min(speeds):.0f} to {max(speeds):.0f}; goal on an H200 {CUDA_GOAL}), {tflops:.0f} TFLOP/s "
            f"({share}), {memory:.1f} GiB reserved (goal {CUDA_GIB})"
        )
        del encoders
        torch.cuda.empty_cache()


PARTS: dict[str, Callable[[], None]] = {
    "networks": bench_networks,
    "batches": bench_batches,
    "cuda": bench_cuda,
}
DEFAULT = ("networks", "cuda")


def main() -> int:
    """Print the figures."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("parts", nargs="*", help="any of " + ", ".join(PARTS))
    parser.add_argument("--threads", type=int, help="threads of the CPU; torch's own number without it")
    given = parser.parse_args()
    if given.threads:
        torch.set_num_threads(given.threads)
    words = given.parts or DEFAULT
    if unknown := sorted(set(words) - set(PARTS)):
        parser.error(f"{', '.join(unknown)}: not one of {', '.join(PARTS)}")
    for word in words:
        PARTS[word]()
    return 0


if __name__ == "__main__":
    sys.exit(main())
