"""Tests of each phase, between phases, the patterns over phases, and who is left out of which."""

from __future__ import annotations

import logging

import numpy as np
import polars as pl
import pytest
from scipy import stats
from statsmodels.stats.multitest import multipletests

from affectflow.config.stats import Stats
from affectflow.config.study import Study
from affectflow.errors import DesignError
from affectflow.stats import reads_of
from affectflow.stats.grouped_tests import grouped_tests
from affectflow.stats.max_t import max_t_paired
from affectflow.stats.paired_tests import paired_tests
from affectflow.stats.patterns import CRITERIA, count_patterns
from tests.support.synth_stats import synth_phases, synth_windows

C = {"baseline": "baseline", "stressor": "stressor"}
NUMBERS = ("n", "t", "p", "p_wilcoxon", "effect", "effect_low", "g", "g_high", "delta", "smallest_effect")


def test_each_phase_is_tested_as_if_it_were_alone_but_corrected_with_all() -> None:
    table = synth_phases(n_subjects=9)
    tables = paired_tests(table, **C, by_phase=True)
    together = tables["results"]
    assert sorted(together["phase"].unique()) == ["P1", "P2", "P3", "P4", "P5"]
    for name in ("P1", "P4"):
        alone = paired_tests(table.filter(pl.col("phase") == name), **C)["results"].sort("measure")
        mine = together.filter(pl.col("phase") == name).sort("measure")
        assert mine["measure"].equals(alone["measure"])
        for column in NUMBERS:
            np.testing.assert_allclose(mine[column], alone[column], rtol=1e-10, err_msg=column)
    for _, kind in together.group_by("kind"):
        for column, method in (("p_bonferroni", "bonferroni"), ("p_holm", "holm"), ("p_bh", "fdr_bh")):
            np.testing.assert_allclose(kind[column], multipletests(kind["p"], method=method)[1], rtol=1e-10)
        assert kind["n_tests"].unique().to_list() == [kind.height]
        # People keep or turn the signs of all of their phases and measures together.
        delta = tables["units"].pivot(on=["measure", "phase"], index="unit", values="delta").sort("unit")
        names = [f'{{"{m}","{p}"}}' for m, p in kind.select("measure", "phase").rows()]
        x = delta.select(names).to_numpy()
        p, _, _ = max_t_paired(x, np.full(len(names), "", dtype=object), n_permutations=999, seed=0)
        np.testing.assert_allclose(kind["p_max_t"], p, atol=1e-12)


def test_long_and_short_runs_of_a_phase_count_by_their_time() -> None:
    table = synth_phases(n_subjects=4, n_phases=1)
    twice = pl.concat(
        [
            table.with_columns(mean_smile=pl.lit(3.0), end_s=pl.col("start_s") + 9.0),
            table.with_columns(
                mean_smile=pl.lit(0.0), end_s=pl.col("start_s") + 1.0, window_id=pl.lit(1, pl.Int32)
            ),
        ]
    )
    units = paired_tests(twice, **C, by_phase=True)["units"].filter(pl.col("measure") == "mean_smile")
    np.testing.assert_allclose(units["value_baseline"], 2.7, rtol=1e-12)


def test_two_phases_of_one_recording_are_paired() -> None:
    table = synth_phases(n_subjects=8, effect=0).filter(pl.col("condition") == "stressor")
    results = paired_tests(table, baseline="P1", stressor="P2", contrast="phases")["results"]
    assert results["phase"].null_count() == results.height
    sides = [table.filter(pl.col("phase") == p).sort("subject_id") for p in ("P1", "P2")]
    for row in results.iter_rows(named=True):
        before, after = (s[row["measure"]].to_numpy() for s in sides)
        theirs = stats.ttest_rel(after, before)
        assert (row["t"], row["p"]) == (
            pytest.approx(theirs.statistic, rel=1e-10),
            pytest.approx(theirs.pvalue, rel=1e-10),
        )
        assert row["p_wilcoxon"] == pytest.approx(stats.wilcoxon(after, before).pvalue, rel=1e-10)


def test_phases_of_several_recordings_of_a_person_are_one_unit() -> None:
    table = synth_phases(n_subjects=5, effect=0)
    results = paired_tests(table, baseline="P1", stressor="P2", contrast="phases")["results"]
    assert results["n"].unique().to_list() == [5]
    wide = table.group_by("subject_id", "phase").agg(pl.col("mean_smile").mean()).sort("subject_id")
    p1, p2 = (wide.filter(pl.col("phase") == p)["mean_smile"].to_numpy() for p in ("P1", "P2"))
    t = results.filter(pl.col("measure") == "mean_smile")["t"].item()
    assert t == pytest.approx(stats.ttest_rel(p2, p1).statistic, rel=1e-10)


