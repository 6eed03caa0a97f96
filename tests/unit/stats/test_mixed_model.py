"""The mixed model against statsmodels called directly, and what it says when it cannot be fitted."""

from __future__ import annotations

import logging
import warnings

import numpy as np
import pingouin as pg
import polars as pl
import pytest
import statsmodels.formula.api as smf
from scipy.stats import ttest_rel

from affectflow.errors import DesignError
from affectflow.schema import WINDOWS
from affectflow.stats.mixed_model import mixed_model
from affectflow.stats.random_intercept import fit_random_intercept
from tests.support.synth_stats import SHIFTED, synth_phases

MEASURES = ("mean_exp_00", "speed_exp_00", "mean_hr_bpm", "mean_smile")


def few(table: pl.DataFrame, *measures: str) -> pl.DataFrame:
    """The table with few measures: each takes a tenth of a second."""
    return table.select(*WINDOWS.names, *(measures or MEASURES))


def theirs(table: pl.DataFrame, measure: str, formula: str, **options):
    data = table.select("subject_id", "condition", "phase", value=measure).drop_nulls().to_pandas()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return smf.mixedlm(formula, data, groups="subject_id", **options).fit(reml=True)


@pytest.mark.parametrize("seed", [0, 1])
def test_every_term_equals_statsmodels(seed: int) -> None:
    rng = np.random.default_rng(seed)
    table = synth_phases(n_subjects=9, n_phases=3, seed=seed, n_codes=1).filter(
        pl.Series(rng.random(9 * 2 * 3) < 0.9)  # cells are missing: not balanced
    )
    tables = mixed_model(few(table), baseline="baseline")
    names = {
        "condition[stressor]": "condition[T.stressor]",
        "phase[P2]": "phase[T.P2]",
        "phase[P3]": "phase[T.P3]",
    }
    checked = 0
    for measure in ("mean_exp_00", "speed_exp_00", "mean_hr_bpm"):
        own = {"re_formula": "1", "vc_formula": {"occasion": "0 + C(condition)"}}
        fit = theirs(table, measure, "value ~ condition * phase", **own)
        if not fit.converged:
            continue
        for row in tables["results"].filter(measure=measure).iter_rows(named=True):
            name = ":".join(names[part] for part in row["term"].split(":"))
            found = [row["estimate"], row["se"], row["z"], row["p"], row["low"], row["high"]]
            interval = fit.conf_int().loc[name]
            expected = [fit.params[name], fit.bse[name], fit.tvalues[name], fit.pvalues[name], *interval]
            # Two searches for the same optimum, from other units.
            np.testing.assert_allclose(found, expected, rtol=2e-3, atol=2e-4)
            assert row["sd_residual"] == pytest.approx(np.sqrt(fit.scale), rel=1e-3)
            checked += 1
        joint = tables["factors"].filter(measure=measure, factor="condition:phase").row(0, named=True)
        r = np.array(
            [
                [n.startswith("condition") and n.endswith(f"phase[T.P{k}]") for n in fit.params.index]
                for k in (2, 3)
            ]
        )
        wald = fit.wald_test(r.astype(float), scalar=True, use_f=False)
        assert (joint["chi2"], joint["df"]) == (pytest.approx(float(wald.statistic), rel=5e-3), 2)
    assert checked >= 10


def test_one_condition_leaves_phases_alone_and_baseline_may_be_a_phase() -> None:
    table = synth_phases(n_subjects=6, n_phases=3, n_codes=1).filter(pl.col("condition") == "stressor")
    table = few(table)
    results = mixed_model(table, baseline="P2", contrast="phases")["results"]
    assert results["term"].unique(maintain_order=True).to_list() == ["phase[P1]", "phase[P3]"]
    assert results["formula"].unique().to_list() == ["value ~ phase + (1 | person)"]
    assert results["reference"].unique().to_list() == ["phase P2"]
    fit = theirs(table, "mean_smile", "value ~ C(phase, Treatment('P2'))")
    row = results.filter(measure="mean_smile", term="phase[P3]").row(0, named=True)
    assert row["estimate"] == pytest.approx(fit.params["C(phase, Treatment('P2'))[T.P3]"], rel=1e-6)
    nameless = mixed_model(table.with_columns(condition=pl.lit(None, pl.String)), baseline="baseline")[
        "results"
    ]
    assert nameless["reference"].unique().to_list() == ["phase P1"]


def test_a_designed_interaction_is_found_and_corrected_within_kind_and_term() -> None:
    table = synth_phases(n_subjects=12, effect=4.0, n_codes=4)
    table = few(table, *SHIFTED[:5], "mean_exp_00", "speed_exp_01", "mean_exp_02")
    results = mixed_model(table, baseline="baseline")["results"]
    found = results.filter("significant", factor="condition:phase")
    stress = found.filter(pl.col("term").str.contains(r"P[24]\]$"))
    shifted = set(SHIFTED[:5])
    assert shifted <= set(stress["measure"])
    assert (stress.filter(pl.col("measure").is_in(shifted))["estimate"] > 2).all()
    for _, part in results.group_by("kind", "term"):
        np.testing.assert_allclose(
            part["p_holm"], pg.multicomp(part["p"].to_numpy(), method="holm")[1], rtol=1e-10
        )


