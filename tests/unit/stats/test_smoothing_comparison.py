"""The comparison of presets: tested as the study would, with a recommendation on which labels have no influence."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from affectflow.errors import DesignError
from affectflow.stats.measures import matrix
from affectflow.stats.paired_tests import paired_tests
from affectflow.stats.smoothing_comparison import smoothing_comparison
from tests.support.synth_stats import synth_smoothing

C = {"baseline": "baseline", "stressor": "stressor"}
CHOICE = ["preset", "jitter", "lag_s", "kept", "admissible", "recommended", "reason"]


@pytest.fixture(scope="module")
def smoothing() -> pl.DataFrame:
    return synth_smoothing(n_subjects=5, presets=("savgol", "triangular", "one_euro", "none"))


@pytest.fixture(scope="module")
def tables(smoothing: pl.DataFrame) -> dict[str, pl.DataFrame]:
    return smoothing_comparison(smoothing, **C)


def test_labels_have_no_part_in_the_choice(smoothing: pl.DataFrame, tables: dict[str, pl.DataFrame]) -> None:
    """Whatever the conditions say, and whatever the tests find, the same row is recommended."""
    chosen = tables["results"].select(CHOICE)
    rng = np.random.default_rng(0)
    names = smoothing["recording_id"].unique().sort()
    mixed = dict(zip(names, rng.permutation(["baseline", "stressor"] * (len(names) // 2)), strict=True))
    relabelled = smoothing.with_columns(condition=pl.col("recording_id").replace_strict(mixed))
    alone = smoothing.with_columns(condition=pl.lit(None, pl.String))
    levels = [c for c in smoothing.columns if c.startswith(("mean_", "speed_"))]
    other_levels = smoothing.with_columns(pl.col(levels) * 7 + pl.col("n_frames"))
    for table in (relabelled, alone, other_levels):
        assert smoothing_comparison(table, **C)["results"].select(CHOICE).equals(chosen)


def test_tests_are_those_of_the_study_after_each_preset(
    smoothing: pl.DataFrame, tables: dict[str, pl.DataFrame]
) -> None:
    assert tables["results"]["preset"].to_list() == ["savgol", "triangular", "one_euro", "none"]
    for row in tables["results"].iter_rows(named=True):
        phases = smoothing.filter(pl.col("preset") == row["preset"]).drop(
            "preset", pl.selectors.matches("^(jitter|lag|kept)_")
        )
        expected = paired_tests(phases, **C, n_permutations=0)["results"]
        assert row["n_holm"] == expected["significant"].sum()
        assert row["n_raw"] == (expected["p"] <= 0.05).sum()
        # Three codes and three rotations differ between people, in level and speed.
        assert row["n_tests"] == expected["p"].is_not_null().sum() == 12
        assert row["test"] == "paired t"
        mine = tables["tests"].filter(pl.col("preset") == row["preset"]).sort("measure")
        np.testing.assert_array_equal(
            matrix(mine, ["p", "effect"]), matrix(expected.sort("measure"), ["p", "effect"])
        )
    # The simulated difference of level is found after every preset, and more shaking as well.
    found = tables["tests"].filter(pl.col("measure") == "mean_exp_00")
    assert found["significant"].all()


def test_two_groups_are_compared_as_groups_and_no_comparison_is_no_obstacle(smoothing: pl.DataFrame) -> None:
    second = pl.col("subject_id").is_in(["S1", "S3"])
    groups = smoothing.filter((pl.col("condition") == "stressor") == second)
    more = groups.with_columns(pl.col("subject_id", "recording_id", "pair") + "b")
    results = smoothing_comparison(pl.concat([groups, more]), **C)["results"]
    assert results["test"].unique().to_list() == ["Welch t"]
    alone = smoothing_comparison(smoothing.filter(pl.col("condition") == "baseline"), **C)
    assert alone["results"]["n_tests"].null_count() == 4
    assert alone["results"]["note"].str.starts_with("not tested: stats.stressor").all()
    assert alone["tests"].is_empty()
    assert alone["results"]["recommended"].sum() == 1


def test_other_tables_are_refused(smoothing: pl.DataFrame) -> None:
    with pytest.raises(DesignError, match=r"cannot use stats\.own_table"):
        smoothing_comparison(smoothing.drop("preset"), **C)
    with pytest.raises(DesignError, match="no recording has a face"):
        smoothing_comparison(smoothing.clear(), **C)
