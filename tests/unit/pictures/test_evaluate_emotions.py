"""Evaluation of several emotions: thresholds from validation only, intervals over people, errors on both scales."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from affectflow.errors import DesignError
from affectflow.pictures.evaluate_emotions import (
    STATES,
    emotion_names,
    evaluate_emotions,
    label_matrix,
    unbiased_interval,
)
from affectflow.train.scores.bootstrap import interval, person_weights
from affectflow.train.scores.metrics import auprc
from tests.support.emotions import NAMES, emotion_tables


@pytest.fixture(scope="module")
def tables():
    return emotion_tables(seed=1)


@pytest.fixture(scope="module")
def made(tables):
    return evaluate_emotions(*tables, n_resamples=200)


def test_emotions_are_found_by_the_predictions_columns(tables):
    assert emotion_names(tables[2]) == list(NAMES)
    lists = pl.Series([["pain", "anger"], []], dtype=pl.List(pl.String))
    assert label_matrix(lists, ("anger", "peace", "pain")).tolist() == [[True, False, True], [False] * 3]


def test_a_network_that_knows_beats_chance_and_one_that_does_not_is_there(made):
    """The tables' `tuned` state knows the labels by a third, `start` knows nothing."""
    macro = made.means.filter(mean="macro")
    start, tuned = (
        macro.filter(state="start").row(0, named=True),
        macro.filter(state="tuned").row(0, named=True),
    )
    assert tuned["low"] > tuned["chance"] + 0.1
    assert start["low"] < start["chance"] + 0.02
    assert start["average_precision"] == pytest.approx(start["chance"], abs=0.12)
    assert tuned["low"] < tuned["average_precision"] < tuned["high"]


@pytest.mark.parametrize("mean", ["macro", "weighted"])
def test_what_training_added_to_a_mean_has_an_interval(tables, made, mean):
    """From the same resamples as both means, so that it is narrower than their intervals are apart."""
    start, tuned = (made.means.filter(mean=mean, state=state).row(0, named=True) for state in STATES)
    assert tuned["low"] < tuned["average_precision"] < tuned["high"]
    assert tuned["gain"] == pytest.approx(tuned["average_precision"] - start["average_precision"])
    assert 0 < tuned["gain_low"] < tuned["gain"] < tuned["gain_high"]
    assert start["gain"] is start["gain_low"] is start["gain_high"] is None
    # A network that learnt nothing gained nothing, in every resample.
    pictures, roles, predictions = tables
    first = predictions.filter(state="start")
    same = pl.concat([first, first.with_columns(state=pl.lit("tuned"))])
    row = evaluate_emotions(pictures, roles, same, n_resamples=50).means.filter(mean=mean, state="tuned")
    assert row.select("gain", "gain_low", "gain_high").row(0) == (0, 0, 0)


def test_intervals_lie_around_what_they_are_of():
    """Of scores that know nothing resamples alone would lie above: a picture drawn twice ranks beside itself."""
    rng = np.random.default_rng(0)
    aside, plain = [], []
    for _ in range(20):
        label, score = (rng.random(40) < 0.25).astype(float), rng.random(40)
        one_each, zeros = np.arange(40), np.zeros(40, int)
        measure = auprc(label, score, one_each, zeros)
        estimate = measure(np.ones((1, 40))).item()
        drawn = measure(person_weights(40, n_resamples=400, seed=1))
        for limits, into in (
            (unbiased_interval(drawn, estimate, n_people=40), aside),
            (interval(drawn, n_people=40), plain),
        ):
            into.append((np.mean(limits) - estimate) / np.ptp(limits))
    assert np.mean(plain) > 2 * np.mean(aside)
    assert abs(np.mean(aside)) < 0.1


def test_test_labels_decide_no_threshold(tables, made):
    pictures, roles, predictions = tables
    test_ids = roles.filter(role="test")["picture_id"]
    others = pictures.with_columns(
        emotions=pl.when(pl.col("picture_id").is_in(test_ids.to_list()))
        .then(pl.lit(["pain"]))
        .otherwise("emotions")
    )
    changed = evaluate_emotions(others, roles, predictions, n_resamples=20).emotions
    assert changed["threshold"].equals(made.emotions["threshold"])
    assert not changed["recall"].equals(made.emotions["recall"])


def test_train_and_validation_pictures_are_not_reported(tables, made):
    _, roles, _ = tables
    n_test = roles.filter(role="test").height
    assert made.errors["n"].to_list() == [n_test] * 4
    assert made.emotions["n_labelled"].max() <= n_test


def test_errors_are_on_both_scales_beside_that_of_a_constant(tables, made):
    pictures, roles, predictions = tables
    row = made.errors.filter(state="tuned", dimension="valence").row(0, named=True)
    test = predictions.filter(state="tuned", role="test").join(pictures, on="picture_id")
    assert row["mae"] == pytest.approx((test["valence"] - test["predicted_valence"]).abs().mean())
    assert row["mae_annotators"] == pytest.approx(4.5 * row["mae"])
    train = pictures.join(roles.filter(role="train"), on="picture_id", how="semi")
    assert row["mae_constant"] == pytest.approx((test["valence"] - train["valence"].mean()).abs().mean())
    assert row["mae"] < row["mae_constant"]


def test_pairs_of_labels_of_what_is_told_and_of_both(made):
    kinds = made.pairs.select("kind", "state").unique().sort("kind", "state").rows()
    assert kinds == [
        ("confusion", "start"),
        ("confusion", "tuned"),
        ("labels", None),
        ("told", "start"),
        ("told", "tuned"),
    ]
    # Anger and annoyance are always told together in these labels; peace with neither.
    labels = {
        (r["emotion"], r["other"]): r["share"] for r in made.pairs.filter(kind="labels").iter_rows(named=True)
    }
    assert labels["anger", "annoyance"] == 1
    assert labels["anger", "peace"] == 0
    right = made.pairs.filter(pl.col("emotion") == pl.col("other"), kind="confusion", state="tuned")
    recall = made.emotions.filter(state="tuned")["recall"]
    np.testing.assert_allclose(right["share"].drop_nulls().to_numpy(), recall.drop_nulls().to_numpy())


def test_the_same_seed_gives_the_same_tables(tables, made):
    again = evaluate_emotions(*tables, n_resamples=200)
    for name in ("emotions", "means", "pairs", "errors"):
        assert getattr(again, name).equals(getattr(made, name))


def test_pictures_without_such_labels_are_one_line(tables):
    pictures, roles, predictions = tables
    bare = pictures.with_columns(emotions=pl.lit(None, pl.List(pl.String)))
    with pytest.raises(DesignError, match="no test picture has labels of emotions"):
        evaluate_emotions(bare, roles, predictions)


def test_a_handful_of_pictures_has_no_interval(tables, made):
    pictures, roles, predictions = tables
    test = roles.filter(role="test")["picture_id"]
    with_peace = pictures.filter(
        pl.col("picture_id").is_in(test.implode()) & pl.col("emotions").list.contains("peace")
    )
    for n in (4, 5):
        without = pl.col("picture_id").is_in(with_peace["picture_id"][n:].implode())
        fewer = pictures.with_columns(
            emotions=pl.when(without)
            .then(pl.col("emotions").list.set_difference(pl.lit(["peace"])))
            .otherwise("emotions")
        )
        rows = evaluate_emotions(fewer, roles, predictions, n_resamples=50).emotions.filter(emotion="peace")
        assert rows["n_labelled"].to_list() == [n, n]
        assert rows["average_precision"].null_count() == 0
        assert rows["low"].is_null().to_list() == rows["high"].is_null().to_list() == [n < 5] * 2
