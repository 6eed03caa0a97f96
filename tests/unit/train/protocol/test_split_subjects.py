"""Whole people are for training, validation or test."""

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from affectflow.errors import DesignError
from affectflow.io.tables import check_table
from affectflow.train.protocol.split_subjects import check_folds, split_subjects
from affectflow.train.windows.label_windows import label_windows

HOW = {"n_folds": 3, "validation_share": 0.25, "seed": 1}


def windows_of(people, conditions=("baseline", "stressor"), n=4):
    """Windows without features: `conditions` may be a function of the person's number."""
    rows = [
        {
            "recording_id": f"P{i:02d}_{c}",
            "subject_id": f"P{i:02d}",
            "condition": c,
            "window_id": k,
            "start_s": 2.0 * k,
            "phase": None,
        }
        for i in range(people)
        for c in (conditions(i) if callable(conditions) else conditions)
        for k in range(n)
    ]
    return pl.DataFrame(rows, schema_overrides={"phase": pl.String}).with_columns(end_s=pl.col("start_s") + 4)


def split(windows, **how):
    return split_subjects(label_windows(windows, baseline="baseline", stressor="stressor"), **{**HOW, **how})


def crossed(folds):
    """Without the final training."""
    return folds.filter(pl.col("fold").is_not_null())


def roles_by_person(folds):
    return folds.group_by("repeat", "fold", "subject_id").agg(pl.col("role").unique())


@settings(deadline=None, max_examples=25)
@given(
    people=st.integers(4, 14), n_folds=st.integers(2, 4), seed=st.integers(0, 999), share=st.floats(0.1, 0.5)
)
def test_a_person_has_one_role_in_a_fold_and_is_tested_once(people, n_folds, seed, share):
    windows = windows_of(people)
    folds = split(windows, n_folds=n_folds, seed=seed, validation_share=share)
    check_table(folds, "folds", "folds")
    assert roles_by_person(folds)["role"].list.len().max() == 1
    tested = folds.filter(pl.col("role") == "test").select("fold", "subject_id").unique()
    assert sorted(tested["subject_id"]) == sorted(windows["subject_id"].unique())
    for (_,), fold in crossed(folds).partition_by("fold", as_dict=True).items():
        assert set(fold["role"]) == {"train", "validation", "test"}
        assert set(fold["recording_id"]) == set(windows["recording_id"])


def test_people_with_one_condition_each_are_stratified():
    windows = windows_of(12, lambda i: ("baseline",) if i % 2 else ("stressor",))
    folds = split(windows)
    counts = folds.group_by("fold", "role").agg(pl.col("n_windows", "n_positive").sum())
    assert ((counts["n_positive"] > 0) & (counts["n_positive"] < counts["n_windows"])).all()


def test_order_of_rows_changes_nothing_and_the_seed_does():
    windows = windows_of(9)
    folds = split(windows)
    assert folds.equals(split(windows.sample(fraction=1, shuffle=True, seed=3)))
    assert not folds.equals(split(windows, seed=2))


def test_windows_of_other_conditions_take_no_part():
    windows = windows_of(6, ("baseline", "stressor", "rest"))
    folds = split(windows)
    assert not folds["recording_id"].str.contains("rest").any()
    assert folds.filter(pl.col("fold") == 0)["n_windows"].sum() == 6 * 2 * 4


