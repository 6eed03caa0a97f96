"""Early fusion and the temporal convolutional network: rates of their own, and what missing samples may do."""

import numpy as np
import pytest
import torch

from affectflow.train.models.early_fusion import EarlyFusion, EarlyFusionConfig, fit_early_fusion
from affectflow.train.models.tcn import Tcn, TcnConfig, fit_tcn
from tests.support.models import LOOP, SMALL, TRANSFORMER, make_windows, people

CHANNELS, TIMES = (5, 3), (12, 4)
NETWORKS = {
    "early_fusion": lambda: EarlyFusion(EarlyFusionConfig(n_channels=CHANNELS, n_time=TIMES, **TRANSFORMER)),
    "tcn": lambda: Tcn(TcnConfig(n_channels=CHANNELS, width=8, kernel=3, blocks=3, dropout=0.1)),
}


@pytest.fixture(params=sorted(NETWORKS))
def network(request):
    torch.manual_seed(0)
    return NETWORKS[request.param]().eval()


def inputs():
    generator = torch.Generator().manual_seed(0)
    face, bio = (torch.randn(5, t, c, generator=generator) for c, t in zip(CHANNELS, TIMES, strict=True))
    return face, bio, torch.ones(5, 12).bool(), torch.ones(5, 4).bool()


def test_every_parameter_learns(network):
    network.train()(*inputs()).sum().backward()
    assert not [n for n, p in network.named_parameters() if p.grad is None or not p.grad.abs().sum()]


def test_what_is_missing_cannot_be_seen(network):
    """Also where one modality is missing and the other is there."""
    face, bio, face_on, bio_on = inputs()
    face_on[:, 4:8], bio_on[2], bio_on[3, 1] = False, False, False
    changed_face, changed_bio = face.clone(), bio.clone()
    changed_face[:, 4:8], changed_bio[2], changed_bio[3, 1] = 99.0, -99.0, 50.0
    with torch.no_grad():
        a = network(face, bio, face_on, bio_on)
        torch.testing.assert_close(a, network(changed_face, changed_bio, face_on, bio_on))
        assert not torch.allclose(a, network(face, bio, face_on | True, bio_on | True))


def test_a_whole_modality_or_window_may_be_missing(network):
    face, bio, face_on, bio_on = inputs()
    network.train()
    for masks in ((face_on, ~bio_on), (~face_on, bio_on), (~face_on, ~bio_on)):
        logits = network(face, bio, *masks)
        assert torch.isfinite(logits).all()
        logits.sum().backward()
        assert all(torch.isfinite(p.grad).all() for p in network.parameters() if p.grad is not None)


def test_windows_of_a_batch_do_not_mix_and_time_order_matters(network):
    given = inputs()
    given[2][1, 3:] = False
    with torch.no_grad():
        together = network(*given)
        alone = torch.cat([network(*(x[i : i + 1] for x in given)) for i in range(5)])
        turned = network(*(x.flip(1) for x in given))
    torch.testing.assert_close(together, alone, atol=1e-5, rtol=1e-5)
    assert not torch.allclose(together, turned, atol=1e-4)


@pytest.mark.parametrize(("fit", "name"), [(fit_early_fusion, "early_fusion"), (fit_tcn, "tcn")])
def test_any_modalities_of_any_rate(fit, name):
    windows = make_windows(n_people=4, effect=1.0)[0]
    parts = people(windows, "P00", "P01"), people(windows, "P02")
    how = {"options": SMALL[name], "loop": {**LOOP, "epochs": 1}, "seed": 0}
    fitted = fit(*parts, modalities=("face", "bio", "gaze"), **how)
    assert fitted.facts["modalities"] == ["face", "bio", "gaze"]
    moved = windows.replace({"gaze": windows.arrays["gaze"] + np.float32(1)})
    assert (fitted.score(moved) != fitted.score(windows)).any()


def test_the_convolutions_look_back_only():
    """Causal: the first samples' features are the same whatever comes after them."""
    torch.manual_seed(0)
    block = Tcn(TcnConfig(n_channels=(5,), width=8, blocks=2)).eval().blocks
    x, on = torch.randn(2, 6, 30), torch.ones(2, 1, 30)
    later = x.clone()
    later[:, :, 20:] = 9.0
    with torch.no_grad():
        a, b = (block[1](block[0](v, on), on) for v in (x, later))
    assert torch.equal(a[:, :, :20], b[:, :, :20])
    assert not torch.equal(a[:, :, 20], b[:, :, 20])


def test_a_sample_sees_as_far_back_as_said():
    """1 + 2 (kernel - 1) (2^blocks - 1) samples: for kernel 3 and 3 blocks 29."""
    torch.manual_seed(0)
    network = Tcn(TcnConfig(n_channels=(5,), width=8, blocks=3)).eval()
    x = torch.randn(1, 6, 60, requires_grad=True)
    y, on = x, torch.ones(1, 1, 60)
    for block in network.blocks:
        y = block(y, on)
    y[0, :, 50].sum().backward()
    seen = x.grad.abs().sum(dim=(0, 1)).nonzero().squeeze(1)
    assert seen.max() == 50
    assert 50 - 28 <= seen.min() <= 50 - 20
    assert not x.grad[:, :, : 50 - 28].any()
