"""One modality alone: sizes counted by hand, and what missing samples may do."""

import pytest
import torch

from affectflow.train.models.cross_modal import CrossModal, CrossModalConfig
from affectflow.train.models.unimodal import Unimodal, UnimodalConfig, fit_bio, fit_unimodal
from tests.support.models import LOOP, SMALL, TRANSFORMER, make_windows, people


@pytest.fixture
def network():
    torch.manual_seed(0)
    return Unimodal(UnimodalConfig(modality="face", n_channels=5, n_time=12, **TRANSFORMER)).eval()


def inputs():
    return torch.randn(4, 12, 5, generator=torch.Generator().manual_seed(0)), torch.ones(4, 12).bool()


def test_published_stem_has_the_parameters_its_layers_say():
    """Counted from the layers' shapes, and the same stem as the cross-modal transformer's."""
    network = Unimodal(UnimodalConfig(modality="face", n_channels=168, n_time=270))
    convolutions = (168 * 64 + 64) + sum(64 * k + 64 + 64 * 64 + 64 for k in (3, 5, 7)) + (192 * 96 + 96)
    attention = 4 * (96 * 96 + 96)
    layer = attention + 2 * 2 * 96 + (96 * 384 + 384) + (384 * 96 + 96)
    stem = convolutions + 2 * 96 + 270 * 96 + 2 * layer
    pool, head = (96 * 96 + 96) + (96 + 1), (96 * 96 + 96) + (96 + 1)
    assert sum(p.numel() for p in network.stem.parameters()) == stem
    assert sum(p.numel() for p in network.parameters()) == stem + pool + head
    both = CrossModal(CrossModalConfig(n_channels=(168, 6), n_time=(270, 270)))
    mine = {k: v.shape for k, v in network.stem.state_dict().items()}
    assert mine == {k: v.shape for k, v in both.stems[0].state_dict().items()}
    with torch.no_grad():
        assert network.eval()(torch.randn(2, 270, 168), torch.ones(2, 270).bool()).shape == (2,)


def test_what_is_missing_cannot_be_seen(network):
    x, on = inputs()
    on[1, 3:6], on[2] = False, False
    changed = x.clone()
    changed[1, 3:6], changed[2] = 99.0, -99.0
    with torch.no_grad():
        torch.testing.assert_close(network(x, on), network(changed, on))
        assert not torch.allclose(network(x, on)[1], network(x, on | True)[1])


def test_a_window_without_anything_is_finite_and_can_be_learnt_from(network):
    x, on = inputs()
    logits = network.train()(x, ~on)
    logits.sum().backward()
    assert torch.isfinite(logits).all()
    assert all(torch.isfinite(p.grad).all() for p in network.parameters() if p.grad is not None)


def test_the_maps_reproduce_the_output(network):
    x, on = inputs()
    on[1, 3:6], on[2] = False, False
    maps = {}
    with torch.no_grad():
        torch.testing.assert_close(network(x, on, maps), network(x, on), atol=1e-5, rtol=1e-5)
    assert {k: tuple(v.shape) for k, v in maps.items()} == {
        "face.encoder.0": (4, 2, 12, 12),
        "pool.face": (4, 12),
    }


def test_the_studys_modalities_make_no_difference():
    """bio_transformer sees the biosignals, whatever fusion is given."""
    windows = make_windows(n_people=4, effect=1.0)[0]
    parts = people(windows, "P00", "P01"), people(windows, "P02")
    how = {"options": SMALL["bio_transformer"], "loop": {**LOOP, "epochs": 1}, "seed": 3}
    a = fit_bio(*parts, modalities=("face", "gaze"), **how)
    b = fit_unimodal(*parts, modality="bio", **how)
    assert a.facts == b.facts
    assert a.facts["modalities"] == ["bio"]
    assert all(a.weights[k].tobytes() == b.weights[k].tobytes() for k in b.weights)