def test_what_cannot_be_fitted_says_why_and_has_no_numbers() -> None:
    table = synth_phases(n_subjects=6, n_phases=2, n_codes=2).with_columns(
        mean_smile=pl.lit(2.5),
        mean_exp_00=pl.when((pl.col("condition") == "stressor") & (pl.col("phase") == "P2"))
        .then(None)
        .otherwise("mean_exp_00"),
        mean_exp_01=pl.when(pl.col("subject_id") < "S02").then("mean_exp_01"),
    )
    table = few(table, "mean_exp_00", "mean_exp_01", "mean_smile", "mean_hr_bpm")
    results = mixed_model(table, baseline="baseline")["results"]
    limit = "; what is known for less of a phase than stats.min_phase_s: 4 s has no value there"
    notes = {m: results.filter(measure=m)["note"][0] for m in ("mean_smile", "mean_exp_00", "mean_exp_01")}
    assert notes == {
        "mean_smile": "the value is the same everywhere",
        "mean_exp_00": f"a combination of condition and phase has no value{limit}",
        "mean_exp_01": f"only 2 of at least 3 people have values{limit}",
    }
    bad = results.filter(pl.col("measure").is_in(list(notes)))
    for column in ("estimate", "se", "z", "p", "p_holm", "sd_person"):
        assert bad[column].null_count() == bad.height
        assert not results.filter(~pl.col("measure").is_in(list(notes)))[column].has_nulls()


def test_few_people_are_warned_of_in_every_row_and_once_in_the_log(caplog: pytest.LogCaptureFixture) -> None:
    table = few(synth_phases(n_subjects=20, n_phases=2, n_codes=1), "mean_hr_bpm", "mean_smile")
    some = table.with_columns(mean_smile=pl.when(pl.col("subject_id") < "S12").then("mean_smile"))
    with caplog.at_level(logging.WARNING):
        tables = mixed_model(some, baseline="baseline")
    assert "fewer than 20 people" not in caplog.text
    for name in ("results", "factors"):
        warned = tables[name].filter(pl.col("warning").is_not_null())
        assert warned["measure"].unique().to_list() == ["mean_smile"]
        assert warned["warning"][0] == "fewer than 20 people: p values come out too small"
        assert warned["n"].unique().to_list() == [12]
    with caplog.at_level(logging.WARNING):
        tables = mixed_model(table.filter(pl.col("subject_id") < "S19"), baseline="baseline")
    assert caplog.text.count("fewer than 20 people") == 1
    assert not tables["results"]["warning"].has_nulls()


def test_people_who_do_not_differ_make_the_model_singular_and_it_says_so() -> None:
    rng = np.random.default_rng(1)
    person = np.repeat(np.arange(8), 6)
    design = np.column_stack([np.ones(48), np.tile(np.arange(6) % 2, 8)])
    value = rng.normal(size=48)
    value -= np.array([value[person == k].mean() for k in range(8)])[person]
    fit = fit_random_intercept(value * 1e-4, design, person, blocks={"phase": [1]})
    assert fit.terms[0]["note"].startswith("singular: no variance between people")
    # Without variance between people it is least squares.
    slope = np.linalg.lstsq(design, value * 1e-4, rcond=None)[0][1]
    assert fit.terms[0]["estimate"] == pytest.approx(slope, rel=1e-6)
    assert fit.terms[0]["converged"] is True


def test_phases_of_one_drive_are_not_independent_measurements_of_its_condition() -> None:
    """Over all phases the effect of the condition is the paired t test of people's means, when drives differ as a whole."""
    rng = np.random.default_rng(2)
    n, phases = 14, 5
    person, condition, phase = (a.ravel() for a in np.mgrid[:n, :2, :phases])
    drive = rng.normal(0, 1, (n, 2))
    value = rng.normal(0, 1, n)[person] + drive[person, condition] + rng.normal(0, 0.7, len(person))
    # Sum-coded phases: the condition's column is its effect in the mean of phases.
    coded = np.vstack([np.eye(phases - 1), -np.ones(phases - 1)])[phase]
    design = np.column_stack([np.ones(len(value)), condition, coded, coded * (condition[:, None] - 0.5)])
    with_drives, without = (
        fit_random_intercept(value, design, person, blocks={"condition": [1]}, occasion=o).terms[0]
        for o in (condition, None)
    )
    means = value.reshape(n, 2, phases).mean(axis=2)
    paired = ttest_rel(means[:, 1], means[:, 0])
    assert with_drives["z"] == pytest.approx(paired.statistic, rel=1e-3)
    assert abs(without["z"]) > 1.5 * abs(paired.statistic)
    assert without["sd_occasion"] is None
    assert with_drives["sd_occasion"] == pytest.approx(1, abs=0.4)


