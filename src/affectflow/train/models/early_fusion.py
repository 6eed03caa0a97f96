"""Early fusion: all modalities as channels of one transformer.

The simplest thing that can use what the modalities say together: they are put
on one clock and pass the stem of the cross-modal transformer as one. A slower
modality is held.

Axes: b = window, t = time, c = input channel.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from torch import Tensor, nn

from affectflow.train.models.base import Fitted, Score
from affectflow.train.models.blocks import Pool, Sizes, Stem, make_head
from affectflow.train.models.clock import one_clock
from affectflow.train.models.networks import grids_of, restore_network, train_network
from affectflow.train.windows.window_set import WindowSet


@dataclass(frozen=True, kw_only=True)
class EarlyFusionConfig(Sizes):
    """Sizes, and of each modality its channels and samples per window."""

    n_channels: Sequence[int]
    n_time: Sequence[int]


class EarlyFusion(nn.Module):
    """Any number of modalities, each on a clock of its own → one logit per window."""

    def __init__(self, config: EarlyFusionConfig) -> None:
        super().__init__()
        n_inputs = sum(config.n_channels) + len(config.n_channels)
        self.stem = Stem(n_inputs, max(config.n_time), config)
        self.pool = Pool(config.d_model)
        self.head = make_head(config.d_model, config.dropout)

    def forward(self, *inputs: Tensor) -> Tensor:
        """Return logits (b,) from the values (b, t, c) of each modality, then the mask (b, t) of each."""
        n = len(inputs) // 2
        x_btc, present_bt = one_clock(inputs[:n], inputs[n:])
        return self.head(self.pool(self.stem(x_btc, present_bt), present_bt)).squeeze(1)


def fit_early_fusion(
    train: WindowSet,
    validation: WindowSet,
    *,
    options: dict[str, Any],
    modalities: Sequence[str] = ("face", "bio"),
    **how: Any,
) -> Fitted:
    """Train one transformer on the channels of all modalities.

    Parameters
    ----------
    train, validation
        Windows on time grids.
    options
        `config.train.TransformerOptions` as a dict.
    modalities
        Arrays it sees.
    how
        Passed to `networks.train_network`.
    """
    grids = grids_of(train, modalities)
    config = EarlyFusionConfig(n_channels=grids.n_channels, n_time=grids.n_time, **options)
    return train_network(EarlyFusion, config, train, validation, modalities=modalities, **how)


def restore_early_fusion(weights: dict[str, np.ndarray], facts: dict[str, Any]) -> Score:
    """Return the score function of stored weights."""
    return restore_network(EarlyFusion, EarlyFusionConfig, weights, facts)
