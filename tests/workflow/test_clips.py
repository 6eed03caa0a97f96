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
