"""Several modalities on one clock, inside a network.

Axes: b = window, t = time of the fastest modality, s = time of a modality, c = channel.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence

import torch
from torch import Tensor, nn


def held(x_bs: Tensor, n_time: int) -> Tensor:
    """Return a sequence, (b, s) or (b, s, c), on a clock of `n_time` samples over the same span.

    Each sample is held until the next one; nothing is interpolated, so a
    missing sample is missing for as long as it lasts and no other.
    """
    n = x_bs.shape[1]
    # Middle of each new sample, in old samples.
    position_t = ((torch.arange(n_time, device=x_bs.device) + 0.5) * n / n_time).long().clamp(max=n - 1)
    return x_bs.index_select(1, position_t)


def one_clock(values: Sequence[Tensor], masks: Sequence[Tensor]) -> tuple[Tensor, Tensor]:
    """Join modalities on the clock of the one with most samples.

    Parameters
    ----------
    values
        Of each modality, (b, s, c).
    masks
        Of each modality, (b, s): True where any channel was measured.

    Returns
    -------
    Channels of all modalities, 0 where the modality was not measured, followed
    by one channel per modality that says where it was: (b, t, sum of c +
    number of modalities). And (b, t): True where any modality was measured.
    """
    n_time = max(mask.shape[1] for mask in masks)
    on = [held(mask, n_time) for mask in masks]
    parts = [held(x, n_time) * present[:, :, None] for x, present in zip(values, on, strict=True)]
    present_btm = torch.stack(on, dim=2)
    return torch.cat([*parts, present_btm.to(values[0].dtype)], dim=2), present_btm.any(dim=2)


class OneClock(nn.Module, ABC):
    """A network that sees any number of modalities, each on a clock of its own, as the channels of one sequence.

    What it makes of the sequence a network says in `logits`.
    """

    @staticmethod
    def n_inputs(n_channels: Sequence[int]) -> int:
        """Return the channels of the sequence, given those of each modality."""
        return sum(n_channels) + len(n_channels)

    def forward(self, *inputs: Tensor) -> Tensor:
        """Return logits (b,) from the values (b, s, c) of each modality, then the mask (b, s) of each."""
        n = len(inputs) // 2
        return self.logits(*one_clock(inputs[:n], inputs[n:]))

    @abstractmethod
    def logits(self, x_btc: Tensor, present_bt: Tensor) -> Tensor:
        """Return logits (b,) from what `one_clock` returns."""
