"""Every network of the registry as what it is for: clips in, courses out."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from affectflow.eda import EDA_MODELS
from affectflow.eda.inputs import difference_normalised, standardised
from affectflow.eda.models import differences, standard
from affectflow.errors import ConfigError
from affectflow.registry import load

SIZE_PX = {"separable_physnet": 112, "separable_physnet_bvp": 112}


def made(name, *, length=8, n=2):
    torch.manual_seed(0)
    size = SIZE_PX.get(name, 24)
    network = load(EDA_MODELS, name, "network")(size_px=size, length=length)
    clips = torch.from_numpy(
        np.random.default_rng(1).integers(0, 256, (n, length, size, size, 3)).astype(np.float32)
    )
    inputs = [clips, torch.randn(n, length)] if network.pulse else [clips]
    return network, inputs


@pytest.mark.parametrize("name", sorted(EDA_MODELS))
def test_one_value_per_picture_and_every_number_learns(name):
    network, inputs = made(name)
    before = [x.clone() for x in inputs]
    out = network(*inputs)
    assert out.shape == (2, 8)
    assert all(torch.equal(a, b) for a, b in zip(inputs, before, strict=True)), "inputs were changed"
    out.square().sum().backward()
    assert all(p.grad is not None for p in network.parameters())
    assert network.pulse == name.endswith("_bvp")


@pytest.mark.parametrize("name", sorted(EDA_MODELS))
def test_a_clips_course_depends_on_that_clip_alone(name):
    network, inputs = made(name, n=3)
    network.eval()
    with torch.no_grad():
        together = network(*inputs)
        alone = torch.cat([network(*(x[i : i + 1] for x in inputs)) for i in range(3)])
    torch.testing.assert_close(together, alone, rtol=1e-3, atol=1e-5)


@pytest.mark.parametrize("name", [n for n in sorted(EDA_MODELS) if n.endswith("_bvp")])
def test_the_pulse_is_read(name):
    network, (clips, pulse) = made(name)
    network.eval()
    with torch.no_grad():
        assert not torch.allclose(network(clips, pulse), network(clips, pulse + 1))


def test_inputs_are_those_of_the_golden_vectors(golden):
    clip = golden["clip_u8"]
    both = torch.from_numpy(np.stack([clip, clip[::-1].copy()]).astype(np.float32))
    for i, own in enumerate((clip, clip[::-1])):
        np.testing.assert_allclose(differences(both)[i].numpy(), difference_normalised(own), atol=2e-4)
        np.testing.assert_allclose(standard(both)[i].numpy(), standardised(own), atol=1e-5)
    still = torch.full((1, 4, 3, 3, 3), 90.0)
    assert not differences(still).any()
    assert not standard(still).any()


def test_physnet_computes_with_channels_last_in_memory():
    network, (clips,) = made("physnet")
    seen = []
    network.inner.ConvBlock1[0].register_forward_pre_hook(lambda _, x: seen.append(x[0]))
    network(clips)
    assert seen[0].is_contiguous(memory_format=torch.channels_last_3d)
    weight = network.inner.ConvBlock4[0].weight
    assert weight.is_contiguous(memory_format=torch.channels_last_3d)


@pytest.mark.parametrize(("length", "depth"), [(64, 8), (60, 10), (7, 7), (11, 1)])
def test_runs_of_tscan_divide_a_clip(length, depth):
    assert load(EDA_MODELS, "tscan", "network")(size_px=24, length=length).inner.frame_depth == depth


@pytest.mark.parametrize(
    ("name", "size_px", "length", "said"),
    [
        ("physnet", 12, 64, r"eda\.crops\.size_px: 12: physnet needs at least 16 pixels"),
        ("physnet_bvp", 72, 30, r"eda\.clips\.length: 30: physnet needs a multiple of 4"),
        ("separable_physnet", 72, 64, "separable_physnet needs at least 112 pixels"),
    ],
)
def test_a_size_that_does_not_fit_is_told(name, size_px, length, said):
    with pytest.raises(ConfigError, match=said):
        load(EDA_MODELS, name, "network")(size_px=size_px, length=length)
