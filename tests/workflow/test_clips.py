"""Clips through the real workflow: nothing unless asked for; what a clip without detection needs."""

from __future__ import annotations

import pytest

from affectflow.clips.record import from_npy
from tests.support.study import simulated_rows


def test_trajectories_are_made_only_when_asked_for_by_their_path(new_study):
    study = new_study(simulated_rows(["S01", "S02", "S03"]))
    assert "build_trajectories" not in study.planned()
    made = f"results/{study.results.name}/trajectories/S01_stressor.parquet"
    planned = study.planned(made)
    assert planned["build_trajectories"] == planned["track_faces"] == 1
    assert "extract_codes" not in planned


def test_without_detection_no_face_is_looked_for(new_study):
    study = new_study(simulated_rows(["S01", "S02", "S03"]), clips={"detect": False})
    planned = study.planned(f"results/{study.results.name}/trajectories/S01_stressor.parquet")
    assert {"track_faces", "transcode_video"} & set(planned) == set()
    assert planned["build_trajectories"] == 1


def test_of_crops_emoca_codes_whole_pictures_and_facemesh_the_face_in_them(new_study):
    study = new_study(simulated_rows(["S01", "S02", "S03"]), clips={"detect": False})
    base = f"results/{study.results.name}/trajectories"
    assert "track_faces" in study.planned(f"{base}/facemesh/S01_stressor.parquet")
    folder = study.folder / "resources/models/emoca"
    folder.mkdir(parents=True)
    for name in ("emoca.safetensors", "emoca.manifest.json"):
        (folder / name).write_bytes(b"not looked at")
    planned = study.planned(f"{base}/emoca/S01_stressor.parquet")
    assert "track_faces" not in planned
    assert planned["transcode_video"] == planned["code_trajectories"] == 1


def test_the_record_is_of_the_study_s_backend(new_study):
    study = new_study(simulated_rows(["S01", "S02", "S03"]))
    planned = study.planned(f"results/{study.results.name}/trajectories/export/S01_stressor.npy")
    stages = ("build_trajectories", "code_trajectories", "export_trajectories")
    assert {name: planned[name] for name in stages} == dict.fromkeys(stages, 1)


@pytest.mark.slow
def test_from_a_simulated_video_to_the_record(new_study):
    study = new_study(simulated_rows(["S01"]))
    base = f"results/{study.results.name}/trajectories/export/S01_stressor"
    result = study.snakemake(f"{base}.npy", f"{base}.json", f"{base}.parquet")
    assert result.returncode == 0, result.stdout + result.stderr
    record = from_npy((study.folder / f"{base}.npy").read_bytes(), where=base)
    assert len(record["traj"]) == 1
    assert len(record["traj"][0]) > 80
    assert record["traj"][0][0]["face_exp_feats"].shape == (53,)


def clip_rows(n_people=6, each=2):
    """Simulated recordings with labels as a sheet of clips has them."""
    people = [f"S{p:02d}" for p in range(1, n_people + 1)]
    rows = simulated_rows(people, ("baseline", "stressor")[:each])
    return [
        {**{k: row[k] for k in ("recording_id", "subject_id", "video")}, "label": str(3 + i % 2)}
        for i, row in enumerate(rows)
    ]


ALONE = {"train": {"models": []}, "stats": {"analyses": []}}


def test_the_classifier_is_trained_only_when_asked_for_a_job_per_fold(new_study):
    study = new_study(clip_rows(), clips={"train": {"folds": 3}}, **ALONE)
    assert not {"sample_clips", "train_clips"} & set(study.planned())
    planned = study.planned(f"results/{study.results.name}/clips/summary.md")
    once = ("sample_clips", "split_clips", "evaluate_clips")
    assert {name: planned[name] for name in (*once, "train_clips")} == {
        **dict.fromkeys(once, 1),
        "train_clips": 3,
    }
    assert planned["code_trajectories"] == 12


def test_official_folds_are_counted_from_the_sheet(new_study):
    rows = [{**row, "fold": str(i % 2 + 1)} for i, row in enumerate(clip_rows(each=1))]
    study = new_study(rows, **ALONE)
    assert study.planned(f"results/{study.results.name}/clips/summary.md")["train_clips"] == 2


def test_a_study_without_labels_says_so_in_one_line(new_study):
    study = new_study(simulated_rows(["S01", "S02"]), **ALONE)
    result = study.snakemake(f"results/{study.results.name}/clips/folds.parquet")
    assert result.returncode == 1
    said = [line for line in result.stderr.splitlines() if line.startswith("affectflow split_clips:")]
    assert said == [
        "affectflow split_clips: clips: no recording with a video has a label. Make the sheet with affectflow manifest "
        "(docs/clips.md)."
    ]


def test_a_clip_of_pictures_is_packed_before_it_is_read(new_study):
    row = {
        "recording_id": "c1",
        "subject_id": "c1",
        "video": "resources/packed/c1.mkv",
        "picture_folder": "faces/c1",
    }
    study = new_study([row], train={"models": []}, stats={"analyses": []})
    planned = study.planned(f"results/{study.results.name}/video/c1.frames.parquet")
    assert planned["pack_images"] == planned["probe_video"] == 1
