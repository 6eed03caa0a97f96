"""Inputs that compare with the control recording, through the rules: training, explanations, audit."""

from __future__ import annotations

import numpy as np
import pytest

from affectflow.cli.audit import audit_study
from affectflow.features.make_windows import make_windows
from affectflow.io.tables import read_footer, read_free_table, write_table
from affectflow.io.weights import WeightsFile
from tests.support.stored import with_phases
from tests.support.study import WorkflowStudy, simulated_rows
from tests.support.synth_windows import make_study

PEOPLE = [f"P{i:02d}" for i in range(6)]
RULES = ("label_windows", "grid_frames", "split_subjects", "train_model", "evaluate_models", "explain_model")
TRAIN = {
    "models": ["bio_transformer", "face_transformer"],
    "label": "phase",
    "positive_phases": ["P2"],
    "bootstrap": 300,
    "folds": 2,
    "emoca_mode": ["pose", "control_slope"],
    "controls": ["without_control_drive"],
    "loop": {"epochs": 2},
}
CUT = {"length_s": 2.0, "stride_s": 1.0, "min_coverage": 0.5, "max_gap_s": 0.2, "within": "phase"}


@pytest.fixture(scope="module")
def study(tmp_path_factory):
    study = WorkflowStudy(tmp_path_factory.mktemp("slope"))
    study.write_config(train=TRAIN, features={"windows": {k: v for k, v in CUT.items() if k != "max_gap_s"}})
    study.write_sheet(simulated_rows(PEOPLE))
    synthetic = with_phases(make_study(n_people=len(PEOPLE), effect=2.0, duration_s=8, missing=0.05))
    for name, table in synthetic.features.items():
        write_table(table, study.results / "features" / f"{name}.parquet", "features")
    write_table(
        make_windows(synthetic.features.values(), **CUT), study.results / "windows.parquet", "windows"
    )
    models = study.results.relative_to(study.folder) / "models"
    targets = [
        str(models / "explanations/face_transformer/importance.parquet"),
        str(models / "audit.parquet"),
    ]
    done = study.snakemake(*targets, "--allowed-rules", *RULES, "audit_models", "--force", cores=2)
    assert done.returncode == 0, done.stdout + done.stderr
    return study


def grids_of(study, path):
    inputs = read_footer(path)["inputs"] if path.suffix == ".parquet" else WeightsFile(path).facts["inputs"]
    return sorted({p.split("/")[-1].split("_")[1] for p in inputs if "/grids/" in p})


def test_control_recordings_are_read_by_those_that_compare_with_them_alone(study):
    models = study.results / "models"
    for entry, conditions in {
        "face_transformer": ["baseline.safetensors", "stressor.safetensors"],
        "bio_transformer": ["stressor.safetensors"],
        "without_control_drive": ["stressor.safetensors"],
    }.items():
        (weights,) = models.glob(f"{entry}/r*/weights.safetensors")
        assert grids_of(study, weights) == conditions, entry
    assert len(grids_of(study, models / "explanations/face_transformer/importance.parquet")) == 2
    assert len(grids_of(study, models / "audit.parquet")) == 2


def test_what_was_trained_is_found_again_by_the_audit_and_the_explanation(study):
    """A scale that is recomputed from windows paired in another way would be somebody else's."""
    models = study.results / "models"
    groups = read_free_table(models / "explanations/face_transformer/importance.parquet")
    assert any("control_slope" in g for g in groups["group"])
    audit = read_free_table(models / "audit.parquet")
    verdicts = dict(audit.select("check", "verdict").rows())
    assert verdicts["scaler_outside_fold"] == "clean"
    assert verdicts["control_drive_at_test"] == "found"
    (weights,) = models.glob("face_transformer/r*/weights.safetensors")
    file = WeightsFile(weights)
    (centre,) = {name for name in file if name.startswith("r0f0s0/") and "scaler.centre.face" in name}
    assert np.isfinite(file[centre]).all()


def test_the_command_reads_the_same(study, monkeypatch):
    monkeypatch.chdir(study.folder)
    again = audit_study("study.yaml")
    assert again.equals(read_free_table(study.results / "models/audit.parquet"))
