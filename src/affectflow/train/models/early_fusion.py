"""Early fusion: all modalities as channels of one transformer.

The simplest thing that can use what the modalities say together: they are put
on one clock and pass the stem of the cross-modal transformer as one. A slower
modality is held.

Axes: b = window, t = time, c = input channel.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from torch import Tensor

from affectflow.train.models.blocks import Pool, Sizes, Stem, make_head
from affectflow.train.models.clock import OneClock
from affectflow.train.models.networks import Grids, restore_network, train_network


@dataclass(frozen=True, kw_only=True)
class EarlyFusionConfig(Sizes):
    """Sizes, and of each modality its channels and samples per window."""

    n_channels: Sequence[int]
    n_time: Sequence[int]

    @classmethod
    def of(cls, grids: Grids, options: dict[str, Any]) -> EarlyFusionConfig:
        """Return the sizes for inputs on such grids."""
        return cls(n_channels=grids.n_channels, n_time=grids.n_time, **options)


class EarlyFusion(OneClock):
    """Any number of modalities → one logit per window."""

    def __init__(self, config: EarlyFusionConfig) -> None:
        super().__init__()
        self.stem = Stem(self.n_inputs(config.n_channels), max(config.n_time), config)
        self.pool = Pool(config.d_model)
        self.head = make_head(config.d_model, config.dropout)

    def logits(self, x_btc: Tensor, present_bt: Tensor) -> Tensor:
        """Return logits (b,)."""
        return self.head(self.pool(self.stem(x_btc, present_bt), present_bt)).squeeze(1)


fit_early_fusion = partial(train_network, EarlyFusion, EarlyFusionConfig)
restore_early_fusion = partial(restore_network, EarlyFusion, EarlyFusionConfig)
