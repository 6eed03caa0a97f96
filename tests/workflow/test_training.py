"""The training rules on windows and features that already lie there."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import polars as pl
import pytest

from affectflow.errors import InputError
from affectflow.io.tables import read_footer, read_free_table, read_table, write_table
from affectflow.io.weights import read_weights
from affectflow.train.audit import CHECKS
from affectflow.train.protocol.splits import Split
from tests.support.study import WorkflowStudy, simulated_rows
from tests.support.synth_windows import make_study

PEOPLE = [f"P{i:02d}" for i in range(4)]
RULES = (
    "--allowed-rules",
    "label_windows",
    "grid_frames",
    "split_subjects",
    "train_model",
    "evaluate_models",
    "explain_model",
    "plot_explanations",
    "audit_models",
    "--force",
)
TRAIN = {
    "models": ["logistic", "cross_modal"],
    "bootstrap": 300,
    "folds": 2,
    "repeats": 2,
    "splits_per_job": 3,
    "emoca_mode": ["pose", "measures"],
    "controls": ["time_only", "shuffled_labels"],
    "loop": {"epochs": 3},
}
MODELS = ("logistic", "cross_modal")
PARTS = {"r0f0s0-r1f0s0": ["r0f0s0", "r0f1s0", "r1f0s0"], "r1f1s0": ["r1f1s0"]}


def make(folder, *, effect=2.0, train=TRAIN) -> WorkflowStudy:
    """A study whose windows and features are written by the test, not by the workflow."""
    folder.mkdir(exist_ok=True)
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
    assert scores["model"].unique(maintain_order=True).to_list() == [*MODELS, "time_only", "shuffled_labels"]
    assert set(scores["n_people"]) == {4}
    assert (
        scores.filter((pl.col("model") == "logistic") & (pl.col("measure") == "auroc"))["estimate"][0] > 0.8
    )
    for model in ("logistic", "cross_modal"):
        for part, splits in PARTS.items():
            folder = models / model / part
            predictions = read_table(folder / "predictions.parquet", "predictions")
            assert set(predictions["role"]) == {"validation", "test"}
            arrays, facts = read_weights(folder / "weights.safetensors")
            assert {name.split("/")[0] for name in arrays} == set(splits)
            for name, training in facts["training"].items():
                assert (training["model"], Split.of(name).fold) == (model, training["fold"])
                assert facts["params"]["options"] == training["options"]
            log = pl.read_csv(folder / "training.csv")
            assert log.select("repeat", "fold", "seed").unique().height == len(splits)
            names = sorted(p.name for p in folder.iterdir())
            assert names == ["predictions.parquet", "training.csv", "weights.safetensors"]


def test_controls_are_trained_as_the_models_are(trained):
    models = trained.results / "models"
    examples = read_table(models / "examples.parquet", "examples").select(
        "recording_id", "window_id", "shuffled_label"
    )
    own = read_table(models / "shuffled_labels/r1f1s0/predictions.parquet", "predictions")
    assert (
        own.join(examples, on=["recording_id", "window_id"])["shuffled_label"].to_list()
        == own["label"].to_list()
    )
    facts = {
        e: read_weights(models / e / "r1f1s0/weights.safetensors")[1]["training"]["r1f1s0"]
        for e in (*MODELS, "time_only", "shuffled_labels")
    }
    assert facts["shuffled_labels"]["model"] == "cross_modal"
    assert facts["shuffled_labels"]["seed"] == facts["cross_modal"]["seed"]
    assert facts["time_only"]["model"] == "logistic"
    assert facts["time_only"]["columns"]["summary"][0] == "start_s"
    people = [f["people"] for f in facts.values()]
    assert all(p == people[0] for p in people), "every entry has the same folds"


def test_a_model_of_summaries_does_not_wait_for_frames(trained):
    footers = {
        m: read_footer(trained.results / "models" / m / "r1f1s0" / "predictions.parquet")
        for m in ("logistic", "cross_modal")
    }
    reads = {m: sum("/grids/" in p for p in f["inputs"]) for m, f in footers.items()}
    assert reads == {"logistic": 0, "cross_modal": 8}
    assert footers["logistic"]["params"]["settings"] == {}


@pytest.mark.parametrize("model", ["logistic", "cross_modal"])
def test_one_core_gives_the_same_bytes_as_four(trained, tmp_path, model):
    again, part = make(tmp_path), "r0f0s0-r1f0s0"
    result = evaluate(again, target=f"{model}/{part}/weights.safetensors", cores=1)
    assert result.returncode == 0, result.stdout + result.stderr
    for name in ("weights.safetensors", "predictions.parquet", "training.csv"):
        first, second = (s.results / "models" / model / part / name for s in (trained, again))
        assert first.read_bytes() == second.read_bytes(), name


def test_a_training_killed_with_kill_9_ends_with_the_same_weights(tmp_path):
    """All processes die in the middle of a training; the next run goes on from the last epoch saved."""
    train = {**TRAIN, "controls": [], "splits_per_job": 1, "loop": {"epochs": 40, "patience": 40}}
    target = "cross_modal/r0f0s0/weights.safetensors"
    whole, broken = (make(tmp_path / name, train=train) for name in ("whole", "broken"))
    assert evaluate(whole, target=target).returncode == 0
    name = broken.results.relative_to(broken.folder) / "models" / target
    job = broken.start(str(name), *RULES)
    checkpoint = broken.results / "models/cross_modal/r0f0s0/checkpoint_r0f0s0.safetensors"
    try:
        wait_for(lambda: checkpoint.exists() and read_weights(checkpoint)[1]["state"]["epoch"] >= 3, job)
    finally:
        os.killpg(job.pid, signal.SIGKILL)
        job.wait()
    assert not (broken.results / "models" / target).exists(), "it was over before it was killed"
    # Only the outputs are made anew: what the killed run had finished stays, checkpoint included.
    assert broken.snakemake("--unlock").returncode == 0
    done = broken.snakemake(str(name), *RULES[:-1], "--rerun-incomplete")
    assert done.returncode == 0, done.stdout + done.stderr
    log = (broken.results / "logs/train_model/cross_modal_r0f0s0.log").read_text()
    assert re.search(r"going on after epoch \d+", log)
    first, second = (s.results / "models" / target for s in (whole, broken))
    assert first.read_bytes() == second.read_bytes()
    assert not checkpoint.exists()


def wait_for(condition, job, *, seconds=240):
    """Look until something is so, while a process runs."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        assert job.poll() is None, "the workflow ended by itself"
        try:
            if condition():
                return
        except InputError:  # replaced while it was read
            pass
        time.sleep(0.02)
    raise AssertionError(f"nothing came in {seconds} s")


