"""Cross-modal transformer with a straight line beside it from level and spread of the inputs to the logit.

Wide and deep (Cheng et al. 2016, arXiv 1606.07792): few people teach a
transformer slowly what a mean and a standard deviation over the window say at
once. The line starts at 0, so the network starts as `cross_modal` does.

Axes: b = window, t, s = time, c = input channel.
"""

from __future__ import annotations

from functools import partial

import torch
from torch import Tensor, nn

from affectflow.train.models.blocks import Maps
from affectflow.train.models.cross_modal import CrossModal, CrossModalConfig, fit_cross_modal
from affectflow.train.models.networks import restore_network

# Added to variances of standardised inputs: a constant channel has a logarithm.
LEAST_VARIANCE = 1e-3


class WideCrossModal(CrossModal):
    """`CrossModal`, and a linear layer on mean and log variance of every channel."""

    def __init__(self, config: CrossModalConfig) -> None:
        super().__init__(config)
        self.wide = nn.Linear(2 * sum(config.n_channels), 1)
        nn.init.zeros_(self.wide.weight)
        nn.init.zeros_(self.wide.bias)

    def forward(
        self, a_btc: Tensor, b_bsc: Tensor, a_bt: Tensor, b_bs: Tensor, maps: Maps | None = None
    ) -> Tensor:
        """Return logits (b,); see `CrossModal.forward`."""
        told = [level_and_spread(a_btc, a_bt), level_and_spread(b_bsc, b_bs)]
        deep_b = super().forward(a_btc, b_bsc, a_bt, b_bs, maps)
        return deep_b + self.wide(torch.cat(told, dim=1)).squeeze(1)


def level_and_spread(x_btc: Tensor, present_bt: Tensor) -> Tensor:
    """Return mean and log variance of every channel over the measured samples, (b, 2c); 0 where there are none."""
    on_bt1 = present_bt[:, :, None].to(x_btc.dtype)
    count_b1 = on_bt1.sum(dim=1).clamp(min=1)
    mean_bc = (x_btc * on_bt1).sum(dim=1) / count_b1
    variance_bc = ((x_btc - mean_bc[:, None]) ** 2 * on_bt1).sum(dim=1) / count_b1
    any_b1 = present_bt.any(dim=1, keepdim=True)
    return torch.cat([mean_bc, (variance_bc + LEAST_VARIANCE).log() * any_b1], dim=1)


fit_wide_cross_modal = partial(fit_cross_modal, build=WideCrossModal)
restore_wide_cross_modal = partial(restore_network, WideCrossModal, CrossModalConfig)
