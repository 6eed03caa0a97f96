"""What the summary says of the tests, read from the tables that analyses really write."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest

from affectflow.cli.summary_tests import say_mixed_model, say_smoothing, say_tests
from affectflow.io.tables import write_free_table
from affectflow.stats.grouped_tests import grouped_tests
from affectflow.stats.mixed_model import mixed_model
from affectflow.stats.paired_tests import paired_tests
from affectflow.stats.smoothing_comparison import smoothing_comparison
from tests.support.synth_stats import synth_phases, synth_smoothing, synth_windows

C = {"baseline": "baseline", "stressor": "stressor"}


@pytest.fixture
def phases() -> pl.DataFrame:
    return synth_phases(n_subjects=16, effect=4.0, n_codes=4, seed=2)


def written(tables: dict[str, pl.DataFrame], folder: Path) -> Path:
    (folder / "tables").mkdir(parents=True)
    for name, table in tables.items():
        path = folder / ("results.parquet" if name == "results" else f"tables/{name}.parquet")
        write_free_table(table, path)
    return folder / "results.parquet"


def test_by_phase_each_test_names_its_phase_and_patterns_follow(phases: pl.DataFrame, tmp_path: Path) -> None:
    tables = paired_tests(phases, **C, by_phase=True, stress_phases=["P2", "P4"], normalisation="subject")
    said = say_tests(written(tables, tmp_path / "paired_tests"))
    n = tables["results"]["significant"].sum()
    assert said[0].startswith(f"Paired tests: {n} of 130 tests (26 measures × 5 phases) differ after Holm's")
    assert said[0].endswith("normalised: subject (transductive)")
    assert any("P2" in line and "d_z" in line for line in said[1:])
    assert "differ in all of P2, P4 (both), there alone (only), in any of P1, P3, P5 (leak)" in "\n".join(
        said
    )
    codes = next(line for line in said if line.startswith("  codes, speed"))
    assert codes.endswith("of 4")
    assert "holm p 1 / 1 / 0" in codes


def test_tests_that_were_not_made_are_counted_with_their_reasons(tmp_path: Path) -> None:
    table = synth_phases(n_subjects=6, n_codes=1).with_columns(
        mean_smile=pl.when(pl.col("phase") != "P2").then("mean_smile"), mean_hr_bpm=pl.lit(70.0)
    )
    said = say_tests(written(paired_tests(table, **C, by_phase=True), tmp_path / "paired_tests"))
    assert " of 94 tests (20 measures × 5 phases = 100)" in said[0]
    at = said.index("  6 of 100 tests could not be tested:")
    assert said[at + 1] == "    5: the difference is the same for everyone (mean_hr_bpm)"
    assert said[at + 2].startswith(
        "    1: no person has a value in both conditions; what is known for less of a phase"
    )
    assert said[at + 2].endswith("stats.min_phase_s: 4 s has no value there (mean_smile)")


@pytest.mark.parametrize(
    ("chosen", "says"), [("savgol", "which the study uses"), ("none", "the study uses none")]
)
def test_the_recommended_smoothing(tmp_path: Path, chosen: str, says: str) -> None:
    tables = smoothing_comparison(synth_smoothing(presets=("none", "savgol")), **C)
    assert tables["results"].filter("recommended")["preset"].item() == "savgol"
    said = say_smoothing(written(tables, tmp_path / "smoothing_comparison"), chosen=chosen)
    assert said[0] == f"Smoothing: recommended is savgol, {says}"
    assert "least jitter" in said[1]


def test_without_phases_it_is_as_short_as_ever(tmp_path: Path) -> None:
    tables = paired_tests(synth_windows(n_subjects=14, effect=4.0, seed=5), **C)
    said = say_tests(written(tables, tmp_path / "paired_tests"))
    assert said[0].startswith("Paired tests: 6 of 130 measures differ")
    assert len(said) == 7
    tables = grouped_tests(synth_windows(n_subjects=9, n_codes=2, grouped=True), **C)
    said = say_tests(written(tables, tmp_path / "grouped_tests"))
    assert said[0].startswith("Grouped tests: ")


def test_the_mixed_model_names_terms_and_failures(phases: pl.DataFrame, tmp_path: Path) -> None:
    few = phases.select(pl.exclude("^(mean|sd|speed)_(exp|pose|ear|lip|eda).*$")).with_columns(
        mean_smile=pl.lit(1.0)
    )
    said = say_mixed_model(written(mixed_model(few, baseline="baseline"), tmp_path / "mixed_model"))
    assert said[0].startswith(
        "Mixed model value ~ condition * phase + (1 | person) + (1 | person:condition), from condition "
        "baseline, phase P1"
    )
    assert "1 measure(s) without a result" in said[0]
    assert said[-1] == "  Mind: fewer than 20 people: p values come out too small; lean on paired_tests"
    assert any(
        line.startswith("  blink_rate_hz") and "condition[stressor]:phase[P2]" in line for line in said
    )
