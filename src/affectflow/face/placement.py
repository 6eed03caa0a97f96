"""Where a backend's work is done: CPU or GPU."""

from __future__ import annotations

from typing import ClassVar


class Placement:
    """Base of all backends that may run on a GPU.

    Attributes
    ----------
    needs_gpu
        Whether its job asks the workflow for a GPU.
    """

    needs_gpu: ClassVar[bool] = False

    @classmethod
    def choose_device(cls, wanted: str, *, granted_gpus: int) -> str:
        """Return "cpu" or "cuda": where this backend runs in this job; see `affectflow.device.choose_device`.

        Raises
        ------
        ConfigError
            If "cuda" is asked for and this machine has no CUDA device.
        """
        if not cls.needs_gpu:
            return "cpu"
        # Imports torch, which a backend without networks never needs.
        from affectflow.device import choose_device

        return choose_device(wanted, granted_gpus=granted_gpus).type
