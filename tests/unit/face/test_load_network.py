"""Named arrays into a network: all there, of the right shape, nothing shared."""

import numpy as np
import pytest
import torch
from torch import nn

from affectflow.errors import InputError
from affectflow.face.load_network import load_network


def make():
    return nn.Sequential(nn.Conv2d(3, 4, 1, bias=False), nn.BatchNorm2d(4))


def arrays(**changes):
    found = {
        "net.0.weight": np.arange(12, dtype=np.float32).reshape(4, 3, 1, 1),
        "net.1.weight": np.full(4, 2, np.float32),
        "net.1.bias": np.full(4, 3, np.float32),
        "net.1.running_mean": np.full(4, 4, np.float32),
        "net.1.running_var": np.full(4, 5, np.float32),
        "net.1.num_batches_tracked": np.array(6),
    }
    return {name: array for name, array in {**found, **changes}.items() if array is not None}


def test_arrays_arrive_in_a_network_that_only_infers():
    network = load_network(make, arrays(), prefix="net.", backend="emoca")
    assert not network.training
    assert not any(p.requires_grad for p in network.parameters())
    assert int(network[1].num_batches_tracked) == 6
    expected = (np.arange(12).reshape(4, 3).sum(1) - 4) / np.sqrt(5 + 1e-5) * 2 + 3
    np.testing.assert_allclose(network(torch.ones(1, 3, 1, 1)).ravel(), expected, rtol=1e-6)


def test_the_network_owns_its_numbers():
    given = arrays()
    for array in given.values():
        array.setflags(write=False)
    network = load_network(make, given, prefix="net.", backend="emoca")
    network[0].weight.zero_()
    assert given["net.0.weight"].max() == 11


def test_counters_of_batch_norms_may_be_absent():
    network = load_network(
        make, arrays(**{"net.1.num_batches_tracked": None}), prefix="net.", backend="emoca"
    )
    assert int(network[1].num_batches_tracked) == 0


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"net.1.running_var": None}, r"net\.1\.running_var is missing.*affectflow convert-weights emoca"),
        (
            {"net.0.weight": np.zeros((4, 3, 3, 3))},
            r"net\.0\.weight has shape \(4, 3, 3, 3\), not \(4, 3, 1, 1\)",
        ),
    ],
)
def test_what_does_not_fit_is_named(changes, message):
    with pytest.raises(InputError, match=message):
        load_network(make, arrays(**changes), prefix="net.", backend="emoca")
