"""The classifier of clips: it learns what can be learnt, from the training people alone, the same each time."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from affectflow.clips.split_clips import split_clips
from affectflow.clips.train_clips import class_weights, train_clips
from affectflow.config.clips import LOOP, ClipTrain
from affectflow.config.train import TransformerOptions
from affectflow.errors import DesignError
from affectflow.io.tables import check_table
from affectflow.io.weights import Checkpoint

STEPS, COLUMNS = 8, [f"exp_{i:02d}" for i in range(6)]
TRAIN = ClipTrain(epochs=40, patience=40, batch_size=8, learning_rate=5e-3, amp="off")
SIZES = TransformerOptions(d_model=16, conv_width=8, feed_forward=16, heads=2).model_dump()


def study(*, told=True, n_people=15, each=8, seed=0):
    """Codes whose course over time (up, down or neither) says the label, if `told`."""
    rng = np.random.default_rng(seed)
    label_n = np.tile([0, 3, 3, 5], n_people * each // 4)
    course = {0: -1.0, 3: 1.0, 5: 0.0}
    codes = rng.normal(0, 0.3, (len(label_n), STEPS, len(COLUMNS))).astype(np.float32)
    if told:
        codes[:, :, 2] += np.array([course[v] for v in label_n])[:, None] * np.linspace(-1, 1, STEPS)
    names = [f"c{i:03d}" for i in range(len(label_n))]
    people = [f"p{i // each:02d}" for i in range(len(label_n))]
    table = pl.DataFrame({"recording_id": names, "subject_id": people, "label": label_n})
    return codes * 40 + 7, split_clips(table, n_folds=3), names


def trained(codes, folds, names, *, fold=0, imbalance="root", seed=1, checkpoint=None, **loop):
    return train_clips(
        codes,
        folds,
        recording_ids=names,
        columns=COLUMNS,
        fold=fold,
        sizes=SIZES,
        loop={**TRAIN.model_dump(include=set(LOOP)), **loop},
        imbalance=imbalance,
        seed=seed,
        checkpoint=checkpoint,
    )


def right(made):
    return float((made.predictions["predicted"] == made.predictions["label"]).mean())


@pytest.fixture(scope="module")
def learnt():
    return study(), trained(*study())


def test_a_course_over_time_is_learnt_and_told_of_people_never_seen(learnt):
    (_, folds, _), made = learnt
    table = check_table(made.predictions, "clip_predictions", "made")
    tested = folds.filter(fold=0, role="test")
    assert table.select("recording_id", "subject_id", "label").equals(
        tested.select("recording_id", "subject_id", "label")
    )
    assert right(made) > 0.9
    # Two of four training clips are happy.
    assert table["baseline"].unique().to_list() == [3]
    sums = table.select(pl.sum_horizontal("p_angry", "p_happy", "p_sad"))
    assert sums.to_series().to_list() == pytest.approx([1] * table.height, abs=1e-5)
    assert made.log["validation_loss"].min() < made.log["validation_loss"][0]
    assert made.facts["labels"] == [0, 3, 5]
    assert made.facts["sizes"] == {**SIZES, "n_time": STEPS}


def test_what_is_not_there_is_not_learnt():
    made = trained(*study(told=False))
    assert right(made) < 0.7


def test_the_same_seed_gives_the_same_bytes(learnt):
    given, made = learnt
    again = trained(*given)
    assert again.predictions.equals(made.predictions)
    assert all((again.weights[k] == v).all() for k, v in made.weights.items())


def test_nothing_is_learnt_from_test_people(learnt):
    (codes, folds, names), made = learnt
    tested = set(folds.filter(fold=0, role="test")["recording_id"])
    other = codes.copy()
    other[[i for i, n in enumerate(names) if n in tested]] = 1000.0
    changed = trained(other, folds, names)
    assert all((changed.weights[k] == v).all() for k, v in made.weights.items())
    assert not changed.predictions.equals(made.predictions)


def test_an_interrupted_training_goes_on_to_the_same_weights(learnt, tmp_path):
    given, made = learnt
    checkpoint = Checkpoint(tmp_path / "checkpoint.safetensors", {"job": "this one"})
    trained(*given, checkpoint=checkpoint, epochs=5)
    resumed = trained(*given, checkpoint=checkpoint)
    assert resumed.facts["epochs"] == made.facts["epochs"]
    assert all((resumed.weights[k] == v).all() for k, v in made.weights.items())


def test_a_clip_without_a_face_is_told_nothing(learnt):
    (codes, folds, names), _ = learnt
    tested = folds.filter(fold=0, role="test")["recording_id"][0]
    trains = folds.filter(fold=0, role="train")["recording_id"][0]
    holes = codes.copy()
    holes[[names.index(tested), names.index(trains)]] = np.nan
    made = trained(holes, folds, names, epochs=1)
    row = made.predictions.filter(recording_id=tested)
    assert row.select("predicted", "p_angry").row(0) == (None, None)
    assert row["baseline"].item() == 3
    assert made.predictions["predicted"].null_count() == 1
    n_train = folds.filter(fold=0, role="train").height
    assert made.facts["n_clips"]["train"] == n_train - 1


def test_a_rare_emotion_weighs_more_and_the_mean_clip_one():
    label = np.array([0] * 90 + [1] * 10)
    for imbalance, more in (("none", 1), ("root", 3), ("inverse", 9)):
        weight = class_weights(label, 3, imbalance)
        assert weight[1] / weight[0] == pytest.approx(more)
        assert weight[label].mean() == pytest.approx(1)
        assert weight[2] == 0


def test_what_cannot_be_trained_is_said(learnt):
    (codes, folds, names), _ = learnt
    with pytest.raises(DesignError, match=r"clip c000 was not sampled\. Re-run: snakemake -R sample_clips"):
        trained(codes[1:], folds, names[1:])
    with pytest.raises(DesignError, match="no train clip shows a face that was coded"):
        trained(np.full_like(codes, np.nan), folds, names)
