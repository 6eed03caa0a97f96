"""The workflow with `face.backend: emoca`, on a made-up installation: conversion, batches, overlay; on the CPU."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from affectflow.io.tables import read_footer, read_table
from affectflow.io.video import read_frames
from affectflow.io.video_writer import VideoWriter
from affectflow.io.weights import WeightsFile
from affectflow.schema import EXP, POSE
from tests.support.faces import background
from tests.support.study import WorkflowStudy, simulated_rows

CLIP = {"simulated": {"duration_s": 2, "fps": 6, "width_px": 320, "height_px": 240}}
# Statistics and models need people; one clip has none.
NO_PEOPLE = {"stats": {"analyses": []}, "train": {"models": []}}
CPU = ("--resources", "gpu=0")


@pytest.fixture
def emoca_study(
    new_study: Callable[..., WorkflowStudy], emoca_weights: WeightsFile
) -> Callable[..., WorkflowStudy]:
    """Make a study in whose folder the converted weights lie; `official` leaves the official files only."""

    def make(rows: list[dict[str, str]], *, official: bool = False, **changes: object) -> WorkflowStudy:
        study = new_study(rows, **{"face": {"backend": "emoca"}, "datasets": CLIP, **NO_PEOPLE, **changes})
        converted = {emoca_weights.path.name, "emoca.manifest.json"}
        shutil.copytree(
            emoca_weights.path.parent,
            study.folder / "resources/models/emoca",
            copy_function=os.link,
            ignore=lambda _, names: converted & set(names) if official else set(),
        )
        return study

    return make


def codes_path(study: WorkflowStudy, name: str) -> str:
    return str((study.results / f"codes/emoca/{name}.parquet").relative_to(study.folder))


def done(study: WorkflowStudy, *arguments: str) -> set[str]:
    """Run the workflow on the CPU; return the jobs it ran, as "rule recording"."""
    result = study.snakemake(*arguments, *CPU)
    assert result.returncode == 0, result.stdout + result.stderr
    return jobs_of(result.stderr)


def jobs_of(text: str) -> set[str]:
    """The messages of all jobs in Snakemake's output."""
    lines = [line.split(": ", 1) for line in text.splitlines() if line.startswith("Job ")]
    return {line[1] for line in lines if len(line) == 2}


def test_from_official_files_to_the_overlay(emoca_study):
    [row, _] = simulated_rows(["S01"])
    study = emoca_study([row], official=True, viz={"overlays": "all", "jaw_gain": 2})
    jobs = done(study)
    assert {"convert_weights emoca", "extract_codes emoca S01_baseline"} <= jobs
    assert study.planned(*CPU) == {}
    codes = read_table(study.results / "codes/emoca/S01_baseline.parquet", "codes")
    assert codes.height == 12
    assert codes["valid"].mean() > 0.9
    seen = codes.filter("valid")
    assert np.isfinite(seen.select(*EXP, *POSE).to_numpy()).all()
    # The made-up networks give every head about the same place in its crop: the landmarks lie on the face.
    unit = seen["l68_x"].to_numpy()
    assert np.abs(unit).max() < 1.3
    footer = read_footer(study.results / "codes/emoca/S01_baseline.parquet")
    assert footer["params"]["options"]["points"] == "track_faces"
    assert "resources/models/emoca/emoca.manifest.json" in footer["inputs"]
    overlay = study.results / "videos/overlay/S01_baseline.mp4"
    assert len(list(read_frames(overlay))) == 12
    log = (study.results / "logs/extract_codes/emoca_S01_baseline.log").read_text()
    assert "on cpu in float32" in log
    # Another setting of the backend makes its codes again, and nothing before them.
    study.write_config(
        face={"backend": "emoca", "codes": {"parameters": ["cam"]}},
        datasets=CLIP,
        **NO_PEOPLE,
        viz={"overlays": "all", "jaw_gain": 2},
    )
    planned = study.planned(*CPU)
    assert planned["extract_codes"] == 1
    assert not {"track_faces", "convert_weights", "transcode_video"} & set(planned)


