"""Whole people are for training, validation or test."""

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from affectflow.errors import DesignError
from affectflow.io.tables import check_table
from affectflow.train.split_subjects import check_folds, split_subjects

HOW = {"baseline": "baseline", "stressor": "stressor", "n_folds": 3, "validation_share": 0.25, "seed": 1}


def windows_of(people, conditions=("baseline", "stressor"), n=4):
    """Windows without features: `conditions` may be a function of the person's number."""
    rows = [
        {
            "recording_id": f"P{i:02d}_{c}",
            "subject_id": f"P{i:02d}",
            "condition": c,
            "window_id": k,
            "start_s": 2.0 * k,
        }
        for i in range(people)
        for c in (conditions(i) if callable(conditions) else conditions)
        for k in range(n)
    ]
    return pl.DataFrame(rows).with_columns(end_s=pl.col("start_s") + 4)


def roles_by_person(folds):
    return folds.group_by("fold", "subject_id").agg(pl.col("role").unique())


@settings(deadline=None, max_examples=25)
@given(
    people=st.integers(4, 14), n_folds=st.integers(2, 4), seed=st.integers(0, 999), share=st.floats(0.1, 0.5)
)
def test_a_person_has_one_role_in_a_fold_and_is_tested_once(people, n_folds, seed, share):
    windows = windows_of(people)
    folds = split_subjects(windows, **{**HOW, "n_folds": n_folds, "seed": seed, "validation_share": share})
    check_table(folds, "folds", "folds")
    assert roles_by_person(folds)["role"].list.len().max() == 1
    tested = folds.filter(pl.col("role") == "test").select("fold", "subject_id").unique()
    assert sorted(tested["subject_id"]) == sorted(windows["subject_id"].unique())
    for (_,), fold in folds.partition_by("fold", as_dict=True).items():
        assert set(fold["role"]) == {"train", "validation", "test"}
        assert set(fold["recording_id"]) == set(windows["recording_id"])


def test_people_with_one_condition_each_are_stratified():
    windows = windows_of(12, lambda i: ("baseline",) if i % 2 else ("stressor",))
    folds = split_subjects(windows, **HOW)
    counts = folds.group_by("fold", "role").agg(pl.col("n_windows", "n_positive").sum())
    assert ((counts["n_positive"] > 0) & (counts["n_positive"] < counts["n_windows"])).all()


def test_order_of_rows_changes_nothing_and_the_seed_does():
    windows = windows_of(9)
    folds = split_subjects(windows, **HOW)
    assert folds.equals(split_subjects(windows.sample(fraction=1, shuffle=True, seed=3), **HOW))
    assert not folds.equals(split_subjects(windows, **{**HOW, "seed": 2}))


def test_windows_of_other_conditions_take_no_part():
    windows = windows_of(6, ("baseline", "stressor", "rest"))
    folds = split_subjects(windows, **HOW)
    assert not folds["recording_id"].str.contains("rest").any()
    assert folds.filter(pl.col("fold") == 0)["n_windows"].sum() == 6 * 2 * 4


@pytest.mark.parametrize(
    ("windows", "say"),
    [
        (windows_of(2), "2 people have windows.*3 folds need at least 3"),
        (windows_of(6, ("baseline",)), "no window has condition 'stressor' .found: 'baseline'"),
        (
            windows_of(6, lambda i: ("baseline",) if i else ("stressor",)),
            "one condition only|both conditions",
        ),
        (windows_of(4).with_columns(condition=pl.lit(None, pl.String)), "no window has condition 'baseline'"),
    ],
)
def test_a_design_that_cannot_be_answered_is_refused_in_one_line(windows, say):
    with pytest.raises(DesignError, match=say) as error:
        split_subjects(windows, **HOW)
    assert "\n" not in str(error.value)


def test_a_straddling_person_is_caught():
    folds = split_subjects(windows_of(6), **HOW)
    first = folds.row(0, named=True)
    other = "test" if first["role"] != "test" else "train"
    moved = folds.with_columns(
        role=pl.when((pl.col("fold") == first["fold"]) & (pl.col("recording_id") == first["recording_id"]))
        .then(pl.lit(other))
        .otherwise("role")
    )
    with pytest.raises(AssertionError, match="two roles"):
        check_folds(moved)
