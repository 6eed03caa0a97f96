"""The network of several emotions: its shapes, its start, and that what it is fed is what its weights were made for."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from affectflow.pictures.losses import concordance_loss
from affectflow.pictures.resnet50 import (
    MEAN,
    EmotionNetwork,
    start_bias,
    start_from_imagenet,
    whole_picture,
)
from tests.support.pseudo_weights import pseudo_resnet50


@pytest.fixture(scope="module")
def network(resnet50_weights) -> EmotionNetwork:
    torch.manual_seed(0)
    made = EmotionNetwork(26)
    start_from_imagenet(made, resnet50_weights)
    return made.eval()


def test_the_trunk_has_the_files_numbers_and_the_heads_their_own(network):
    state = network.state_dict()
    names = [name for name in pseudo_resnet50() if not name.startswith("fc.")]
    assert {f"trunk.{name}" for name in names} == {n for n in state if n.startswith("trunk.")}
    for name in names:
        np.testing.assert_array_equal(state[f"trunk.{name}"].numpy(), pseudo_resnet50()[name])
    rest = {name.split(".")[0] for name in set(state) - {f"trunk.{name}" for name in names}}
    assert rest == {"shared", "emotions", "affect"}


def test_all_of_it_can_be_trained_after_the_start(network):
    assert all(p.requires_grad for p in network.parameters())
    torch.manual_seed(1)
    told = network(torch.rand(2, 3, 64, 64))
    (told.emotions.sum() + told.affect.sum()).backward()
    assert network.trunk.conv1.weight.grad.abs().sum() > 0
    network.zero_grad(set_to_none=True)


@torch.inference_mode()
def test_one_picture_alone_or_among_others_and_affect_within_its_range(network):
    torch.manual_seed(0)
    x = torch.rand(3, 3, 64, 96)
    told = network(x)
    assert told.emotions.shape == (3, 26)
    assert told.affect.shape == (3, 2)
    assert told.affect.abs().max() <= 1
    torch.testing.assert_close(network(x[1:2]).emotions[0], told.emotions[1], rtol=1e-4, atol=1e-5)


@torch.inference_mode()
def test_imagenets_mean_picture_is_zero_to_the_trunk(network):
    mean = torch.tensor(MEAN)[None, :, None, None].expand(1, 3, 64, 64)
    seen = network.trunk(torch.zeros(1, 3, 64, 64))
    expected = network.emotions(network.shared(seen))
    torch.testing.assert_close(network(mean).emotions, expected, rtol=1e-4, atol=1e-5)


def test_the_start_tells_each_emotion_as_often_as_it_is_there():
    made = EmotionNetwork(3)
    start_bias(made, np.array([0.25, 0.0, 1.0]))
    np.testing.assert_allclose(
        torch.sigmoid(made.emotions.bias.detach()).numpy(), [0.25, 0.001, 0.999], rtol=1e-4
    )


def test_pictures_too_small_are_refused(network):
    with pytest.raises(ValueError, match="32 at least"):
        network(torch.rand(1, 3, 31, 64))


def test_a_picture_is_stretched_to_a_square():
    rgb = np.zeros((120, 60, 3), np.uint8)
    rgb[:60] = 200
    made = whole_picture(rgb, side_px=48)
    assert made.shape == (48, 48, 3)
    assert (made[:23] == 200).all()
    assert (made[25:] == 0).all()
    assert whole_picture(rgb, side_px=240).shape == (240, 240, 3)


def test_the_usual_steps_do_not_drive_valence_and_arousal_to_their_ends():
    """All features of the trunk are positive: a head right on them moves by thousands of weights at once, and tanh is stuck."""
    torch.manual_seed(0)
    made = EmotionNetwork(3, dropout=0.0)
    made.trunk.requires_grad_(False)
    made.trunk.eval()
    x, label = torch.rand(16, 3, 32, 32), torch.linspace(-0.8, 0.8, 16)
    optimiser = torch.optim.AdamW([p for p in made.parameters() if p.requires_grad], lr=3e-4)
    for _ in range(40):
        optimiser.zero_grad()
        said = made(x).affect
        loss = concordance_loss(said[:, 0], label) + concordance_loss(said[:, 1], -label)
        loss.backward()
        optimiser.step()
    assert made(x).affect.abs().median() < 0.9
    assert loss.item() < 0.5
