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
        train={"models": []},
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
    log = (study.results / "logs/clean_signals/E01_rest.log").read_text()
    assert "video" not in log
    assert "Deprecat" not in log
