"""What a network that is fine-tuned on labelled pictures offers, and how part of it is kept as it is.

Axes: n = picture, b = picture of a batch, k = output, m = label.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from typing import Any, ClassVar

import numpy as np
import polars as pl
from numpy.typing import NDArray
from torch import Tensor, nn


class PictureModel(ABC):
    """A network, its labels, its loss, and what its outputs mean.

    Attributes
    ----------
    name
        In `PICTURE_MODELS`, in `weights.WEIGHTS` and in paths.
    licence
        A sentence for the card: what may be done with weights that began as the official ones.
    columns
        What `measures` returns besides the cost, in the order of the log; the first says how good an epoch is.
    chosen_by
        That first one in words, for the card.
    """

    name: ClassVar[str]
    licence: ClassVar[str]
    columns: ClassVar[tuple[str, ...]]
    chosen_by: ClassVar[str] = "concordance"

    def __init__(self, settings: Mapping[str, Any]) -> None:
        self.settings = dict(settings)

    def prepare(self, train: pl.DataFrame) -> None:  # noqa: B027  # most models need nothing
        """Learn what the loss or the beginning needs of the training pictures' labels (weights of classes); called first.

        Parameters
        ----------
        train
            `schema.PICTURES` of the training pictures alone.
        """

    @abstractmethod
    def network(self, weights: Mapping[str, NDArray[Any]] | None) -> FineTuned:
        """Build the network on the CPU, from official weights or (None) at random, with torch's seed."""

    @abstractmethod
    def crop(self, rgb: NDArray[np.uint8], row: Mapping[str, Any]) -> NDArray[np.uint8]:
        """Cut what the network is to see out of a picture; `row` is the picture's in `schema.PICTURES`. One size for all."""

    @abstractmethod
    def labels(self, pictures: pl.DataFrame) -> NDArray[np.float32]:
        """Return what is learnt, (n, m), NaN where there is no label."""

    @abstractmethod
    def loss(self, outputs_bk: Tensor, labels_bm: Tensor) -> Tensor:
        """Return the loss of a batch; labels that are not there count nothing."""

    @abstractmethod
    def measures(self, outputs_nk: Tensor, labels_nm: Tensor) -> tuple[float, dict[str, float]]:
        """Return the cost of an epoch (the least is kept) and `columns`, from the validation pictures."""

    @abstractmethod
    def read(self, network: nn.Module, x_nchw: Tensor) -> Tensor:
        """Return what `predictions` needs of pictures in 0..1, (n, …)."""

    @abstractmethod
    def predictions(self, read_nk: NDArray[np.float32]) -> dict[str, pl.Series]:
        """Return columns of `schema.PICTURE_PREDICTIONS` from what `read` returned."""


class FineTuned(nn.Module):
    """A network of which a part can be kept exactly as it is, batch norms included.

    Parameters
    ----------
    inner
        The network.
    head
        Names of its children that always learn; all others are the trunk.
    outputs
        What `inner` returns → outputs (b, k).
    """

    def __init__(self, inner: nn.Module, *, head: tuple[str, ...], outputs: Callable[[Any], Tensor]) -> None:
        super().__init__()
        self.inner, self._outputs = inner, outputs
        self.trunk_parts = [name for name, _ in inner.named_children() if name not in head]
        self.frozen = False

    def freeze(self, frozen: bool) -> None:
        """Keep the trunk as it is from now on, or let it learn.

        The optimiser holds all parameters from the beginning: one without a
        gradient takes no step and no decay.
        """
        self.frozen = frozen
        for name in self.trunk_parts:
            part = self.inner.get_submodule(name)
            part.requires_grad_(not frozen)
            for parameter in part.parameters() if frozen else ():
                parameter.grad = None
        self.train(self.training)

    def train(self, mode: bool = True) -> FineTuned:
        """As any module, but batch norms of a frozen trunk go on using, and do not change, their running statistics."""
        super().train(mode)
        if self.frozen:
            for name in self.trunk_parts:
                self.inner.get_submodule(name).eval()
        return self

    def forward(self, x_bchw: Tensor) -> Tensor:
        """Return outputs (b, k) of pictures (b, 3, h, w) in 0..1."""
        return self._outputs(self.inner(x_bchw))