def test_who_is_left_out_of_which_phase_and_why(caplog: pytest.LogCaptureFixture) -> None:
    table = synth_phases(n_subjects=7)
    short = (pl.col("recording_id") == "S01_stressor") & (pl.col("phase") == "P3")
    features = [c for c in table.columns if c.startswith(("mean_", "sd_", "speed_", "slope_", "blink"))]
    empty = (pl.col("recording_id") == "S03_baseline") & (pl.col("phase") == "P2")
    table = table.with_columns(
        pl.when(short).then(0.3).otherwise("coverage").alias("coverage"),
        *(pl.when(~empty).then(pl.col(c)).alias(c) for c in features),
    ).filter(
        ~((pl.col("recording_id") == "S02_stressor") & (pl.col("phase") == "P5")),
        pl.col("recording_id") != "S04_baseline",
    )
    with caplog.at_level(logging.WARNING):
        tables = paired_tests(table, **C, by_phase=True, min_phase_s=2.0)
    assert tables["exclusions"].rows() == [
        ("S01", "stressor", "P3", "1.2 s of valid data, less than stats.min_phase_s: 2"),
        ("S02", "stressor", "P5", "this phase was not recorded"),
        ("S03", "baseline", "P2", "recorded, but without a value in any measure"),
        ("S04", "baseline", None, "no recording of this condition"),
    ]
    assert "S01 is left out: stressor, P3" in caplog.text
    n = tables["results"].group_by("phase").agg(pl.col("n").min(), most=pl.col("n").max()).sort("phase")
    assert n.rows() == [("P1", 6, 6), ("P2", 5, 5), ("P3", 5, 5), ("P4", 6, 6), ("P5", 5, 5)]
    all_in = paired_tests(table, **C, by_phase=True, min_phase_s=1.0)["exclusions"]
    assert "P3" not in all_in["phase"].to_list()


def test_without_a_face_all_of_a_phase_is_valid_time() -> None:
    table = synth_phases(n_subjects=4).with_columns(coverage=pl.lit(0.0))
    assert paired_tests(table, **C, by_phase=True, min_phase_s=3.9)["exclusions"].is_empty()
    with pytest.raises(DesignError, match=r"in one and the same phase; found 0.*4.0 s of valid data"):
        paired_tests(table, **C, by_phase=True, min_phase_s=5.0)


def test_patterns_are_counted_on_raw_and_corrected_p() -> None:
    # Three measures: in both stress phases only, in all phases, in one stress phase.
    p = {"a": [0.5, 0.001, 0.6, 0.002, 0.9], "b": [0.001] * 5, "c": [0.7, 0.001, 0.2, 0.3, None]}
    rows = [
        {
            "measure": f"mean_{m}",
            "kind": "codes",
            "summary": "mean",
            "phase": f"P{i + 1}",
            "p": v,
            "normalisation": "none",
        }
        for m, values in p.items()
        for i, v in enumerate(values)
    ]
    results = pl.DataFrame(rows).with_columns(
        *(pl.col("p").alias(c) for c in ("p_bonferroni", "p_holm", "p_bh")),
        (pl.col("p") * 40).alias("p_max_t"),
    )
    phases = ["P1", "P2", "P3", "P4", "P5"]
    table = count_patterns(results, phases=phases, stress_phases=["P2", "P4"], alpha=0.05)
    found = {
        r["criterion"]: (r["n_measures"], r["both"], r["only"], r["leak"])
        for r in table.iter_rows(named=True)
    }
    assert found == {
        "raw": (3, 2, 1, 1),
        "bonferroni": (3, 2, 1, 1),
        "holm": (3, 2, 1, 1),
        "bh": (3, 2, 1, 1),
        # 0.002 × 40 is above 0.05.
        "max_t": (3, 1, 0, 1),
    }
    assert tuple(found) == tuple(CRITERIA)
    assert table["other_phases"].unique().to_list() == ["P1, P3, P5"]
    empty = count_patterns(results, phases=[], stress_phases=[], alpha=0.05)
    assert (empty.height, empty.columns) == (0, table.columns)
    with pytest.raises(DesignError, match=r"no phase 'P6'.*Found: P1, P2"):
        count_patterns(results, phases=phases, stress_phases=["P2", "P6"], alpha=0.05)


def test_a_designed_effect_shows_in_the_stress_phases_alone() -> None:
    table = synth_phases(n_subjects=16, effect=4.0, seed=2)
    patterns = paired_tests(table, **C, by_phase=True, stress_phases=["P2", "P4"])["patterns"]
    holm = patterns.filter(criterion="holm").group_by("kind").agg(pl.col("both", "only", "leak").sum())
    # In SHIFTED and in the table: speed_exp_03; blink rate and brow; heart rate and skin conductance.
    assert {r[0]: r[1:] for r in holm.rows()} == {
        "codes": (1, 1, 0),
        "measures": (2, 2, 0),
        "signals": (2, 2, 0),
    }
    raw = patterns.filter(criterion="raw")["leak"].sum()
    assert raw > 0, "raw p must show what the correction removes"


