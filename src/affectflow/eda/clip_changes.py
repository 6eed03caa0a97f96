"""How clips of a training are changed at random: all pictures of a clip alike, so that a change is no movement.

Axes: b = clip of a batch, t = picture, h, w = rows and columns, c = colour.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F  # noqa: N812  # the name everybody uses

BRIGHTEST = 255.0


@dataclass(frozen=True)
class ClipChanges:
    """How far clips are changed; what was measured stays.

    Attributes
    ----------
    flip
        Whether half of the clips are seen in the mirror.
    rotation_deg
        Turned by up to so much, uniformly.
    brightness
        Made brighter or darker by up to this share, uniformly: before pictures are compared with each other.
    noise
        Standard deviation of the noise of each pixel, share of the brightest; of this alone each picture has its own.
    """

    flip: bool = True
    rotation_deg: float = 10.0
    brightness: float = 0.2
    noise: float = 0.02

    def apply(self, x_bthwc: Tensor, *, seed: Sequence[int]) -> Tensor:
        """Return changed clips in 0..255; what is turned in from outside is black."""
        rng = np.random.default_rng(list(seed))
        b = len(x_bthwc)
        # All are drawn, whatever is asked for: a setting changes what it is about and nothing else.
        side = np.where(rng.uniform(size=b) < 0.5, -1.0, 1.0)
        turn = rng.uniform(-1, 1, b) * math.radians(self.rotation_deg)
        light = 1 + rng.uniform(-1, 1, b) * self.brightness
        noise_seed = int(rng.integers(2**31))
        if self.rotation_deg or self.flip:
            x_bthwc = _turned(x_bthwc, turn, side if self.flip else np.ones(b))
        x = x_bthwc * torch.from_numpy(light.astype(np.float32)).to(x_bthwc.device)[:, None, None, None, None]
        if self.noise:
            # On the CPU wherever the clip is: the same noise on every machine.
            drawn = torch.randn(x.shape, generator=torch.Generator().manual_seed(noise_seed))
            x = x + drawn.to(x.device) * (self.noise * BRIGHTEST)
        return x.clamp_(0, BRIGHTEST)


def _turned(x_bthwc: Tensor, turn_b: np.ndarray, side_b: np.ndarray) -> Tensor:
    """Turn and mirror each clip, all of its pictures at once as channels of one."""
    b, t, h, w, c = x_bthwc.shape
    cos, sin, zero = np.cos(turn_b), np.sin(turn_b), np.zeros(b)
    theta = np.stack([side_b * cos, -sin, zero, side_b * sin, cos, zero], axis=1).reshape(b, 2, 3)
    stacked = x_bthwc.permute(0, 1, 4, 2, 3).reshape(b, t * c, h, w)
    grid = F.affine_grid(
        torch.from_numpy(theta.astype(np.float32)).to(x_bthwc.device), [b, t * c, h, w], align_corners=False
    )
    turned = F.grid_sample(stacked, grid, mode="bilinear", padding_mode="zeros", align_corners=False)
    return turned.reshape(b, t, c, h, w).permute(0, 1, 3, 4, 2).contiguous()