def test_a_search_that_fails_gives_no_number(monkeypatch: pytest.MonkeyPatch) -> None:
    from statsmodels.regression.mixed_linear_model import MixedLM

    def fail(self, **options):
        raise np.linalg.LinAlgError("Singular matrix")

    monkeypatch.setattr(MixedLM, "fit", fail)
    results = mixed_model(few(synth_phases(n_subjects=4, n_phases=2)), baseline="baseline")["results"]
    assert results["note"].unique().to_list() == ["the search did not converge (Singular matrix)"]
    assert results["converged"].to_list() == [False] * results.height
    assert results["estimate"].null_count() == results["p"].null_count() == results.height


def test_short_phases_are_left_out_and_progress_is_said(caplog: pytest.LogCaptureFixture) -> None:
    table = synth_phases(n_subjects=4, n_phases=2, n_codes=1).with_columns(
        coverage=pl.when((pl.col("recording_id") == "S01_stressor") & (pl.col("phase") == "P2"))
        .then(0.2)
        .otherwise(1.0)
    )
    with caplog.at_level(logging.INFO):
        tables = mixed_model(few(table), baseline="baseline", min_phase_s=2.0)
    assert tables["exclusions"].rows() == [
        ("S01", "stressor", "P2", "0.8 s of valid data, less than stats.min_phase_s: 2.0")
    ]
    assert tables["results"]["n_rows"].max() == 15
    assert "2 of 4 measures" in caplog.text


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (
            pl.col("phase").is_in(["P1"]) & (pl.col("condition") == "baseline"),
            "at least two phases or two conditions",
        ),
        (pl.col("subject_id") < "S02", "at least 3 people; found 2"),
        (pl.col("subject_id") < "S00", "none of the|no feature column|there are no phases"),
    ],
)
def test_too_little_is_said_in_one_line(change: pl.Expr, words: str) -> None:
    with pytest.raises(DesignError, match=words) as error:
        mixed_model(synth_phases(n_subjects=4, n_codes=1).filter(change), baseline="baseline")
    assert "\n" not in str(error.value)


def test_people_in_one_condition_each_have_one_intercept_each() -> None:
    table = synth_phases(n_subjects=12, n_phases=3, n_codes=2, effect=0.0)
    even = pl.col("subject_id").str.tail(2).cast(pl.Int32) % 2 == 0
    table = few(table.filter(even == (pl.col("condition") == "baseline")))
    results = mixed_model(table, baseline="baseline")["results"]
    assert results["formula"].unique().to_list() == ["value ~ condition * phase + (1 | person)"]
    assert results["converged"].all()
    assert results["sd_occasion"].null_count() == results.height
    fit = theirs(table, "mean_hr_bpm", "value ~ condition * phase")
    row = results.filter(measure="mean_hr_bpm", term="condition[stressor]").row(0, named=True)
    assert row["estimate"] == pytest.approx(fit.params["condition[T.stressor]"], rel=1e-4)
    assert row["se"] == pytest.approx(fit.bse["condition[T.stressor]"], rel=1e-3)


def test_a_phase_that_one_condition_never_had_is_left_out_and_named() -> None:
    table = synth_phases(n_subjects=5, n_phases=3, n_codes=1)
    mistyped = (pl.col("recording_id") == "S02_stressor") & (pl.col("phase") == "P3")
    table = few(table.with_columns(phase=pl.when(mistyped).then(pl.lit("P3x")).otherwise("phase")))
    tables = mixed_model(table, baseline="baseline", min_phase_s=2.0)
    assert tables["exclusions"].rows() == [
        ("S02", "stressor", "P3x", "a phase that no recording of 'baseline' has")
    ]
    assert set(tables["results"].filter(factor="phase")["term"]) == {"phase[P2]", "phase[P3]"}
    assert tables["results"]["converged"].all()
    assert tables["results"]["n_rows"].unique().to_list() == [29]
    apart = table.with_columns(phase=pl.format("{} {}", "condition", "phase"))
    with pytest.raises(
        DesignError, match=r"phases that every condition has; found none .*baseline P1: not under"
    ):
        mixed_model(apart, baseline="baseline")


def test_phases_that_are_all_too_short_are_said() -> None:
    with pytest.raises(
        DesignError, match=r"no phase lasts stats.min_phase_s: 1e\+06 s; the longest has 4.0 s"
    ):
        mixed_model(synth_phases(n_subjects=4, n_codes=1), baseline="baseline", min_phase_s=1e6)


def test_a_mistyped_baseline_gets_a_hint() -> None:
    with pytest.raises(DesignError, match="Did you mean baseline"):
        mixed_model(synth_phases(n_subjects=4, n_codes=1), baseline="baselnie")