def test_groups_by_phase() -> None:
    table = synth_windows(n_subjects=10, n_windows=3, grouped=True, n_codes=2).with_columns(
        phase=pl.format("P{}", pl.col("window_id") + 1)
    )
    results = grouped_tests(table, **C, by_phase=True)["results"]
    for name in ("P1", "P3"):
        part = table.filter(pl.col("phase") == name)
        for row in results.filter(pl.col("phase") == name).head(4).iter_rows(named=True):
            x, y = (part.filter(pl.col("condition") == c)[row["measure"]].to_numpy() for c in C.values())
            assert row["p"] == pytest.approx(stats.ttest_ind(y, x, equal_var=False).pvalue, rel=1e-10)
    assert results["n_tests"].max() == results.filter(pl.col("kind") == "measures").height


def test_questions_that_make_no_sense_are_refused() -> None:
    table = synth_phases(n_subjects=4)
    with pytest.raises(DesignError, match="Use the analysis paired_tests"):
        grouped_tests(table, baseline="P1", stressor="P2", contrast="phases")
    with pytest.raises(DesignError, match="everybody's mean 0"):
        grouped_tests(synth_windows(grouped=True), **C, normalisation="subject")
    with pytest.raises(DesignError, match=r"phase 'P7'.*must be a phase of the events files"):
        paired_tests(table, baseline="P1", stressor="P7", contrast="phases")
    with pytest.raises(DesignError, match="there are no phases"):
        paired_tests(table.with_columns(phase=pl.lit(None, pl.String)), **C, by_phase=True)
    with pytest.raises(ValueError, match="exclude each other"):
        Stats(by_phase=True, contrast="phases")


def test_settings_choose_the_table() -> None:
    by_phase, between = Study(stats=Stats(by_phase=True)), Study(stats=Stats(contrast="phases"))
    assert [reads_of("paired_tests", s) for s in (Study(), by_phase, between)] == [
        "windows",
        "phases",
        "phases",
    ]
    assert [reads_of("lda", s) for s in (Study(), by_phase)] == ["windows", "windows"]
    assert [reads_of("tsne", s) for s in (Study(), by_phase)] == ["features", "features"]


def test_stress_phases_without_tests_by_phase_are_refused():
    table = synth_phases(n_subjects=4, n_phases=4, n_codes=1)
    with pytest.raises(DesignError, match="by_phase: true"):
        paired_tests(table, baseline="baseline", stressor="stressor", stress_phases=["P2"])


def test_a_measure_absent_from_a_phase_names_the_time_limit_where_that_may_be_why() -> None:
    table = synth_phases(n_subjects=5).with_columns(
        mean_smile=pl.when(pl.col("phase") != "P2").then("mean_smile"),
        coverage=pl.when(pl.col("phase") == "P3").then(0.3).otherwise("coverage"),
    )
    # Of P5 two people have a recording: no limit of time keeps the others out.
    table = table.filter((pl.col("phase") != "P5") | (pl.col("subject_id") < "S02"))
    results = paired_tests(table, **C, by_phase=True, min_phase_s=2.0)["results"]
    notes = {(r["measure"], r["phase"]): r["note"] for r in results.iter_rows(named=True)}
    limit = "; what is known for less of a phase than stats.min_phase_s: 2 s has no value there"
    assert notes["mean_smile", "P2"] == f"no person has a value in both conditions{limit}"
    assert notes["mean_exp_00", "P3"] == f"no person has a value in both conditions{limit}"
    assert notes["mean_exp_00", "P5"] == "only 2 of at least 3 people have values in both conditions"
    assert notes["mean_exp_00", "P2"] is None
    free = paired_tests(table, **C, by_phase=True, min_phase_s=0.0)["results"]
    assert not free["note"].drop_nulls().str.contains("min_phase_s").any()
    over_windows = paired_tests(table.with_columns(phase=pl.lit("P1")), **C, min_phase_s=2.0)["results"]
    assert not over_windows["note"].drop_nulls().str.contains("min_phase_s").any()


def test_groups_and_two_phases_name_the_time_limit_too() -> None:
    table = synth_phases(n_subjects=6).with_columns(
        mean_smile=pl.when(pl.col("phase") != "P2").then("mean_smile")
    )
    one_each = table.filter((pl.col("subject_id") < "S03") == (pl.col("condition") == "baseline"))
    grouped = grouped_tests(one_each, **C, by_phase=True, min_phase_s=2.0)["results"]
    between = paired_tests(table, baseline="P1", stressor="P2", contrast="phases", min_phase_s=2.0)["results"]
    for results in (grouped.filter(phase="P2"), between):
        noted = results.filter(pl.col("note").str.contains("stats.min_phase_s: 2 s", literal=True))
        assert noted["measure"].to_list() == ["mean_smile"]
