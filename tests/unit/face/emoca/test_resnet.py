"""The encoders' network against the golden vectors, tensor by tensor and stage by stage."""

import numpy as np
import pytest
import torch

from affectflow.face.emoca.resnet import FLOP_PER_PICTURE, ResNet50Encoder, fold_batch_norms
from affectflow.face.load_network import load_network
from tests.support.golden_emoca import pseudo_images
from tests.support.golden_networks import ENCODERS, encoder_shapes, pseudo_network

SHORT = {"E_flame": "flame", "E_expression": "expression", "E_detail": "detail"}


pytestmark = pytest.mark.usefixtures("one_thread")


@pytest.fixture(scope="module")
def golden(shared):
    with np.load(shared / "golden" / "emoca_encoder.npz") as arrays:
        return dict(arrays)


def made(encoder):
    return load_network(
        lambda: ResNet50Encoder(ENCODERS[encoder]),
        pseudo_network(encoder),
        prefix=f"{encoder}.",
        backend="emoca",
    )


@pytest.fixture(scope="module")
def flame():
    return made("E_flame")


def pictures():
    """As the reference feeds them, also where it goes on in float64: divided in float32."""
    return torch.from_numpy(pseudo_images()).float() / 255


def stages(network, x):
    """What comes out of each stage of the trunk, by the names of the golden file."""
    found = {}
    parts = {"stem_after_maxpool": "maxpool", **{f"layer{i}": f"layer{i}" for i in range(1, 5)}}
    hooks = [
        network.encoder.get_submodule(part).register_forward_hook(
            lambda _module, _inputs, output, name=name: found.__setitem__(name, output)
        )
        for name, part in parts.items()
    ]
    with torch.inference_mode():
        found["pooled"] = network.encoder(x)
    for hook in hooks:
        hook.remove()
    return found


@pytest.mark.parametrize(
    ("encoder", "n_parameters"),
    [("E_flame", 25_848_108), ("E_expression", 25_657_458), ("E_detail", 25_737_408)],
)
def test_tensors_have_the_official_names_and_shapes(encoder, n_parameters):
    with torch.device("meta"):
        network = ResNet50Encoder(ENCODERS[encoder])
    found = {f"{encoder}.{name}": tuple(t.shape) for name, t in network.state_dict().items()}
    assert found == encoder_shapes(encoder, ENCODERS[encoder])
    assert len(found) == 322
    assert sum(p.numel() for p in network.parameters()) == n_parameters


def test_pseudo_weights_are_those_of_the_rule(golden):
    weights = pseudo_network("E_flame") | pseudo_network("E_expression") | pseudo_network("E_detail")
    weights |= pseudo_network("D_detail")
    named = zip(
        golden["weight_check_key"], golden["weight_check_first4"], golden["weight_check_sum64"], strict=True
    )
    for key, first, total in named:
        array = weights[key.removeprefix("deca.")]
        np.testing.assert_array_equal(array.ravel()[:4], first)
        assert array.sum(dtype=np.float64) == pytest.approx(total, abs=1e-9)


@pytest.mark.parametrize("encoder", ENCODERS)
def test_outputs_are_the_references(golden, encoder):
    network = made(encoder)
    with torch.inference_mode():
        found = network(pictures())
        np.testing.assert_allclose(found.numpy(), golden[f"raw_{SHORT[encoder]}"], rtol=0, atol=1e-5)
        exact = network.double()(pictures().double())
    assert exact.dtype == torch.float64
    np.testing.assert_allclose(exact.numpy(), golden[f"raw_{SHORT[encoder]}_f64"], rtol=0, atol=1e-9)


def test_every_stage_is_the_references(golden, flame):
    found = stages(flame, pictures())
    np.testing.assert_allclose(found["pooled"], golden["features_flame"], rtol=1e-4, atol=1e-4)
    names = [str(name) for name in golden["stage_names"]]
    assert len(names) == len(found) == 6
    for name, expected in zip(names, golden["stage_stats_flame"], strict=True):
        x = found.get(name, found["pooled"]).numpy().astype(np.float64)
        np.testing.assert_allclose([x.mean(), x.std(), np.abs(x).max()], expected, rtol=1e-4)


IMAGENET = (
    torch.tensor([0.485, 0.456, 0.406]).view(3, 1, 1),
    torch.tensor([0.229, 0.224, 0.225]).view(3, 1, 1),
)


@pytest.mark.parametrize(
    ("mistake", "costs"),
    [
        (lambda x: (x - IMAGENET[0]) / IMAGENET[1], (1.3, 0.38, 1.0, 1.8)),
        (lambda x: x.flip(1), (0.024, 0.049, 0, 0.20)),
        (lambda x: 2 * x - 1, (0.20, 0.10, 0.44, 0.43)),
    ],
    ids=["ImageNet", "BGR", "-1..1"],
)
def test_wrong_pictures_cost_what_they_cost_the_reference(golden, flame, mistake, costs):
    with torch.inference_mode():
        found = flame(mistake(pictures())).numpy()
    np.testing.assert_allclose(np.abs(found - golden["raw_flame"]).max(axis=1), costs, rtol=0.05, atol=1e-5)


def test_folding_leaves_no_batch_norm_and_the_same_numbers(flame):
    folded = made("E_flame")
    fold_batch_norms(folded)
    assert not [m for m in folded.modules() if isinstance(m, torch.nn.BatchNorm2d)]
    with torch.inference_mode():
        difference = (folded(pictures()[:2]) - flame(pictures()[:2])).abs().max()
    assert 0 < difference < 2e-6


def test_the_work_is_what_is_reported():
    """Multiplications counted from the shapes that pass, against the constant of the benchmark."""
    with torch.device("meta"):
        network = ResNet50Encoder(236).eval()
    counted = []
    for module in network.modules():
        if isinstance(module, torch.nn.Conv2d | torch.nn.Linear):
            module.register_forward_hook(
                lambda m, _inputs, output: counted.append(
                    m.weight.numel() * (output.shape[2:].numel() if output.ndim == 4 else 1)
                )
            )
    network(torch.empty(1, 3, 224, 224, device="meta"))
    assert 2 * sum(counted) == pytest.approx(FLOP_PER_PICTURE, rel=2e-3)


def test_other_sizes_of_picture_are_refused(flame):
    with pytest.raises(ValueError, match=r"\(1, 3, 256, 256\), not \(n, 3, 224, 224\)"):
        flame(torch.zeros(1, 3, 256, 256))
