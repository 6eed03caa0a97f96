"""One model on some splits: nothing of the test people gets in."""

import json
from dataclasses import replace

import numpy as np
import polars as pl
import pytest

from affectflow.errors import ConfigError, DesignError
from affectflow.io.tables import check_table
from affectflow.io.weights import Checkpoint
from affectflow.train.models.trainer import Trainer
from affectflow.train.protocol.split_subjects import split_subjects
from affectflow.train.protocol.splits import Split
from affectflow.train.protocol.train_model import train_model
from affectflow.train.scores.decisions import best_threshold
from affectflow.train.windows.label_windows import label_windows
from tests.support.models import LOOP, SMALL, make_windows

MODELS = sorted(SMALL)


@pytest.fixture(scope="module")
def study():
    windows, study = make_windows(n_people=6, effect=1.5)
    labelled = label_windows(study.windows, baseline="baseline", stressor="stressor")
    return windows, split_subjects(labelled, n_folds=3, n_repeats=2, validation_share=0.25, seed=1)


def train(windows, folds, model, *, splits=("r0f0s0",), subject_norm="none", seed=1, **how):
    return train_model(
        windows,
        folds,
        name=model,
        model=model,
        splits=[Split.of(name) for name in splits],
        subject_norm=subject_norm,
        seed=seed,
        options=SMALL[model],
        loop={**LOOP, "epochs": 3},
        **how,
    )


def test_people_of(folds, fold, role):
    own = folds.filter((pl.col("repeat") == 0) & (pl.col("fold") == fold) & (pl.col("role") == role))
    return own["subject_id"].unique().to_list()


test_people_of.__test__ = False


@pytest.mark.parametrize("model", MODELS)
def test_predictions_are_of_validation_and_test_people_only(study, model):
    windows, folds = study
    trained = train(windows, folds, model, splits=["r0f1s0"])
    table = check_table(trained.predictions, "predictions", "predictions")
    for role in ("validation", "test"):
        own = table.filter(pl.col("role") == role)
        assert sorted(own["subject_id"].unique()) == sorted(test_people_of(folds, 1, role))
        expected = windows.keys.filter(pl.col("subject_id").is_in(own["subject_id"].implode())).height
        assert own.height == expected
    assert set(table["fold"]) == {1}
    assert (table["label"] == table["recording_id"].str.ends_with("stressor")).all()


@pytest.mark.parametrize("subject_norm", ["none", "transductive"])
@pytest.mark.parametrize("model", MODELS)
def test_other_test_people_leave_the_model_as_it_is(study, model, subject_norm):
    """Whatever the test people did, the weights are the same; only their scores differ."""
    windows, folds = study
    test = windows.keys["subject_id"].is_in(test_people_of(folds, 0, "test")).to_numpy()
    rng = np.random.default_rng(0)
    arrays = {}
    for name, array in windows.arrays.items():
        arrays[name] = array[:].copy()
        arrays[name][test] = rng.normal(5, 3, array[test].shape)
    a = train(windows, folds, model, subject_norm=subject_norm)
    b = train(windows.replace(arrays), folds, model, subject_norm=subject_norm)
    assert all(np.array_equal(a.weights[k], b.weights[k], equal_nan=True) for k in a.weights)
    scores = [
        [t.predictions.filter(pl.col("role") == role)["score"].to_numpy() for t in (a, b)]
        for role in ("validation", "test")
    ]
    assert np.array_equal(*scores[0])
    assert not np.allclose(*scores[1])


@pytest.mark.parametrize("model", MODELS)
def test_labels_of_the_test_people_are_never_used(study, model):
    windows, folds = study
    test = windows.keys["subject_id"].is_in(test_people_of(folds, 0, "test")).to_numpy()
    flipped = type(windows)(
        windows.keys, np.where(test, 1 - windows.label_n, windows.label_n), windows.arrays, windows.columns
    )
    for norm in ("none", "transductive"):
        a = train(windows, folds, model, subject_norm=norm).predictions["score"]
        b = train(flipped, folds, model, subject_norm=norm).predictions["score"]
        assert a.equals(b)


