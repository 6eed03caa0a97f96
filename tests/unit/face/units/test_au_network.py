"""The network of action units against the golden vectors, and what holds without them."""

import numpy as np
import pytest
import torch

from affectflow.face.load_network import load_network
from affectflow.face.units.au_network import UnitNetwork
from affectflow.weights.resnet_au import N_UNITS, unit_network_shapes
from tests.support.pseudo_weights import pseudo_units

pytestmark = pytest.mark.usefixtures("one_thread")


def made(role):
    return load_network(
        lambda: UnitNetwork(N_UNITS[role]), pseudo_units(role), prefix="", backend="resnet_au"
    )


@pytest.fixture(scope="module")
def picture(shared):
    with np.load(shared / "golden" / "emonet.npz") as golden:
        return torch.from_numpy(golden["input_u8"][None]).permute(0, 3, 1, 2).float() / 255


@pytest.fixture(scope="module")
def golden(shared):
    with np.load(shared / "golden" / "action-units.npz") as arrays:
        return dict(arrays)


@pytest.mark.parametrize(("n_units", "n_entries", "n_numbers"), [(12, 600, 31_183_000), (5, 376, 25_418_927)])
def test_tensors_have_the_official_names_and_shapes(n_units, n_entries, n_numbers):
    with torch.device("meta"):
        state = UnitNetwork(n_units).state_dict()
    found = {name: tuple(t.shape) for name, t in state.items()}
    assert found == unit_network_shapes(n_units)
    assert len(found) == n_entries
    assert sum(t.numel() for t in state.values()) == n_numbers


@pytest.mark.parametrize(
    ("name", "shape"),
    [
        ("encoder.0.weight", (64, 3, 7, 7)),
        ("encoder.4.0.conv1.weight", (64, 64, 3, 3)),
        ("encoder.5.0.downsample.0.weight", (128, 64, 1, 1)),
        ("encoder.7.2.bn2.running_mean", (512,)),
        ("spa_attn.11.grp1_conv1k.weight", (256, 512, 1, 3)),
        ("spa_attn.0.grp1_convk1.weight", (1, 256, 3, 1)),
        ("spa_attn.0.grp2_convk1.bias", (256,)),
        ("spa_attn.0.grp2_bn2.weight", (1,)),
        ("final.3.2.weight", (1, 64)),
    ],
)
def test_names_of_the_sheet(name, shape):
    assert unit_network_shapes(12)[name] == shape


def test_each_picture_for_itself_and_attention_within_its_range():
    network = made("bp4d")
    x = torch.rand((2, 3, 256, 256), generator=torch.Generator().manual_seed(0))
    with torch.inference_mode():
        both, second = network(x), network(x[1:])
        features = network.encoder(x)
        attention = network.spa_attn[0](features)
    assert both.shape == (2, 5)
    assert features.shape == (2, 512, 8, 8)
    torch.testing.assert_close(both[1:], second, rtol=1e-4, atol=1e-6)
    assert attention.shape == (2, 1, 8, 8)
    assert 0.5 <= float(attention.min()) < float(attention.max()) < 1


def test_other_sizes_of_picture_are_refused():
    with pytest.raises(ValueError, match=r"\(1, 3, 224, 224\), not \(n, 3, 256, 256\)"):
        UnitNetwork(5)(torch.zeros(1, 3, 224, 224))


@pytest.mark.parametrize(("role", "stem"), [("disfa", "au12"), ("bp4d", "au5")])
def test_outputs_are_the_references(golden, picture, role, stem):
    network = made(role)
    with torch.inference_mode():
        features = network.encoder(picture)
        np.testing.assert_allclose(network(picture), golden[f"{stem}_out"], rtol=1e-4, atol=1e-6)
        attention = network.spa_attn[0](features)[0, 0]
    np.testing.assert_allclose(
        [features.mean(), features.std()], golden[f"{stem}_feat_stats"], rtol=1e-4, atol=1e-5
    )
    np.testing.assert_allclose(attention, golden[f"{stem}_attn0"], rtol=1e-4, atol=1e-5)
