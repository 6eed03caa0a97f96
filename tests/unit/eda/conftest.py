"""The golden vectors, and networks filled by the rule that made them."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
import pytest
import torch
from torch import nn

from tests.support.pseudo_weights import pseudo_weight


@pytest.fixture(scope="module")
def one_thread() -> Iterator[None]:
    """Sums in one order: the same digits on every machine."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="session")
def golden(shared) -> dict[str, np.ndarray]:
    with np.load(shared / "golden" / "physnets.npz") as arrays:
        return dict(arrays)


@pytest.fixture(scope="session")
def filled() -> Callable[[nn.Module], nn.Module]:
    """Fills a network with the tensors that their names make (gain 1)."""

    def fill(network: nn.Module) -> nn.Module:
        shapes = {k: tuple(v.shape) for k, v in network.state_dict().items()}
        network.load_state_dict(
            {k: torch.from_numpy(pseudo_weight(k, s, gain=1.0)) for k, s in shapes.items()}
        )
        return network.eval()

    return fill


@pytest.fixture(scope="session")
def run() -> Callable[..., np.ndarray]:
    """Runs a network on arrays."""

    def forward(network: nn.Module, *inputs: np.ndarray) -> np.ndarray:
        with torch.no_grad():
            return network(*[torch.from_numpy(np.ascontiguousarray(x)).float() for x in inputs]).numpy()

    return forward
