"""Labelled clips through the real workflow: from a list to trajectories, records and WAR and UAR beside the baseline."""

from __future__ import annotations

import shutil
from fractions import Fraction

import cv2
import numpy as np
import polars as pl
import pytest
from typer.testing import CliRunner

from affectflow.cli.main import app
from affectflow.clips.record import from_npy
from affectflow.config.sheet import read_sheet
from affectflow.io.tables import read_free_table, read_table
from affectflow.io.video import read_frames
from affectflow.io.video_writer import VideoWriter
from affectflow.io.weights import read_weights

ALONE = {"train": {"models": []}, "stats": {"analyses": []}, "device": "cpu"}
SHORT = {"epochs": 2, "bootstrap": 200, "steps": 8, "folds": 3, "validation_share": 0.3}
MAN, WALK_IN, NO_FACE = "man_frontal_360p30.mp4", "three_people_walkin_270p12.mp4", "no_face_540p24.mp4"
# Of the shared emotions; of real clips nobody has labelled.
LABELS = {"man": 4, "walk_in": 7, "nobody": 5, "two": 4}


def command(*arguments):
    result = CliRunner().invoke(app, [str(a) for a in arguments])
    assert result.exit_code == 0, result.output


def run_through(study, *targets):
    result = study.snakemake(*(f"results/{study.results.name}/{t}" for t in targets))
    assert result.returncode == 0, result.stdout + result.stderr


@pytest.mark.slow
def test_a_miniature_of_dfew_from_its_lists_to_its_scores(new_study):
    study = new_study(
        [{"recording_id": "x"}], dataset="dfew", clips={"images_fps": 16, "train": SHORT}, **ALONE
    )
    command("simulate", "dfew", study.folder / "data", "--people", 5, "--pictures", 2)
    command("manifest", "dfew", study.folder / "data", "--output", study.folder / "recordings.tsv", "--force")
    rows = {r.recording_id: r for r in read_sheet(study.folder / "recordings.tsv")}
    records = [f"trajectories/export/{name}.npy" for name in rows]
    run_through(study, "figures/clips/scores.svg", *records)
    for name, row in rows.items():
        path = study.results / f"trajectories/export/{name}.npy"
        # The form that docs/clips.md gives to readers of the original's files.
        theirs = np.load(path, allow_pickle=True).item()
        ours = from_npy(path.read_bytes(), where=name)
        for record in (theirs, ours):
            assert record["label"] == row.metadata["label"]
            assert record["video_path"] == (row.metadata.get("picture_folder") or row.video)
            assert [len(own) for own in record["traj"]] == [16]
    predictions = pl.concat(
        read_table(study.results / f"clips/{k}/predictions.parquet", "clip_predictions") for k in range(5)
    )
    assert sorted(predictions["recording_id"]) == sorted(rows)
    scores = read_free_table(study.results / "clips/scores.parquet")
    assert set(scores.select("method", "measure").rows()) == {
        (method, measure) for method in ("predicted", "baseline") for measure in ("war", "uar")
    }
    text = (study.results / "clips/summary.md").read_text()
    assert text.splitlines()[2].startswith(
        ("Nothing beats the baseline", "The network tells emotions better")
    )
    assert study.planned("results/dfew/figures/clips/scores.svg") == {}
    study.write_config(dataset="dfew", clips={"images_fps": 16, "train": {**SHORT, "epochs": 3}}, **ALONE)
    again = study.planned("results/dfew/clips/summary.md")
    assert {k: n for k, n in again.items() if k != "total"} == {"train_clips": 5, "evaluate_clips": 1}


@pytest.fixture(scope="module")
def among_real_clips(shared, tmp_path_factory):
    """Lists of drawn clips and of samples of ../shared; among these one cut together of two scenes."""
    folder = tmp_path_factory.mktemp("lists")
    command("simulate", "clips", folder, "--people", 6, "--pictures", 2, "--force")
    media, real = shared / "data/media", folder / "real"
    real.mkdir()
    for name, sample in (("man", MAN), ("walk_in", WALK_IN), ("nobody", NO_FACE)):
        shutil.copyfile(media / sample, real / f"{name}.mp4")
    with VideoWriter(real / "two.mp4", 480, 270, time_base=Fraction(1, 1200)) as writer:
        for scene, sample in enumerate((MAN, WALK_IN)):
            for i, frame in zip(range(15), read_frames(media / sample), strict=False):
                writer.write(np.ascontiguousarray(cv2.resize(frame.rgb, (480, 270))), (15 * scene + i) / 12)
    lines = [f"real/{name}.mp4, {label}" for name, label in LABELS.items()]
    (folder / "real.csv").write_text("\n".join(lines) + "\n")
    return folder


@pytest.mark.slow
def test_real_clips_among_drawn_ones(among_real_clips, new_study):
    study = new_study(
        [{"recording_id": "x"}],
        dataset="mixed",
        face={"max_faces": 4},
        clips={"images_fps": 16, "train": SHORT},
        **ALONE,
    )
    command("manifest", "clips", among_real_clips, "--output", study.folder / "recordings.tsv", "--force")
    run_through(study, "clips/summary.md", *(f"trajectories/export/real_real_{n}.npy" for n in LABELS))

    def record(name):
        path = study.results / f"trajectories/export/real_real_{name}.npy"
        return np.load(path, allow_pickle=True).item()

    # One man; three people who are all there from the first frame to the last; nobody.
    assert [len(own) for own in record("man")["traj"]] == [72]
    assert [len(own) for own in record("walk_in")["traj"]] == [41, 41, 41]
    assert record("nobody")["traj"] == []
    # A man, then the three: no trajectory crosses the cut.
    spans = [(own[0]["frame_ind"], own[-1]["frame_ind"]) for own in record("two")["traj"]]
    assert spans == [(1, 15), (16, 30), (16, 30), (16, 30)]
    arrays, facts = read_weights(study.results / "clips/samples.safetensors")
    there = np.isfinite(arrays["codes"]).any(axis=(1, 2))
    faceless = [n for n, seen in zip(facts["samples"]["recording_ids"], there, strict=True) if not seen]
    assert faceless == ["real_real_nobody"]
    text = (study.results / "clips/summary.md").read_text()
    assert "Clips without a face that was coded, which count as told wrong: 1 of 16." in text
