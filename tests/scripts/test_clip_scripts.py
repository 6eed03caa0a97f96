"""The scripts of clips: tables in, trajectories out, the same bytes each time."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from affectflow.clips.record import from_npy
from affectflow.config.clips import Tracks
from affectflow.face.backends import emoca
from affectflow.io.probe_video import probe_video
from affectflow.io.tables import read_footer, read_free_table, read_table, write_table
from affectflow.io.video_writer import VideoWriter
from tests.support.clips import TIME_BASE
from tests.support.scripts import run_script
from tests.support.synth_flame import synth_flame
from tests.support.tiny_emoca import TinyEncoders
from tests.unit.clips.test_build_trajectories import FPS, faces
from tests.unit.clips.test_record import codes


@pytest.fixture
def clip(tmp_path):
    """Twelve frames of two scenes, with a face that stays where it is."""
    with VideoWriter(tmp_path / "clip.mp4", 64, 48, time_base=TIME_BASE) as writer:
        for i in range(12):
            colour = (200, 40, 30) if i < 6 else (20, 60, 200)
            writer.write(np.zeros((48, 64, 3), np.uint8) + np.array(colour, np.uint8), i / FPS)
    frames, quality = probe_video(tmp_path / "clip.mp4", recording_id="clip")
    write_table(frames, tmp_path / "frames.parquet", "video_frames")
    write_table(quality, tmp_path / "quality.parquet", "video_quality")
    write_table(faces([{0: (5, 5, 30)}] * 12), tmp_path / "faces.parquet", "faces")
    return tmp_path


def build(folder, *, detect=True, parity="none", every=1, first=0):
    given = {"frames": folder / "frames.parquet", "quality": folder / "quality.parquet"}
    run_script(
        "build_trajectories",
        folder,
        inputs={
            **given,
            "faces": folder / "faces.parquet" if detect else [],
            "video": folder / "clip.mp4" if detect and parity == "none" else [],
        },
        outputs={"trajectories": folder / "trajectories.parquet"},
        params={"parity": parity, "every": every, "first": first, "tracks": Tracks().model_dump()},
        wildcards={"recording_id": "clip"},
    )
    return read_table(folder / "trajectories.parquet", "trajectories")


def test_a_cut_in_the_pixels_parts_a_face_that_the_tracker_kept(clip):
    assert build(clip)["track_id"].to_list() == [0] * 6 + [1] * 6
    assert read_footer(clip / "trajectories.parquet")["stage"] == "build_trajectories"


def test_the_seed_s_rule_knows_no_cuts(clip):
    made = build(clip, parity="seed001", every=3, first=2)
    assert made["frame_id"].to_list() == [2, 5, 8, 11]
    assert made["track_id"].n_unique() == 1


def test_without_detection_the_picture_is_the_face(clip):
    made = build(clip, detect=False)
    assert made.height == 12
    assert made.select("x1_px", "y1_px").unique().rows() == [(64, 48)]


def test_same_input_same_bytes(clip):
    written = []
    for _ in range(2):
        build(clip)
        written.append((clip / "trajectories.parquet").read_bytes())
    assert written[0] == written[1]


@pytest.fixture
def coded(clip):
    """The clip with its trajectories' codes."""
    build(clip)
    run_script(
        "code_trajectories",
        clip,
        inputs={
            "trajectories": clip / "trajectories.parquet",
            "faces": clip / "faces.parquet",
            "video": [],
            "weights": [],
        },
        outputs={"codes": clip / "codes.parquet"},
        params={"weights": "resources/models/facemesh", "options": {}, "device": "cpu"},
        wildcards={"recording_id": "clip", "backend": "facemesh"},
    )
    return clip


def export(folder, form, *, pictures=""):
    run_script(
        "export_trajectories",
        folder,
        inputs={"codes": folder / "codes.parquet"},
        outputs={"record": folder / f"clip.{form}"},
        params={"video_path": "clips/clip.mp4", "pictures": pictures, "label": "6"},
        wildcards={"recording_id": "clip", "form": form},
    )


def test_codes_and_the_three_forms_of_the_record(coded):
    clip = coded
    made = read_table(clip / "codes.parquet", "trajectory_codes")
    assert made.height == 12
    for form in ("npy", "parquet", "json"):
        export(clip, form)
    record = from_npy((clip / "clip.npy").read_bytes(), where="clip.npy")
    assert (record["video_path"], record["label"]) == ("clips/clip.mp4", "6")
    told = json.loads((clip / "clip.json").read_text())
    table = read_free_table(clip / "clip.parquet")
    assert (
        read_footer(clip / "clip.parquet")["feature_names"]
        == record["feature_names"]
        == told["feature_names"]
    )
    n = made["valid"].sum()
    assert table.height == n == sum(map(len, record["traj"])) == sum(map(len, told["traj"]))


def test_the_record_of_a_folder_of_pictures_names_files_that_are_there(tmp_path):
    write_table(codes(), tmp_path / "codes.parquet", "trajectory_codes")
    folder = tmp_path / "faces"
    folder.mkdir()
    for number in (3, 20, 100):
        (folder / f"{number}.jpg").write_bytes(b"not looked at")
    export(tmp_path, "npy", pictures=str(folder))
    record = from_npy((tmp_path / "clip.npy").read_bytes(), where="clip.npy")
    assert record["video_path"] == str(folder)
    frames = [f for own in record["traj"] for f in own]
    assert [(Path(f["image_path"]).name, f["frame_ind"]) for f in frames] == [
        ("3.jpg", 0),
        ("100.jpg", 2),
        ("100.jpg", 2),
    ]
    assert all(Path(f["image_path"]).is_file() for f in frames)


def test_crops_of_faces_are_coded_whole_by_emoca_into_records_of_181_features(clip, monkeypatch):
    monkeypatch.setattr(emoca, "Encoders", TinyEncoders)
    monkeypatch.setattr("affectflow.weights.open_model.open_model", lambda *_: synth_flame())
    assert build(clip, detect=False, every=5)["frame_id"].to_list() == [0, 5, 10]
    run_script(
        "code_trajectories",
        clip,
        inputs={
            "trajectories": clip / "trajectories.parquet",
            "faces": [],
            "video": clip / "clip.mp4",
            "weights": [],
        },
        outputs={"codes": clip / "codes.parquet"},
        params={
            "weights": "resources/models/emoca",
            "options": {"parameters": ["detail"], "parameters_if_there": []},
            "device": "cpu",
        },
        wildcards={"recording_id": "clip", "backend": "emoca"},
    )
    export(clip, "npy")
    record = np.load(clip / "clip.npy", allow_pickle=True).item()
    assert [[f["frame_ind"] for f in own] for own in record["traj"]] == [[1, 6, 11]]
    features = np.stack([f["face_exp_feats"] for f in record["traj"][0]])
    assert features.shape == (3, 181)
    # Two frames of the first scene are alike, the third is of another colour.
    assert np.abs(features[0] - features[1]).max() < 0.1 * np.abs(features[0] - features[2]).max()
