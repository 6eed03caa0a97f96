"""EmoNet: valence, arousal and expression of a face in one network.

The graph of the published checkpoints (Toisoul, Kossaifi, Bulat, Tzimiropoulos
and Pantic 2021, Nature Machine Intelligence 3: 42): a face alignment network of
two hourglasses, whose heatmaps tell the emotion network where to look.
Attributes carry the names of the checkpoints' tensors, so a state dict loads
strictly. Pictures are RGB in 0..1 with no mean taken off.

Axes: n = picture, c = channel, h, w = rows and columns, k = output.
"""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812  # the name everybody uses

PICTURE_PX = 256
N_POINTS = 68
WIDTH = 256
DEPTH = 4
N_STACKS = 2
# Blocks of the emotion network, each followed by a halving: 64 × 64 becomes 4 × 4.
N_EMOTION_BLOCKS = 4
N_HIDDEN = 128
# What belongs to the face alignment network is everything but these.
EMOTION_PARTS = ("conv1x1_input_emo_2", "emo_net_2", "emo_fc_2")


class EmoNetOutput(NamedTuple):
    """What the network says of n pictures.

    Attributes
    ----------
    heatmap
        (n, 68, 64, 64) of the last hourglass, one map per landmark.
    expression
        (n, classes) logits.
    valence, arousal
        (n,), about -1..1, not clipped.
    """

    heatmap: Tensor
    expression: Tensor
    valence: Tensor
    arousal: Tensor


class ConvBlock(nn.Module):
    """Three 3 × 3 convolutions in a row, all of whose outputs are kept, beside a way around them.

    Parameters
    ----------
    n_in, n_out
        Channels; the convolutions give a half, a quarter and a quarter of `n_out`.
    """

    def __init__(self, n_in: int, n_out: int) -> None:
        super().__init__()
        half, quarter = n_out // 2, n_out // 4
        self.bn1 = nn.BatchNorm2d(n_in)
        self.conv1 = nn.Conv2d(n_in, half, 3, padding=1, bias=False)
        self.bn2 = nn.BatchNorm2d(half)
        self.conv2 = nn.Conv2d(half, quarter, 3, padding=1, bias=False)
        self.bn3 = nn.BatchNorm2d(quarter)
        self.conv3 = nn.Conv2d(quarter, quarter, 3, padding=1, bias=False)
        self.downsample: nn.Sequential | None = None
        if n_in != n_out:
            self.downsample = nn.Sequential(
                nn.BatchNorm2d(n_in), nn.ReLU(inplace=True), nn.Conv2d(n_in, n_out, 1, bias=False)
            )

    def forward(self, x_nchw: Tensor) -> Tensor:
        """Return (n, n_out, h, w)."""
        first = self.conv1(F.relu_(self.bn1(x_nchw)))
        second = self.conv2(F.relu_(self.bn2(first)))
        third = self.conv3(F.relu_(self.bn3(second)))
        around = x_nchw if self.downsample is None else self.downsample(x_nchw)
        return torch.cat((first, second, third), dim=1).add_(around)


class HourGlass(nn.Module):
    """Four halvings of a picture and the way back, with a bypass at each size."""

    def __init__(self) -> None:
        super().__init__()
        for level in range(DEPTH, 0, -1):
            for branch in (1, 2, 3):
                self.add_module(f"b{branch}_{level}", ConvBlock(WIDTH, WIDTH))
        self.b2_plus_1 = ConvBlock(WIDTH, WIDTH)

    def forward(self, x_nchw: Tensor) -> Tensor:
        """Return (n, 256, h, w), as what comes in; h and w are multiples of 16."""
        return self._level(DEPTH, x_nchw)

    def _level(self, level: int, x_nchw: Tensor) -> Tensor:
        beside, before, after = (self.get_submodule(f"b{branch}_{level}") for branch in (1, 2, 3))
        low = before(F.max_pool2d(x_nchw, 2))
        low = after(self._level(level - 1, low) if level > 1 else self.b2_plus_1(low))
        return beside(x_nchw) + F.interpolate(low, scale_factor=2, mode="nearest")


