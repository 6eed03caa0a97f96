"""Crops of faces to codes, fast.

What makes it fast, in order of gain on the CPU: bfloat16 where the processor
has it; channels-last layout; batch norms folded into the convolutions; only the
encoders whose numbers are wanted. The pictures stay uint8 until they are on the
device, and the division by 255 is part of the first convolution's weights (0..255
are exact in bfloat16, 0..1 is not). The mean over places and the two linear
layers, 0.05 % of the work, always are float32.

Axes: n = picture, h, w = rows and columns, c = channel, f = feature, k = output.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, cast

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional as F  # noqa: N812  # the name everybody uses

from affectflow.errors import MissingDependencyError
from affectflow.face.emoca.arithmetic import (
    choose_precision,
    default_batch_size,
    is_out_of_memory,
    require_compiler,
)
from affectflow.face.emoca.codes import CODES, WIDTHS, check_widths, split_codes
from affectflow.face.emoca.load_network import load_network
from affectflow.face.emoca.resnet import ResNet50Encoder, fold_batch_norms

logger = logging.getLogger("affectflow")

CROP_PX = 224
# While the device works on one piece of crops, the next is copied into the other buffer.
N_BUFFERS = 2


@dataclass
class Halves:
    """An encoder in two parts, since they compute with different numbers.

    Attributes
    ----------
    trunk
        Pictures 0..255 (n, 3, 224, 224), channels last → features float32 (n, f).
    head
        Features → numbers float32 (n, k).
    """

    trunk: Callable[[Tensor], Tensor]
    head: Callable[[Tensor], Tensor]


class Encoders:
    """The EMOCA encoders, ready to run; one thread at a time.

    On the CPU the same crops give the same bytes, however they are cut into
    calls, for one number of threads and one batch size; another batch size or
    number of threads changes the last digit. On CUDA, cuDNN chooses its
    algorithms by timing them, so two runs may differ in the last digits.

    Parameters
    ----------
    networks
        E_flame, E_expression and, when wanted, E_detail.
    device, dtype
        Where, and with which numbers, the convolutions compute.
    batch_size
        Crops per pass; halved, down to 1, whenever memory runs out.
    static
        Always give the networks this many pictures, the last ones black: CUDA
        and compiled networks prepare themselves for one shape.
    """

    def __init__(
        self,
        networks: Mapping[str, Halves],
        *,
        device: torch.device,
        dtype: torch.dtype,
        batch_size: int,
        static: bool,
    ) -> None:
        self.device, self.dtype, self.batch_size = device, dtype, batch_size
        self._networks = dict(networks)
        self._static = static
        self._turn, self._buffers = 0, self._new_buffers()

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
            Crops per pass; None: 8 on the CPU, by free memory on CUDA.
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
        networks = {name: _prepared(weights, name, device=device, dtype=dtype) for name in wanted}
        encoders = cls(
            networks,
            device=device,
            dtype=dtype,
            batch_size=batch_size or default_batch_size(device, dtype),
            static=compile or device.type == "cuda",
        )
        if compile:
            encoders.compile()
        return encoders

    @property
    def names(self) -> tuple[str, ...]:
        """Keys of what `encode` returns."""
        return (*CODES, "detail") if "E_detail" in self._networks else tuple(CODES)

    def encode(self, crops_nhwc: NDArray[np.uint8]) -> dict[str, NDArray[np.float32]]:
        """Turn crops into codes.

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
        if crops_nhwc.dtype != np.uint8 or crops_nhwc.shape[1:] != (CROP_PX, CROP_PX, 3):
            raise ValueError(
                f"crops are {crops_nhwc.dtype} {crops_nhwc.shape}, not uint8 (n, {CROP_PX}, {CROP_PX}, 3)"
            )
        found: dict[str, list[Tensor]] = {name: [] for name in self._networks}
        done = 0
        with _exact_float32(self.device), torch.inference_mode():
            while done < len(crops_nhwc):
                raw = self._pass_or_halve(crops_nhwc[done : done + self.batch_size])
                for name, numbers_nk in raw.items():
                    found[name].append(numbers_nk)
                done += len(next(iter(raw.values()))) if raw else 0
            raw_nk = {name: self._to_array(name, parts) for name, parts in found.items()}
        codes = split_codes(raw_nk["E_flame"], raw_nk["E_expression"])
        if "E_detail" in raw_nk:
            codes["detail"] = raw_nk["E_detail"]
        return {name: cast("NDArray[np.float32]", codes[name]) for name in self.names}

    def compile(self) -> None:
        """Compile the convolutions for the batch size, and try them once.

        Raises
        ------
        MissingDependencyError
            If there is no compiler or it does not work.
        """
        require_compiler(self.device)
        # Weights become constants that are laid out once; on CUDA the default is as good and keeps one copy.
        options: dict[str, Any] = {"freezing": True} if self.device.type == "cpu" else {}
        for network in self._networks.values():
            network.trunk = torch.compile(network.trunk, dynamic=False, options=options)
        try:
            self.encode(np.zeros((self.batch_size, CROP_PX, CROP_PX, 3), np.uint8))
        except RuntimeError as error:
            if is_out_of_memory(error):
                raise
            first = str(error).strip().splitlines()[0]
            raise MissingDependencyError(
                f"face.emoca.compile: torch.compile does not work here ({first}). Install a C++ compiler "
                "that fits this torch, or set face.emoca.compile: false."
            ) from error

    def _pass_or_halve(self, crops_nhwc: NDArray[np.uint8]) -> dict[str, Tensor]:
        """Run one pass; where memory runs out, halve the batch size and return nothing."""
        try:
            return self._pass(crops_nhwc)
        except (RuntimeError, MemoryError) as error:
            if not is_out_of_memory(error) or self.batch_size == 1:
                raise
        # Outside the handler: the error held the pass's tensors.
        self.batch_size //= 2
        logger.warning("emoca: memory ran out; going on with %d crops per pass", self.batch_size)
        if self.device.type == "cuda":
            torch.cuda.empty_cache()
        self._turn, self._buffers = 0, self._new_buffers()
        return {}

    def _pass(self, crops_nhwc: NDArray[np.uint8]) -> dict[str, Tensor]:
        """Return each encoder's numbers, on the device; on CUDA without waiting for them."""
        n = len(crops_nhwc)
        buffer, copied = self._buffers[self._turn]
        self._turn = (self._turn + 1) % N_BUFFERS
        if copied is not None:
            copied.synchronize()
        rows = self.batch_size if self._static else n
        buffer.numpy()[:n] = crops_nhwc
        buffer[n:rows] = 0
        on_device = buffer[:rows].to(self.device, non_blocking=True)
        if copied is not None:
            copied.record()
        x_nchw = on_device.permute(0, 3, 1, 2).to(self.dtype)
        return {name: self._numbers(network, x_nchw)[:n] for name, network in self._networks.items()}

    def _numbers(self, network: Halves, x_nchw: Tensor) -> Tensor:
        features_nf = network.trunk(x_nchw)
        # Matrix products round by their number of rows: always the same number, whatever the last piece has.
        missing = self.batch_size - len(features_nf)
        return network.head(F.pad(features_nf, (0, 0, 0, missing)))

    def _to_array(self, name: str, parts: list[Tensor]) -> NDArray[np.float32]:
        if not parts:
            return np.empty((0, WIDTHS[name]), np.float32)
        return torch.cat(parts).cpu().numpy()

    def _new_buffers(self) -> list[tuple[Tensor, torch.cuda.Event | None]]:
        """Lay out where crops wait for the device: pinned memory for CUDA, each with a mark for "copied"."""
        on_cuda = self.device.type == "cuda"
        shape = (self.batch_size, CROP_PX, CROP_PX, 3)
        return [
            (
                torch.empty(shape, dtype=torch.uint8, pin_memory=on_cuda),
                torch.cuda.Event() if on_cuda else None,
            )
            for _ in range(N_BUFFERS)
        ]


def _prepared(
    weights: Mapping[str, NDArray[Any]], name: str, *, device: torch.device, dtype: torch.dtype
) -> Halves:
    """One encoder, folded, for pictures of 0..255 with channels last."""
    network = load_network(lambda: ResNet50Encoder(WIDTHS[name]), weights, prefix=f"{name}.")
    fold_batch_norms(network)
    network.encoder.conv1.weight.div_(255)
    network.to(device=device, memory_format=torch.channels_last)  # type: ignore[call-overload]
    network.encoder.to(dtype)
    return Halves(network.encoder, network.layers)


@contextmanager
def _exact_float32(device: torch.device) -> Iterator[None]:
    """Keep float32 products on CUDA float32 (no TF32), and let cuDNN time its algorithms."""
    if device.type != "cuda":
        yield
        return
    before = torch.get_float32_matmul_precision()
    torch.set_float32_matmul_precision("highest")
    try:
        with torch.backends.cudnn.flags(enabled=True, benchmark=True, deterministic=False, allow_tf32=False):
            yield
    finally:
        torch.set_float32_matmul_precision(before)