def audit(study):
    """The command, in the study's folder."""
    program = str(Path(sys.executable).with_name("affectflow"))
    command = [program, "audit", "--config", "study.yaml"]
    return subprocess.run(command, cwd=study.folder, capture_output=True, text=True, check=False, timeout=600)


def test_the_audit_is_a_rule_and_a_command(trained):
    """The rule writes table and page; the command looks anew, and leaves with 1 once a leak is there."""
    result = evaluate(trained, target="audit.parquet")
    assert result.returncode == 0, result.stdout + result.stderr
    table = read_free_table(trained.results / "models/audit.parquet")
    assert table["check"].to_list() == list(CHECKS)
    assert set(table["verdict"]) == {"clean"}, table.filter(pl.col("verdict") != "clean").rows()
    assert "12 clean" in (trained.results / "figures/models/audit.html").read_text()

    done = audit(trained)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.count("clean  ") == 12

    path = trained.results / "models/logistic/r1f1s0/predictions.parquet"
    honest = read_table(path, "predictions")
    bytes_before = path.read_bytes()
    try:
        write_table(honest.with_columns(score=1 - pl.col("score")), path, "predictions")
        done = audit(trained)
    finally:
        path.write_bytes(bytes_before)
    assert done.returncode == 1
    assert "FOUND  threshold_on_test: Was a threshold chosen on test people?" in done.stdout
    assert "models/logistic, r1f1s0: threshold" in done.stdout
    assert done.stdout.count("clean  ") == 11


def test_an_audit_without_models_says_what_to_run(tmp_path):
    study = WorkflowStudy(tmp_path)
    study.write_config()
    study.write_sheet(simulated_rows(PEOPLE))
    done = audit(study)
    assert done.returncode == 2
    assert "no models have been trained and evaluated. Run: snakemake" in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_too_few_people_end_in_one_line(tmp_path):
    study = make(tmp_path, train={**TRAIN, "folds": 5})
    result = evaluate(study)
    assert result.returncode != 0
    text = result.stdout + result.stderr
    assert "4 people have labelled windows, but 5 folds need at least 5" in text
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


def test_one_person_left_out_in_each_fold_of_the_sheet(tmp_path):
    """The number of jobs is known from the sheet; somebody without windows gives a fold that trains nothing."""
    study = make(
        tmp_path, train={**TRAIN, "repeats": 1, "models": ["logistic"], "split": "leave_one_subject_out"}
    )
    study.write_sheet(simulated_rows([*PEOPLE, "P99"]))
    result = evaluate(study)
    assert result.returncode == 0, result.stdout + result.stderr
    models = study.results / "models"
    last = read_weights(models / "logistic/r0f3s0-r0f4s0/weights.safetensors")[1]["training"]
    assert list(last) == ["r0f3s0"]
    assert last["r0f3s0"]["people"]["test"] == ["P03"]
    log = (study.results / "logs/train_model/logistic_r0f3s0-r0f4s0.log").read_text()
    assert "r0f4s0: fold 4 has no test people; nothing is trained" in log
    assert read_free_table(models / "scores.parquet")["n_people"][0] == 4


