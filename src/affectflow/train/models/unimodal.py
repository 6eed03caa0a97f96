"""One modality alone through the stem of the cross-modal transformer: what fusion has to beat.

Convolutions over time at three scales, learnt positions, encoder layers,
attention pooling, one logit: `blocks`, in the sizes that cross_modal has, so
that the two differ in the second modality and in nothing else.

Axes: b = window, t = time, c = input channel.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import Any

from torch import Tensor, nn

from affectflow.train.models.base import Fitted
from affectflow.train.models.blocks import Maps, Pool, Sizes, Stem, make_head
from affectflow.train.models.networks import Grids, restore_network, train_network
from affectflow.train.windows.window_set import WindowSet


@dataclass(frozen=True, kw_only=True)
class UnimodalConfig(Sizes):
    """Sizes, and the modality's name, channels and samples per window."""

    modality: str
    n_channels: int
    n_time: int

    @classmethod
    def of(cls, grids: Grids, options: dict[str, Any]) -> UnimodalConfig:
        """Return the sizes for an input on such a grid."""
        (name,), (n_channels,), (n_time,) = grids.names, grids.n_channels, grids.n_time
        return cls(modality=name, n_channels=n_channels, n_time=n_time, **options)


class Unimodal(nn.Module):
    """One modality on its time grid → one logit per window, or one per class and window."""

    def __init__(self, config: UnimodalConfig, *, n_logits: int = 1) -> None:
        super().__init__()
        self.name = config.modality
        self.stem = Stem(config.n_channels, config.n_time, config)
        self.pool = Pool(config.d_model)
        self.head = make_head(config.d_model, config.dropout, n_logits=n_logits)

    def forward(self, x_btc: Tensor, present_bt: Tensor, maps: Maps | None = None) -> Tensor:
        """Return logits (b,), or (b, k) of k > 1 classes.

        Parameters
        ----------
        x_btc
            Standardised inputs, 0 where not measured.
        present_bt
            True where any channel was measured.
        maps
            Is filled with "{name}.encoder.{layer}" (b, h, t, t) and "pool.{name}" (b, t) when given.
        """
        x_btd = self.stem(x_btc, present_bt, maps, self.name)
        return self.head(self.pool(x_btd, present_bt, maps, self.name)).squeeze(1)


def fit_unimodal(train: WindowSet, validation: WindowSet, *, modality: str, **how: Any) -> Fitted:
    """Train the transformer on the array of one modality.

    Parameters
    ----------
    train, validation
        Windows on a time grid.
    modality
        Name of the array.
    how
        Passed to `networks.train_network`; the study's `modalities` make no difference here.
    """
    how["modalities"] = (modality,)
    return train_network(Unimodal, UnimodalConfig, train, validation, **how)


restore_unimodal = partial(restore_network, Unimodal, UnimodalConfig)

fit_face = partial(fit_unimodal, modality="face")
fit_bio = partial(fit_unimodal, modality="bio")
fit_gaze = partial(fit_unimodal, modality="gaze")
