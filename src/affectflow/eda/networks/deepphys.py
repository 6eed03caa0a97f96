"""DeepPhys and TS-CAN: how the picture moves, looked at where the picture says that there is skin.

The graphs of Chen and McDuff (2018, ECCV) and Liu, Fromm, Patel and McDuff
(2020, NeurIPS) as their published checkpoints have them; attributes carry the
names of the checkpoints' tensors (one of them misspelt), so a state dict loads
strictly.

Axes: n = picture, c = channel, h, w = rows and columns.
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor, nn

WIDTHS = (32, 64)
N_HIDDEN = 128
# Share of the channels that TS-CAN moves by one picture, each way.
SHIFTED = 3


class DeepPhys(nn.Module):
    """The network.

    Parameters
    ----------
    size_px
        Height and width of the pictures: 36 in the paper, 72 and 96 elsewhere.
    frame_depth
        0 = DeepPhys. Otherwise TS-CAN: pictures come in runs of so many, and
        before each convolution of the motion some channels are those of the
        next picture of the run and some those of the one before.
    relu
        Whether the hidden layer ends in a ReLU, as in the research code this
        project started from, and not in a hyperbolic tangent as published.
    """

    # The last maps of the motion, where the picture says that there is skin.
    LOOKED_AT = "gated"

    def __init__(self, size_px: int = 36, *, frame_depth: int = 0, relu: bool = False) -> None:
        super().__init__()
        first, second = WIDTHS
        for branch in ("motion", "apperance"):
            setattr(self, f"{branch}_conv1", nn.Conv2d(3, first, 3, padding=1))
            setattr(self, f"{branch}_conv2", nn.Conv2d(first, first, 3))
            setattr(self, f"{branch}_conv3", nn.Conv2d(first, second, 3, padding=1))
            setattr(self, f"{branch}_conv4", nn.Conv2d(second, second, 3))
        self.apperance_att_conv1 = nn.Conv2d(first, 1, 1)
        self.apperance_att_conv2 = nn.Conv2d(second, 1, 1)
        left_px = ((size_px - 2) // 2 - 2) // 2
        self.final_dense_1 = nn.Linear(second * left_px**2, N_HIDDEN)
        self.final_dense_2 = nn.Linear(N_HIDDEN, 1)
        self.pool = nn.AvgPool2d(2)
        # Does nothing and has no tensors: a place to look at.
        self.gated = nn.Identity()
        self.dropout_maps, self.dropout_hidden = nn.Dropout(0.25), nn.Dropout(0.5)
        self.frame_depth, self.size_px = frame_depth, size_px
        self.bend: Callable[[Tensor], Tensor] = torch.relu if relu else torch.tanh

    def forward(self, both_nchw: Tensor) -> Tensor:
        """Return the signal at n pictures, (n, 1).

        Parameters
        ----------
        both_nchw
            (n, 6, size_px, size_px): how the picture changes to the next one
            (`inputs.difference_normalised`), then the picture
            (`inputs.standardised`). For TS-CAN n is a multiple of `frame_depth`.
        """
        motion, skin = both_nchw[:, :3], both_nchw[:, 3:]
        motion = self._moved(self._moved(motion, 1), 2)
        skin = self._seen(self._seen(skin, 1), 2)
        motion = self.dropout_maps(
            self.pool(motion * attention_mask(self.apperance_att_conv1(skin).sigmoid()))
        )
        skin = self.dropout_maps(self.pool(skin))
        motion = self._moved(self._moved(motion, 3), 4)
        skin = self._seen(self._seen(skin, 3), 4)
        motion = self.gated(motion * attention_mask(self.apperance_att_conv2(skin).sigmoid()))
        motion = self.dropout_maps(self.pool(motion))
        hidden = self.bend(self.final_dense_1(motion.flatten(1)))
        return self.final_dense_2(self.dropout_hidden(hidden))

    def _moved(self, x: Tensor, i: int) -> Tensor:
        if self.frame_depth:
            x = shifted(x, self.frame_depth)
        return torch.tanh(getattr(self, f"motion_conv{i}")(x))

    def _seen(self, x: Tensor, i: int) -> Tensor:
        return torch.tanh(getattr(self, f"apperance_conv{i}")(x))


def attention_mask(gate_n1hw: Tensor) -> Tensor:
    """Bring a gate (n, 1, h, w) to a mean of one half over each picture."""
    return gate_n1hw / gate_n1hw.sum(dim=(2, 3), keepdim=True) * (gate_n1hw[0, 0].numel() * 0.5)


def shifted(x_nchw: Tensor, frame_depth: int) -> Tensor:
    """Give a third of the channels the next picture's values and a third those of the one before.

    Parameters
    ----------
    x_nchw
        (n, c, h, w), n a multiple of `frame_depth`: runs of pictures one after the other.
    frame_depth
        Pictures of a run; beyond its ends all values are 0.
    """
    n, c, h, w = x_nchw.shape
    runs = x_nchw.reshape(n // frame_depth, frame_depth, c, h, w)
    fold = c // SHIFTED
    out = runs.clone()
    out[:, :-1, :fold], out[:, -1, :fold] = runs[:, 1:, :fold], 0
    out[:, 1:, fold : 2 * fold], out[:, 0, fold : 2 * fold] = runs[:, :-1, fold : 2 * fold], 0
    return out.reshape(n, c, h, w)
