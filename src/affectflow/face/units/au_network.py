"""The network of the resnet_au backend: a ResNet-34, and for each action unit a look of its own at its features.

The graph of the checkpoints `disfa_model.pt` and `bp4d_model.pt` of the
fine-grained facial expression recognition project (regression of intensities on
DISFA and BP4D); trunk: He et al. 2016, deep residual learning. Attributes carry
the names of the checkpoints' tensors, so a state dict loads strictly. Pictures
are in 0..1 with no mean taken off, channels in the order of OpenCV: B, G, R.

Axes: n = picture, c = channel, h, w = rows and columns, f = feature (512), u = action unit.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812  # the name everybody uses

PICTURE_PX = 256
# Width and number of blocks of the four layers of a ResNet-34.
LAYERS = ((64, 3), (128, 4), (256, 6), (512, 3))
N_FEATURES = LAYERS[-1][0]
N_ATTENTION, N_HIDDEN = 256, 64


class BasicBlock(nn.Module):
    """Two 3 × 3 convolutions beside a way around them; the first carries the stride.

    Parameters
    ----------
    n_in, n_out
        Channels.
    stride
        1 or 2.
    """

    def __init__(self, n_in: int, n_out: int, stride: int) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(n_in, n_out, 3, stride=stride, padding=1, bias=False)
        self.bn1 = nn.BatchNorm2d(n_out)
        self.conv2 = nn.Conv2d(n_out, n_out, 3, padding=1, bias=False)
        self.bn2 = nn.BatchNorm2d(n_out)
        self.downsample: nn.Sequential | None = None
        if stride != 1 or n_in != n_out:
            self.downsample = nn.Sequential(
                nn.Conv2d(n_in, n_out, 1, stride=stride, bias=False), nn.BatchNorm2d(n_out)
            )

    def forward(self, x_nchw: Tensor) -> Tensor:
        """Return (n, n_out, h / stride, w / stride)."""
        around = x_nchw if self.downsample is None else self.downsample(x_nchw)
        y_nchw = F.relu_(self.bn1(self.conv1(x_nchw)))
        return F.relu_(self.bn2(self.conv2(y_nchw)).add_(around))


def resnet34_trunk() -> nn.Sequential:
    """Return a ResNet-34 without its pooling and last layer: (n, 3, h, w) → (n, 512, h / 32, w / 32)."""
    n_in = LAYERS[0][0]
    parts: list[nn.Module] = [
        nn.Conv2d(3, n_in, 7, stride=2, padding=3, bias=False),
        nn.BatchNorm2d(n_in),
        nn.ReLU(inplace=True),
        nn.MaxPool2d(3, stride=2, padding=1),
    ]
    for index, (n_out, n_blocks) in enumerate(LAYERS):
        first = BasicBlock(n_in, n_out, stride=1 if index == 0 else 2)
        parts.append(nn.Sequential(first, *(BasicBlock(n_out, n_out, 1) for _ in range(n_blocks - 1))))
        n_in = n_out
    return nn.Sequential(*parts)


class SpatialAttention(nn.Module):
    """How much each place matters for one action unit: rows and columns looked at in both orders."""

    def __init__(self) -> None:
        super().__init__()
        along = {"kernel_size": (1, 3), "padding": (0, 1)}
        down = {"kernel_size": (3, 1), "padding": (1, 0)}
        self.grp1_conv1k = nn.Conv2d(N_FEATURES, N_ATTENTION, **along)  # type: ignore[arg-type]
        self.grp1_bn1 = nn.BatchNorm2d(N_ATTENTION)
        self.grp1_convk1 = nn.Conv2d(N_ATTENTION, 1, **down)  # type: ignore[arg-type]
        self.grp1_bn2 = nn.BatchNorm2d(1)
        self.grp2_convk1 = nn.Conv2d(N_FEATURES, N_ATTENTION, **down)  # type: ignore[arg-type]
        self.grp2_bn1 = nn.BatchNorm2d(N_ATTENTION)
        self.grp2_conv1k = nn.Conv2d(N_ATTENTION, 1, **along)  # type: ignore[arg-type]
        self.grp2_bn2 = nn.BatchNorm2d(1)

    def forward(self, x_nchw: Tensor) -> Tensor:
        """Return (n, 1, h, w), 0.5..1: both groups are 0 at least before the sigmoid."""
        first = F.relu_(self.grp1_bn1(self.grp1_conv1k(x_nchw)))
        first = F.relu_(self.grp1_bn2(self.grp1_convk1(first)))
        second = F.relu_(self.grp2_bn1(self.grp2_convk1(x_nchw)))
        second = F.relu_(self.grp2_bn2(self.grp2_conv1k(second)))
        return torch.sigmoid(first + second)


class UnitNetwork(nn.Module):
    """Pictures of a face to intensities of action units.

    Parameters
    ----------
    n_units
        12 (disfa_model.pt) or 5 (bp4d_model.pt).
    """

    def __init__(self, n_units: int) -> None:
        super().__init__()
        self.encoder = resnet34_trunk()
        self.spa_attn = nn.ModuleList(SpatialAttention() for _ in range(n_units))
        self.final = nn.ModuleList(
            nn.Sequential(nn.Linear(N_FEATURES, N_HIDDEN), nn.LeakyReLU(0.01), nn.Linear(N_HIDDEN, 1))
            for _ in range(n_units)
        )

    def forward(self, x_nchw: Tensor) -> Tensor:
        """Return (n, n_units), about 0..1, not clipped, for pictures (n, 3, 256, 256), BGR in 0..1."""
        if x_nchw.shape[1:] != (3, PICTURE_PX, PICTURE_PX):
            raise ValueError(f"pictures are {tuple(x_nchw.shape)}, not (n, 3, {PICTURE_PX}, {PICTURE_PX})")
        y_nchw = self.encoder(x_nchw)
        units = []
        for attention, head in zip(self.spa_attn, self.final, strict=True):
            seen_nf = (y_nchw * attention(y_nchw)).mean(dim=(2, 3))
            units.append(head(F.normalize(seen_nf, dim=1)))
        return torch.cat(units, dim=1)
