"""One model on one fold: nothing of the test people gets in."""

import numpy as np
import polars as pl
import pytest

from affectflow.errors import ConfigError, DesignError
from affectflow.io.tables import check_table
from affectflow.train.split_subjects import split_subjects
from affectflow.train.train_model import train_model
from tests.support.models import LOOP, SMALL, make_windows

MODELS = sorted(SMALL)


@pytest.fixture(scope="module")
def study():
    windows, study = make_windows(n_people=6, effect=1.5)
    how = {"baseline": "baseline", "stressor": "stressor", "n_folds": 3, "validation_share": 0.25, "seed": 1}
    return windows, split_subjects(study.windows, **how)


def train(windows, folds, model, *, fold=0, subject_norm="none", seed=1):
    return train_model(
        windows,
        folds,
        model=model,
        fold=fold,
        subject_norm=subject_norm,
        seed=seed,
        options=SMALL[model],
        loop={**LOOP, "epochs": 3},
    )


def test_people_of(folds, fold, role):
    return folds.filter((pl.col("fold") == fold) & (pl.col("role") == role))["subject_id"].unique().to_list()


test_people_of.__test__ = False


@pytest.mark.parametrize("model", MODELS)
def test_predictions_are_of_validation_and_test_people_only(study, model):
    windows, folds = study
    trained = train(windows, folds, model, fold=1)
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
        arrays[name] = array.copy()
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
    assert (
        train(windows, folds, "logistic", subject_norm="transductive").facts["subject_norm"] == "transductive"
    )


def test_folds_and_windows_must_belong_together(study):
    windows, folds = study
    with pytest.raises(DesignError, match="there is no fold 7"):
        train(windows, folds, "logistic", fold=7)
    with pytest.raises(DesignError, match=r"no role for P00_baseline, P00_stressor. Re-run split_subjects"):
        train(windows, folds.filter(pl.col("subject_id") != "P00"), "logistic")
    with pytest.raises(ConfigError, match="Did you mean logistic"):
        train_model(windows, folds, model="logistik", fold=0, subject_norm="none", seed=1, options={})
