"""The comparison of presets: recommended without labels, tested as the study would, both versions printed."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from affectflow.errors import DesignError
from affectflow.stats.measures import matrix
from affectflow.stats.paired_tests import paired_tests
from affectflow.stats.smoothing_comparison import measured_quality, recommend, smoothing_comparison
from tests.support.synth_stats import synth_smoothing

C = {"baseline": "baseline", "stressor": "stressor"}
CHOICE = ["preset", "jitter", "lag_s", "kept", "admissible", "recommended", "reason"]


@pytest.fixture(scope="module")
def smoothing() -> pl.DataFrame:
    return synth_smoothing(n_subjects=5, presets=("savgol", "triangular", "one_euro", "none"))


@pytest.fixture(scope="module")
def tables(smoothing: pl.DataFrame) -> dict[str, pl.DataFrame]:
    return smoothing_comparison(smoothing, **C)


def people(**presets: tuple[float, float, float]) -> pl.DataFrame:
    """Three people with the same jitter, lag and kept variance."""
    return pl.DataFrame(
        [
            {"preset": name, "subject_id": f"S{i}", "jitter": j, "lag_s": lag, "kept": kept}
            for name, (j, lag, kept) in presets.items()
            for i in range(3)
        ],
        schema_overrides={"lag_s": pl.Float64, "kept": pl.Float64},
    )


def choice(**presets: tuple[float, float, float]) -> tuple[str, dict[str, str]]:
    table = recommend(people(none=(1, 0, 1), **presets), lag_max_s=0.02, kept_min=0.95)
    (best,) = table.filter("recommended")["preset"]
    return best, dict(table.select("preset", "reason").iter_rows())


def test_the_rule_takes_the_calmest_that_is_neither_late_nor_flat() -> None:
    best, why = choice(
        savgol=(0.3, 0.0, 0.99),
        spline=(0.4, 0.0, 1.0),
        triangular=(0.1, 0.0, 0.9),
        one_euro=(0.2, 0.06, 0.97),
    )
    assert best == "savgol"
    assert why["triangular"] == "keeps 90.0% of the variance below 3 Hz"
    assert why["one_euro"] == "lag 60 ms"
    assert why["spline"] == "admissible, but leaves more jitter"
    assert why["savgol"].startswith("savgol: least jitter (30% of the unsmoothed) of the 3 presets")
    assert choice(savgol=(0.3, 0.0, 0.99), spline=(0.3, 0.0, 1.0))[0] == "savgol"
    assert choice(savgol=(0.3, -0.021, 0.99))[0] == "none"
    assert choice(savgol=(0.3, 0.02, 0.95))[0] == "savgol"
    assert choice(one_euro=(0.1, 0.5, 0.2))[0] == "none"
    unknown = {"savgol": (0.3, None, None)}
    assert choice(**unknown)[0] == "none"
    assert choice(**unknown)[1]["savgol"] == "no stretch is long enough to tell lag and kept variance"


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


def test_jitter_is_a_share_of_the_unsmoothed_and_people_count_once(smoothing: pl.DataFrame) -> None:
    single = measured_quality(smoothing)
    mine = smoothing.filter(pl.col("recording_id") == "S0_baseline")
    jitter = dict(mine.select("preset", "jitter_exp_01").iter_rows())
    found = single.filter(pl.col("recording_id") == "S0_baseline", pl.col("measure") == "exp_01")
    for preset, left in found.select("preset", "jitter").iter_rows():
        assert left == pytest.approx(jitter[preset] / jitter["none"])
    # Two runs of one recording count by their frames; jitter by its squares.
    base = mine.filter(pl.col("preset").is_in(["none", "savgol"]))
    double = pl.concat(
        [
            base.with_columns(n_frames=pl.lit(300, pl.Int32)),
            base.with_columns(
                pl.col("^jitter_.*$") * 2, pl.col("^lag_.*$") + 0.04, n_frames=pl.lit(100, pl.Int32)
            ),
        ]
    )
    row = (
        measured_quality(double)
        .filter(pl.col("measure") == "exp_01", pl.col("preset") == "savgol")
        .row(0, named=True)
    )
    assert row["lag_s"] == pytest.approx(base.filter(preset="savgol")["lag_exp_01"].item() + 0.01)
    assert row["jitter"] == pytest.approx(jitter["savgol"] / jitter["none"])


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
