"""Let a network begin with weights that somebody trained on the pulse."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from affectflow.eda.models import ClipNetwork
from affectflow.errors import ConfigError, InputError

# Before the names of a network's tensors in converted weights (`weights.toolbox`).
PREFIX = "network."


def begin_with(network: ClipNetwork, weights: Mapping[str, NDArray[Any]], *, name: str) -> None:
    """Put weights into a network, every tensor of it, and nothing else.

    Parameters
    ----------
    network
        Untrained.
    weights
        As `weights.toolbox` converts them.
    name
        Of the network, for messages.

    Raises
    ------
    ConfigError
        If they are for pictures of another size.
    InputError
        If names are missing or unknown.
    """
    own = network.inner.state_dict()
    found = {key.removeprefix(PREFIX): weights[key] for key in weights}
    if set(found) != set(own):
        odd = sorted(set(found) ^ set(own))
        raise InputError(
            f"weights of {name}: {len(odd)} names are missing or unknown, such as {odd[0]}. Run: affectflow convert-weights {name} --force"
        )
    for key, array in found.items():
        if array.shape != tuple(own[key].shape):
            raise ConfigError(
                f"eda.start_from: the weights of {name} are for pictures of another size than eda.crops.size_px: {key} is "
                f"{array.shape} and not {tuple(own[key].shape)}. {_sizes(key, array.shape)}or let {name} begin at random."
            )
    network.inner.load_state_dict({key: torch.from_numpy(np.array(array)) for key, array in found.items()})


def _sizes(key: str, shape: tuple[int, ...]) -> str:
    """Which sizes of pictures would fit, for a layer that reads every place of maps halved twice."""
    if key != "final_dense_1.weight":
        return "Take others, "
    side = round((shape[1] / 64) ** 0.5)
    # Two convolutions without a margin take a pixel on each side, each halving drops what is odd.
    least = 2 * (2 * side + 2) + 2
    return (
        f"Set it to {least} to {least + 3} (72 in the toolbox), "
        if least <= 72 <= least + 3
        else f"Set it to {least} to {least + 3}, "
    )
