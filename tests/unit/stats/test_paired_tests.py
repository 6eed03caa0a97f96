"""Paired tests against SciPy and pingouin, and what they do with people who cannot be compared."""

from __future__ import annotations

import logging

import numpy as np
import pingouin as pg
import polars as pl
import pytest
from scipy import stats
from statsmodels.stats.power import TTestPower

from affectflow.errors import DesignError
from affectflow.stats.paired_tests import paired_tests
from tests.support.synth_stats import SHIFTED, synth_windows

CONDITIONS = {"baseline": "baseline", "stressor": "stressor"}


def cell_means(windows: pl.DataFrame, measure: str) -> tuple[np.ndarray, np.ndarray]:
    wide = windows.group_by("subject_id", "condition").agg(pl.col(measure).mean()).sort("subject_id")
    return tuple(wide.filter(pl.col("condition") == c)[measure].to_numpy() for c in ("baseline", "stressor"))


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_every_number_equals_scipy_and_pingouin(seed: int) -> None:
    windows = synth_windows(n_subjects=9, seed=seed, effect=1.0, n_codes=3)
    results = paired_tests(windows, **CONDITIONS)["results"]
    for row in results.iter_rows(named=True):
        before, after = cell_means(windows, row["measure"])
        theirs = stats.ttest_rel(after, before)
        interval = theirs.confidence_interval(0.95)
        found = [row[k] for k in ("t", "p", "df", "delta_low", "delta_high", "p_wilcoxon", "effect", "g")]
        expected = [
            theirs.statistic,
            theirs.pvalue,
            theirs.df,
            interval.low,
            interval.high,
            stats.wilcoxon(after, before).pvalue,
            pg.compute_effsize(after - before, 0, eftype="cohen"),
            pg.convert_effsize(row["effect"], "cohen", "hedges", nx=len(before), ny=1),
        ]
        np.testing.assert_allclose(found, expected, rtol=1e-10, atol=1e-10)
        assert row["g_low"] / row["g"] == pytest.approx(row["effect_low"] / row["effect"], rel=1e-10)
        pingouin = pg.ttest(after, before, paired=True)
        assert row["t"] == pytest.approx(float(pingouin["T"].iloc[0]), rel=1e-10)


def test_holes_ties_and_zeros_are_tested_as_scipy_tests_each_measure_alone() -> None:
    rng = np.random.default_rng(8)
    names = [f"mean_x{i:02d}_bpm" for i in range(30)]
    before, after = rng.normal(70, 5, (12, 30)), rng.normal(71, 5, (12, 30))
    before[rng.random((12, 30)) < 0.15] = np.nan
    after[:, 5:10] = np.round(before[:, 5:10] + rng.normal(0, 2, (12, 5)))
    before[:, 5:10] = np.round(before[:, 5:10])
    ids = [f"S{i:02d}" for i in range(12)]
    sides = [
        pl.DataFrame({"recording_id": [i + c for i in ids], "subject_id": ids, "pair": ids}).with_columns(
            pl.lit(c).alias("condition"), *(pl.Series(n, values[:, k]) for k, n in enumerate(names))
        )
        for c, values in (("baseline", before), ("stressor", after))
    ]
    results = paired_tests(pl.concat(sides), **CONDITIONS)["results"].sort("measure")
    for k, row in enumerate(results.iter_rows(named=True)):
        delta = (after - before)[:, k]
        delta = delta[np.isfinite(delta)]
        assert row["n"] == len(delta)
        theirs = stats.ttest_1samp(delta, 0)
        found = [row["t"], row["p"], row["p_wilcoxon"]]
        expected = [theirs.statistic, theirs.pvalue, stats.wilcoxon(delta).pvalue]
        np.testing.assert_allclose(found, expected, rtol=1e-10)


