"""EmoNet against the golden vectors, and what holds without them: names, shapes, counts, each picture for itself."""

import numpy as np
import pytest
import torch

from affectflow.face.affect.emonet import EMOTION_PARTS, EmoNet
from affectflow.face.load_network import load_network
from affectflow.weights.emonet import emonet_shapes
from tests.support.pseudo_weights import EMONET_GAIN, pseudo_emonet, pseudo_weight

pytestmark = pytest.mark.usefixtures("one_thread")


def made(n_classes):
    return load_network(lambda: EmoNet(n_classes), pseudo_emonet(n_classes), prefix="", backend="emonet")


@pytest.fixture(scope="module")
def eight():
    return made(8)


@pytest.fixture(scope="module")
def golden(shared):
    with np.load(shared / "golden" / "emonet.npz") as arrays:
        return dict(arrays)


@pytest.fixture(scope="module")
def pictures(golden):
    both = np.stack([golden["input_u8"], golden["aug_input_u8"]])
    return torch.from_numpy(both).permute(0, 3, 1, 2).float() / 255


@pytest.mark.parametrize(
    ("n_classes", "n_parameters", "n_emotion"), [(8, 13_963_410, 1_856_906), (5, 13_963_023, 1_856_519)]
)
def test_tensors_have_the_official_names_and_shapes(n_classes, n_parameters, n_emotion):
    with torch.device("meta"):
        network = EmoNet(n_classes)
    found = {name: tuple(t.shape) for name, t in network.state_dict().items()}
    assert found == emonet_shapes(n_classes)
    assert len(found) == 682
    assert sum(p.numel() for p in network.parameters()) == n_parameters
    of_emotion = [p for name, p in network.named_parameters() if name.startswith(EMOTION_PARTS)]
    assert sum(p.numel() for p in of_emotion) == n_emotion


@pytest.mark.parametrize(
    ("name", "shape"),
    [
        ("conv1.weight", (64, 3, 7, 7)),
        ("conv2.conv2.weight", (32, 64, 3, 3)),
        ("conv2.downsample.2.weight", (128, 64, 1, 1)),
        ("conv4.downsample.2.weight", (256, 128, 1, 1)),
        ("m0.b1_4.conv1.weight", (128, 256, 3, 3)),
        ("m1.b2_plus_1.bn3.running_var", (64,)),
        ("l0.weight", (68, 256, 1, 1)),
        ("al0.weight", (256, 68, 1, 1)),
        ("conv1x1_input_emo_2.weight", (256, 768, 1, 1)),
        ("emo_fc_2.3.weight", (10, 128)),
    ],
)
def test_shapes_of_the_sheet(name, shape):
    assert emonet_shapes(8)[name] == shape


def test_without_batch_norms_learning_no_picture_knows_of_another(eight):
    x = torch.rand((2, 3, 256, 256), generator=torch.Generator().manual_seed(0))
    with torch.inference_mode():
        both, first = eight(x), eight(x[:1])
    for one, of_two in zip(first, both, strict=True):
        torch.testing.assert_close(one[0], of_two[0], rtol=1e-4, atol=1e-6)
    assert both.heatmap.shape == (2, 68, 64, 64)
    assert both.expression.shape == (2, 8)
    assert abs(float(both.valence[0] - both.valence[1])) > 1e-6


def test_other_sizes_of_picture_are_refused(eight):
    with pytest.raises(ValueError, match=r"\(1, 3, 224, 224\), not \(n, 3, 256, 256\)"):
        eight(torch.zeros(1, 3, 224, 224))


def test_it_computes_in_any_layout_the_same(eight):
    x = torch.rand((1, 3, 256, 256), generator=torch.Generator().manual_seed(1))
    with torch.inference_mode():
        plain = eight(x)
        last = made(8).to(memory_format=torch.channels_last)(x.to(memory_format=torch.channels_last))
    torch.testing.assert_close(last.expression, plain.expression, rtol=1e-4, atol=1e-6)


def test_gradients_reach_every_part():
    """Training goes through operations in place."""
    network = EmoNet(5).eval()
    network(torch.rand(1, 3, 256, 256)).valence.sum().backward()
    without = [name for name, p in network.named_parameters() if p.grad is None]
    assert without == []


@pytest.mark.parametrize("n_classes", [8, 5])
def test_outputs_are_the_references(golden, pictures, n_classes):
    with torch.inference_mode():
        found = made(n_classes)(pictures)
    for name in ("expression", "valence", "arousal"):
        expected = golden[f"n{n_classes}_{name}"]
        np.testing.assert_allclose(getattr(found, name), expected, rtol=1e-4, atol=1e-6)


def test_heatmaps_are_the_references(golden, pictures, eight):
    with torch.inference_mode():
        heatmap = eight(pictures).heatmap
    np.testing.assert_allclose(heatmap[0, ::4, ::4, ::4], golden["n8_heatmap_sub"], rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(heatmap.mean(dim=(2, 3)), golden["n8_heatmap_mean"], rtol=1e-4, atol=1e-5)
    np.testing.assert_array_equal(heatmap.flatten(2).argmax(dim=2), golden["n8_heatmap_argmax"])


def test_every_stage_is_the_references(golden, pictures, eight):
    names = [key[4:-6] for key in golden if key.startswith("act_") and key.endswith("_stats")]
    assert len(names) == 14
    found = {}
    hooks = [
        eight.get_submodule(name).register_forward_hook(
            # What comes next may work in place.
            lambda _module, _inputs, output, name=name: found.__setitem__(name, output.clone())
        )
        for name in names
    ]
    with torch.inference_mode():
        eight(pictures)
    for hook in hooks:
        hook.remove()
    for name in names:
        x = found[name]
        assert tuple(x.shape) == tuple(golden[f"act_{name}_shape"])
        stats = [float(s) for s in (x.mean(), x.std(), x.min(), x.max())]
        np.testing.assert_allclose(stats, golden[f"act_{name}_stats"], rtol=1e-4, atol=1e-5, err_msg=name)
        channels = x[0, :8].mean(dim=(1, 2))
        np.testing.assert_allclose(channels, golden[f"act_{name}_ch"], rtol=1e-4, atol=1e-5, err_msg=name)


def test_without_attention_it_is_the_references_too(golden, pictures):
    network = EmoNet(8, attention=False).eval()
    state = {
        name: torch.from_numpy(np.array(pseudo_weight(name, tuple(t.shape), gain=EMONET_GAIN)))
        for name, t in network.state_dict().items()
    }
    network.load_state_dict(state)
    with torch.inference_mode():
        found = network(pictures[:1])
    np.testing.assert_allclose(found.expression, golden["n8_noattn_expression"], rtol=1e-4, atol=1e-6)
    both = [float(found.valence), float(found.arousal)]
    np.testing.assert_allclose(both, golden["n8_noattn_va"], rtol=1e-4, atol=1e-6)
