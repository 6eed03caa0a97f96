"""An encoder made ready for speed, in two parts: convolutions and head."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import torch
from numpy.typing import NDArray
from torch import Tensor

from affectflow.face.emoca.codes import WIDTHS
from affectflow.face.emoca.resnet import ResNet50Encoder, fold_batch_norms
from affectflow.face.load_network import load_network


@dataclass
class Halves:
    """An encoder in two parts, since they compute with different numbers.

    Attributes
    ----------
    trunk
        Pictures 0..255 (n, 3, 224, 224), channels last → features float32 (n, f).
    head
        Features → numbers float32 (n, k).
    """

    trunk: Callable[[Tensor], Tensor]
    head: Callable[[Tensor], Tensor]


def load_halves(
    weights: Mapping[str, NDArray[Any]], name: str, *, device: torch.device, dtype: torch.dtype
) -> Halves:
    """Build one encoder for pictures of 0..255 with channels last.

    Batch norms are folded into the convolutions, and so is the division by 255:
    0..255 are exact in bfloat16, 0..1 is not. The mean over places and the two
    linear layers, 0.05 % of the work, stay float32.

    Parameters
    ----------
    weights
        Tensor name (`E_flame.encoder.conv1.weight` …) → array.
    name
        E_flame, E_expression or E_detail.
    device, dtype
        Where, and with which numbers, the convolutions compute.
    """
    network = load_network(lambda: ResNet50Encoder(WIDTHS[name]), weights, prefix=f"{name}.", backend="emoca")
    fold_batch_norms(network)
    network.encoder.conv1.weight.div_(255)
    network.to(device=device, memory_format=torch.channels_last)  # type: ignore[call-overload]
    network.encoder.to(dtype)
    return Halves(network.encoder, network.layers)
