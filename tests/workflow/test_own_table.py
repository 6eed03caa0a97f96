"""A feature table made elsewhere goes through the real workflow: statistics and figure, no videos asked for."""

from __future__ import annotations

import polars as pl
import pytest

from affectflow.io.tables import read_free_table
from tests.support.study import simulated_rows
from tests.support.synth_stats import synth_windows


def test_statistics_of_an_own_table(new_study) -> None:
    own = {"path": "mine.csv", "unit": "clip", "condition": "news"}
    study = new_study(simulated_rows(["S01"]), stats={"analyses": ["grouped_tests"], "own_table": own})
    table = synth_windows(n_subjects=8, grouped=True, n_codes=3, effect=5).rename(
        {"subject_id": "clip", "condition": "news"}
    )
    table.select("clip", "news", "^mean_.*$").write_csv(study.folder / "mine.csv")
    figure = "results/small/figures/grouped_tests/effects.svg"
    assert study.planned(figure) == {"run_analysis": 1, "plot_analysis": 1}
    result = study.snakemake(figure)
    assert result.returncode == 0, result.stdout + result.stderr
    row = read_free_table(study.results / "stats/grouped_tests/results.parquet").filter(
        pl.col("measure") == "mean_hr_bpm"
    )
    assert row.select("n_baseline", "n_stressor", "simulated").row(0) == (4, 4, False)
    # Text in the figure is drawn as shapes; its comments keep the words.
    assert "simulated data" not in (study.folder / figure).read_text(encoding="utf-8")
    assert study.planned(figure) == {}
    (study.folder / "mine.csv").unlink()
    (study.folder / figure).unlink()
    (study.results / "stats/grouped_tests/results.parquet").unlink()
    failed = study.snakemake(figure)
    assert failed.returncode != 0
    assert "mine.csv: cannot be read" in failed.stdout + failed.stderr
    assert "Traceback" not in failed.stdout + failed.stderr


def test_unknown_analysis_is_refused_before_anything_runs(new_study) -> None:
    study = new_study(simulated_rows(["S01"]), stats={"analyses": ["paired_test"]})
    result = study.snakemake("-n")
    assert result.returncode == 2
    assert "stats.analyses: 'paired_test' does not exist. Did you mean paired_tests?" in result.stderr
    assert "Traceback" not in result.stderr


@pytest.mark.parametrize(
    ("analyses", "models", "says"),
    [
        (["paired_tests", "lda"], [], "stats.analyses: with stats.contrast: phases there is no lda"),
        (["paired_tests"], ["logistic"], "train.models: with stats.contrast: phases there are no models"),
    ],
)
def test_what_cannot_compare_phases_is_refused_before_anything_runs(new_study, analyses, models, says):
    stats = {"analyses": analyses, "contrast": "phases", "baseline": "calm", "stressor": "task"}
    study = new_study(simulated_rows(["S01"]), stats=stats, train={"models": models})
    result = study.snakemake("-n")
    assert result.returncode == 2
    assert says in result.stderr
    assert "Traceback" not in result.stderr


def test_phases_are_compared_without_any_condition_in_the_sheet(new_study):
    stats = {"analyses": ["paired_tests"], "contrast": "phases", "baseline": "calm", "stressor": "task"}
    rows = [row | {"condition": ""} for row in simulated_rows(["S01"])]
    study = new_study(rows, stats=stats, train={"models": []})
    assert study.planned()["run_analysis"] == 1
