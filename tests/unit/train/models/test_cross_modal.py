"""The cross-modal transformer: its size as published, and what missing samples may do."""

import pytest
import torch

from affectflow.config.train import CrossModalOptions
from affectflow.errors import ConfigError
from affectflow.train.models.cross_modal import CrossModal, CrossModalConfig

SMALL = CrossModalConfig(
    n_face=7,
    n_bio=3,
    n_time=12,
    d_model=16,
    conv_width=8,
    heads=4,
    feed_forward=32,
    encoder_layers=1,
    cross_blocks=1,
)


def inputs(b=5, t=12):
    generator = torch.Generator().manual_seed(0)
    face, bio = (torch.randn(b, t, c, generator=generator) for c in (7, 3))
    return face, bio, torch.ones(b, t, dtype=torch.bool), torch.ones(b, t, dtype=torch.bool)


@pytest.fixture
def network():
    torch.manual_seed(0)
    return CrossModal(SMALL).eval()


def test_published_size_has_1069186_parameters():
    """168 facial and 6 biosignal inputs, 9 s at 30 Hz: the figure of the driving-stress study."""
    network = CrossModal(CrossModalConfig(n_face=168, n_bio=6, n_time=270))
    assert sum(p.numel() for p in network.parameters()) == 1_069_186


def test_published_size_computes_a_logit_per_window():
    network = CrossModal(CrossModalConfig(n_face=168, n_bio=6, n_time=270)).eval()
    with torch.no_grad():
        logits = network(torch.randn(2, 270, 168), torch.randn(2, 270, 6), *(torch.ones(2, 2, 270).bool()))
    assert logits.shape == (2,)
    assert torch.isfinite(logits).all()


def test_every_parameter_learns():
    torch.manual_seed(0)
    network = CrossModal(SMALL)
    network(*inputs()).sum().backward()
    dead = [n for n, p in network.named_parameters() if p.grad is None or not p.grad.abs().sum()]
    assert not dead


def test_windows_of_a_batch_do_not_mix(network):
    face, bio, face_on, bio_on = inputs()
    face_on[1, 3:] = False
    with torch.no_grad():
        together = network(face, bio, face_on, bio_on)
        alone = torch.cat([network(*(x[i : i + 1] for x in (face, bio, face_on, bio_on))) for i in range(5)])
    torch.testing.assert_close(together, alone, atol=1e-5, rtol=1e-5)


def test_what_is_missing_cannot_be_seen(network):
    """The values that stand in for missing samples make no difference."""
    face, bio, face_on, bio_on = inputs()
    face_on[:, 4:8], bio_on[2] = False, False
    changed_face, changed_bio = face.clone(), bio.clone()
    changed_face[:, 4:8], changed_bio[2] = 99.0, -99.0
    with torch.no_grad():
        torch.testing.assert_close(
            network(face, bio, face_on, bio_on), network(changed_face, changed_bio, face_on, bio_on)
        )
        assert not torch.allclose(
            network(face, bio, face_on, bio_on), network(face, bio, face_on | True, bio_on | True)
        )


def test_a_missing_end_is_as_if_the_window_were_shorter(network):
    """Samples that are missing are not attended to and not pooled, and the convolutions see an edge there."""
    face, bio, face_on, bio_on = inputs()
    face_on[:, 7:], bio_on[:, 7:] = False, False
    with torch.no_grad():
        short = network(*(x[:, :7] for x in (face, bio, face_on, bio_on)))
        torch.testing.assert_close(network(face, bio, face_on, bio_on), short, atol=1e-5, rtol=1e-5)


def test_a_whole_modality_or_window_may_be_missing(network):
    face, bio, on, _ = inputs()
    off = torch.zeros_like(on)
    network.train()
    for masks in ((on, off), (off, on), (off, off)):
        logits = network(face, bio, *masks)
        assert torch.isfinite(logits).all()
        logits.sum().backward()
        assert all(torch.isfinite(p.grad).all() for p in network.parameters() if p.grad is not None)


def test_the_modalities_see_each_other(network):
    """With cross-attention, another biosignal changes what the face tokens say."""
    face, bio, face_on, bio_on = inputs()
    with torch.no_grad():
        a, b = network.face(face, face_on), network.bio(bio, bio_on)
        other = network.bio(bio + 1, bio_on)
        assert not torch.allclose(
            network.cross[0](a, b, face_on, bio_on)[0], network.cross[0](a, other, face_on, bio_on)[0]
        )


def test_time_order_matters(network):
    face, bio, face_on, bio_on = inputs()
    with torch.no_grad():
        assert not torch.allclose(
            network(face, bio, face_on, bio_on),
            network(face.flip(1), bio.flip(1), face_on, bio_on),
            atol=1e-4,
        )


def test_width_must_be_a_multiple_of_heads():
    from affectflow.config.base import read_settings

    with pytest.raises(ConfigError, match="d_model 30 is not a multiple of heads 4"):
        read_settings(CrossModalOptions, {"d_model": 30}, "config.yaml")