class EmoNet(nn.Module):
    """Pictures of a face to expression, valence and arousal.

    Parameters
    ----------
    n_classes
        8 (emonet_8.pth) or 5 (emonet_5.pth).
    attention
        Whether the heatmaps weigh the hourglasses' features, as in the
        published checkpoints; without it they are features beside them.
    """

    def __init__(self, n_classes: int, *, attention: bool = True) -> None:
        super().__init__()
        self.attention = attention
        self.conv1 = nn.Conv2d(3, 64, 7, stride=2, padding=3)
        self.bn1 = nn.BatchNorm2d(64)
        self.conv2 = ConvBlock(64, 128)
        self.conv3 = ConvBlock(128, 128)
        self.conv4 = ConvBlock(128, WIDTH)
        for i in range(N_STACKS):
            self.add_module(f"m{i}", HourGlass())
            self.add_module(f"top_m_{i}", ConvBlock(WIDTH, WIDTH))
            self.add_module(f"conv_last{i}", nn.Conv2d(WIDTH, WIDTH, 1))
            self.add_module(f"bn_end{i}", nn.BatchNorm2d(WIDTH))
            self.add_module(f"l{i}", nn.Conv2d(WIDTH, N_POINTS, 1))
            if i < N_STACKS - 1:
                self.add_module(f"bl{i}", nn.Conv2d(WIDTH, WIDTH, 1))
                self.add_module(f"al{i}", nn.Conv2d(N_POINTS, WIDTH, 1))
        n_features = WIDTH * (1 + N_STACKS) + (0 if attention else N_POINTS)
        self.conv1x1_input_emo_2 = nn.Conv2d(n_features, WIDTH, 1)
        blocks = [
            part for _ in range(N_EMOTION_BLOCKS) for part in (ConvBlock(WIDTH, WIDTH), nn.MaxPool2d(2))
        ]
        self.emo_net_2 = nn.Sequential(*blocks)
        self.emo_fc_2 = nn.Sequential(
            nn.Linear(WIDTH, N_HIDDEN),
            nn.BatchNorm1d(N_HIDDEN),
            nn.ReLU(inplace=True),
            nn.Linear(N_HIDDEN, n_classes + 2),
        )

    def forward(self, x_nchw: Tensor) -> EmoNetOutput:
        """Return what pictures (n, 3, 256, 256), RGB in 0..1, show."""
        if x_nchw.shape[1:] != (3, PICTURE_PX, PICTURE_PX):
            raise ValueError(f"pictures are {tuple(x_nchw.shape)}, not (n, 3, {PICTURE_PX}, {PICTURE_PX})")
        features, heatmap = self._face(x_nchw)
        y_nchw = self.emo_net_2(self.conv1x1_input_emo_2(features))
        y_nk = self.emo_fc_2(y_nchw.mean(dim=(2, 3)))
        return EmoNetOutput(heatmap, y_nk[:, :-2], y_nk[:, -2], y_nk[:, -1])

    def _face(self, x_nchw: Tensor) -> tuple[Tensor, Tensor]:
        """Features (n, 768 or 836, 64, 64) for the emotion network, and the last heatmaps."""
        y_nchw = self.conv2(F.relu_(self.bn1(self.conv1(x_nchw))))
        stem = self.conv4(self.conv3(F.max_pool2d(y_nchw, 2)))
        going_in, kept = stem, []
        heatmap = stem
        for i in range(N_STACKS):
            y_nchw = self.get_submodule(f"top_m_{i}")(self.get_submodule(f"m{i}")(going_in))
            y_nchw = self.get_submodule(f"bn_end{i}")(self.get_submodule(f"conv_last{i}")(y_nchw))
            y_nchw = F.relu_(y_nchw)
            heatmap = self.get_submodule(f"l{i}")(y_nchw)
            if i < N_STACKS - 1:
                y_nchw = self.get_submodule(f"bl{i}")(y_nchw)
                going_in = going_in + y_nchw + self.get_submodule(f"al{i}")(heatmap)
            kept.append(y_nchw)
        if not self.attention:
            return torch.cat((stem, *kept, heatmap), dim=1), heatmap
        mask = heatmap.sum(dim=1, keepdim=True)
        return torch.cat((stem, *(part * mask for part in kept)), dim=1), heatmap
