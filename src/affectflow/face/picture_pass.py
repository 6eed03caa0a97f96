"""Pictures of faces through a network: from tracked faces and frames to the network's numbers.

On a CPU a network runs on few pictures at a time, each task on one thread: more
pictures leave the cache and are slower (bench/bench_emonet.py), and tasks that
never wait for each other lose nothing beside other jobs. On CUDA pictures go in
larger batches.

Axes: n = picture, h, w = rows and columns, c = channel, k = output.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from typing import Any

import numpy as np
import polars as pl
import torch
from numpy.typing import NDArray
from torch import Tensor

from affectflow.face.ahead import map_ahead
from affectflow.face.box_crop import Picture
from affectflow.face.emoca.crop_frames import FaceFrame, face_frames
from affectflow.face.emoca.cuda_pass import exact_float32

CUDA_BATCH = 32
Numbers = NDArray[np.float32]
# Frame (h, w, 3), landmarks (478, 3) and box (4,) in its pixels → the face's crop; None where there is none to see.
Cropper = Callable[[Picture, Numbers, Numbers], "Picture | None"]


class PicturePass:
    """A network ready for crops; for one caller at a time.

    Parameters
    ----------
    forward
        Pictures (n, c, h, w) float32 in 0..1, channels last in memory → (n, k). Called in several threads at once on
        a CPU, under inference mode.
    device
        Where `forward` computes.
    batch_size
        Pictures of one call; None = `cpu_batch` on a CPU, 32 on CUDA.
    cpu_batch
        With how many pictures a CPU is fastest.
    threads
        Calls at once on a CPU.
    """

    def __init__(
        self,
        forward: Callable[[Tensor], Tensor],
        *,
        device: torch.device,
        batch_size: int | None = None,
        cpu_batch: int = 1,
        threads: int = 1,
    ) -> None:
        self._forward, self.device, self.threads = forward, device, threads
        self.batch_size = batch_size or (CUDA_BATCH if device.type == "cuda" else cpu_batch)

    @property
    def n_waiting(self) -> int:
        """How many crops are worth collecting before `run` is called."""
        return self.batch_size * (1 if self.device.type == "cuda" else self.threads)

    def run(self, crops_nhwc: list[Picture]) -> Numbers:
        """Return the network's numbers of crops of one size, (n, k) float32; n ≥ 1.

        On a CPU with `batch_size` 1 a picture's numbers depend on that picture
        alone.
        """
        starts = range(0, len(crops_nhwc), self.batch_size)
        parts = [np.stack(crops_nhwc[i : i + self.batch_size]) for i in starts]
        if self.device.type == "cuda":
            with exact_float32():
                return np.concatenate([self._numbers(part) for part in parts])
        before = torch.get_num_threads()
        # Holds for the thread that calls it, and for those that are started later.
        pool = ThreadPoolExecutor(
            min(self.threads, len(parts)), initializer=torch.set_num_threads, initargs=(1,)
        )
        try:
            with pool:
                return np.concatenate(list(pool.map(self._numbers, parts)))
        finally:
            torch.set_num_threads(before)

    @torch.inference_mode()
    def _numbers(self, crops_nhwc: Picture) -> Numbers:
        x_nhwc = torch.from_numpy(crops_nhwc).to(self.device)
        # Turned, not copied: the channels stay last in memory.
        x_nchw = x_nhwc.permute(0, 3, 1, 2).to(torch.float32).div_(255)
        return np.asarray(self._forward(x_nchw).float().cpu().numpy(), np.float32)


def read_faces(
    faces: Iterable[pl.DataFrame], frames: Iterable[Any], crop: Cropper, network: PicturePass
) -> Generator[tuple[pl.DataFrame, NDArray[np.bool_], Numbers | None], None, None]:
    """Run the network on the face of every frame, in bounded memory; crops are made ahead in threads.

    Parameters
    ----------
    faces
        `schema.FACES` in pieces, one row per frame.
    frames
        The frames of those rows.
    crop
        Cuts a face out of its frame.
    network
        Reads crops.

    Yields
    ------
    Each piece; which of its rows (n,) were read; their numbers (m, k), None when
    there are none. They depend on the piece alone.
    """

    def work(item: FaceFrame | pl.DataFrame) -> Picture | pl.DataFrame | None:
        if isinstance(item, pl.DataFrame):
            return item
        if item.landmarks_px is None:
            return None
        return crop(item.frame.rgb, item.landmarks_px, item.box_px)

    crops = map_ahead(
        face_frames(faces, frames), work, workers=network.threads, results_ahead=2 * network.n_waiting
    )
    rows: list[bool] = []
    waiting: list[Picture] = []
    passes: list[Numbers] = []
    with closing(crops):
        for made in crops:
            if isinstance(made, np.ndarray):
                waiting.append(made)
            # Passes end with their piece: its numbers then do not depend on what came before.
            if waiting and (len(waiting) == network.n_waiting or isinstance(made, pl.DataFrame)):
                passes.append(network.run(waiting))
                waiting = []
            if isinstance(made, pl.DataFrame):
                yield made, np.array(rows, bool), np.concatenate(passes) if passes else None
                rows, passes = [], []
            else:
                rows.append(made is not None)
