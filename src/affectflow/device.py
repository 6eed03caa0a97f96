"""Where a network runs, and how it is made to give the same result twice."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager

import torch

from affectflow.errors import ConfigError

logger = logging.getLogger("affectflow")


def choose_device(wanted: str, *, granted_gpus: int) -> torch.device:
    """Return the device for a job.

    Parameters
    ----------
    wanted
        "auto", "cpu" or "cuda" (`device` in the configuration).
    granted_gpus
        What the scheduler gave the job (`resources.gpu`). Snakemake counts
        cards without looking for them, so one may be granted on a machine that
        has none.

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
    if wanted == "auto" and granted_gpus > 0:
        logger.info("device: a GPU was granted but torch finds none here; running on the CPU")
    return torch.device("cpu")


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
