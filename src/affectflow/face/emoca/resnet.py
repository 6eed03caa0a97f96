"""The encoders' network: a ResNet-50 and two linear layers.

The graph of the published checkpoints (Daněček et al. 2022, EMOCA; Feng et al.
2021, DECA; He et al. 2016, deep residual learning). Attributes carry the names
of the checkpoints' tensors, so a state dict loads strictly. Pictures are RGB in
0..1 with no mean taken off; batch norms use their stored statistics.

Axes: n = picture, c = channel, h, w = rows and columns, f = feature (2048), k = output.
"""

from __future__ import annotations

from typing import cast

import torch
from torch import Tensor, nn
from torch.nn.utils.fusion import fuse_conv_bn_eval

# Multiplications of the convolutions and the head for one picture of 224 × 224, × 2.
FLOP_PER_PICTURE = 8.18e9
N_FEATURES = 2048
N_HIDDEN = 1024
# Width of the 3 × 3 convolution and number of blocks in layer1..layer4.
LAYERS = ((64, 3), (128, 4), (256, 6), (512, 3))
# A block's output has this many times the width of its 3 × 3 convolution.
EXPANSION = 4


class Bottleneck(nn.Module):
    """Three convolutions beside a way around them; the 3 × 3 one carries the stride.

    Parameters
    ----------
    n_in
        Input channels.
    width
        Channels of the first two convolutions; the output has four times as many.
    stride
        1 or 2.
    """

    def __init__(self, n_in: int, width: int, stride: int) -> None:
        super().__init__()
        n_out = width * EXPANSION
        self.conv1 = nn.Conv2d(n_in, width, 1, bias=False)
        self.bn1: nn.Module = nn.BatchNorm2d(width)
        self.conv2 = nn.Conv2d(width, width, 3, stride=stride, padding=1, bias=False)
        self.bn2: nn.Module = nn.BatchNorm2d(width)
        self.conv3 = nn.Conv2d(width, n_out, 1, bias=False)
        self.bn3: nn.Module = nn.BatchNorm2d(n_out)
        self.downsample: nn.Sequential | None = None
        if stride != 1 or n_in != n_out:
            self.downsample = nn.Sequential(
                nn.Conv2d(n_in, n_out, 1, stride=stride, bias=False), nn.BatchNorm2d(n_out)
            )

    def forward(self, x_nchw: Tensor) -> Tensor:
        """Return (n, 4 · width, h / stride, w / stride)."""
        around = x_nchw if self.downsample is None else self.downsample(x_nchw)
        y_nchw = torch.relu_(self.bn1(self.conv1(x_nchw)))
        y_nchw = torch.relu_(self.bn2(self.conv2(y_nchw)))
        return torch.relu_(self.bn3(self.conv3(y_nchw)).add_(around))


class ResNet50Trunk(nn.Module):
    """Pictures to 2048 features each."""

    def __init__(self) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(3, LAYERS[0][0], 7, stride=2, padding=3, bias=False)
        self.bn1: nn.Module = nn.BatchNorm2d(LAYERS[0][0])
        self.maxpool = nn.MaxPool2d(3, stride=2, padding=1)
        n_in = LAYERS[0][0]
        for index, (width, n_blocks) in enumerate(LAYERS):
            first = Bottleneck(n_in, width, stride=1 if index == 0 else 2)
            n_in = width * EXPANSION
            rest = [Bottleneck(n_in, width, stride=1) for _ in range(n_blocks - 1)]
            self.add_module(f"layer{index + 1}", nn.Sequential(first, *rest))

    def forward(self, x_nchw: Tensor) -> Tensor:
        """Return (n, 2048): the last layer's mean over its 7 × 7 places, summed in float32 at least."""
        y_nchw = self.maxpool(torch.relu_(self.bn1(self.conv1(x_nchw))))
        for index in range(len(LAYERS)):
            y_nchw = self.get_submodule(f"layer{index + 1}")(y_nchw)
        return y_nchw.mean(dim=(2, 3), dtype=torch.promote_types(y_nchw.dtype, torch.float32))


class ResNet50Encoder(nn.Module):
    """Pictures of a face to numbers.

    Parameters
    ----------
    n_outputs
        236 (E_flame), 50 (E_expression) or 128 (E_detail).
    """

    def __init__(self, n_outputs: int) -> None:
        super().__init__()
        self.encoder = ResNet50Trunk()
        self.layers = nn.Sequential(
            nn.Linear(N_FEATURES, N_HIDDEN), nn.ReLU(inplace=True), nn.Linear(N_HIDDEN, n_outputs)
        )

    def forward(self, x_nchw: Tensor) -> Tensor:
        """Return (n, n_outputs) for pictures (n, 3, 224, 224), RGB in 0..1."""
        if x_nchw.shape[1:] != (3, 224, 224):
            raise ValueError(f"pictures are {tuple(x_nchw.shape)}, not (n, 3, 224, 224)")
        return self.layers(self.encoder(x_nchw))


def fold_batch_norms(network: nn.Module) -> None:
    """Put each batch norm into the convolution before it, in place; outputs change by rounding only.

    Parameters
    ----------
    network
        In eval mode. A module `bnX` belongs to the `convX` beside it, and in a
        `Sequential` a batch norm to the convolution just before.
    """
    for module in network.modules():
        children = dict(module.named_children())
        for name, child in children.items():
            if not isinstance(child, nn.BatchNorm2d):
                continue
            before = str(int(name) - 1) if name.isdigit() else name.replace("bn", "conv")
            module.add_module(before, fuse_conv_bn_eval(cast("nn.Conv2d", children[before]), child))
            module.add_module(name, nn.Identity())
