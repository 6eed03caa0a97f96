"""A PhysNet whose convolutions go over space and time in turn, with the pulse wave as a second input.

The network of the research code this project started from (2+1 dimensions, as
in Tran et al. 2018, CVPR), with its names of tensors. There it saw one picture
at a time; here a clip.

Axes: n = clip, c = channel, t = picture, h, w = rows and columns.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from affectflow.eda.networks.physnet import block

SPACE, TIME = (1, 3, 3), (3, 1, 1)
# Channels and kernel of the convolutions 1 to 15; what stands after one of them follows below.
CONVOLUTIONS = (
    (3, 16, (1, 5, 5)),
    (16, 32, SPACE),
    (32, 32, TIME),
    (32, 32, SPACE),
    (32, 32, TIME),
    (32, 64, SPACE),
    *((64, 64, kernel) for kernel in (TIME, SPACE, TIME, SPACE, TIME, SPACE, TIME, SPACE, TIME)),
)
# Halvings of space after these convolutions: by the largest value, and by the mean.
HALVED_AFTER, AVERAGED_AFTER = (1, 5, 9), 13
LAST_PX = 7
N_PULSE, N_HIDDEN = 32, 64
# The last mean takes 7 of the 8 rows that 128 leave.
LEAST_PX = 112


class SeparablePhysNet(nn.Module):
    """The network.

    Parameters
    ----------
    dropout
        Share of values left out after each halving while training.
    pulse
        Whether the pulse wave is read beside the pictures.
    """

    # The last layer with a quarter of the pictures' height and width.
    LOOKED_AT = "ConvBlock8"

    def __init__(self, dropout: float = 0.5, *, pulse: bool = True) -> None:
        super().__init__()
        for i, (n_in, n_out, kernel) in enumerate(CONVOLUTIONS, start=1):
            largest = nn.MaxPool3d((1, 2, 2)) if i in HALVED_AFTER else None
            setattr(self, f"ConvBlock{i}", block(n_in, n_out, kernel, largest=largest))
        self.ConvBlock16 = nn.Conv3d(CONVOLUTIONS[-1][1], 1, 1)
        self.average = nn.AvgPool3d((1, 2, 2))
        self.last = nn.AvgPool3d((1, LAST_PX, LAST_PX), stride=(1, 2, 2))
        self.dropout = nn.Dropout(dropout)
        self.fc_bvp = nn.Linear(1, N_PULSE) if pulse else None
        self.fc_final = nn.Sequential(
            nn.Linear(1 + (N_PULSE if pulse else 0), N_HIDDEN), nn.ReLU(), nn.Linear(N_HIDDEN, 1)
        )

    def features(self, clip_ncthw: Tensor) -> Tensor:
        """Return the maps of the last convolution over time, (n, 64, t, h / 16, w / 16)."""
        x = clip_ncthw
        for i in range(1, len(CONVOLUTIONS) + 1):
            x = getattr(self, f"ConvBlock{i}")(x)
            if i in HALVED_AFTER:
                x = self.dropout(x)
            elif i == AVERAGED_AFTER:
                x = self.dropout(self.average(x))
        return x

    def forward(self, clip_ncthw: Tensor, pulse_nt: Tensor | None = None) -> Tensor:
        """Return the signal of n clips, (n, t).

        Parameters
        ----------
        clip_ncthw
            (n, 3, t, h, w), h and w at least 112.
        pulse_nt
            (n, t), or None for a network without.
        """
        maps = self.ConvBlock16(self.last(self.features(clip_ncthw)))
        x_nt1 = maps.mean(dim=(3, 4)).transpose(1, 2)
        if self.fc_bvp is not None and pulse_nt is not None:
            x_nt1 = torch.cat([x_nt1, self.fc_bvp(pulse_nt[..., None])], dim=2)
        return self.fc_final(x_nt1)[..., 0]
