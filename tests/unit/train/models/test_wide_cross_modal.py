"""The cross-modal transformer with a straight line beside it."""

import numpy as np
import pytest
import torch

from affectflow.train.models.cross_modal import CrossModal, CrossModalConfig
from affectflow.train.models.wide_cross_modal import WideCrossModal, level_and_spread
from tests.support.models import TRANSFORMER

CONFIG = CrossModalConfig(n_channels=(5, 3), n_time=(12, 8), cross_blocks=1, **TRANSFORMER)


def inputs():
    generator = torch.Generator().manual_seed(0)
    face, bio = (torch.randn(4, t, c, generator=generator) for c, t in ((5, 12), (3, 8)))
    return face, bio, torch.ones(4, 12).bool(), torch.ones(4, 8).bool()


@pytest.fixture
def network():
    torch.manual_seed(0)
    made = WideCrossModal(CONFIG).eval()
    torch.nn.init.normal_(made.wide.weight)
    return made


def test_it_starts_as_the_cross_modal_transformer():
    made = []
    for kind in (CrossModal, WideCrossModal):
        torch.manual_seed(0)
        made.append(kind(CONFIG).eval())
    with torch.no_grad():
        assert torch.equal(made[0](*inputs()), made[1](*inputs()))
    assert sum(p.numel() for p in made[1].parameters()) == sum(p.numel() for p in made[0].parameters()) + 17


def test_level_and_spread_are_of_the_measured_samples():
    face, _, on, _ = inputs()
    on[1, 3:9], on[2] = False, False
    told = level_and_spread(face, on).numpy()
    own = face[1][on[1]].numpy()
    expected = np.concatenate([own.mean(axis=0), np.log(own.var(axis=0) + 1e-3)])
    np.testing.assert_allclose(told[1], expected, atol=1e-5)
    assert not told[2].any()


def test_what_is_missing_cannot_be_seen(network):
    face, bio, face_on, bio_on = inputs()
    face_on[:, 4:8], bio_on[2], face_on[3] = False, False, False
    changed_face, changed_bio = face.clone(), bio.clone()
    changed_face[:, 4:8], changed_face[3], changed_bio[2] = 99.0, 5.0, -99.0
    with torch.no_grad():
        a = network(face, bio, face_on, bio_on)
        torch.testing.assert_close(a, network(changed_face, changed_bio, face_on, bio_on))
    assert torch.isfinite(a).all()
    network.train()(face, bio, ~face_on & False, ~bio_on & False).sum().backward()
    assert all(torch.isfinite(p.grad).all() for p in network.parameters() if p.grad is not None)


def test_the_maps_reproduce_the_output(network):
    maps = {}
    with torch.no_grad():
        torch.testing.assert_close(network(*inputs(), maps), network(*inputs()), atol=1e-5, rtol=1e-5)
    assert "cross.0.face" in maps
