"""From named arrays to a network ready for inference."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

import torch
from numpy.typing import NDArray
from torch import nn

from affectflow.errors import InputError

Network = TypeVar("Network", bound=nn.Module)


def load_network(
    make: Callable[[], Network], weights: Mapping[str, NDArray[Any]], *, prefix: str, backend: str
) -> Network:
    """Build a network on the CPU, in eval mode and without gradients, from arrays.

    Nothing is initialised at random first, and every tensor must be there with
    its shape; only the counters of batch norms, which inference never reads,
    may be absent.

    Parameters
    ----------
    make
        Builds the network.
    weights
        Tensor name → array; read one at a time, each copied.
    prefix
        What the names begin with, such as "E_flame.".
    backend
        Whose weights they are, for messages: a name in `affectflow.weights.WEIGHTS`.

    Raises
    ------
    InputError
        If a tensor is missing or has another shape.
    """
    again = f"Convert the official files again: affectflow convert-weights {backend} --force"
    with torch.device("meta"):
        network = make()
    state = {}
    for name, wanted in network.state_dict().items():
        full = prefix + name
        if full in weights:
            array = weights[full]
        elif name.endswith("num_batches_tracked"):
            state[name] = torch.zeros((), dtype=torch.int64)
            continue
        else:
            raise InputError(f"weights of {backend}: tensor {full} is missing. {again}")
        if tuple(array.shape) != tuple(wanted.shape):
            raise InputError(
                f"weights of {backend}: tensor {full} has shape {tuple(array.shape)}, "
                f"not {tuple(wanted.shape)}. {again}"
            )
        state[name] = torch.tensor(array, dtype=wanted.dtype)
    network.load_state_dict(state, strict=True, assign=True)
    return network.eval().requires_grad_(False)
