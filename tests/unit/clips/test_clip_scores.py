"""WAR and UAR worked out by hand and against scikit-learn."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest
from sklearn.metrics import accuracy_score, balanced_accuracy_score

from affectflow.clips.clip_scores import clip_scores, most_frequent
from affectflow.clips.split_clips import split_clips
from tests.support.clip_tables import clips


def test_the_worked_example():
    rows = [(0, "a", 3, 3), (0, "a", 3, 3), (0, "b", 3, 1), (0, "b", 1, 1), (1, "c", 1, 3), (1, "c", 3, 3)]
    table = pl.DataFrame(rows, schema=["fold", "subject_id", "label", "predicted"], orient="row")
    scores = dict(clip_scores(table).select("measure", "value").rows())
    # Fold 0: 3 of 4; recalls 2/3 and 1. Fold 1: 1 of 2; recalls 1 and 0.
    assert scores["war"] == pytest.approx((3 / 4 + 1 / 2) / 2)
    assert scores["uar"] == pytest.approx(((2 / 3 + 1) / 2 + 1 / 2) / 2)


def test_each_fold_is_scikit_learn_s():
    rng = np.random.default_rng(2)
    test = split_clips(clips(n_people=20), n_folds=4).filter(role="test")
    table = test.with_columns(predicted=pl.Series(np.where(rng.random(test.height) < 0.6, test["label"], 0)))
    parts = [(own["label"], own["predicted"]) for _, own in table.group_by("fold")]
    scores = dict(clip_scores(table).select("measure", "value").rows())
    assert scores["war"] == pytest.approx(np.mean([accuracy_score(*p) for p in parts]))
    assert scores["uar"] == pytest.approx(np.mean([balanced_accuracy_score(*p) for p in parts]))


def test_the_commonest_label_has_a_uar_of_one_over_the_number_of_emotions():
    folds = split_clips(clips(n_people=24, each=20), n_folds=4)
    table = most_frequent(folds)
    assert table["predicted"].unique().to_list() == [0]
    scores = {row["measure"]: row for row in clip_scores(table).iter_rows(named=True)}
    assert scores["uar"]["value"] == pytest.approx(1 / 4)
    assert scores["war"]["low"] < scores["war"]["value"] < scores["war"]["high"]
    assert scores["war"]["value"] == pytest.approx(0.5, abs=0.08)


def test_intervals_are_of_people_not_of_clips():
    # Each person is told right always or never: many clips of few people say little.
    few = pl.DataFrame(
        {"fold": 0, "subject_id": [f"p{i // 50}" for i in range(400)], "label": [i % 2 for i in range(400)]}
    )
    table = few.with_columns(
        predicted=pl.when(pl.col("subject_id") < "p4").then("label").otherwise(1 - pl.col("label"))
    )
    width = {r["measure"]: r["high"] - r["low"] for r in clip_scores(table).iter_rows(named=True)}
    assert width["war"] > 0.5
    assert clip_scores(table).equals(clip_scores(table))
