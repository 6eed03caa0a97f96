"""A model that the workflow trained, applied from the command line to recordings on disk."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from affectflow.features.make_windows import make_windows
from affectflow.io.tables import read_footer, read_free_table, read_table, write_table
from tests.support.study import ROOT, WorkflowStudy, simulated_rows
from tests.support.synth_windows import make_study

PEOPLE = [f"P{i:02d}" for i in range(4)]
MODELS = ("logistic", "cross_modal")
RULES = ("label_windows", "grid_frames", "split_subjects", "train_model", "evaluate_models", "describe_model")
TRAIN = {
    "bootstrap": 300,
    "folds": 2,
    "seeds": 2,
    "emoca_mode": ["pose", "measures"],
    "controls": ["time_only"],
    "loop": {"epochs": 2},
}
CUT = {"length_s": 2.0, "stride_s": 1.0, "min_coverage": 0.8, "max_gap_s": 0.2, "within": "phase"}


def affectflow(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run the command in a study's folder."""
    command = [str(Path(sys.executable).with_name("affectflow")), *arguments]
    environment = {**os.environ, "COLUMNS": "200", "PYTHONPATH": str(ROOT / "src")}
    return subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, text=True, check=False, timeout=300
    )


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """A study of features that the test writes, and windows of them as the workflow cuts them."""
    study = WorkflowStudy(tmp_path_factory.mktemp("predict"))
    study.write_config(train=TRAIN)
    study.write_sheet(simulated_rows(PEOPLE))
    synthetic = make_study(n_people=len(PEOPLE), effect=2.0, duration_s=8, missing=0.1)
    for name, table in synthetic.features.items():
        write_table(table, study.results / "features" / f"{name}.parquet", "features")
        codes = f"results/small/codes/facemesh/{name}.parquet"
        frames = table.select(pl.exclude("blink", "^d_.*$"))
        write_table(
            frames, study.results / "frames" / f"{name}.parquet", "frames", footer={"inputs": {codes: None}}
        )
    windows = make_windows(synthetic.features.values(), **CUT)
    write_table(windows, study.results / "windows.parquet", "windows")
    models = study.results.relative_to(study.folder) / "models"
    targets = [str(models / m / "final/card.md") for m in (*MODELS, "time_only")]
    result = study.snakemake(*targets, "--allowed-rules", *RULES, "--force", cores=2)
    assert result.returncode == 0, result.stdout + result.stderr
    return study


@pytest.mark.parametrize("model", [*MODELS, "time_only"])
def test_every_final_model_has_a_card(trained, model):
    folder = trained.results / "models" / model / "final"
    card, text = json.loads((folder / "card.json").read_text()), (folder / "card.md").read_text()
    scores = read_free_table(trained.results / "models/scores.parquet").filter(pl.col("model") == model)
    assert [row["estimate"] for row in card["measures"]] == scores["estimate"].to_list()
    assert card["data"]["codes"] == {"facemesh": 8}
    assert all(card["data"]["inputs"].values())
    assert len(card["data"]["inputs"]) == (3 + 8 if model == "cross_modal" else 3)
    assert f"# Model card: {model}" in text
    assert "trained on simulated data" in text
    assert ("sees nothing but when a window is" in text) == (model == "time_only")
    assert not any(person in text + json.dumps(card) for person in PEOPLE)


