"""Clips through the real workflow: nothing unless asked for; what a clip without detection needs."""

from __future__ import annotations

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
