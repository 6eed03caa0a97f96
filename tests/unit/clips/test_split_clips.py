"""Folds in which nobody straddles, the data sets' own where they have them."""

from __future__ import annotations

import polars as pl
import pytest

from affectflow.clips.official_folds import count_folds
from affectflow.clips.split_clips import split_clips
from affectflow.errors import DesignError
from affectflow.io.tables import check_table
from tests.support.clip_tables import clips


def roles_of_people(folds):
    return folds.group_by("fold", "subject_id").agg(pl.col("role").n_unique())["role"]


def test_whole_people_are_dealt_out_and_each_is_tested_once():
    folds = split_clips(clips(), n_folds=4)
    assert roles_of_people(folds).max() == 1
    assert folds.filter(role="test").height == 60
    assert folds.filter(role="test")["recording_id"].n_unique() == 60
    assert set(folds["role"].unique()) == {"train", "validation", "test"}
    for _, own in folds.group_by("fold"):
        assert own["role"].n_unique() == 3
    assert folds.equals(split_clips(clips().sample(fraction=1, shuffle=True, seed=3), n_folds=4))


def test_official_folds_are_kept():
    given = clips(fold=lambda p, k: str(p % 3 + 1))
    folds = split_clips(given, n_folds=7)
    assert folds["fold"].unique().sort().to_list() == [0, 1, 2]
    tested = folds.filter(role="test").join(given.select("recording_id", official="fold"), on="recording_id")
    assert (tested["official"].cast(int) == tested["fold"] + 1).all()
    assert roles_of_people(folds).max() == 1


def test_an_official_split_is_one_fold():
    folds = split_clips(clips(split=lambda p, k: "test" if p < 3 else "train"))
    assert folds["fold"].unique().to_list() == [0]
    assert folds.filter(role="test")["subject_id"].unique().sort().to_list() == ["p00", "p01", "p02"]


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (clips(fold=lambda p, k: str(k % 2)), "p00 is in several official parts"),
        (clips(fold=lambda p, k: "1" if p < 3 else ""), "45 of 60 have no official fold"),
        (clips(n_people=1), "all are of one person"),
        (clips(n_people=4), "4 people, .* are too few for 5 folds"),
        (
            clips(split=lambda p, k: "test" if p else "train"),
            "too few are left to train and validate: those that are not tested show 1 people",
        ),
        (clips(split=lambda p, k: "train"), "none is in the official part 'test'"),
        (clips().head(0), "no recording with a video has a label"),
        (
            clips(label=lambda p, k: "Happy"),
            "recording c00_0: label is 'Happy', expected a number from 0 to 8",
        ),
        (clips(label=lambda p, k: "9"), "label is '9'"),
        (clips(label=lambda p, k: "3"), "there is only one emotion"),
    ],
)
def test_what_would_leak_or_cannot_be_is_said(given, said):
    with pytest.raises(DesignError, match=said):
        split_clips(given)


def test_labels_of_a_sheet_are_text_and_become_numbers():
    folds = split_clips(clips(label=lambda p, k: str(k % 3)), n_folds=3)
    assert check_table(folds, "clip_folds", "folds")["label"].unique().sort().to_list() == [0, 1, 2]


@pytest.mark.parametrize(
    "columns",
    [{}, {"fold": lambda p, k: str(p % 3 + 1)}, {"split": lambda p, k: "test" if p < 3 else "train"}],
)
def test_how_many_folds_there_will_be_is_known_from_the_sheet_alone(columns):
    given = clips(**columns)
    n = count_folds(given.select(pl.exclude("label")).iter_rows(named=True), n_folds=4)
    assert split_clips(given, n_folds=4)["fold"].n_unique() == n
