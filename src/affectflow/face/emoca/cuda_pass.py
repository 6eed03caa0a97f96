"""One pass through the encoders on a CUDA device, without waiting for it.

Axes: n = picture, h, w = rows and columns, c = channel, k = output.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from affectflow.face.emoca.halves import Halves

# While the device works on one piece of crops, the next is copied into the other buffer.
N_BUFFERS = 2


class CudaFeeder:
    """Carries crops to the device through pinned memory, always the same number of them.

    cuDNN times its algorithms once for each shape, so the last pass is filled up
    with black pictures.

    Parameters
    ----------
    batch_size
        Pictures of a pass.
    picture
        Shape of one crop: (224, 224, 3).
    device, dtype
        Where, and with which numbers, the convolutions compute.
    """

    def __init__(
        self, batch_size: int, picture: tuple[int, ...], *, device: torch.device, dtype: torch.dtype
    ) -> None:
        self._device, self._dtype, self._turn = device, dtype, 0
        self._buffers = [
            (torch.empty((batch_size, *picture), dtype=torch.uint8, pin_memory=True), torch.cuda.Event())
            for _ in range(N_BUFFERS)
        ]

    def run(self, networks: Mapping[str, Halves], crops_nhwc: NDArray[np.uint8]) -> dict[str, Tensor]:
        """Send at most `batch_size` crops through all networks.

        Returns
        -------
        dict
            Name → (n, k) float32 on the device, perhaps still being computed.
        """
        n = len(crops_nhwc)
        buffer, copied = self._buffers[self._turn]
        self._turn = (self._turn + 1) % N_BUFFERS
        copied.synchronize()
        buffer.numpy()[:n] = crops_nhwc
        buffer[n:] = 0
        x_nhwc = buffer.to(self._device, non_blocking=True)
        copied.record()
        x_nchw = x_nhwc.permute(0, 3, 1, 2).to(self._dtype)
        return {name: network.head(network.trunk(x_nchw))[:n] for name, network in networks.items()}


@contextmanager
def exact_float32() -> Iterator[None]:
    """Keep float32 products on CUDA float32 (no TF32), and let cuDNN time its algorithms."""
    before = torch.get_float32_matmul_precision()
    torch.set_float32_matmul_precision("highest")
    try:
        with torch.backends.cudnn.flags(enabled=True, benchmark=True, deterministic=False, allow_tf32=False):
            yield
    finally:
        torch.set_float32_matmul_precision(before)