@pytest.mark.parametrize(
    ("windows", "say"),
    [
        (windows_of(2), "2 people have labelled windows.*3 folds need at least 3"),
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
        split(windows)
    assert "\n" not in str(error.value)


def test_a_straddling_person_is_caught():
    folds = split(windows_of(6))
    first = folds.row(0, named=True)
    other = "test" if first["role"] != "test" else "train"
    moved = folds.with_columns(
        role=pl.when((pl.col("fold") == first["fold"]) & (pl.col("recording_id") == first["recording_id"]))
        .then(pl.lit(other))
        .otherwise("role")
    )
    with pytest.raises(AssertionError, match="two roles"):
        check_folds(moved)


def people_of(folds, role, **where):
    own = folds.filter(*(pl.col(k) == v for k, v in where.items()), pl.col("role") == role)
    return own["subject_id"].unique().sort().to_list()


def test_repeats_deal_people_out_anew_also_when_everybody_has_another_number_of_windows():
    windows = windows_of(9).filter(
        pl.col("window_id") <= pl.col("subject_id").str.slice(1).cast(pl.Int32) % 4
    )
    folds = split(windows, n_repeats=4)
    dealt = {tuple(tuple(people_of(folds, "test", repeat=r, fold=f)) for f in range(3)) for r in range(4)}
    assert len(dealt) == 4
    for r in range(4):
        tested = [name for f in range(3) for name in people_of(folds, "test", repeat=r, fold=f)]
        assert sorted(tested) == sorted(windows["subject_id"].unique())
    # One repeat more leaves the others as they are.
    assert crossed(split(windows, n_repeats=3)).equals(crossed(folds).filter(pl.col("repeat") < 3))


def test_one_person_left_out_is_the_person_of_the_sheet():
    windows, sheet = windows_of(5), ["P03", "gone", "P00", "P01", "P02", "P04"]
    folds = split(windows, left_out=sheet, n_repeats=2)
    check_table(folds, "folds", "folds")
    for k, name in enumerate(sheet):
        assert people_of(folds, "test", repeat=1, fold=k) == ([name] if name != "gone" else [])
        validation = people_of(folds, "validation", repeat=1, fold=k)
        assert validation
        assert name not in validation
        assert set(folds.filter(fold=k)["subject_id"]) == set(windows["subject_id"])
    turns = {tuple(people_of(folds, "validation", repeat=0, fold=k)) for k in range(6)}
    assert len(turns) > 1


def test_who_has_no_windows_is_named(caplog):
    with caplog.at_level("WARNING", logger="affectflow"):
        split(windows_of(4), left_out=["P00", "P01", "P02", "P03", "P77"])
    assert "fold 4 has no test people: P77 has no labelled windows" in caplog.text


def test_a_person_left_out_may_have_one_condition_a_fold_may_not():
    windows = windows_of(8, lambda i: ("baseline",) if i % 2 else ("stressor",))
    people = windows["subject_id"].unique().sort().to_list()
    assert crossed(split(windows, left_out=people))["fold"].n_unique() == 8
    with pytest.raises(DesignError, match=r"test people of fold . .repeat 0. have windows of one condition"):
        split(windows, n_folds=8)


def test_the_final_training_takes_everybody_but_validation_people():
    folds = split(windows_of(8), n_repeats=2)
    last = folds.filter(pl.col("fold").is_null())
    assert last["repeat"].null_count() == last.height
    assert set(last["role"]) == {"train", "validation"}
    assert last["subject_id"].n_unique() == 8


def one_each(i):
    return ("baseline",) if i % 2 else ("stressor",)


@pytest.mark.parametrize(
    ("people", "n", "how"),
    [
        (6, 1, {"n_folds": 4}),
        (8, 1, {"n_folds": 8}),
        (4, 1, {"n_folds": 2}),
        (5, 1, {"left_out": [f"P{i:02d}" for i in range(5)]}),
    ],
)
def test_fewer_windows_of_a_label_than_folds_end_in_one_line(people, n, how):
    with pytest.raises(DesignError, match=r"fewer than the|both conditions|one condition only") as error:
        split(windows_of(people, one_each, n=n), **how)
    assert "\n" not in str(error.value)


def test_one_window_each_is_split_where_it_can_be(recwarn):
    """Fewer windows of a label than parts of the validation share: people are dealt out to fewer parts."""
    folds = split(windows_of(8, one_each, n=1), n_folds=2, validation_share=0.1)
    assert [len(people_of(folds, "validation", fold=k)) for k in range(2)] == [2, 2]
    assert not recwarn.list
    alone = split(windows_of(9, one_each, n=1), left_out=[f"P{i:02d}" for i in range(9)])
    assert crossed(alone)["fold"].n_unique() == 9


@pytest.mark.parametrize("share", [0.01, 0.1, 0.25, 0.4, 0.45, 0.6, 0.7, 0.8, 0.95])
@pytest.mark.parametrize("people", [4, 7, 12, 25])
def test_the_share_of_validation_people_is_the_one_asked_for_to_a_person(people, share, caplog):
    with caplog.at_level("INFO", logger="affectflow"):
        folds = split(windows_of(people), validation_share=share)
    for _, own in folds.group_by("repeat", "fold"):
        n = own.filter(pl.col("role") != "test")["subject_id"].n_unique()
        taken = own.filter(pl.col("role") == "validation")["subject_id"].n_unique()
        assert abs(taken - share * n) <= 1
        assert 0 < taken < n
    assert f"of the people who are not tested validate (train.validation_share: {share:g})" in caplog.text
    assert "off by more than a person" not in caplog.text


def test_a_share_that_both_labels_do_not_allow_is_said(caplog):
    """Of each condition somebody must validate."""
    windows = windows_of(12, lambda i: ("baseline",) if i < 3 else ("stressor",))
    folds = split(windows, n_folds=3, validation_share=0.05)
    assert "off by more than a person, as both sides need both labels" in caplog.text
    assert folds.filter(pl.col("role") == "validation")["subject_id"].n_unique() > 1


def test_validation_people_have_both_shuffled_labels_where_some_have():
    """Twenty studies of ten people, one condition each: by chance every other fold would lose its control."""
    lost = 0
    for seed in range(20):
        how = {"baseline": "baseline", "stressor": "stressor", "seed": seed}
        examples = label_windows(windows_of(10, one_each), **how)
        folds = split_subjects(examples, **{**HOW, "seed": seed})
        labels = examples.select("recording_id", "shuffled_label")
        own = crossed(folds).filter(pl.col("role") != "test").join(labels, on="recording_id")
        kinds = own.group_by("fold", "role").agg(pl.col("shuffled_label").n_unique())
        lost += kinds.filter(pl.col("shuffled_label") < 2)["fold"].n_unique()
    assert lost <= 3


def test_folds_that_no_auroc_can_be_of_are_warned_of(caplog):
    people = [f"P{i:02d}" for i in range(8)]
    split(windows_of(8, one_each), left_out=people)
    assert "8 of 8 folds test a person who has windows of one label only" in caplog.text
    assert "have no value. Other measures stay" in caplog.text
    caplog.clear()
    split(windows_of(8, lambda i: one_each(i) if i > 5 else ("baseline", "stressor")), left_out=people)
    assert "2 of 8 folds test a person who has windows of one label only" in caplog.text
    assert "leave these folds out" in caplog.text
    caplog.clear()
    split(windows_of(8), left_out=people)
    assert not caplog.text