def test_transductive_takes_a_person_s_level_away(study):
    """A level added to one test person changes the scores under none, and nothing under transductive."""
    windows, folds = study
    person = test_people_of(folds, 0, "test")[0]
    own = (windows.keys["subject_id"] == person).to_numpy()
    moved = windows.replace({"summary": windows.arrays["summary"] + 3.0 * own[:, None].astype(np.float32)})
    for norm, alike in (("transductive", True), ("none", False)):
        a, b = (train(w, folds, "logistic", subject_norm=norm).predictions for w in (windows, moved))
        a, b = (t.filter(pl.col("subject_id") == person)["score"].to_numpy() for t in (a, b))
        assert np.allclose(a, b, atol=1e-3) == alike
    facts = train(windows, folds, "logistic", subject_norm="transductive").facts
    assert facts["r0f0s0"]["subject_norm"] == "transductive"


def test_folds_and_windows_must_belong_together(study):
    windows, folds = study
    with pytest.raises(DesignError, match=r"there is no fold for r0f7s0 \(found 2 repeats of 3 folds"):
        train(windows, folds, "logistic", splits=["r0f7s0"])
    with pytest.raises(DesignError, match=r"no role for P00_baseline, P00_stressor. Re-run split_subjects"):
        train(windows, folds.filter(pl.col("subject_id") != "P00"), "logistic")
    with pytest.raises(ConfigError, match="Did you mean logistic"):
        train_model(
            windows, folds, name="x", model="logistik", splits=[], subject_norm="none", seed=1, options={}
        )


NAMES = ("r0f0s0", "r1f0s0", "r0f0s1", "final_s0")


@pytest.mark.parametrize("model", MODELS)
def test_splits_of_a_job_are_those_of_jobs_of_their_own(study, model):
    """Three splits together: the same bytes as each alone, other repeats test others, other seeds learn otherwise."""
    windows, folds = study
    together = train(windows, folds, model, splits=NAMES)
    check_table(together.predictions, "predictions", "predictions")
    for name in NAMES:
        alone = train(windows, folds, model, splits=[name])
        own = {k: v for k, v in together.weights.items() if k.startswith(f"{name}/")}
        assert own.keys() == alone.weights.keys()
        assert all(own[k].tobytes() == alone.weights[k].tobytes() for k in own)
        assert together.facts[name] == alone.facts[name]
    assert together.log.columns[:3] == ["repeat", "fold", "seed"]
    assert together.log.select("repeat", "fold", "seed").unique().height == len(NAMES)
    tested = {k: together.facts[k]["people"]["test"] for k in NAMES}
    assert tested["r0f0s0"] == tested["r0f0s1"] != tested["r1f0s0"]
    assert together.facts["r0f0s0"]["seed"] != together.facts["r0f0s1"]["seed"]


def test_the_final_training_tests_nobody_and_learns_from_all_others(study):
    windows, folds = study
    trained = train(windows, folds, "logistic", splits=["final_s0"])
    people = trained.facts["final_s0"]["people"]
    assert people["test"] == []
    assert sorted(people["train"] + people["validation"]) == sorted(windows.keys["subject_id"].unique())
    assert set(trained.predictions["role"]) == {"validation"}
    assert trained.predictions["fold"].null_count() == trained.predictions.height > 0


def test_facts_tell_threshold_and_people_and_can_be_written(study):
    windows, folds = study
    trained = train(windows, folds, "logistic")
    facts = trained.facts["r0f0s0"]
    validation = trained.predictions.filter(pl.col("role") == "validation")
    expected = best_threshold(validation["label"].to_numpy(), validation["score"].to_numpy())
    assert facts["threshold"] == expected
    assert {role: len(people) for role, people in facts["people"].items()} == {
        role: folds.filter(pl.col("repeat") == 0, pl.col("fold") == 0, pl.col("role") == role)[
            "subject_id"
        ].n_unique()
        for role in ("train", "validation", "test")
    }
    assert json.loads(json.dumps(trained.facts)) == trained.facts


class Killed(Exception):
    """Stands for the signal that ends a job."""


def test_a_killed_job_goes_on_with_the_split_it_was_in(study, tmp_path, monkeypatch):
    """Killed in the second split: the first is not trained again, and the result is that of a job left alone."""
    windows, folds = study
    names = ("r0f0s0", "r0f1s0", "r0f2s0")
    whole = train(windows, folds, "cross_modal", splits=names)
    epochs = []

    def run_epoch(self, epoch, *rest, _run=Trainer.run_epoch):
        if len(epochs) == 4 and not resumed:
            raise Killed
        epochs.append(epoch)
        return _run(self, epoch, *rest)

    monkeypatch.setattr(Trainer, "run_epoch", run_epoch)
    checkpoints = {n: Checkpoint(tmp_path / f"checkpoint_{n}.safetensors", {"job": 1}) for n in names}
    resumed = False
    with pytest.raises(Killed):
        train(windows, folds, "cross_modal", splits=names, checkpoints=checkpoints)
    assert epochs == [1, 2, 3, 1]
    resumed = True
    again = train(windows, folds, "cross_modal", splits=names, checkpoints=checkpoints)
    assert epochs[4:] == [2, 3, 1, 2, 3]
    assert again.predictions.equals(whole.predictions)
    assert all(again.weights[k].tobytes() == whole.weights[k].tobytes() for k in whole.weights)


