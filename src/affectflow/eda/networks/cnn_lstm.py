"""A convolutional network that looks at each picture and a recurrent one that remembers.

The network of the research code this project started from, with its names of
tensors: five convolutions, a long short-term memory (Hochreiter and Schmidhuber
1997), one value per picture.

Axes: n = clip, t = picture, c = channel, h, w = rows and columns.
"""

from __future__ import annotations

from collections import OrderedDict

import torch
from torch import Tensor, nn

WIDTHS = (3, 32, 64, 128, 256, 512)
HALVED_AFTER = (2, 4)
N_MEMORY, N_PULSE = 128, 32
SLOPE = 0.01


class CnnLstm(nn.Module):
    """The network.

    Parameters
    ----------
    pulse
        Whether the pulse wave is read beside the pictures.
    """

    # The last convolution, a quarter of the pictures' height and width.
    LOOKED_AT = "cnn.bend5"

    def __init__(self, *, pulse: bool = False) -> None:
        super().__init__()
        layers = OrderedDict[str, nn.Module]()
        for i in range(1, len(WIDTHS)):
            layers[f"conv{i}"] = nn.Conv2d(WIDTHS[i - 1], WIDTHS[i], 3, padding=1)
            layers[f"bn{i}"] = nn.BatchNorm2d(WIDTHS[i])
            layers[f"bend{i}"] = nn.LeakyReLU(SLOPE)
            if i in HALVED_AFTER:
                layers[f"halve{i}"] = nn.MaxPool2d(2)
        self.cnn = nn.Sequential(layers)
        self.bvp_embedding = nn.Linear(1, N_PULSE) if pulse else None
        self.lstm = nn.LSTM(WIDTHS[-1] + (N_PULSE if pulse else 0), N_MEMORY, batch_first=True)
        self.fc = nn.Linear(N_MEMORY, 1)

    def forward(self, clip_ntchw: Tensor, pulse_nt: Tensor | None = None) -> Tensor:
        """Return the signal of n clips, (n, t).

        Parameters
        ----------
        clip_ntchw
            (n, t, 3, h, w), h and w at least 4.
        pulse_nt
            (n, t), or None for a network without.
        """
        n, t = clip_ntchw.shape[:2]
        seen_ntc = self.cnn(clip_ntchw.flatten(0, 1)).mean(dim=(2, 3)).reshape(n, t, -1)
        if self.bvp_embedding is not None and pulse_nt is not None:
            seen_ntc = torch.cat([seen_ntc, self.bvp_embedding(pulse_nt[..., None]).relu()], dim=2)
        return self.fc(self.lstm(seen_ntc)[0])[..., 0]
