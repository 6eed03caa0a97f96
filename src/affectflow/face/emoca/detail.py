"""D_detail: wrinkles as a map of displacements over the head's surface.

A decoder after Feng et al. 2021 (DECA): a linear layer makes 128 maps of 8 × 8,
five times doubled to 256 × 256. Attributes carry the names of the checkpoints'
tensors.

Axes: n = picture, k = number, c = channel, v, u = rows and columns of the map.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from affectflow.face.emoca.codes import N_DETAIL, N_EXPRESSION
from affectflow.face.load_network import load_network

N_JAW = 3
N_INPUTS = N_JAW + N_EXPRESSION + N_DETAIL
START_SIZE, START_CHANNELS = 8, 128
# Channels after each of the five steps of doubling.
STEPS = (128, 64, 64, 32, 16)
# The published blocks give their batch norms this eps by mistake or by choice; the first has the usual one.
STEP_EPS = 0.8
DISPLACEMENT_MAX = 0.01


class DetailDecoder(nn.Module):
    """Jaw rotation, expression and detail code to displacements along the surface's normals, metres."""

    def __init__(self) -> None:
        super().__init__()
        self.l1 = nn.Sequential(nn.Linear(N_INPUTS, START_CHANNELS * START_SIZE**2))
        blocks: list[nn.Module] = [nn.BatchNorm2d(START_CHANNELS)]
        n_in = START_CHANNELS
        for n_out in STEPS:
            blocks += [
                nn.Upsample(scale_factor=2, mode="bilinear", align_corners=False),
                nn.Conv2d(n_in, n_out, 3, padding=1),
                nn.BatchNorm2d(n_out, eps=STEP_EPS),
                nn.LeakyReLU(0.2, inplace=True),
            ]
            n_in = n_out
        self.conv_blocks = nn.Sequential(*blocks, nn.Conv2d(n_in, 1, 3, padding=1), nn.Tanh())

    @classmethod
    def from_arrays(
        cls, weights: Mapping[str, NDArray[Any]], *, device: str | torch.device = "cpu"
    ) -> DetailDecoder:
        """Build the decoder from arrays named `D_detail.l1.0.weight` and so on.

        Raises
        ------
        InputError
            If a tensor is missing or has another shape.
        """
        return load_network(cls, weights, prefix="D_detail.", backend="emoca").to(device)

    def forward(self, x_nk: Tensor) -> Tensor:
        """Return (n, 1, 256, 256), -0.01..0.01, for (n, 181): jaw 3, expression 50, detail 128."""
        y_ncvu = self.l1(x_nk).view(-1, START_CHANNELS, START_SIZE, START_SIZE)
        return self.conv_blocks(y_ncvu) * DISPLACEMENT_MAX

    @torch.inference_mode()
    def displacements(
        self, jaw: NDArray[np.floating], exp: NDArray[np.floating], detail: NDArray[np.floating]
    ) -> NDArray[np.float32]:
        """Decode the `uv_z` of some pictures.

        Parameters
        ----------
        jaw
            (n, 3) rotation of the jaw: pose[:, 3:6], radians.
        exp
            (n, 50) expression of E_expression.
        detail
            (n, 128) code of E_detail.

        Returns
        -------
        float32 (n, 256, 256): rows and columns of the texture map, metres along
        the normal, -0.01..0.01; to it belongs the model's fixed displacement.
        """
        x_nk = np.concatenate([jaw, exp, detail], axis=1)
        device = next(self.parameters()).device
        return self(torch.tensor(x_nk, dtype=torch.float32, device=device))[:, 0].cpu().numpy()
