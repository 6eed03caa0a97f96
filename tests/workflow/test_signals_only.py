"""A study of wristbands without any video, with the default analyses."""

from __future__ import annotations

from affectflow.config.sheet import write_sheet
from affectflow.datasets.empatica_e4.manifest import list_empatica_e4
from affectflow.datasets.simulated.empatica_e4 import simulate_empatica_e4
from affectflow.io.tables import read_free_table
from tests.support.study import WorkflowStudy


def test_every_default_analysis_takes_what_there_is(tmp_path):
    study = WorkflowStudy(tmp_path)
    study.write_config(
        dataset="e4",
        stats={"baseline": "rest", "stressor": "stress", "lda": {"n_permutations": 0, "n_bootstrap": 100}},
        train={"models": ["auto"], "controls": [], "explain": [], "bootstrap": 200, "loop": {"epochs": 1}},
        viz={"overlays": "none"},
    )
    simulate_empatica_e4(tmp_path / "data/e4", people=3, seconds=20.0, seed=1)
    rows = list_empatica_e4(tmp_path / "data/e4", pattern="{subject_id}/{condition}")
    (tmp_path / "recordings.tsv").write_text(write_sheet(rows))
    result = study.snakemake()
    assert result.returncode == 0, result.stdout + result.stderr
    for analysis in ("lda", "tsne"):
        found = read_free_table(study.results / f"stats/{analysis}/results.parquet").row(0, named=True)
        assert found["kinds"] == "signals"
        assert found["n_units"] == 3
    tests = read_free_table(study.results / "stats/paired_tests/results.parquet")
    assert tests["kind"].unique().to_list() == ["signals"]
    assert "mean_eda_phasic_usiemens" not in tests["measure"].to_list()
    # The models too: those of the face and of both are not asked for.
    models = read_free_table(study.results / "models/scores.parquet")["model"].unique(maintain_order=True)
    assert models.to_list() == ["logistic", "bio_transformer"]
    log = (study.results / "logs/clean_signals/E01_rest.log").read_text()
    assert "video" not in log
    assert "Deprecat" not in log


def test_with_too_few_people_there_are_no_models_and_the_reason_is_said(tmp_path):
    study = WorkflowStudy(tmp_path)
    stats = {"baseline": "rest", "stressor": "stress", "analyses": []}
    study.write_config(dataset="e4", stats=stats, train={"models": ["auto"], "controls": ["auto"]})
    simulate_empatica_e4(tmp_path / "data/e4", people=2, seconds=4.0, seed=1)
    rows = list_empatica_e4(tmp_path / "data/e4", pattern="{subject_id}/{condition}")
    (tmp_path / "recordings.tsv").write_text(write_sheet(rows))
    planned = study.snakemake("--dry-run")
    assert planned.returncode == 0, planned.stderr
    assert "train_model" not in planned.stdout
    result = study.snakemake("results/e4/signals/E01_rest.parquet")
    assert "train.models: auto): 2 people are too few to be held out in turn" in result.stdout + result.stderr
