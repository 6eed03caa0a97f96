"""Batches of labelled pictures, read and cropped ahead of the network, and the changes that training sees.

Axes: b = picture of a batch, c = channel, h, w = rows and columns, m = label.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional as F  # noqa: N812  # the name everybody uses

from affectflow.train.models.batches import ReadAhead

Picture = NDArray[np.uint8]


@dataclass(frozen=True)
class Changes:
    """How far the pictures of a training are changed at random; labels stay.

    Attributes
    ----------
    flip
        Whether half of them are seen in the mirror.
    rotation_deg
        Turned by up to so much, uniformly.
    brightness
        Made brighter or darker by up to this share, uniformly.
    """

    flip: bool = True
    rotation_deg: float = 10.0
    brightness: float = 0.2

    def apply(self, x_bchw: Tensor, rng: np.random.Generator) -> Tensor:
        """Return changed pictures in 0..1; what is turned in from outside is black."""
        n = len(x_bchw)
        # All are drawn, whatever is asked for: a setting changes what it is about and nothing else.
        side = np.where(rng.uniform(size=n) < 0.5, -1.0, 1.0) if self.flip else np.ones(n)
        turn = rng.uniform(-1, 1, n) * math.radians(self.rotation_deg)
        light = 1 + rng.uniform(-1, 1, n) * self.brightness
        cos, sin, zero = np.cos(turn), np.sin(turn), np.zeros(n)
        theta = np.stack([side * cos, -sin, zero, side * sin, cos, zero], axis=1).reshape(n, 2, 3)
        grid = F.affine_grid(
            torch.from_numpy(theta.astype(np.float32)).to(x_bchw.device),
            list(x_bchw.shape),
            align_corners=False,
        )
        turned = F.grid_sample(x_bchw, grid, mode="bilinear", padding_mode="zeros", align_corners=False)
        factor = torch.from_numpy(light.astype(np.float32)).to(x_bchw.device)
        return (turned * factor[:, None, None, None]).clamp_(0, 1)


@dataclass
class PictureBatches(ReadAhead):
    """Pictures in 0..1, (b, 3, h, w), and their labels (b, m).

    Attributes
    ----------
    pictures
        `schema.PICTURES`.
    labels_nm
        What is learnt.
    read, crop
        Path → picture; picture and row → what the network sees.
    changes
        Of training pictures; None = seen as they are.
    device, workers, waited_s
        See `ReadAhead`.
    """

    pictures: pl.DataFrame
    labels_nm: NDArray[np.float32]
    read: Callable[[str], Picture]
    crop: Callable[[Picture, Mapping[str, Any]], Picture]
    device: torch.device
    changes: Changes | None = None
    workers: int = 0
    waited_s: float = 0.0

    def run(self, order_n: np.ndarray, batch_size: int) -> Iterator[tuple[list[Tensor], Tensor]]:
        """Yield pictures and labels of each batch; changes depend on torch's seed at the first, the order and nothing else."""
        seed = int(torch.randint(2**31, ())) if self.changes else 0
        for number, (inputs, labels) in enumerate(super().run(order_n, batch_size)):
            x_bchw = inputs[0].to(torch.float32).div_(255)
            if self.changes:
                x_bchw = self.changes.apply(x_bchw, np.random.default_rng([seed, number]))
            yield [x_bchw], labels

    def _pieces(self, order_n: np.ndarray, batch_size: int) -> list[np.ndarray]:
        """Batches of nearly one size: a concordance, or a batch norm, of one picture is none.

        Where batches of two would leave one picture over, it makes a third of another batch.
        """
        n = len(order_n)
        return np.array_split(order_n, max(1, min(math.ceil(n / batch_size), n // 2))) if n else []

    def _make(self, chosen_b: np.ndarray) -> tuple[list[Tensor], Tensor]:
        # A row when it is wanted: as Python objects, the points of a large data set take gigabytes.
        rows = [self.pictures.row(int(i), named=True) for i in chosen_b]
        crops = [self.crop(self.read(row["path"]), row) for row in rows]
        x_bchw = torch.from_numpy(np.ascontiguousarray(np.stack(crops).transpose(0, 3, 1, 2)))
        labels_bm = torch.from_numpy(self.labels_nm[chosen_b])
        if self.device.type == "cuda":
            return [x_bchw.pin_memory()], labels_bm.pin_memory()
        return [x_bchw], labels_bm
