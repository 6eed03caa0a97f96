"""How the networks compute: kind of numbers, pictures per pass, compiler, and what running out of memory is."""

from __future__ import annotations

import importlib.util
import os
import shutil

import torch

from affectflow.errors import ConfigError, MissingDependencyError
from affectflow.face.emoca.cpu_pass import TASK_PICTURES

CUDA_BATCH_MAX = 256
# Upper bound for the activations and work space of one picture in bfloat16; float32 takes twice as much.
BYTES_PER_PICTURE = 14 * 2**20
OUT_OF_MEMORY = ("out of memory", "not enough memory", "can't allocate memory", "ALLOC_FAILED")


def choose_precision(wanted: str, device: torch.device) -> torch.dtype:
    """Return the kind of numbers the convolutions compute with.

    Parameters
    ----------
    wanted
        "auto", "float32" or "bfloat16" (`face.emoca.precision`). auto is
        bfloat16 on a CUDA device that has it and float32 elsewhere.
    device
        Where the networks run.

    Raises
    ------
    ConfigError
        If bfloat16 is asked for where it would be slower than float32.
    """
    native = cuda_has_bfloat16(device) if device.type == "cuda" else cpu_has_bfloat16()
    if wanted == "bfloat16" and not native:
        name = torch.cuda.get_device_name(device) if device.type == "cuda" else "this processor"
        raise ConfigError(
            f"face.emoca.precision: bfloat16 was asked for, but {name} has no instructions for it "
            "(NVIDIA: Ampere or newer; CPU: AVX512_BF16, AMX_BF16 or Arm's BF16) and would be slower. "
            "Set auto or float32."
        )
    if wanted == "bfloat16" or (wanted == "auto" and device.type == "cuda" and native):
        return torch.bfloat16
    return torch.float32


def cuda_has_bfloat16(device: torch.device) -> bool:
    """Whether a CUDA device multiplies bfloat16 itself (Ampere or newer)."""
    return torch.cuda.get_device_capability(device) >= (8, 0)


def cpu_has_bfloat16() -> bool:
    """Whether this processor multiplies bfloat16 itself.

    Older releases of torch cannot be asked; there, AVX-512 counts, with which
    the convolutions at least run.
    """
    ask = getattr(torch.cpu, "get_capabilities", None)
    if ask is None:
        return bool(torch.ops.mkldnn._is_mkldnn_bf16_supported())
    return any(found is True and "bf16" in name for name, found in ask().items())


def default_batch_size(device: torch.device, dtype: torch.dtype) -> int:
    """Return how many pictures go through the networks at once when the settings do not say.

    On the CPU as many tasks of each network as there are threads, and two at
    least; the results do not depend on it. On CUDA the largest power of two, up to 256,
    that needs at most half of the memory free now (at 256: 3.5 GiB in bfloat16,
    7 GiB in float32).
    """
    if device.type != "cuda":
        return TASK_PICTURES * max(2, cpu_threads())
    free, _total = torch.cuda.mem_get_info(device)
    return cuda_batch_size(free, dtype)


def cpu_threads() -> int:
    """Return how many threads the networks may use: torch's for the calling thread, at most one per core."""
    affinity = getattr(os, "sched_getaffinity", None)
    cores = len(affinity(0)) if affinity else os.cpu_count() or 1
    return min(torch.get_num_threads(), cores)


def cuda_batch_size(free_bytes: int, dtype: torch.dtype) -> int:
    """Return the batch size for so much free memory: a power of two, 1..256."""
    each = BYTES_PER_PICTURE * dtype.itemsize // 2
    fitting = max(1, free_bytes // 2 // each)
    return min(CUDA_BATCH_MAX, 1 << (fitting.bit_length() - 1))


def require_compiler(device: torch.device) -> None:
    """Check that torch.compile can work here.

    Raises
    ------
    MissingDependencyError
        If there is no C++ compiler, or for CUDA no triton.
    """
    names = [os.environ.get("CXX", ""), "g++", "clang++", "c++", "cl"]
    if not any(shutil.which(name) for name in names if name):
        raise MissingDependencyError(
            "face.emoca.compile: true needs a C++ compiler, and none of g++, clang++ or $CXX was found. "
            "Install one, or set face.emoca.compile: false."
        )
    if device.type == "cuda" and importlib.util.find_spec("triton") is None:
        raise MissingDependencyError(
            "face.emoca.compile: true on CUDA needs the package triton, which is not installed. "
            "Install it, or set face.emoca.compile: false."
        )


def is_out_of_memory(error: BaseException) -> bool:
    """Whether an error says that memory ran out, on the device or in the machine."""
    if isinstance(error, (MemoryError, torch.cuda.OutOfMemoryError)):
        return True
    return isinstance(error, RuntimeError) and any(text in str(error) for text in OUT_OF_MEMORY)
