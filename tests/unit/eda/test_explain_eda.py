"""Maps of where networks look: every network has them, and they point at the place that tells."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest
import torch

from affectflow.eda import EDA_MODELS
from affectflow.eda.explain_eda import clip_maps, explain_eda, restored
from affectflow.eda.split_eda import split_eda
from affectflow.eda.train_eda import train_eda
from affectflow.errors import InputError
from affectflow.registry import load
from tests.support.eda import recordings

LOOP = {
    "epochs": 6, "patience": 6, "batch_size": 4, "learning_rate": 3e-3, "weight_decay": 1e-4, "warmup_steps": 2,
    "clip_norm": 1.0, "amp": "off", "workers": 0,
}  # fmt: skip
LENGTH = 16
SIZE_PX = {"separable_physnet": 112, "separable_physnet_bvp": 112}


def untrained(name, size_px, length=8):
    torch.manual_seed(0)
    return load(EDA_MODELS, name, "network")(size_px=size_px, length=length).eval()


@pytest.mark.parametrize("name", sorted(EDA_MODELS))
def test_every_network_has_a_map_for_every_picture(name):
    size = SIZE_PX.get(name, 24)
    network = untrained(name, size)
    clips = torch.from_numpy(np.random.default_rng(1).integers(0, 256, (2, 8, size, size, 3))).float()
    inputs = [clips, torch.randn(2, 8)] if network.pulse else [clips]
    maps = clip_maps(network, inputs)
    assert maps.shape == (2, 8, size, size)
    assert maps.dtype == torch.float32
    assert maps.isfinite().all()
    assert (maps >= 0).all()
    assert maps.sum() > 0
    assert not maps.requires_grad
    # A clip's maps are its own.
    alone = clip_maps(network, [x[:1] for x in inputs])
    torch.testing.assert_close(alone, maps[:1], rtol=1e-3, atol=1e-6)


def test_maps_are_grad_cam():
    """By hand: gradients' mean over the map, times the map, summed, cut at 0 (of a map that is not enlarged)."""
    network = untrained("cnn_lstm", 24)
    network.inner.LOOKED_AT = "cnn.bend2"
    clips = torch.from_numpy(np.random.default_rng(2).integers(0, 256, (1, 8, 24, 24, 3))).float()
    seen = []
    hook = network.looked_at.register_forward_hook(lambda *x: seen.append(x[2]))
    outputs = network(clips)
    hook.remove()
    (gradient,) = torch.autograd.grad(outputs.mean(), seen[0])
    expected = (gradient.mean(dim=(2, 3), keepdim=True) * seen[0]).sum(dim=1).clamp_min(0)
    torch.testing.assert_close(clip_maps(network, [clips])[0], expected.detach(), rtol=1e-4, atol=1e-9)


def test_samples_outside_of_clips_have_no_map():
    recording = recordings(1, n=44)[0]
    recording.valid[3] = False
    network = untrained("deepphys", 16, LENGTH)
    made = list(explain_eda(network, recording, length=LENGTH, target_scale="recording"))
    assert len(made) == 44
    missing = [np.isnan(m).all() for m in made]
    # 4 to 43 are two clips and a third that ends with them.
    assert missing == [i < 4 for i in range(44)]
    assert np.isfinite(made[4:]).all()
    clip = torch.from_numpy(recording.file.rows("crops", 28, 44)[None]).float()
    np.testing.assert_allclose(made[43], clip_maps(network, [clip])[0, -1].numpy(), rtol=1e-3, atol=1e-7)
    # Of a conductance that does not vary nothing was tested.
    recording.target[:] = 3.0
    flat = list(explain_eda(network, recording, length=LENGTH, target_scale="recording"))
    assert np.isnan(flat).all()


def test_weights_of_another_network_are_refused():
    network = untrained("deepphys", 16)
    weights = {k: v.numpy() for k, v in network.inner.state_dict().items()}
    facts = {"size_px": 24, "length": 8, "model": "deepphys", "fold": 2}
    with pytest.raises(InputError, match=r"the weights of deepphys, fold 2, are those of another network"):
        restored(load(EDA_MODELS, "deepphys", "network"), weights, facts)


@pytest.mark.parametrize(
    ("name", "size_px"), [("physnet", 40), pytest.param("cnn_lstm", 36, marks=pytest.mark.slow)]
)
def test_a_network_that_was_trained_on_one_region_looks_there(name, size_px):
    """A patch of a third of the picture's width brightens with the conductance, elsewhere only noise changes.

    The region is the patch and, around it, one cell of the layer's map (4
    pixels of the picture): what is smaller than a cell no map can place.
    """
    cell, first = 4, size_px // 4
    patch = slice(first, first + size_px // 3)
    made = recordings(6, n=64, size_px=size_px, region=patch)
    folds = split_eda({r.recording_id: r.subject_id for r in made}, n_folds=3, validation_share=0.25, seed=1)
    build = load(EDA_MODELS, name, "network")
    trained = train_eda(
        made, folds, build, name=name, fold=0, length=LENGTH, stride=8, target_scale="recording", loss="mse",
        loop=LOOP, changes=None, seed=1,
    )  # fmt: skip
    network = restored(build, trained.weights, trained.facts)
    tested = folds.filter(fold=0, role="test")["recording_id"].to_list()
    total = np.zeros((size_px, size_px))
    for recording in made:
        if recording.recording_id in tested:
            for one in explain_eda(network, recording, length=LENGTH, target_scale="recording"):
                total += np.nan_to_num(one)
    wide = slice(first - cell, patch.stop + cell)
    share, even = total[wide, wide].sum() / total.sum(), (patch.stop - first + 2 * cell) ** 2 / size_px**2
    narrow = total[patch, patch].sum() / total.sum()
    print(f"{name}: {share:.0%} of the mass in {even:.0%} of the picture, {narrow:.0%} in the patch alone")
    assert r_of(trained.predictions) > 0.6
    assert even < 0.4
    assert share > 0.6


def r_of(table):
    return float(table.group_by("recording_id").agg(pl.corr("measured", "predicted").alias("r"))["r"].mean())
