"""One pass through the encoders on the CPU: many small tasks, each on one thread.

Convolutions that share their work among threads wait for the slowest of them
sixty times a pass; beside decoding, cropping or other jobs that costs up to
half of the speed. Tasks that never wait do not mind, are as fast on an idle
machine, and give the same bytes on any number of threads.

Axes: n = picture, h, w = rows and columns, c = channel, f = feature, k = output.
"""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional as F  # noqa: N812  # the name everybody uses

from affectflow.face.emoca.halves import Halves

# Pictures of one task. Above it nothing gets faster, and activations leave the cache.
TASK_PICTURES = 8


def pass_on_cpu(
    networks: Mapping[str, Halves],
    crops_nhwc: NDArray[np.uint8],
    *,
    dtype: torch.dtype,
    threads: int,
    static: bool,
) -> dict[str, Tensor]:
    """Run some crops through all networks.

    Parameters
    ----------
    networks
        Name → network.
    crops_nhwc
        (n, 224, 224, 3) uint8, n ≥ 1.
    dtype
        Numbers the convolutions compute with.
    threads
        Tasks at once.
    static
        Give every task the same number of pictures, the last ones black.

    Returns
    -------
    dict
        Name → (n, k) float32. A picture's numbers depend on that picture alone,
        not on n, its place or `threads`.
    """
    starts = range(0, len(crops_nhwc), TASK_PICTURES)
    tasks = [(name, crops_nhwc[i : i + TASK_PICTURES]) for name in networks for i in starts]
    before = torch.get_num_threads()
    # Holds for the thread that calls it, and for those that are started later.
    one_each = ThreadPoolExecutor(min(threads, len(tasks)), initializer=torch.set_num_threads, initargs=(1,))
    with one_each as pool:
        waiting = [pool.submit(_numbers, networks[name], part, dtype, static) for name, part in tasks]
        try:
            done = [task.result() for task in waiting]
        finally:
            pool.shutdown(wait=True, cancel_futures=True)
            torch.set_num_threads(before)
    each = len(starts)
    return {name: torch.cat(done[i * each : (i + 1) * each]) for i, name in enumerate(networks)}


@torch.inference_mode()
def _numbers(network: Halves, crops_nhwc: NDArray[np.uint8], dtype: torch.dtype, static: bool) -> Tensor:
    """Return (n, k) for at most TASK_PICTURES crops."""
    n = len(crops_nhwc)
    x_nhwc = torch.zeros((TASK_PICTURES if static else n, *crops_nhwc.shape[1:]), dtype=torch.uint8)
    x_nhwc.numpy()[:n] = crops_nhwc
    features_nf = network.trunk(x_nhwc.permute(0, 3, 1, 2).to(dtype))
    # A matrix product rounds by its number of rows (the convolutions do not): always the same number.
    return network.head(F.pad(features_nf, (0, 0, 0, TASK_PICTURES - len(features_nf))))[:n]