def test_nobody_to_test_trains_nothing_and_says_so(study, caplog):
    windows, _ = study
    labelled = windows.keys.with_columns(label=pl.Series(windows.label_n))
    people = labelled["subject_id"].unique().sort().to_list()
    folds = split_subjects(labelled, n_folds=2, left_out=["gone", *people], validation_share=0.25, seed=1)
    with caplog.at_level("WARNING", logger="affectflow"):
        trained = train(windows, folds, "logistic", splits=["r0f0s0"])
    assert "r0f0s0: fold 0 has no test people; nothing is trained" in caplog.text
    assert (trained.predictions.height, trained.weights, trained.facts, trained.log.height) == (0, {}, {}, 0)
    check_table(trained.predictions, "predictions", "predictions")
    both = train(windows, folds, "logistic", splits=["r0f0s0", "r0f1s0"])
    assert list(both.facts) == ["r0f1s0"]
    assert set(both.predictions.filter(pl.col("role") == "test")["subject_id"]) == {people[0]}


def test_the_choice_of_options_never_sees_test_people(study):
    """Other test people, the same choice, weights and log; other validation people, other losses."""
    windows, folds = study
    choices = {"width": [4, 8], "learning_rate": [0.02, 0.001]}

    def trained(role):
        changed = windows.keys["subject_id"].is_in(test_people_of(folds, 0, role)).to_numpy()
        arrays = {name: array[:].copy() for name, array in windows.arrays.items()}
        for array in arrays.values():
            array[changed] = np.random.default_rng(0).normal(5, 3, array[changed].shape)
        return train(windows.replace(arrays), folds, "tcn", choices=choices)

    before = train(windows, folds, "tcn", choices=choices)
    after = trained("test")
    assert after.facts == before.facts
    assert len(before.facts["r0f0s0"]["choices"]["tried"]) == 4
    assert all(np.array_equal(after.weights[k], a, equal_nan=True) for k, a in before.weights.items())
    assert after.log.equals(before.log)
    assert trained("validation").facts["r0f0s0"]["choices"] != before.facts["r0f0s0"]["choices"]


def test_a_model_of_any_modalities_reads_those_of_the_study(study):
    windows, folds = study
    trained = train(windows, folds, "cross_modal", modalities=("face", "gaze"))
    assert trained.facts["r0f0s0"]["modalities"] == ["face", "gaze"]
    assert not [k for k in trained.weights if k.endswith(".bio")]
    logistic = train(windows, folds, "logistic", modalities=("face", "gaze"))
    assert list(logistic.facts["r0f0s0"]["columns"]) == ["summary"]


def test_a_control_whose_labels_do_not_differ_on_a_side_is_not_trained(study, caplog):
    """Shuffled labels dealt among people may leave a fold's validation people with one of them."""
    windows, folds = study
    held = windows.keys["subject_id"].is_in(test_people_of(folds, 0, "validation")).to_numpy()
    alike = replace(windows, label_n=np.where(held, 1, windows.label_n).astype(np.int8))
    trained = train(alike, folds, "logistic", splits=("r0f0s0", "r0f1s0"))
    assert set(trained.predictions["fold"]) == {1}
    assert list(trained.facts) == ["r0f1s0"]
    assert "r0f0s0: the labels of the validation people do not differ; nothing is trained" in caplog.text


def test_people_without_a_label_play_no_part(study):
    """The control's windows are fewer; everybody else keeps the role of the study."""
    windows, folds = study
    gone = test_people_of(folds, 0, "train")[0]
    trained = train(windows.take((windows.keys["subject_id"] != gone).to_numpy()), folds, "logistic")
    people = trained.facts["r0f0s0"]["people"]
    assert gone not in people["train"]
    for role in ("train", "validation", "test"):
        assert people[role] == sorted(set(test_people_of(folds, 0, role)) - {gone})
