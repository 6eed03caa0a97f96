"""Temporal convolutional network over all modalities: a cheap rival of the transformers.

After Bai, Kolter and Koltun (2018, arXiv 1803.01271): residual blocks of two
weight-normalised, causal convolutions whose dilation doubles from block to
block. Where the paper reads the last time step, this one takes the mean over
the measured ones, since the end of a window may be missing.

Axes: b = window, t = time, c = input channel, d = width.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812  # the name everybody uses
from torch.nn.utils.parametrizations import weight_norm

from affectflow.train.models.clock import OneClock
from affectflow.train.models.networks import Grids, restore_network, train_network


@dataclass(frozen=True, kw_only=True)
class TcnConfig:
    """Sizes; a sample sees 1 + 2 (kernel - 1) (2^blocks - 1) samples up to itself."""

    n_channels: Sequence[int]
    width: int = 32
    kernel: int = 3
    blocks: int = 5
    dropout: float = 0.1

    @classmethod
    def of(cls, grids: Grids, options: dict[str, Any]) -> TcnConfig:
        """Return the sizes for inputs on such grids."""
        return cls(n_channels=grids.n_channels, **options)


class Tcn(OneClock):
    """Any number of modalities → one logit per window."""

    def __init__(self, config: TcnConfig) -> None:
        super().__init__()
        n_inputs = self.n_inputs(config.n_channels)
        self.blocks = nn.ModuleList(
            Block(n_inputs if i == 0 else config.width, 2**i, config) for i in range(config.blocks)
        )
        self.head = nn.Linear(config.width, 1)

    def logits(self, x_btc: Tensor, present_bt: Tensor) -> Tensor:
        """Return logits (b,)."""
        x_bdt, present_b1t = x_btc.transpose(1, 2), present_bt[:, None, :]
        for block in self.blocks:
            x_bdt = block(x_bdt, present_b1t)
        measured_b1 = present_b1t.sum(dim=2).clamp(min=1)
        return self.head(x_bdt.sum(dim=2) / measured_b1).squeeze(1)


class Block(nn.Module):
    """Two dilated causal convolutions beside a residual path; missing samples stay 0, as if before the start."""

    def __init__(self, n_inputs: int, dilation: int, config: TcnConfig) -> None:
        super().__init__()
        self.past = (config.kernel - 1) * dilation
        self.convolutions = nn.ModuleList(
            weight_norm(nn.Conv1d(c, config.width, config.kernel, dilation=dilation))
            for c in (n_inputs, config.width)
        )
        self.dropout = nn.Dropout(config.dropout)
        self.beside = nn.Conv1d(n_inputs, config.width, 1) if n_inputs != config.width else nn.Identity()

    def forward(self, x_bct: Tensor, present_b1t: Tensor) -> Tensor:
        """Return (b, d, t)."""
        y_bdt = x_bct
        for convolution in self.convolutions:
            y_bdt = self.dropout(F.relu(convolution(F.pad(y_bdt, (self.past, 0))))) * present_b1t
        return F.relu(y_bdt + self.beside(x_bct)) * present_b1t


fit_tcn = partial(train_network, Tcn, TcnConfig)
restore_tcn = partial(restore_network, Tcn, TcnConfig)
