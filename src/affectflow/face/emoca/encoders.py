"""Crops of faces to codes, fast.

What makes it fast: bfloat16 where the device has it; channels-last layout;
batch norms folded into the convolutions (`halves.py`); only the encoders whose
numbers are wanted; pictures that stay uint8 until they are where they are
needed; and passes that never wait (`cpu_pass.py`, `cuda_pass.py`).

Axes: n = picture, h, w = rows and columns, c = channel, k = output.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from contextlib import nullcontext
from typing import Any, cast

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from affectflow.errors import MissingDependencyError
from affectflow.face.emoca.arithmetic import (
    choose_precision,
    cpu_threads,
    default_batch_size,
    is_out_of_memory,
    require_compiler,
)
from affectflow.face.emoca.codes import CODES, WIDTHS, check_widths, split_codes
from affectflow.face.emoca.cpu_pass import pass_on_cpu
from affectflow.face.emoca.cuda_pass import CudaFeeder, exact_float32
from affectflow.face.emoca.halves import Halves, load_halves

logger = logging.getLogger("affectflow")

PICTURE = (224, 224, 3)


class Encoders:
    """The EMOCA encoders, ready to run; for one caller at a time.

    On the CPU the same crops give the same bytes, however they are cut into
    calls and passes and on any number of threads. On CUDA cuDNN chooses its
    algorithms by timing them, so two runs may differ in the last digits.

    Parameters
    ----------
    networks
        E_flame, E_expression and, when wanted, E_detail.
    device, dtype
        Where, and with which numbers, the convolutions compute.
    batch_size
        Crops per pass; halved, down to 1, whenever memory runs out.
    """

    def __init__(
        self, networks: Mapping[str, Halves], *, device: torch.device, dtype: torch.dtype, batch_size: int
    ) -> None:
        self.device, self.dtype, self.batch_size = device, dtype, batch_size
        self._networks = dict(networks)
        self._compiled = False
        self._feeder: CudaFeeder | None = None

    @classmethod
    def from_arrays(
        cls,
        weights: Mapping[str, NDArray[Any]],
        *,
        device: str | torch.device = "cpu",
        precision: str = "auto",
        batch_size: int | None = None,
        compile: bool = False,
        detail: bool = False,
    ) -> Encoders:
        """Make the encoders ready.

        Parameters
        ----------
        weights
            Tensor name (`E_flame.encoder.conv1.weight` …) → array; only the
            encoders that are used are read.
        device
            "cpu" or "cuda".
        precision
            "auto", "float32" or "bfloat16" (see `choose_precision`).
        batch_size
            Crops per pass; None: by torch's threads on the CPU, by free memory
            on CUDA (see `default_batch_size`).
        compile
            Compile the networks first (torch.compile): about a minute.
        detail
            Whether E_detail is wanted too.

        Raises
        ------
        InputError
            If the weights are not those of EMOCA v2.
        ConfigError
            If this device cannot compute with that precision.
        MissingDependencyError
            If `compile` is asked for and cannot work here.
        """
        wanted = tuple(WIDTHS)[: 3 if detail else 2]
        check_widths(weights, wanted)
        device = torch.device(device)
        dtype = choose_precision(precision, device)
        networks = {name: load_halves(weights, name, device=device, dtype=dtype) for name in wanted}
        batch_size = batch_size or default_batch_size(device, dtype)
        encoders = cls(networks, device=device, dtype=dtype, batch_size=batch_size)
        if compile:
            encoders.compile()
        return encoders

    @property
    def names(self) -> tuple[str, ...]:
        """Keys of what `encode` returns."""
        return (*CODES, "detail") if "E_detail" in self._networks else tuple(CODES)

    def encode(self, crops_nhwc: NDArray[np.uint8]) -> dict[str, NDArray[np.float32]]:
        """Turn crops into codes.

        On the CPU as many tasks run at once as torch may use threads in the
        calling thread, and as there are cores.

        Parameters
        ----------
        crops_nhwc
            (n, 224, 224, 3) uint8, RGB; n may be 0 and is best a multiple of
            `batch_size`.

        Returns
        -------
        dict
            Name → float32 (n, k): shape 100, tex 50, exp 50 (of E_expression),
            pose 6 (radians), cam 3, light 27, and detail 128 if E_detail was
            asked for.

        Raises
        ------
        ValueError
            If the crops have another shape or type.
        """
        if crops_nhwc.dtype != np.uint8 or crops_nhwc.shape[1:] != PICTURE:
            raise ValueError(f"crops are {crops_nhwc.dtype} {crops_nhwc.shape}, not uint8 (n, 224, 224, 3)")
        passes: list[dict[str, Tensor]] = []
        done = 0
        with exact_float32() if self.device.type == "cuda" else nullcontext(), torch.inference_mode():
            while done < len(crops_nhwc):
                part = crops_nhwc[done : done + self.batch_size]
                found = self._pass_or_halve(part)
                if found is not None:
                    passes.append(found)
                    done += len(part)
            raw_nk = {name: self._joined(name, passes) for name in self._networks}
        codes = split_codes(raw_nk["E_flame"], raw_nk["E_expression"])
        if "E_detail" in raw_nk:
            codes["detail"] = raw_nk["E_detail"]
        return {name: cast("NDArray[np.float32]", codes[name]) for name in self.names}

    def compile(self) -> None:
        """Compile the convolutions, and try them once.

        Raises
        ------
        MissingDependencyError
            If there is no compiler or it does not work.
        """
        require_compiler(self.device)
        # On the CPU weights become constants, laid out once as the kernels read them.
        options: dict[str, Any] = {"freezing": True} if self.device.type == "cpu" else {}
        for network in self._networks.values():
            network.trunk = torch.compile(network.trunk, dynamic=False, options=options)
        self._compiled = True
        try:
            self.encode(np.zeros((self.batch_size, *PICTURE), np.uint8))
        except RuntimeError as error:
            if is_out_of_memory(error):
                raise
            first = str(error).strip().splitlines()[0]
            raise MissingDependencyError(
                f"face.emoca.compile: torch.compile does not work here ({first}). Install a C++ compiler "
                "that fits this torch, or set face.emoca.compile: false."
            ) from error

    def _pass_or_halve(self, crops_nhwc: NDArray[np.uint8]) -> dict[str, Tensor] | None:
        """Run one pass; where memory runs out, halve the batch size and return None."""
        try:
            return self._pass(crops_nhwc)
        except (RuntimeError, MemoryError) as error:
            if not is_out_of_memory(error) or self.batch_size == 1:
                raise
        # Outside the handler: the error held the pass's tensors.
        self.batch_size //= 2
        self._feeder = None
        if self.device.type == "cuda":
            torch.cuda.empty_cache()
        logger.warning("emoca: memory ran out; going on with %d crops per pass", self.batch_size)
        return None

    def _pass(self, crops_nhwc: NDArray[np.uint8]) -> dict[str, Tensor]:
        if self.device.type != "cuda":
            return pass_on_cpu(
                self._networks, crops_nhwc, dtype=self.dtype, threads=cpu_threads(), static=self._compiled
            )
        if self._feeder is None:
            self._feeder = CudaFeeder(self.batch_size, PICTURE, device=self.device, dtype=self.dtype)
        return self._feeder.run(self._networks, crops_nhwc)

    def _joined(self, name: str, passes: list[dict[str, Tensor]]) -> NDArray[np.float32]:
        if not passes:
            return np.empty((0, WIDTHS[name]), np.float32)
        return torch.cat([found[name] for found in passes]).cpu().numpy()
