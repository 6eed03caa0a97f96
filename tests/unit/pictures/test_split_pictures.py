"""No person and no picture is on two sides, the data set's own test stays, and what is left out is told."""

from __future__ import annotations

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from affectflow.errors import DesignError
from affectflow.io.tables import check_table
from affectflow.pictures.split_pictures import split_pictures
from tests.support.stills import picture_rows

SHARES = {"validation_share": 0.2, "test_share": 0.25, "seed": 1}


def split(pictures, **changes):
    made = check_table(split_pictures(pictures, **{**SHARES, **changes}), "picture_roles", "roles")
    return pictures.join(made.drop("person"), on="picture_id", maintain_order="left")


def sides(table, by):
    """On how many sides each person, or each picture, is at most."""
    return table.drop_nulls("role").group_by(by).agg(pl.col("role").n_unique())["role"].max()


def people_in(table, role):
    return set(table.filter(pl.col("role") == role)["person"])


@given(
    st.lists(
        st.tuples(
            st.integers(0, 30), st.integers(0, 60), st.sampled_from(["train", "validation", "test", None])
        ),
        min_size=60,
        max_size=90,
    )
)
@settings(max_examples=40, deadline=None)
def test_nothing_is_on_two_sides(drawn):
    """Whatever the people, the doubled pictures and the splits: people and pictures link groups in any way."""
    table = picture_rows([f"P{p}" for p, _, _ in drawn], splits=[s for _, _, s in drawn])
    table = table.with_columns(digest=pl.Series([f"d{d}" for _, d, _ in drawn]))
    try:
        made = split(table)
    except DesignError:
        return
    assert sides(made, "person") == sides(made, "digest") == 1
    assert made.filter(pl.col("role").is_null())["reason"].null_count() == 0
    assert made.filter(pl.col("role").is_not_null())["reason"].count() == 0


def test_the_data_sets_own_test_stays_and_training_gives_way(caplog):
    people = ["A"] * 4 + ["B"] * 4 + [f"C{i}" for i in range(40)]
    splits = ["test"] * 3 + ["train"] + ["test"] + ["train"] * 43
    table = picture_rows(people, splits=splits)
    # Two C pictures are one; another is a picture of B's test side.
    digest = table["digest"].to_list()
    digest[10], digest[20] = digest[9], digest[4]
    table = table.with_columns(digest=pl.Series(digest))
    made = split(table)
    assert made.filter(pl.col("split") == "test")["role"].to_list() == ["test"] * 4
    out = made.filter(pl.col("reason").is_not_null())
    assert out["picture_id"].to_list() == ["p0003", "p0005", "p0006", "p0007", "p0020"]
    assert out["reason"].to_list() == ["its person is on the test side"] * 4 + ["identical to a test picture"]
    assert made["role"][9] == made["role"][10]
    assert not people_in(made, "validation") & people_in(made, "train")
    assert "4 pictures are identical to others (2 different ones" in caplog.text
    assert "4 pictures are left out: its person is on the test side" in caplog.text


def test_own_validation_pictures_are_kept():
    table = picture_rows([f"P{i}" for i in range(40)], splits=["validation"] * 10 + ["train"] * 30)
    made = split(table)
    assert made["role"][:10].to_list() == ["validation"] * 10
    assert (made["role"] == "validation").sum() == 10
    # There is no test of its own.
    assert 6 <= (made["role"] == "test").sum() <= 9


def test_shares_and_expressions_are_even():
    people = [f"P{i // 3}" for i in range(1200)]
    made = split(picture_rows(people))
    counts = dict(made["role"].value_counts().rows())
    assert abs(counts["test"] / 1200 - 0.25) < 0.02
    assert abs(counts["validation"] / (1200 - counts["test"]) - 0.2) < 0.02
    shares = (
        made.group_by("role", "expression")
        .agg(pl.len())
        .with_columns(share=pl.col("len") / pl.col("len").sum().over("role"))
    )
    spread = shares.group_by("expression").agg(pl.col("share").max() - pl.col("share").min())
    assert spread["share"].max() < 0.02


def test_the_seed_deals_and_the_order_of_roles_does_not_matter():
    table = picture_rows([f"P{i}" for i in range(60)])
    assert split(table).equals(split(table))
    assert people_in(split(table), "test") != people_in(split(table, seed=2), "test")


def test_what_cannot_be_used_has_no_role():
    table = picture_rows([f"P{i}" for i in range(30)]).with_row_index("i")
    gone = pl.col("i") == 3
    bare = pl.col("i") == 4
    table = table.with_columns(
        digest=pl.when(~gone).then("digest"),
        **{name: pl.when(~bare).then(name) for name in ("expression", "valence", "arousal")},
    ).drop("i")
    made = split(table)
    assert made["reason"][3:5].to_list() == ["cannot be read", "has no label"]
    assert made["role"][3:5].to_list() == [None, None]
    assert made["role"].null_count() == 2


def test_without_expressions_the_signs_are_evened():
    table = picture_rows([f"P{i}" for i in range(400)]).with_columns(expression=pl.lit(None, pl.String))
    made = split(table)
    means = made.group_by("role").agg((pl.col("valence") > 0).mean())["valence"]
    assert means.max() - means.min() < 0.05


@pytest.mark.parametrize(
    ("people", "splits", "said"),
    [
        (["A"] * 10, None, "1 persons or groups are left"),
        (["A", "B"], ["test", "test"], "0 persons or groups are left"),
        (["A", "B"], None, "1 persons or groups|too few"),
    ],
)
def test_too_few_people_are_told(people, splits, said):
    with pytest.raises(DesignError, match=said):
        split(picture_rows(people, splits=splits))


def test_extra_training_pictures_train_only_when_asked_for():
    table = picture_rows(
        [f"P{i}" for i in range(40)], splits=["train"] * 20 + ["extra_train"] * 10 + ["test"] * 10
    )
    without, with_extra = split(table), split(table, extra_train=True)
    extra = pl.col("split") == "extra_train"
    assert without.filter(extra)["role"].null_count() == 10
    assert set(without.filter(extra)["reason"]) == {"an extra training picture (pictures.extra_train: false)"}
    assert set(with_extra.filter(extra)["role"]) <= {"train", "validation"}
    assert "train" in set(with_extra.filter(extra)["role"])
