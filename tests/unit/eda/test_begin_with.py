"""Networks begin with the toolbox's tensors, all of them, or with one line that says why not."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from affectflow.eda import EDA_MODELS, STARTS
from affectflow.eda.begin_with import begin_with
from affectflow.eda.split_eda import split_eda
from affectflow.eda.train_eda import train_eda
from affectflow.errors import ConfigError, InputError
from affectflow.registry import load
from affectflow.weights.toolbox import deepphys_shapes, physnet_shapes
from tests.support.eda import recordings
from tests.support.pseudo_weights import pseudo_weight

PLACES = {24: 16, 36: 49, 72: 256}


def weights_for(name, size_px):
    shapes = physnet_shapes() if name == "physnet" else deepphys_shapes(PLACES[size_px])
    return {f"network.{k}": pseudo_weight(k, s, gain=0.7) for k, s in shapes.items()}


def network_of(name, size_px, length=8):
    return load(EDA_MODELS, name, "network")(size_px=size_px, length=length)


@pytest.mark.parametrize("name", STARTS)
@pytest.mark.parametrize(("size_px", "length"), [(24, 8), (36, 20), (72, 64)])
def test_every_tensor_is_taken_over_whatever_the_clips_length(name, size_px, length):
    network, weights = network_of(name, size_px, length), weights_for(name, size_px)
    begin_with(network, weights, name=name)
    own = network.inner.state_dict()
    assert {f"network.{k}" for k in own} == set(weights)
    assert all(np.array_equal(own[k], weights[f"network.{k}"]) for k in own)
    # The layout in memory in which it computes stays.
    if name == "physnet":
        assert network.inner.ConvBlock4[0].weight.is_contiguous(memory_format=torch.channels_last_3d)


def test_weights_for_other_pictures_say_which_would_fit():
    with pytest.raises(ConfigError, match=r"eda\.crops\.size_px.*Set it to 70 to 73 \(72 in the toolbox\)"):
        begin_with(network_of("deepphys", 24), weights_for("deepphys", 72), name="deepphys")
    for size_px in (70, 73):
        begin_with(network_of("tscan", size_px), weights_for("tscan", 72), name="tscan")
    for size_px in (69, 74):
        with pytest.raises(ConfigError, match="70 to 73"):
            begin_with(network_of("tscan", size_px), weights_for("tscan", 72), name="tscan")


def test_names_are_strict():
    weights = weights_for("physnet", 24)
    with pytest.raises(
        InputError, match=r"weights of physnet: 1 names are missing or unknown, such as ConvBlock10\.bias"
    ):
        begin_with(
            network_of("physnet", 24),
            {k: v for k, v in weights.items() if not k.endswith("10.bias")},
            name="physnet",
        )


def test_a_training_begins_there():
    """Without a step the tested network is the one that was brought."""
    made = recordings(4, n=40)
    folds = split_eda({r.recording_id: r.subject_id for r in made}, n_folds=3, validation_share=0.25, seed=1)
    loop = {
        "epochs": 1, "patience": 8, "batch_size": 4, "learning_rate": 1e-30, "weight_decay": 0.0, "warmup_steps": 0,
        "clip_norm": 1.0, "amp": "off", "workers": 0,
    }  # fmt: skip
    options = {
        "name": "deepphys", "fold": 0, "length": 16, "stride": 8, "target_scale": "recording", "loss": "mse",
        "changes": None, "seed": 1, "loop": loop,
    }  # fmt: skip
    weights = {f"network.{k}": pseudo_weight(k, s, gain=0.7) for k, s in deepphys_shapes(4).items()}
    begun = train_eda(made, folds, load(EDA_MODELS, "deepphys", "network"), start=weights, **options)
    fresh = train_eda(made, folds, load(EDA_MODELS, "deepphys", "network"), **options)
    for key, array in begun.weights.items():
        np.testing.assert_allclose(array, weights[f"network.{key}"], atol=1e-12)
    assert begun.facts["start"] == "toolbox"
    assert fresh.facts["start"] == "random"
    assert not begun.predictions.equals(fresh.predictions)
