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
from typing import Any

import numpy as np
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812  # the name everybody uses
from torch.nn.utils.parametrizations import weight_norm

from affectflow.train.models.base import Fitted, Score
from affectflow.train.models.clock import one_clock
from affectflow.train.models.networks import grids_of, restore_network, train_network
from affectflow.train.windows.window_set import WindowSet


@dataclass(frozen=True, kw_only=True)
class TcnConfig:
    """Sizes; a sample sees 1 + 2 (kernel - 1) (2^blocks - 1) samples up to itself."""

    n_channels: Sequence[int]
    width: int = 32
    kernel: int = 3
    blocks: int = 5
    dropout: float = 0.1


class Tcn(nn.Module):
    """Any number of modalities, each on a clock of its own → one logit per window."""

    def __init__(self, config: TcnConfig) -> None:
        super().__init__()
        n_inputs = sum(config.n_channels) + len(config.n_channels)
        self.blocks = nn.ModuleList(
            Block(n_inputs if i == 0 else config.width, 2**i, config) for i in range(config.blocks)
        )
        self.head = nn.Linear(config.width, 1)

    def forward(self, *inputs: Tensor) -> Tensor:
        """Return logits (b,) from the values (b, t, c) of each modality, then the mask (b, t) of each."""
        n = len(inputs) // 2
        x_btc, present_bt = one_clock(inputs[:n], inputs[n:])
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


def fit_tcn(
    train: WindowSet,
    validation: WindowSet,
    *,
    options: dict[str, Any],
    modalities: Sequence[str] = ("face", "bio"),
    **how: Any,
) -> Fitted:
    """Train the temporal convolutional network on the channels of all modalities.

    Parameters
    ----------
    train, validation
        Windows on time grids.
    options
        `config.train.TcnOptions` as a dict.
    modalities
        Arrays it sees.
    how
        Passed to `networks.train_network`.
    """
    config = TcnConfig(n_channels=grids_of(train, modalities).n_channels, **options)
    return train_network(Tcn, config, train, validation, modalities=modalities, **how)


def restore_tcn(weights: dict[str, np.ndarray], facts: dict[str, Any]) -> Score:
    """Return the score function of stored weights."""
    return restore_network(Tcn, TcnConfig, weights, facts)
