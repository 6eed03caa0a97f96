"""Folds in which nobody straddles, and WAR and UAR worked out by hand and against scikit-learn."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest
from sklearn.metrics import accuracy_score, balanced_accuracy_score

from affectflow.clips.clip_folds import clip_folds
from affectflow.clips.clip_scores import clip_scores, most_frequent
from affectflow.errors import DesignError


def clips(n_people=12, each=5, **columns):
    rng = np.random.default_rng(0)
    rows = [
        {
            "recording_id": f"c{p:02}_{k}",
            "subject_id": f"p{p:02}",
            "label": int(rng.choice(4, p=(0.5, 0.2, 0.2, 0.1))),
        }
        | {name: f(p, k) for name, f in columns.items()}
        for p in range(n_people)
        for k in range(each)
    ]
    return pl.DataFrame(rows)


def roles_of_people(folds):
    return folds.group_by("fold", "subject_id").agg(pl.col("role").n_unique())["role"]


def test_whole_people_are_dealt_out_and_each_is_tested_once():
    folds = clip_folds(clips(), n_folds=4)
    assert roles_of_people(folds).max() == 1
    assert folds.filter(role="test").height == 60
    assert folds.filter(role="test")["recording_id"].n_unique() == 60
    assert set(folds["role"].unique()) == {"train", "validation", "test"}
    for _, own in folds.group_by("fold"):
        assert own["role"].n_unique() == 3
    assert folds.equals(clip_folds(clips().sample(fraction=1, shuffle=True, seed=3), n_folds=4))


def test_official_folds_are_kept():
    given = clips(fold=lambda p, k: str(p % 3 + 1))
    folds = clip_folds(given, n_folds=7)
    assert folds["fold"].unique().sort().to_list() == [0, 1, 2]
    tested = folds.filter(role="test").join(given.select("recording_id", official="fold"), on="recording_id")
    assert (tested["official"].cast(int) == tested["fold"] + 1).all()
    assert roles_of_people(folds).max() == 1


def test_an_official_split_is_one_fold():
    folds = clip_folds(clips(split=lambda p, k: "test" if p < 3 else "train"))
    assert folds["fold"].unique().to_list() == [0]
    assert folds.filter(role="test")["subject_id"].unique().sort().to_list() == ["p00", "p01", "p02"]


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (clips(fold=lambda p, k: str(k % 2)), "p00 is in several official parts"),
        (clips(fold=lambda p, k: "1" if p < 3 else ""), "45 of 60 have no official fold"),
        (clips(n_people=1), "all are of one person"),
        (clips(n_people=2), "too few people are left"),
    ],
)
def test_what_would_leak_or_cannot_be_is_said(given, said):
    with pytest.raises(DesignError, match=said):
        clip_folds(given)


def test_the_worked_example():
    rows = [(0, "a", 3, 3), (0, "a", 3, 3), (0, "b", 3, 1), (0, "b", 1, 1), (1, "c", 1, 3), (1, "c", 3, 3)]
    table = pl.DataFrame(rows, schema=["fold", "subject_id", "label", "predicted"], orient="row")
    scores = dict(clip_scores(table).select("measure", "value").rows())
    # Fold 0: 3 of 4; recalls 2/3 and 1. Fold 1: 1 of 2; recalls 1 and 0.
    assert scores["war"] == pytest.approx((3 / 4 + 1 / 2) / 2)
    assert scores["uar"] == pytest.approx(((2 / 3 + 1) / 2 + 1 / 2) / 2)


def test_each_fold_is_scikit_learn_s():
    rng = np.random.default_rng(2)
    test = clip_folds(clips(n_people=20), n_folds=4).filter(role="test")
    table = test.with_columns(predicted=pl.Series(np.where(rng.random(test.height) < 0.6, test["label"], 0)))
    parts = [(own["label"], own["predicted"]) for _, own in table.group_by("fold")]
    scores = dict(clip_scores(table).select("measure", "value").rows())
    assert scores["war"] == pytest.approx(np.mean([accuracy_score(*p) for p in parts]))
    assert scores["uar"] == pytest.approx(np.mean([balanced_accuracy_score(*p) for p in parts]))


def test_the_commonest_label_has_a_uar_of_one_over_the_number_of_emotions():
    folds = clip_folds(clips(n_people=24, each=20), n_folds=4)
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
