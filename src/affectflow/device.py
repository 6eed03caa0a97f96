"""Where a network runs, and how it is made to give the same result twice."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import torch

from affectflow.errors import ConfigError

logger = logging.getLogger("affectflow")
DEVICES = Path("/dev")


def choose_device(wanted: str, *, granted_gpus: int) -> torch.device:
    """Return the device for a job.

    Parameters
    ----------
    wanted
        "auto", "cpu" or "cuda" (`device` in the configuration).
    granted_gpus
        What the scheduler gave the job (`resources.gpu`). Snakemake counts
        cards without looking for them, so one may be granted on a machine that
        has none: then the job runs on the CPU, and only a card that is there
        (or that a cluster handed to the job) and cannot be used is worth a word.

    Raises
    ------
    ConfigError
        If "cuda" is asked for and this machine has no CUDA device.
    """
    available = torch.cuda.is_available()
    if wanted == "cuda" and not available:
        raise ConfigError(
            "device: cuda was asked for, but torch finds no CUDA device here. Set device: auto or cpu."
        )
    if wanted == "cuda" or (wanted == "auto" and granted_gpus > 0 and available):
        return torch.device("cuda", 0)
    if wanted == "auto" and granted_gpus > 0 and (sign := _sign_of_a_gpu()):
        logger.warning(
            "device: there is a GPU (%s), but torch %s cannot use it; running on the CPU. Is torch a build for the CPU, "
            "or the driver too old?",
            sign,
            torch.__version__,
        )
    return torch.device("cpu")


def _sign_of_a_gpu() -> str:
    """Return what shows that this job has an NVIDIA card, or ""."""
    for name in ("CUDA_VISIBLE_DEVICES", "SLURM_JOB_GPUS"):
        if os.environ.get(name, "").strip() not in {"", "-1", "NoDevFiles"}:
            return f"{name}={os.environ[name]}"
    # Where a user hides the cards on purpose they do not count.
    if "CUDA_VISIBLE_DEVICES" in os.environ:
        return ""
    return next((str(path) for path in sorted(DEVICES.glob("nvidia[0-9]*"))), "")


@contextmanager
def reproducible(device: torch.device, *, threads: int) -> Iterator[None]:
    """Run a block with deterministic kernels and a fixed number of CPU threads, and put both back.

    On the CPU an operation without a deterministic form is an error. On a GPU
    it is a warning in the log (fused attention has none), so two GPU runs may
    differ in the last digits.
    """
    os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")
    before = (torch.get_num_threads(), torch.are_deterministic_algorithms_enabled())
    warn_only = torch.is_deterministic_algorithms_warn_only_enabled()
    torch.set_num_threads(threads)
    torch.use_deterministic_algorithms(True, warn_only=device.type != "cpu")
    try:
        yield
    finally:
        torch.set_num_threads(before[0])
        torch.use_deterministic_algorithms(before[1], warn_only=warn_only)


@dataclass(frozen=True)
class MixedPrecision:
    """How a training step is computed: in which precision, and with which scaling of gradients.

    Attributes
    ----------
    device_type
        "cpu" or "cuda".
    dtype
        Of products; None = float32 throughout.
    scaler
        Keeps small float16 gradients from vanishing; does nothing in other precisions.
    """

    device_type: str
    dtype: torch.dtype | None
    scaler: torch.amp.GradScaler

    def autocast(self) -> torch.autocast:
        """Return the context in which the network is called."""
        return torch.autocast(self.device_type, dtype=self.dtype, enabled=self.dtype is not None)


def mixed_precision(wanted: str, device: torch.device, *, section: str = "train.loop") -> MixedPrecision:
    """Return the precision of a job.

    Parameters
    ----------
    wanted
        "off", "bf16", "fp16", or "auto": on a GPU bfloat16 where the card has it, else float16; off on the CPU.
    device
        Of `choose_device`.
    section
        The settings' section that `wanted` stands in, for messages.

    Raises
    ------
    ConfigError
        If float16 is asked for on the CPU, which has no gradients to scale back.
    """
    cuda = device.type == "cuda"
    if wanted == "auto":
        wanted = "off" if not cuda else "bf16" if torch.cuda.is_bf16_supported() else "fp16"
    if wanted == "fp16" and not cuda:
        raise ConfigError(f"{section}.amp: fp16 needs a GPU. Set amp: auto, bf16 or off.")
    dtype = {"off": None, "bf16": torch.bfloat16, "fp16": torch.float16}[wanted]
    return MixedPrecision(device.type, dtype, torch.amp.GradScaler(device.type, enabled=wanted == "fp16"))
