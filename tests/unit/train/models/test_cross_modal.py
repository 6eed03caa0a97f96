"""The cross-modal transformer: its size as published, and what missing samples may do."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from affectflow.config.train import CrossModalOptions
from affectflow.errors import ConfigError, DesignError
from affectflow.train.models.cross_modal import CrossModal, CrossModalConfig, fit_cross_modal
from tests.support.models import LOOP, make_windows, people
from tests.support.models import SMALL as SMALL_OPTIONS

SMALL = CrossModalConfig(
    n_channels=(7, 3),
    n_time=(12, 12),
    d_model=16,
    conv_width=8,
    heads=4,
    feed_forward=32,
    encoder_layers=1,
    cross_blocks=1,
)
FIRST_LOGITS = [0.314339, 0.301619, 0.246061, 0.314571, 0.262285]
PUBLISHED = {"n_channels": (168, 6), "n_time": (270, 270)}


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
    network = CrossModal(CrossModalConfig(**PUBLISHED))
    assert sum(p.numel() for p in network.parameters()) == 1_069_186


def test_published_size_computes_a_logit_per_window():
    network = CrossModal(CrossModalConfig(**PUBLISHED)).eval()
    with torch.no_grad():
        logits = network(torch.randn(2, 270, 168), torch.randn(2, 270, 6), *(torch.ones(2, 2, 270).bool()))
    assert logits.shape == (2,)
    assert torch.isfinite(logits).all()


def test_published_layers_have_their_shapes():
    """As in the study's description: width 64, kernels 3, 5, 7, tokens of 96, 270 positions, feed-forward 384."""
    shapes = {k: tuple(v.shape) for k, v in CrossModal(CrossModalConfig(**PUBLISHED)).state_dict().items()}
    assert shapes["stems.0.narrow.weight"] == (64, 168, 1)
    assert shapes["stems.1.narrow.weight"] == (64, 6, 1)
    for stem in ("stems.0", "stems.1"):
        assert [shapes[f"{stem}.scales.{i}.0.weight"] for i in range(3)] == [(64, 1, k) for k in (3, 5, 7)]
        assert [shapes[f"{stem}.scales.{i}.1.weight"] for i in range(3)] == [(64, 64, 1)] * 3
        assert shapes[f"{stem}.widen.weight"] == (96, 192, 1)
        assert shapes[f"{stem}.position_td"] == (270, 96)
    layers = [f"stems.{m}.layers.{i}" for m in range(2) for i in range(2)]
    layers += [f"cross.{i}.{side}_asks" for i in range(2) for side in ("first", "second")]
    for layer in layers:
        assert shapes[f"{layer}.query.weight"] == (96, 96)
        assert shapes[f"{layer}.key_value.weight"] == (192, 96)
        assert shapes[f"{layer}.forward_layers.0.weight"] == (384, 96)
        assert shapes[f"{layer}.forward_layers.3.weight"] == (96, 384)
    assert not [k for k in shapes if "stems.0.layers.2" in k or "cross.2" in k]
    assert shapes["pool.score.2.weight"] == (1, 96)
    assert (shapes["head.0.weight"], shapes["head.3.weight"]) == ((192, 192), (1, 192))


def test_published_options_make_the_published_network():
    options = CrossModalOptions(
        d_model=96, conv_width=64, feed_forward=384, encoder_layers=2, cross_blocks=2, attention_dropout=0.1
    )
    network = CrossModal(CrossModalConfig(**PUBLISHED, **options.model_dump()))
    assert sum(p.numel() for p in network.parameters()) == 1_069_186


def test_weights_start_as_they_did_before_the_parts_had_a_file_of_their_own(network):
    """Logits of the first version of this network, from the same seed."""
    with torch.no_grad():
        logits = network(*inputs())
    torch.testing.assert_close(logits, torch.tensor(FIRST_LOGITS), atol=1e-5, rtol=1e-5)