def test_the_final_training_and_a_fold_of_nobody_can_be_written(tmp_path):
    study = make(
        tmp_path,
        train={**TRAIN, "splits_per_job": 1, "models": ["logistic"], "split": "leave_one_subject_out"},
    )
    study.write_sheet(simulated_rows([*PEOPLE, "P99"]))
    for part, splits in {"final": {"final_s0"}, "r0f4s0": set()}.items():
        result = evaluate(study, target=f"logistic/{part}/weights.safetensors")
        assert result.returncode == 0, result.stdout + result.stderr
        arrays, facts = read_weights(study.results / f"models/logistic/{part}/weights.safetensors")
        assert set(facts["training"]) == {name.split("/")[0] for name in arrays} == splits
    roles = read_table(study.results / "models/logistic/final/predictions.parquet", "predictions")["role"]
    assert set(roles) == {"validation"}


def test_a_main_model_that_is_not_trained_is_refused(tmp_path):
    study = WorkflowStudy(tmp_path)
    study.write_config(train={"models": ["logistic"], "main_model": "cross_modal"})
    study.write_sheet(simulated_rows(PEOPLE))
    result = study.snakemake("--dry-run")
    assert result.returncode != 0
    assert "main_model: 'cross_modal' is none of models (logistic)" in result.stdout + result.stderr


def test_the_main_model_is_trained_for_new_people(tmp_path):
    study = WorkflowStudy(tmp_path)
    study.write_config(train={"main_model": "logistic", "splits_per_job": 2})
    study.write_sheet(simulated_rows(PEOPLE))
    result = study.snakemake("--dry-run")
    assert result.returncode == 0, result.stdout + result.stderr
    assert "train_model logistic final" in result.stdout
    assert "train_model cross_modal final" not in result.stdout
    assert "train_model cross_modal r0f0s0-r0f1s0" in result.stdout


def test_what_the_models_look_at_is_found_and_drawn(tmp_path):
    """The main model and a control: tables from the stored weights alone, and figures."""
    explanations = {"permutations": 2, "windows": 8, "steps": 8}
    study = make(
        tmp_path,
        train={**TRAIN, "repeats": 1, "explain": ["main", "time_only"], "explanations": explanations},
    )
    planned = study.planned()
    assert planned["explain_model"] == 2
    assert planned["plot_explanations"] == 5 + 1
    figures = {"cross_modal": ("course", "faces"), "time_only": ("importance",)}
    base = study.results.relative_to(study.folder)
    targets = [f"{base}/figures/models/{e}/{f}.png" for e, names in figures.items() for f in names]
    result = study.snakemake(*targets, *RULES, cores=2)
    assert result.returncode == 0, result.stdout + result.stderr
    tables = study.results / "models/explanations"
    found = read_free_table(tables / "cross_modal/importance.parquet")
    assert {"head", "measures", "hr_bpm"} <= set(found["group"])
    assert found["n_people"][0] == 4
    assert set(read_free_table(tables / "time_only/importance.parquet")["group"]) == {"time"}
    assert read_free_table(tables / "time_only/moments.parquet").is_empty()
    assert read_free_table(tables / "cross_modal/moments.parquet").height > 0
    assert read_footer(tables / "cross_modal/importance.parquet")["params"]["n_permutations"] == 2


def test_nothing_is_explained_that_is_not_trained(tmp_path):
    study = WorkflowStudy(tmp_path)
    study.write_config(train={"explain": ["boosting"]})
    study.write_sheet(simulated_rows(PEOPLE))
    result = study.snakemake("--dry-run")
    assert result.returncode != 0
    assert "explain: 'boosting' is neither in models nor in controls" in result.stdout + result.stderr
    study.write_config(train={"explain": []})
    assert "explain_model" not in study.planned()


def test_options_are_chosen_in_each_split(tmp_path):
    """`train.choices` reaches the training; 1e-3, a word in YAML, arrives as the number it is."""
    choices = {"logistic": {"strengths": [["1e-3"], [1.0]]}}
    study = make(tmp_path, train={"models": ["logistic"], "folds": 2, "choices": choices})
    target = study.results / "models/logistic/r0f0s0-r0f1s0/weights.safetensors"
    result = study.snakemake(
        str(target.relative_to(study.folder)), "--allowed-rules", "label_windows", *RULES[1:], cores=2
    )
    assert result.returncode == 0, result.stdout + result.stderr
    facts = read_weights(target)[1]["training"]
    log = pl.read_csv(target.with_name("training.csv"))
    for fold in (0, 1):
        found = facts[f"r0f{fold}s0"]["choices"]
        assert [t["options"] for t in found["tried"]] == [{"strengths": [0.001]}, {"strengths": [1.0]}]
        best = min(found["tried"], key=lambda t: t["validation_loss"])
        assert found["chosen"] == best["options"]
        chosen = log.filter((pl.col("fold") == fold) & pl.col("chosen"))
        assert chosen["c"].to_list() == found["chosen"]["strengths"]
