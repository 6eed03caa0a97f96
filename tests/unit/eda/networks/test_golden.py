"""Networks of signals from faces against the golden vectors; names, shapes and counts without them."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from affectflow.eda.networks.cnn_lstm import CnnLstm
from affectflow.eda.networks.deepphys import DeepPhys, attention_mask
from affectflow.eda.networks.physnet import PhysNet, block
from affectflow.eda.networks.separable_physnet import SeparablePhysNet

pytestmark = pytest.mark.usefixtures("one_thread")


def close(made, expected):
    np.testing.assert_allclose(made, expected, atol=1e-5, rtol=1e-4)


def counts(network):
    state = network.state_dict()
    return (
        len(state),
        sum(v.numel() for v in state.values()),
        sum(p.numel() for p in network.parameters()),
    )


def test_tensors_are_as_many_as_published():
    assert counts(PhysNet()) == (79, 769_836, 768_577)
    assert counts(SeparablePhysNet())[1] == 254_801
    assert counts(DeepPhys(36))[::2] == (24, 532_899)
    assert counts(DeepPhys(72))[2] == 2_228_643
    assert counts(DeepPhys(36, frame_depth=8)) == counts(DeepPhys(36))


def test_physnet(golden, filled, run):
    network = filled(PhysNet())
    close(run(network, golden["physnet_in"]), golden["physnet_rppg"])


def test_deepphys(golden, filled, run):
    close(run(filled(DeepPhys(36)), golden["deepphys_in_36"]), golden["deepphys_out_36"])


def test_tscan(golden, filled, run):
    close(run(filled(DeepPhys(36, frame_depth=8)), golden["tscan_in_36"]), golden["tscan_out_36"])


def test_attention_mask(golden):
    close(attention_mask(torch.from_numpy(golden["attmask_in"])).numpy(), golden["attmask_out"])


def test_separable_physnet(golden, filled, run):
    clip = np.random.default_rng(9).uniform(-1, 1, (2, 3, 1, 128, 128)).astype(np.float32)
    network = filled(SeparablePhysNet())
    made = run(network, clip, golden["seed_physnet_bvp"][:, None])
    close(made[:, 0], golden["seed_physnet_out"])
    with torch.no_grad():
        maps = network.ConvBlock16(network.last(network.features(torch.from_numpy(clip))))
    close(maps.numpy().reshape(2, 1, 1, 1), golden["seed_physnet_feat"])


def test_cnn_lstm(golden, filled, run):
    clip = np.random.default_rng(10).uniform(-1, 1, (1, 4, 3, 64, 64)).astype(np.float32)
    pulse = np.random.default_rng(12).random((1, 4)).astype(np.float32)
    close(run(filled(CnnLstm()), clip), golden["seed_cnnlstm_out"][..., 0])
    close(run(filled(CnnLstm(pulse=True)), clip, pulse), golden["seed_cnnlstmbvp_out"][..., 0])


def test_the_largest_of_bent_values_is_the_bend_of_the_largest():
    """The published order (norm, bend, halving) gives the same numbers and gradients as ours."""
    ours = block(3, 4, largest=torch.nn.MaxPool3d((1, 2, 2)))
    norm, halve, bend = ours[1], ours[2], ours[3]
    published = torch.nn.Sequential(ours[0], norm, bend, halve)
    torch.nn.init.normal_(norm.weight)
    x = torch.randn(2, 3, 4, 8, 8, generator=torch.Generator().manual_seed(3))
    made, gradients = [], []
    for network in (ours, published):
        network.zero_grad()
        out = network(x)
        (out * torch.arange(out.numel()).reshape(out.shape)).sum().backward()
        made.append(out.detach())
        gradients.append([p.grad.clone() for p in network.parameters()])
    assert (made[0] > 0).any()
    assert (made[0] == 0).any()
    assert torch.equal(*made)
    assert all(torch.equal(a, b) for a, b in zip(*gradients, strict=True))
