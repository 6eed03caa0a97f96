"""A training on made-up faces: what is visible is learnt, what is not is not, and it can be repeated."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from affectflow.eda import EDA_MODELS
from affectflow.eda.clip_changes import ClipChanges
from affectflow.eda.evaluate_eda import evaluate_eda, verdict
from affectflow.eda.split_eda import split_eda
from affectflow.eda.train_eda import train_eda
from affectflow.errors import ConfigError, DesignError
from affectflow.io.tables import check_table
from affectflow.io.weights import Checkpoint
from affectflow.registry import load
from tests.support.eda import recordings

LOOP = {
    "epochs": 2, "patience": 8, "batch_size": 4, "learning_rate": 3e-3, "weight_decay": 1e-4, "warmup_steps": 2,
    "clip_norm": 1.0, "amp": "off", "workers": 0,
}  # fmt: skip


def run(made, name="cnn_lstm", *, loop=None, checkpoint=None, **changes):
    folds = split_eda({r.recording_id: r.subject_id for r in made}, n_folds=3, validation_share=0.25, seed=1)
    options = {
        "name": name, "fold": 0, "length": 16, "stride": 8, "target_scale": "recording", "loss": "both",
        "changes": None, "seed": 1, **changes,
    }  # fmt: skip
    trained = train_eda(
        made,
        folds,
        load(EDA_MODELS, name, "network"),
        loop={**LOOP, **(loop or {})},
        checkpoint=checkpoint,
        **options,
    )
    return trained, folds


def r_of(table, column="predicted"):
    per = table.group_by("recording_id").agg(pl.corr("measured", column).alias("r"))
    return float(per["r"].mean())


@pytest.mark.parametrize("loss", ["mse", "pearson", "both"])
def test_every_test_sample_is_predicted_once(loss):
    made = recordings(4, n=56)
    trained, folds = run(made, loss=loss, changes=ClipChanges())
    table = check_table(trained.predictions, "eda_predictions", "t")
    tested = set(folds.filter(fold=0, role="test")["recording_id"])
    assert set(table["recording_id"]) == tested
    assert table.height == 56 * len(tested)
    assert table.null_count().sum_horizontal().item() == 0
    own = table.filter(recording_id=sorted(tested)[0])
    source = next(r for r in made if r.recording_id == sorted(tested)[0])
    np.testing.assert_allclose(own["measured"] * own["scale"] + own["centre"], source.file["eda"], atol=1e-5)
    assert trained.log.columns == ["epoch", "steps", "train_loss", "validation_loss", "validation_r"]
    assert trained.facts["n_people"]["test"] == len(tested)


def test_two_trainings_are_alike_and_one_that_was_stopped_goes_on(tmp_path):
    made = recordings(4, n=40)
    whole, _ = run(made, changes=ClipChanges(), loop={"epochs": 3})
    again, _ = run(made, changes=ClipChanges(), loop={"epochs": 3})
    checkpoint = Checkpoint(tmp_path / "c.safetensors", {"job": 1})
    run(made, changes=ClipChanges(), loop={"epochs": 1}, checkpoint=checkpoint)
    went_on, _ = run(made, changes=ClipChanges(), loop={"epochs": 3}, checkpoint=checkpoint)
    for other in (again, went_on):
        assert other.predictions.equals(whole.predictions)
        assert all(np.array_equal(other.weights[k], v) for k, v in whole.weights.items())


def test_test_people_decide_nothing():
    made, others = recordings(4, n=40), recordings(4, n=40)
    trained, folds = run(made)
    for recording in others:
        if recording.recording_id in set(folds.filter(fold=0, role="test")["recording_id"]):
            recording.target[:] = np.linspace(0, 1, 40, dtype=np.float32)
    spoilt, _ = run(others)
    assert all(np.array_equal(spoilt.weights[k], v) for k, v in trained.weights.items())
    # Beside a common scale as well.
    first, _ = run(made, target_scale="training")
    second, _ = run(others, target_scale="training")
    assert all(np.array_equal(first.weights[k], v) for k, v in second.weights.items())
    assert first.predictions["scale"].n_unique() == 1


@pytest.mark.parametrize("name", ["cnn_lstm", "physnet"])
def test_a_visible_change_is_learnt_and_an_invisible_one_is_not(name):
    loop = {"epochs": 12, "patience": 12}
    seen, _ = run(recordings(6, n=96), name, loop=loop)
    unseen, _ = run(recordings(6, n=96, link=0.0), name, loop=loop)
    print(name, r_of(seen.predictions), r_of(unseen.predictions))
    assert r_of(seen.predictions) > 0.8
    assert abs(r_of(unseen.predictions)) < 0.45


def test_without_a_clip_one_line_says_so():
    made = recordings(4, n=40, pulse=False)
    with pytest.raises(
        DesignError, match=r"have no 16 samples in a row with a picture, a pulse and skin conductance"
    ):
        run(made, "cnn_lstm_bvp")


def test_a_precision_that_is_not_to_be_had_names_its_own_setting():
    with pytest.raises(ConfigError, match=r"^eda\.loop\.amp: fp16 needs a GPU"):
        run(recordings(4, n=40), loop={"amp": "fp16"})


@pytest.mark.parametrize(
    ("link", "said"), [(1.0, "physnet beats all baselines"), (0.0, "Nothing beats the baselines")]
)
def test_the_verdict_over_all_folds(link, said):
    made = recordings(8, n=96, link=link)
    loop = {"epochs": 12, "patience": 12}
    tables = [run(made, "physnet", loop=loop, fold=k, loss="mse")[0].predictions for k in range(3)]
    scores = evaluate_eda(pl.concat(tables), n_resamples=2000, seed=1)
    print(scores.scores.filter(part="whole", measure="mse"))
    assert verdict(scores).startswith(said)
    # Each person was tested once, and the measures are of all of them.
    assert scores.recordings["subject_id"].n_unique() == 8
