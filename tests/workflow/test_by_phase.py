"""Drives compared phase by phase and phase against phase, through the real Snakefile; signals alone, to be quick."""

from __future__ import annotations

from dataclasses import replace

import pytest

from affectflow.cli.summary import summarise_study
from affectflow.config.sheet import write_sheet
from affectflow.datasets.simulated.taamneh import simulate_taamneh
from affectflow.datasets.taamneh.manifest import list_taamneh
from affectflow.io.tables import read_free_table, read_table
from tests.support.study import WorkflowStudy

ANALYSES = ["paired_tests", "mixed_model"]


@pytest.mark.slow
def test_phases_of_the_miniature_driving_study(tmp_path, monkeypatch):
    study = WorkflowStudy(tmp_path)
    common = {"dataset": "driving", "train": {"models": []}, "viz": {"overlays": "none"}}
    stats = {
        "baseline": "ND",
        "stressor": "MD",
        "analyses": ANALYSES,
        "min_phase_s": 2.0,
        "summaries": ["mean"],
    }
    by_phase = stats | {"by_phase": True, "stress_phases": ["P2", "P4"], "normalisation": "subject"}
    study.write_config(**common, stats=by_phase)
    simulate_taamneh(tmp_path / "data", people=3, seconds=30.0, seed=2)
    rows = [replace(r, video="") for r in list_taamneh(tmp_path / "data") if r.condition in ("ND", "MD")]
    (tmp_path / "recordings.tsv").write_text(write_sheet(rows))
    result = study.snakemake()
    assert result.returncode == 0, result.stdout + result.stderr

    results = read_free_table(study.results / "stats/paired_tests/results.parquet")
    assert sorted(results["phase"].unique()) == ["P1", "P2", "P3", "P4", "P5"]
    assert results["normalisation"].unique().to_list() == ["subject (transductive)"]
    pulse = {r["phase"]: r["delta"] for r in results.filter(measure="mean_hr_bpm").iter_rows(named=True)}
    assert min(pulse["P2"], pulse["P4"]) > max(abs(pulse["P1"]), abs(pulse["P3"]))
    patterns = read_free_table(study.results / "stats/paired_tests/tables/patterns.parquet")
    assert patterns["stress_phases"].unique().to_list() == ["P2, P4"]
    terms = read_free_table(study.results / "stats/mixed_model/results.parquet")
    stressed = terms.filter(measure="mean_hr_bpm", term="condition[MD]:phase[P4]").row(0, named=True)
    assert stressed["estimate"] > 0
    for figure in ("paired_tests/effects", "paired_tests/map", "mixed_model/terms"):
        assert (study.results / f"figures/{figure}.svg").is_file()
    monkeypatch.chdir(tmp_path)
    said = summarise_study("study.yaml")
    assert "measures × 5 phases" in said
    assert "normalised: subject (transductive)" in said
    assert "Mixed model value ~ condition * phase" in said

    # Other settings of the tests: nothing before the tests runs again.
    between = stats | {"contrast": "phases", "baseline": "P1", "stressor": "P2", "analyses": ["paired_tests"]}
    study.write_config(**common, stats=between)
    again = study.snakemake()
    assert again.returncode == 0, again.stdout + again.stderr
    assert "summarise_phases" not in again.stdout + again.stderr
    results = read_free_table(study.results / "stats/paired_tests/results.parquet")
    assert results["phase"].null_count() == results.height
    assert results["baseline"].unique().to_list() == ["P1"]
    phases = read_table(study.results / "phases.parquet", "windows")
    assert phases["coverage"].max() == 0
