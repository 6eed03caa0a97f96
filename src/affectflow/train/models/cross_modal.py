"""Transformer in which two modalities attend to each other.

After the model of the driving-stress study (arXiv 2601.04376): per modality
multi-scale depthwise convolutions, learnt positions and Transformer encoder
layers; then blocks in which each modality queries the other; attention pooling;
one logit. With the sizes published there (168 + 6 inputs, 270 samples) it has
1,069,186 parameters.

Axes: b = window, t, s = time, c = input channel, d = width of a token.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import torch
from torch import Tensor, nn

from affectflow.errors import ConfigError
from affectflow.train.models.base import Fitted
from affectflow.train.models.blocks import Attend, Maps, Pool, Sizes, Stem, make_head
from affectflow.train.models.networks import Grids, restore_network, train_network
from affectflow.train.windows.window_set import WindowSet


@dataclass(frozen=True, kw_only=True)
class CrossModalConfig(Sizes):
    """Sizes, and of each of the two modalities its name, channels and samples per window."""

    modalities: Sequence[str] = ("face", "bio")
    n_channels: Sequence[int]
    n_time: Sequence[int]
    cross_blocks: int = 2

    @classmethod
    def of(cls, grids: Grids, options: dict[str, Any]) -> CrossModalConfig:
        """Return the sizes for inputs on such grids."""
        return cls(modalities=grids.names, n_channels=grids.n_channels, n_time=grids.n_time, **options)


class CrossModal(nn.Module):
    """Two modalities, each on a clock of its own → one logit per window.

    Samples that were not measured take no part in attention or pooling; a
    modality that is missing for a whole window adds zeros.
    """

    def __init__(self, config: CrossModalConfig) -> None:
        super().__init__()
        self.names = tuple(config.modalities)
        inputs = zip(config.n_channels, config.n_time, strict=True)
        self.stems = nn.ModuleList(Stem(c, t, config) for c, t in inputs)
        self.cross = nn.ModuleList(CrossBlock(config) for _ in range(config.cross_blocks))
        self.pool = Pool(config.d_model)
        self.head = make_head(2 * config.d_model, config.dropout)

    def forward(
        self, a_btc: Tensor, b_bsc: Tensor, a_bt: Tensor, b_bs: Tensor, maps: Maps | None = None
    ) -> Tensor:
        """Return logits (b,).

        Parameters
        ----------
        a_btc, b_bsc
            Standardised inputs of the first and the second modality, 0 where
            not measured. The second may have another number of samples.
        a_bt, b_bs
            True where any channel of the modality was measured.
        maps
            Is filled with all attention weights when given: of each modality
            "{name}.encoder.{layer}" (b, h, t, t) and "pool.{name}" (b, t), of
            each block "cross.{block}.{name}" (b, h, t, s): where the named
            modality's samples look in the other.
        """
        first, second = self.names
        a_btd = self.stems[0](a_btc, a_bt, maps, first)
        b_bsd = self.stems[1](b_bsc, b_bs, maps, second)
        for i, block in enumerate(self.cross):
            a_btd, b_bsd = block(
                a_btd, b_bsd, a_bt, b_bs, maps, (f"cross.{i}.{first}", f"cross.{i}.{second}")
            )
        pooled = [self.pool(a_btd, a_bt, maps, first), self.pool(b_bsd, b_bs, maps, second)]
        return self.head(torch.cat(pooled, dim=1)).squeeze(1)


class CrossBlock(nn.Module):
    """Each modality queries the other, both from the same previous states."""

    def __init__(self, sizes: Sizes) -> None:
        super().__init__()
        self.first_asks = Attend(sizes)
        self.second_asks = Attend(sizes)

    def forward(
        self,
        a_btd: Tensor,
        b_bsd: Tensor,
        a_bt: Tensor,
        b_bs: Tensor,
        maps: Maps | None = None,
        names: tuple[str, str] = ("", ""),
    ) -> tuple[Tensor, Tensor]:
        """Return both modalities' new tokens."""
        return (
            self.first_asks(a_btd, b_bsd, b_bs, maps, names[0]),
            self.second_asks(b_bsd, a_btd, a_bt, maps, names[1]),
        )


def fit_cross_modal(
    train: WindowSet,
    validation: WindowSet,
    *,
    modalities: Sequence[str] = ("face", "bio"),
    build: Callable[[CrossModalConfig], nn.Module] = CrossModal,
    **how: Any,
) -> Fitted:
    """Train the cross-modal transformer on the arrays of two modalities.

    Parameters
    ----------
    train, validation
        Windows on time grids.
    modalities
        The two; each may have its own rate.
    build
        Makes the network: this one, or one made from it.
    how
        Passed to `networks.train_network`.

    Raises
    ------
    ConfigError
        If there are not two modalities.
    """
    if len(modalities) != 2:
        raise ConfigError(
            f"train.modalities: cross_modal takes two modalities (found {', '.join(modalities) or 'none'}). "
            "Name two, or set train.models to early_fusion, late_fusion or tcn."
        )
    return train_network(build, CrossModalConfig, train, validation, modalities=modalities, **how)


restore_cross_modal = partial(restore_network, CrossModal, CrossModalConfig)
