"""PhysNet: from a clip to a signal with one value per picture.

The graph of Yu, Li and Zhao (2019, BMVC) as its published checkpoints have it:
three-dimensional convolutions that halve space four times and time twice, then
double time back. Attributes carry the names of the checkpoints' tensors, so a
state dict loads strictly.

Axes: n = clip, c = channel, t = picture, h, w = rows and columns.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

WIDTH = 64
# Time is halved twice and doubled back.
TIME_STEPS = 4
# Space is halved four times.
LEAST_PX = 16


class PhysNet(nn.Module):
    """The network.

    Parameters
    ----------
    n_beside
        Numbers known beside each picture (a pulse wave, say), which enter before the last layer; 0 as published.
    """

    # The last layer with a quarter of the pictures' height and width.
    LOOKED_AT = "ConvBlock4"

    def __init__(self, n_beside: int = 0) -> None:
        super().__init__()
        halve_space, halve_all = nn.MaxPool3d((1, 2, 2)), nn.MaxPool3d((2, 2, 2))
        self.ConvBlock1 = block(3, 16, (1, 5, 5), largest=halve_space)
        self.ConvBlock2 = block(16, 32)
        self.ConvBlock3 = block(32, WIDTH, largest=halve_all)
        self.ConvBlock4, self.ConvBlock5 = block(WIDTH, WIDTH), block(WIDTH, WIDTH, largest=halve_all)
        self.ConvBlock6, self.ConvBlock7 = block(WIDTH, WIDTH), block(WIDTH, WIDTH, largest=halve_space)
        self.ConvBlock8, self.ConvBlock9 = block(WIDTH, WIDTH), block(WIDTH, WIDTH)
        self.upsample = _doubling()
        self.upsample2 = _doubling()
        self.ConvBlock10 = nn.Conv3d(WIDTH + n_beside, 1, 1)

    def features(self, clip_ncthw: Tensor) -> Tensor:
        """Return the maps of the last convolution, (n, 64, t / 4, h / 16, w / 16)."""
        x = self.ConvBlock3(self.ConvBlock2(self.ConvBlock1(clip_ncthw)))
        x = self.ConvBlock5(self.ConvBlock4(x))
        x = self.ConvBlock7(self.ConvBlock6(x))
        return self.ConvBlock9(self.ConvBlock8(x))

    def forward(self, clip_ncthw: Tensor, beside_nkt: Tensor | None = None) -> Tensor:
        """Return the signal of n clips, (n, t).

        Parameters
        ----------
        clip_ncthw
            (n, 3, t, h, w), t a multiple of 4, h and w at least 16.
        beside_nkt
            (n, n_beside, t), or None for a network without.
        """
        x = self.upsample2(self.upsample(self.features(clip_ncthw)))
        x = x.mean(dim=(3, 4), keepdim=True)
        if beside_nkt is not None:
            x = torch.cat([x, beside_nkt[..., None, None]], dim=1)
        return self.ConvBlock10(x)[:, 0, :, 0, 0]


def block(
    n_in: int,
    n_out: int,
    kernel: tuple[int, int, int] = (3, 3, 3),
    *,
    largest: nn.MaxPool3d | None = None,
) -> nn.Sequential:
    """A convolution that keeps the size, with its norm and bend; `largest` keeps the largest of neighbours.

    As published it comes after the bend. The largest of bent values is the bend of the largest: before it, the same
    numbers come out, and the bend has an eighth of them to pass, forth and back.
    """
    t, h, w = kernel
    convolution = nn.Conv3d(n_in, n_out, kernel, padding=(t // 2, h // 2, w // 2))
    # In place: nobody needs what comes in, and these maps are larger than any cache.
    bend = nn.ReLU(inplace=True)
    return nn.Sequential(convolution, nn.BatchNorm3d(n_out), *([largest] if largest else []), bend)


def _doubling() -> nn.Sequential:
    """Twice as many pictures."""
    convolution = nn.ConvTranspose3d(WIDTH, WIDTH, (4, 1, 1), stride=(2, 1, 1), padding=(1, 0, 0))
    return nn.Sequential(convolution, nn.BatchNorm3d(WIDTH), nn.ELU())
