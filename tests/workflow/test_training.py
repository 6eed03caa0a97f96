"""The training rules on windows and features that already lie there."""

from __future__ import annotations

import polars as pl
import pytest

from affectflow.io.tables import read_footer, read_free_table, read_table, write_table
from affectflow.io.weights import read_weights
from tests.support.study import WorkflowStudy, simulated_rows
from tests.support.synth_windows import make_study

PEOPLE = [f"P{i:02d}" for i in range(4)]
RULES = ("--allowed-rules", "split_subjects", "train_model", "evaluate_models", "--force")
TRAIN = {"bootstrap": 300, "folds": 2, "face_inputs": ["pose", "measures"], "loop": {"epochs": 3}}


def make(folder, *, effect=2.0, train=TRAIN) -> WorkflowStudy:
    """A study whose windows and features are written by the test, not by the workflow."""
    study = WorkflowStudy(folder)
    study.write_config(train=train)
    study.write_sheet(simulated_rows(PEOPLE))
    synthetic = make_study(n_people=len(PEOPLE), effect=effect, duration_s=8)
    write_table(synthetic.windows, study.results / "windows.parquet", "windows")
    for name, table in synthetic.features.items():
        write_table(table, study.results / "features" / f"{name}.parquet", "features")
    return study


def evaluate(study, *, target="scores.parquet", cores=2):
    name = study.results.relative_to(study.folder) / "models" / target
    return study.snakemake(str(name), *RULES, cores=cores)


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    study = make(tmp_path_factory.mktemp("training"))
    result = evaluate(study, cores=4)
    assert result.returncode == 0, result.stdout + result.stderr
    return study


def test_both_models_are_trained_on_every_fold_and_compared(trained):
    models = trained.results / "models"
    scores = read_free_table(models / "scores.parquet")
    assert scores["model"].unique(maintain_order=True).to_list() == ["logistic", "cross_modal"]
    assert set(scores["n_people"]) == {4}
    assert (
        scores.filter((pl.col("model") == "logistic") & (pl.col("measure") == "auroc"))["estimate"][0] > 0.8
    )
    for model in ("logistic", "cross_modal"):
        for fold in (0, 1):
            predictions = read_table(models / model / str(fold) / "predictions.parquet", "predictions")
            assert set(predictions["role"]) == {"validation", "test"}
            arrays, facts = read_weights(models / model / str(fold) / "weights.safetensors")
            assert arrays
            assert (facts["training"]["model"], facts["training"]["fold"]) == (model, fold)
            assert facts["params"]["options"] == facts["training"]["options"]
            log = pl.read_csv(models / model / str(fold) / "training.csv")
            assert log.height >= 1
            names = sorted(p.name for p in (models / model / str(fold)).iterdir())
            assert names == ["predictions.parquet", "training.csv", "weights.safetensors"]


def test_a_model_of_summaries_does_not_wait_for_frames(trained):
    footers = {
        m: read_footer(trained.results / "models" / m / "0" / "predictions.parquet")
        for m in ("logistic", "cross_modal")
    }
    reads = {m: sum("/features/" in p for p in f["inputs"]) for m, f in footers.items()}
    assert reads == {"logistic": 0, "cross_modal": 8}
    assert footers["logistic"]["params"]["settings"] == {}


@pytest.mark.parametrize("model", ["logistic", "cross_modal"])
def test_one_core_gives_the_same_bytes_as_four(trained, tmp_path, model):
    again = make(tmp_path)
    result = evaluate(again, target=f"{model}/1/weights.safetensors", cores=1)
    assert result.returncode == 0, result.stdout + result.stderr
    for name in ("weights.safetensors", "predictions.parquet", "training.csv"):
        first, second = (s.results / "models" / model / "1" / name for s in (trained, again))
        assert first.read_bytes() == second.read_bytes(), name


def test_too_few_people_end_in_one_line(tmp_path):
    study = make(tmp_path, train={**TRAIN, "folds": 5})
    result = evaluate(study)
    assert result.returncode != 0
    text = result.stdout + result.stderr
    assert "4 people have windows of 'baseline' or 'stressor', but 5 folds need at least 5" in text
    assert "Traceback" not in text


def test_a_model_that_does_not_exist_is_refused_before_anything_runs(tmp_path):
    study = WorkflowStudy(tmp_path)
    study.write_config(train={"models": ["logistik"]})
    study.write_sheet(simulated_rows(PEOPLE))
    result = study.snakemake("--dry-run")
    assert result.returncode != 0
    assert "train.models: 'logistik' is no model. Did you mean logistic?" in result.stdout + result.stderr


def test_a_study_without_conditions_trains_nothing(tmp_path):
    study = WorkflowStudy(tmp_path)
    study.write_config()
    study.write_sheet([{**row, "condition": ""} for row in simulated_rows(PEOPLE)])
    result = study.snakemake("--dry-run")
    assert result.returncode == 0, result.stdout + result.stderr
    assert "train_model" not in result.stdout