def test_the_smallest_effect_and_the_relabellings_are_stated() -> None:
    windows = synth_windows(n_subjects=8, n_codes=3)
    results = paired_tests(windows, **CONDITIONS)["results"]
    assert results["n_relabellings"].unique().to_list() == [128]
    assert results["all_relabellings"].all()
    assert results["smallest_effect"].unique().to_list() == [pytest.approx(1.15604, abs=1e-5)]
    for row in results.iter_rows(named=True):
        power = TTestPower().power(row["smallest_effect_corrected"], 8, 0.05 / row["n_tests"])
        assert power == pytest.approx(0.8, abs=1e-8)
    none = paired_tests(windows, **CONDITIONS, n_permutations=0)["results"]
    assert none["p_max_t"].null_count() == none.height
    drawn = paired_tests(windows, **CONDITIONS, n_permutations=50, seed=3)["results"]
    assert (drawn["n_relabellings"][0], drawn["all_relabellings"][0]) == (51, False)


def test_a_hand_worked_example() -> None:
    # Differences 1, 2, 3, 4: mean 2.5, sd 1.2910, t = 2.5 / (1.2910 / 2) = 3.8730, p = 0.0305 (df 3).
    rows = [
        {
            "recording_id": f"{s}{c}",
            "subject_id": s,
            "condition": c,
            "pair": s,
            "mean_hr_bpm": 60.0 + (i + 1) * (c == "stressor"),
        }
        for i, s in enumerate("ABCD")
        for c in ("baseline", "stressor")
    ]
    row = paired_tests(pl.DataFrame(rows), **CONDITIONS)["results"].row(0, named=True)
    assert (row["n"], row["df"], row["delta"]) == (4, 3, 2.5)
    assert row["t"] == pytest.approx(3.8730, abs=1e-4)
    assert row["p"] == pytest.approx(0.0305, abs=1e-4)
    assert row["effect"] == pytest.approx(1.9365, abs=1e-4)


def test_designed_effects_are_found_and_others_are_not() -> None:
    results = paired_tests(synth_windows(n_subjects=14, effect=4.0, seed=5), **CONDITIONS)["results"]
    assert set(results.filter("significant")["measure"]) == set(SHIFTED)
    assert (results.filter("significant")["delta"] > 0).all()


def test_without_effect_nothing_is_found() -> None:
    found = [
        paired_tests(synth_windows(effect=0, seed=s, n_codes=8), **CONDITIONS, family="study")["results"][
            "significant"
        ].sum()
        for s in range(6)
    ]
    assert sum(found) <= 1


def test_sd_is_tested_only_when_asked_for_and_the_blink_rate_always() -> None:
    windows = synth_windows(n_codes=2)
    measures = set(paired_tests(windows, **CONDITIONS, summaries=["sd"])["results"]["measure"])
    assert "sd_exp_00" in measures
    assert "blink_rate_hz" in measures
    assert not any(m.startswith(("mean_", "speed_")) for m in measures)


def test_a_subject_with_one_condition_is_left_out_and_said_so(caplog: pytest.LogCaptureFixture) -> None:
    windows = synth_windows(n_subjects=5, n_codes=2).filter(pl.col("recording_id") != "S02_stressor")
    with caplog.at_level(logging.WARNING):
        tables = paired_tests(windows, **CONDITIONS)
    assert tables["exclusions"].to_dicts() == [
        {
            "unit": "S02",
            "condition": "stressor",
            "phase": None,
            "reason": "no recording of this condition",
        }
    ]
    assert "S02 is left out" in caplog.text
    assert "S02" not in tables["units"]["unit"].to_list()
    assert tables["results"]["n"].unique().to_list() == [4]


def test_a_recording_without_any_value_is_an_exclusion_too() -> None:
    windows = synth_windows(n_subjects=5, n_codes=2)
    features = [c for c in windows.columns if c.startswith(("mean_", "sd_", "speed_", "blink"))]
    empty = windows.with_columns(pl.when(pl.col("recording_id") != "S01_baseline").then(pl.col(features)))
    exclusions = paired_tests(empty, **CONDITIONS)["exclusions"]
    assert exclusions.row(0) == ("S01", "baseline", None, "recorded, but without a value in any measure")