def test_modalities_may_have_rates_of_their_own():
    """30 samples of the first, 12 of the second: as at 10 Hz and 4 Hz; each has its own positions."""
    torch.manual_seed(0)
    network = CrossModal(replace(SMALL, n_time=(30, 12))).eval()
    face, bio, _, bio_on = inputs()
    face, face_on = torch.randn(5, 30, 7), torch.ones(5, 30).bool()
    assert [s.position_td.shape[0] for s in network.stems] == [30, 12]
    bio_on[0] = False
    with torch.no_grad():
        logits = network(face, bio, face_on, bio_on)
        other = bio.clone()
        other[0], other[1] = 7.0, 7.0
        changed = network(face, other, face_on, bio_on)
    assert torch.isfinite(logits).all()
    assert (logits != changed).tolist() == [False, True, False, False, False]


def test_the_maps_reproduce_the_output():
    """Logits computed from the weights handed out are those of the fused kernel, also with holes and a missing modality."""
    torch.manual_seed(0)
    network = CrossModal(replace(SMALL, n_time=(12, 8), encoder_layers=2, cross_blocks=2)).eval()
    face, bio, face_on, _ = inputs()
    bio, bio_on = bio[:, :8], torch.ones(5, 8).bool()
    face_on[1, 3:9], bio_on[2] = False, False
    maps = {}
    with torch.no_grad():
        torch.testing.assert_close(
            network(face, bio, face_on, bio_on, maps),
            network(face, bio, face_on, bio_on),
            atol=1e-5,
            rtol=1e-5,
        )
    assert {k: tuple(v.shape) for k, v in maps.items()} == {
        **{f"face.encoder.{i}": (5, 4, 12, 12) for i in range(2)},
        **{f"bio.encoder.{i}": (5, 4, 8, 8) for i in range(2)},
        **{f"cross.{i}.face": (5, 4, 12, 8) for i in range(2)},
        **{f"cross.{i}.bio": (5, 4, 8, 12) for i in range(2)},
        "pool.face": (5, 12),
        "pool.bio": (5, 8),
    }
    torch.testing.assert_close(maps["cross.0.face"].sum(-1)[[0, 1, 3, 4]], torch.ones(4, 4, 12))
    assert not maps["cross.0.face"][2].any()
    assert not maps["cross.0.bio"][1, :, :, 3:9].any()
    assert not maps["pool.face"][1, 3:9].any()


def test_changing_a_map_changes_the_output(network, monkeypatch):
    """The output hangs on the maps: without them, or with even ones, it is another."""
    with torch.no_grad():
        before = network(*inputs(), {})
        even = lambda score, dim: torch.full_like(score, 1 / score.shape[dim])  # noqa: E731
        monkeypatch.setattr(torch.Tensor, "softmax", even)
        assert not torch.allclose(network(*inputs(), {}), before, atol=1e-4)


def test_it_takes_two_modalities():
    windows = make_windows(n_people=4, effect=1.0)[0]
    how = {"options": SMALL_OPTIONS["cross_modal"], "loop": {**LOOP, "epochs": 1}, "seed": 0}
    parts = people(windows, "P00", "P01"), people(windows, "P02")
    fitted = fit_cross_modal(*parts, modalities=("face", "gaze"), **how)
    assert fitted.facts["modalities"] == ["face", "gaze"]
    assert fitted.facts["sizes"]["n_time"] == [20, 10]
    assert "scaler.centre.gaze" in fitted.weights
    with pytest.raises(ConfigError, match=r"cross_modal takes two modalities .found face, bio, gaze"):
        fit_cross_modal(*parts, modalities=("face", "bio", "gaze"), **how)
    without = people(windows, "P00", "P01").replace({"gaze": np.zeros((len(parts[0]), 10, 0), np.float32)})
    with pytest.raises(DesignError, match="no recording has gaze"):
        fit_cross_modal(without, parts[1], modalities=("face", "gaze"), **how)


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
        a, b = network.stems[0](face, face_on), network.stems[1](bio, bio_on)
        other = network.stems[1](bio + 1, bio_on)
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