def test_a_batch_with_a_bad_video(emoca_study):
    rows = [{**row, "batch": "b1"} for row in simulated_rows(["S01", "S02"], ("baseline",))]
    bad = {"recording_id": "bad", "subject_id": "bad", "video": "bad.mp4", "batch": "b1"}
    study = emoca_study([*rows, bad])
    (study.folder / "bad.mp4").write_text("this is text\n" * 50)
    targets = [codes_path(study, name) for name in ("S01_baseline", "S02_baseline", "bad")]

    first = study.snakemake(*targets, *CPU)
    assert first.returncode == 1
    said = {line for line in first.stderr.splitlines() if line.startswith("affectflow ")}
    assert len(said) == 1
    assert "recording bad: bad.mp4: is not a video" in said.pop()
    for target in targets[:2]:
        assert read_table(study.folder / target, "codes")["valid"].mean() > 0.9
    assert {j for j in jobs_of(first.stderr) if "extract" in j} == {
        "extract_batch emoca b1",
        "extract_codes emoca S01_baseline",
        "extract_codes emoca S02_baseline",
    }

    # Mended: its table is made, those that are there stay as they are.
    before = [(study.folder / target).stat().st_mtime_ns for target in targets[:2]]
    shutil.copy(study.folder / "resources/simulated/S01_baseline.mp4", study.folder / "bad.mp4")
    jobs = done(study, *targets)
    assert {j for j in jobs if "extract" in j} == {"extract_batch emoca b1", "extract_codes emoca bad"}
    assert [(study.folder / target).stat().st_mtime_ns for target in targets[:2]] == before
    assert study.planned(*targets, *CPU) == {}
    assert not (study.results / "codes/emoca/.batches/b1").exists()

    # Added later with a word of its own: only its own jobs.
    [late] = simulated_rows(["S03"], ("baseline",))
    study.write_sheet([*rows, bad, {**late, "batch": "b2"}])
    targets.append(codes_path(study, "S03_baseline"))
    jobs = done(study, *targets)
    assert jobs == {
        "simulate_recording S03_baseline",
        "check_batch b2",
        "probe_video S03_baseline",
        "transcode_video S03_baseline",
        "try_faces S03_baseline",
        "track_faces S03_baseline",
        "extract_batch emoca b2",
        "extract_codes emoca S03_baseline",
    }
    assert study.planned(*targets, *CPU) == {}


def test_a_batch_with_a_recording_whose_tracking_fails(emoca_study):
    """Its video is a good one; that it is not its source's shows only when it has been tracked to the end."""
    rows = [{**row, "batch": "b1"} for row in simulated_rows(["S01", "S02"], ("baseline",))]
    study = emoca_study(rows)
    good, bad = (codes_path(study, name) for name in ("S01_baseline", "S02_baseline"))
    transcoded = study.results / "video/S02_baseline.mp4"
    done(study, str(transcoded.relative_to(study.folder)))
    packets = transcoded.read_bytes()
    with VideoWriter(transcoded, 320, 240, time_base=Fraction(1, 6)) as writer:
        for i in range(3):
            writer.write(background(320, 240), i / 6)

    first = study.snakemake(good, bad, *CPU)
    assert first.returncode == 1
    said = {line for line in first.stderr.splitlines() if line.startswith("affectflow ")}
    assert len(said) == 1
    assert "track_faces: recording S02_baseline: " in said.pop()
    assert "What failed, once more:\n  track_faces S02_baseline: recording S02_baseline: " in first.stderr
    assert first.stderr.count("decodes to 3 frames, its source to 12") == 2
    assert read_table(study.folder / good, "codes")["valid"].mean() > 0.9
    assert not (study.folder / bad).exists()

    # Mended: what went well stays as it is, and nothing of the batch stays behind.
    before = (study.folder / good).stat().st_mtime_ns
    transcoded.write_bytes(packets)
    jobs = done(study, good, bad)
    assert jobs == {
        "try_faces S02_baseline",
        "track_faces S02_baseline",
        "extract_batch emoca b1",
        "extract_codes emoca S02_baseline",
    }
    assert (study.folder / good).stat().st_mtime_ns == before
    assert study.planned(good, bad, *CPU) == {}
    assert not (study.results / "codes/emoca/.batches/b1").exists()


def test_batches_are_nothing_to_a_backend_without_networks(new_study):
    study = new_study([{**row, "batch": "b1"} for row in simulated_rows(["S01"])], **NO_PEOPLE)
    planned = study.planned()
    assert planned["extract_codes"] == 2
    assert not {"extract_batch", "check_batch", "try_faces", "convert_weights"} & set(planned)


def test_without_weights_one_line_says_what_is_missing(new_study):
    [row, _] = simulated_rows(["S01"])
    study = new_study([row], face={"backend": "emoca"}, datasets=CLIP, **NO_PEOPLE)
    result = study.snakemake(codes_path(study, "S01_baseline"), *CPU)
    assert result.returncode == 1
    said = {line for line in result.stderr.splitlines() if line.startswith("affectflow ")}
    assert len(said) == 1
    assert "resources/models/emoca" in said.pop()


@pytest.mark.slow
def test_a_real_face_through_the_whole_workflow(emoca_study, shared):
    clip = Path(shared) / "data/media/woman_emotions_360p24.mp4"
    study = emoca_study(
        [{"recording_id": "woman", "subject_id": "woman", "video": str(clip)}],
        official=True,
        viz={"overlays": "all"},
        face={"backend": "emoca", "codes": {"csv": True}},
    )
    done(study)
    codes = read_table(study.results / "codes/emoca/woman.parquet", "codes")
    times = read_table(study.results / "video/woman.frames.parquet", "video_frames")
    assert codes["time_s"].equals(times["time_s"])
    assert codes["valid"].mean() > 0.95
    assert (study.results / "csv/emoca/CSV_stream/woman_exp_pose.csv").is_file()
    assert len(list(read_frames(study.results / "videos/overlay/woman.mp4"))) == codes.height
    assert study.planned(*CPU) == {}