def test_measures_that_cannot_be_tested_say_why() -> None:
    windows = synth_windows(n_subjects=5, n_codes=2).with_columns(
        pl.when(pl.col("condition") == "stressor").then(3.5).otherwise(2.5).alias("mean_smile"),
        pl.when(pl.col("condition") == "stressor").then(pl.col("mean_exp_00")).alias("mean_exp_00"),
        pl.when(pl.col("subject_id") < "S02").then(pl.col("mean_exp_01")).alias("mean_exp_01"),
    )
    results = {r["measure"]: r for r in paired_tests(windows, **CONDITIONS)["results"].iter_rows(named=True)}
    assert results["mean_smile"]["note"] == "the difference is the same for everyone"
    assert results["mean_exp_00"]["note"] == "no person has a value in both conditions"
    assert results["mean_exp_01"]["note"].startswith("only 2 of at least 3 people")
    for name in ("mean_smile", "mean_exp_00", "mean_exp_01"):
        assert results[name]["p"] is None
        assert results[name]["significant"] is None
    assert results["mean_hr_bpm"]["note"] is None


def test_nan_is_missing_and_a_long_recording_counts_once() -> None:
    windows = synth_windows(n_subjects=4, n_codes=2)
    base = paired_tests(windows, **CONDITIONS)["results"].filter(pl.col("measure") == "mean_smile")
    doubled = pl.concat([windows, windows.filter(pl.col("recording_id") == "S00_baseline")])
    more = paired_tests(doubled, **CONDITIONS)["results"].filter(pl.col("measure") == "mean_smile")
    assert more["t"].item() == pytest.approx(base["t"].item(), rel=1e-12)
    gap = windows.with_columns(
        pl.when((pl.col("window_id") == 1) & (pl.col("subject_id") == "S00"))
        .then(float("nan"))
        .otherwise(pl.col("mean_smile"))
        .alias("mean_smile")
    )
    null = gap.with_columns(pl.col("mean_smile").fill_nan(None))
    assert paired_tests(gap, **CONDITIONS)["results"].equals(paired_tests(null, **CONDITIONS)["results"])


def test_two_recordings_of_one_condition_weigh_the_same_whatever_their_length() -> None:
    def rows(recording: str, person: str, condition: str, values: list[float]) -> list[dict]:
        ids = {"recording_id": recording, "subject_id": person, "condition": condition, "pair": person}
        return [{**ids, "mean_hr_bpm": v} for v in values]

    table = [
        *rows("a1", "A", "baseline", [60.0] * 9),
        *rows("a2", "A", "baseline", [80.0]),
        *rows("a3", "A", "stressor", [90.0]),
    ]
    for i, person in enumerate("BC"):
        table += [
            *rows(f"{person}1", person, "baseline", [60.0 + i]),
            *rows(f"{person}2", person, "stressor", [70.0]),
        ]
    units = paired_tests(pl.DataFrame(table), **CONDITIONS)["units"]
    assert units.filter(pl.col("unit") == "A")["value_baseline"].item() == 70.0


def test_two_pairs_of_one_person_are_one_unit() -> None:
    one = synth_windows(n_subjects=4, n_codes=2)
    second = one.filter(pl.col("subject_id") == "S00").with_columns(
        pl.lit("S00b").alias("pair"), (pl.col("recording_id") + "_2").alias("recording_id")
    )
    results = paired_tests(pl.concat([one, second]), **CONDITIONS)["results"]
    assert results["n"].unique().to_list() == [4]
    np.testing.assert_allclose(
        results.sort("measure")["t"],
        paired_tests(one, **CONDITIONS)["results"].sort("measure")["t"],
        rtol=1e-9,
    )


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (pl.col("subject_id") < "S02", ["at least 3 people", "found 2 (of 2)", "Add recordings"]),
        (
            pl.col("condition") == "baseline",
            ["nothing to compare of condition 'stressor'", "Found: baseline"],
        ),
    ],
)
def test_too_little_data_is_said_in_one_line(change: pl.Expr, words: list[str]) -> None:
    with pytest.raises(DesignError) as error:
        paired_tests(synth_windows(n_codes=2).filter(change), **CONDITIONS)
    assert "\n" not in str(error.value)
    for word in words:
        assert word in str(error.value)


def test_different_people_are_sent_to_the_grouped_tests() -> None:
    with pytest.raises(DesignError, match="grouped_tests"):
        paired_tests(synth_windows(grouped=True, n_codes=2), **CONDITIONS)


def test_a_mistyped_condition_gets_a_hint() -> None:
    with pytest.raises(DesignError, match="Did you mean stressor"):
        paired_tests(synth_windows(n_codes=2), baseline="baseline", stressor="stresor")