@pytest.mark.parametrize("model", [*MODELS, "time_only"])
def test_the_command_says_what_the_training_said(trained, model):
    final = trained.results / "models" / model / "final"
    said = read_table(final / "predictions.parquet", "predictions")
    assert set(said["role"]) == {"validation"}
    assert set(said["seed"]) == {0, 1}
    names = said["recording_id"].unique().sort().to_list()
    relative = str(final.relative_to(trained.folder))
    done = affectflow(
        trained.folder, "predict", relative, *names, "--config", "study.yaml", "--out", f"out/{model}"
    )
    assert done.returncode == 0, done.stderr
    for name in names:
        table = read_free_table(trained.folder / "out" / model / f"{name}.parquet")
        own = said.filter(pl.col("recording_id") == name).group_by("window_id").agg(pl.col("score").mean())
        own = own.sort("window_id")
        assert table["window_id"].to_list() == own["window_id"].to_list()
        assert np.abs(table["score"].to_numpy() - own["score"].to_numpy()).max() < 1e-6
        assert f"{name}: {table.height} windows" in done.stdout
        assert "given its threshold on: these scores say nothing about new people" in done.stderr
        for suffix in (".svg", ".png"):
            assert (trained.folder / "out" / model / f"{name}{suffix}").stat().st_size > 5000
    inputs = read_footer(trained.folder / "out" / model / f"{names[0]}.parquet")["inputs"]
    assert all(inputs.values())
    assert len(inputs) == 1 + len(names)


def test_weights_alone_are_enough_for_a_table_elsewhere(trained, tmp_path):
    """No study, no settings, no windows: the file of weights and a features table of somebody new."""
    shutil.copy(trained.results / "models/cross_modal/final/weights.safetensors", tmp_path)
    new = make_study(n_people=6, duration_s=8, seed=9).features["P05_stressor"]
    write_table(new, tmp_path / "new.parquet", "features")
    done = affectflow(tmp_path, "predict", "weights.safetensors", "new.parquet", "--out", "out")
    assert done.returncode == 0, done.stderr
    assert "no frames beside" in done.stderr
    assert "new people" not in done.stderr
    table = read_free_table(tmp_path / "out/P05_stressor.parquet")
    assert table.height == 7
    assert table["score"].is_between(0, 1).all()
    again = affectflow(tmp_path, "predict", "weights.safetensors", "new.parquet", "--out", "again")
    assert again.stdout.replace("again", "out") == done.stdout
    for name in ("P05_stressor.parquet", "P05_stressor.svg", "P05_stressor.png"):
        assert (tmp_path / "out" / name).read_bytes() == (tmp_path / "again" / name).read_bytes()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("models/logistic/final", "P99_stressor"), "Did you mean P0"),
        (("models/logistic/final", "elsewhere.parquet"), "elsewhere.parquet: there is no such table"),
        (("models/none/final", "P00_stressor"), "models/none/final: there is no such model"),
        (("grids/P00_stressor.safetensors", "P00_stressor"), "holds no trained model"),
        (("models/logistic/final", "P00_stressor", "P00_stressor"), "Name each once"),
    ],
)
def test_mistakes_are_one_line(trained, arguments, message):
    model = f"{trained.results.relative_to(trained.folder)}/{arguments[0]}"
    done = affectflow(trained.folder, "predict", model, *arguments[1:], "--config", "study.yaml")
    assert done.returncode != 0
    assert message in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1


def test_codes_of_another_backend_are_refused(trained, tmp_path):
    features = trained.results / "features/P00_stressor.parquet"
    (tmp_path / "features").mkdir()
    shutil.copy(features, tmp_path / "features")
    frames = read_table(trained.results / "frames/P00_stressor.parquet", "frames")
    footer = {"inputs": {"results/x/codes/emoca/P00_stressor.parquet": None}}
    write_table(frames, tmp_path / "frames/P00_stressor.parquet", "frames", footer=footer)
    final = trained.results / "models/logistic/final"
    done = affectflow(tmp_path, "predict", str(final), "features/P00_stressor.parquet")
    assert done.returncode == 1
    assert "its face codes are of backend emoca, logistic was trained on facemesh" in done.stderr


def test_features_of_other_settings_are_warned_of(trained, tmp_path):
    table = read_table(trained.results / "features/P00_stressor.parquet", "features")
    params = {"smoothing": {"preset": "none"}, "max_gap_s": 0.2}
    write_table(table, tmp_path / "other.parquet", "features", footer={"params": params})
    final = trained.results / "models/logistic/final"
    done = affectflow(tmp_path, "predict", str(final), "other.parquet", "--out", "out")
    assert done.returncode == 0, done.stderr
    assert "made with other settings than the model's (baseline, blink, outliers, smoothing)" in done.stderr
