"""resnet50 through the fine-tuning: what it learns, what it leaves alone, and that it learns nothing where nothing is."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest
import torch

from affectflow.datasets.pictures.emotic import EMOTIONS
from affectflow.errors import DesignError
from affectflow.io.tables import check_table
from affectflow.pictures.evaluate_emotions import evaluate_emotions
from affectflow.pictures.resnet50_model import N, ResNet50Model, macro_average_precision
from affectflow.pictures.train_pictures import train_pictures
from tests.support.pseudo_weights import pseudo_resnet50
from tests.support.small_emonet import LOOP
from tests.support.small_resnet50 import SETTINGS, SmallResNet, drawn_emotic, shuffled_emotions

HOW = {"weights": None, "unfreeze_after": 0, "unfreeze_factor": 0.3, "changes": None, "seed": 1}


@pytest.fixture(scope="module")
def emotic(tmp_path_factory):
    return drawn_emotic(tmp_path_factory.mktemp("emotic"), people=6, each=3)


def test_labels_are_found_by_name_and_missing_ones_are_no_zeros(emotic):
    model = ResNet50Model(SETTINGS)
    table = emotic.pictures.head(3).with_columns(
        emotions=pl.Series([["pain", "anger"], [], None], dtype=pl.List(pl.String)),
        valence=pl.Series([0.5, None, 0.1], dtype=pl.Float32),
    )
    labels = model.labels(table)
    assert labels.shape == (3, N + 2)
    assert {EMOTIONS[k] for k in np.flatnonzero(labels[0, :N])} == {"pain", "anger"}
    assert (labels[1, :N] == 0).all()
    assert np.isnan(labels[2, :N]).all()
    assert np.isnan(labels[1, N])


def test_the_loss_leaves_out_what_has_no_label(emotic):
    model = ResNet50Model({**SETTINGS, "loss": "mse", "emotion_weight": 2.0, "imbalance": "none"})
    model.prepare(emotic.pictures)
    outputs = torch.zeros(3, N + 2)
    labels = torch.full((3, N + 2), torch.nan)
    labels[0, :N] = 0
    labels[:2, N] = torch.tensor([0.5, 0.1])
    # Log 2 for the one picture with emotions; mean of 0.25 and 0.01 for valence; no arousal.
    assert model.loss(outputs, labels).item() == pytest.approx(2 * np.log(2) + 0.13)
    bare = torch.full((3, N + 2), torch.nan)
    assert model.loss(outputs, bare).item() == 0


def test_an_epoch_is_judged_by_what_has_labels():
    model = ResNet50Model(SETTINGS)
    rng = np.random.default_rng(0)
    labels = torch.from_numpy((rng.random((20, N + 2)) < 0.3).astype(np.float32))
    labels[:, N:] = torch.from_numpy(rng.uniform(-1, 1, (20, 2)).astype(np.float32))
    cost, said = model.measures(labels.clone(), labels)
    assert cost == pytest.approx(-1)
    assert said["validation_average_precision"] == pytest.approx(1)
    without = labels.clone()
    without[:, N:] = torch.nan
    cost, said = model.measures(labels, without)
    assert cost == pytest.approx(-1)
    assert np.isnan(said["validation_ccc_valence"])
    assert np.isnan(model.measures(torch.full_like(labels, torch.nan), labels)[0])


def test_emotions_nobody_has_count_nothing_in_the_mean():
    label = np.array([[1, 0], [0, 0]], bool)
    assert macro_average_precision(label, np.array([[0.9, 0.1], [0.1, 0.9]])) == 1
    assert np.isnan(macro_average_precision(label[:, 1:], np.zeros((2, 1))))
    assert np.isnan(macro_average_precision(np.ones((2, 1), bool), np.zeros((2, 1))))


def test_the_real_trunk_is_frozen_to_the_byte_and_the_heads_learn(emotic, resnet50_weights):
    made = train_pictures(
        emotic.pictures, emotic.roles, emotic.read, ResNet50Model({**SETTINGS, "flip": False}),
        **{**HOW, "weights": resnet50_weights, "unfreeze_after": None},
        loop={**LOOP, "epochs": 1, "batch_size": 4, "workers": 0, "warmup_steps": 0},
    )  # fmt: skip
    for name, array in pseudo_resnet50().items():
        if not name.startswith("fc."):
            np.testing.assert_array_equal(made.weights[f"trunk.{name}"], array, err_msg=name)
    assert made.facts["start"] == "official"
    assert not made.facts["trunk_learnt"]
    table = check_table(made.predictions, "picture_predictions", "predictions")
    names = [name.removeprefix("p_") for name in table.columns if name.startswith("p_")]
    assert names == sorted(EMOTIONS)
    start, tuned = (table.filter(state=state).select(pl.col("^p_.*$")) for state in ("start", "tuned"))
    assert not start.equals(tuned)
    values = table.select(pl.col("^p_.*$")).to_numpy()
    assert ((values >= 0) & (values <= 1)).all()
    assert table["predicted_expression"].null_count() == table.height


def test_it_begins_by_telling_each_emotion_as_often_as_it_is_there(emotic):
    torch.manual_seed(0)
    model = ResNet50Model(SETTINGS)
    train = emotic.pictures.filter(split="train")
    model.prepare(train)
    network = model.network(None).eval()
    with torch.no_grad():
        share = torch.sigmoid(network.inner.emotions.bias).numpy()
    expected = model.labels(train)[:, :N].mean(axis=0)
    np.testing.assert_allclose(share, np.clip(expected, 1e-3, 1 - 1e-3), atol=1e-6)


def test_pictures_without_emotions_are_one_line(emotic):
    bare = emotic.pictures.with_columns(emotions=pl.lit(None, pl.List(pl.String)))
    with pytest.raises(DesignError, match="no training picture has labels of several emotions"):
        ResNet50Model(SETTINGS).prepare(bare)


def test_emotions_are_learnt_and_shuffled_ones_are_not(tmp_path):
    """On people it never saw; with labels dealt out anew nothing of it is left."""
    stills = drawn_emotic(tmp_path, people=24, each=14)
    loop = {**LOOP, "epochs": 15, "batch_size": 32, "learning_rate": 2e-3}
    macro = {}
    for name, pictures in (("true", stills.pictures), ("shuffled", shuffled_emotions(stills))):
        made = train_pictures(pictures, stills.roles, stills.read, SmallResNet(), **HOW, loop=loop)
        scores = evaluate_emotions(stills.pictures, stills.roles, made.predictions, n_resamples=200)
        for row in scores.means.filter(mean="macro").iter_rows(named=True):
            macro[name, row["state"]] = row
    true, shuffled = macro["true", "tuned"], macro["shuffled", "tuned"]
    assert true["low"] > true["chance"] + 0.05
    assert abs(macro["true", "start"]["average_precision"] - true["chance"]) < 0.06
    assert shuffled["average_precision"] < shuffled["chance"] + 0.06
    assert shuffled["average_precision"] < true["low"]


def test_an_odd_number_of_pictures_is_learnt_in_batches_of_two(emotic):
    """The real heads stand on a batch norm, which refuses a batch of one."""
    train = emotic.roles.filter(role="train")["picture_id"]
    kept = train.head(3 if len(train) > 3 else 1).implode()
    role = pl.when((pl.col("role") != "train") | pl.col("picture_id").is_in(kept)).then("role")
    loop = {**LOOP, "epochs": 1, "batch_size": 2, "workers": 0}
    model = ResNet50Model({**SETTINGS, "resnet50_px": 32, "flip": False})
    roles = emotic.roles.with_columns(role=role)
    made = train_pictures(emotic.pictures, roles, emotic.read, model, **HOW, loop=loop)
    assert made.facts["n_pictures"]["train"] == 3
    assert np.isfinite(made.log["train_loss"].to_numpy()).all()


def test_one_picture_to_train_on_is_one_line(emotic):
    first = emotic.roles.filter(role="train")["picture_id"][0]
    role = pl.when((pl.col("role") != "train") | (pl.col("picture_id") == first)).then("role")
    roles = emotic.roles.with_columns(role=role)
    with pytest.raises(DesignError, match="one picture is too few"):
        train_pictures(emotic.pictures, roles, emotic.read, SmallResNet(), **HOW, loop=LOOP)
