"""Codes of all faces of a clip: each trajectory's are those that its face alone would have."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import polars as pl
import pytest

from affectflow.clips.build_trajectories import build_trajectories, whole_frames
from affectflow.clips.code_trajectories import code_trajectories
from affectflow.errors import TableError
from affectflow.face.backends.facemesh import FaceMeshBackend
from affectflow.face.extract_codes import extract_codes
from affectflow.io.tables import check_table
from affectflow.schema import EXP, JAW
from tests.support.synth_faces import faces_of, landmarks_of, random_codes

BACKEND = FaceMeshBackend()
COLUMNS = [*JAW, *EXP]


def one_face(seed, *, shift=0.0, gaps=()):
    exp, pose = random_codes(12, seed=seed)
    landmarks = landmarks_of(BACKEND.mesh(exp, pose)) + np.array([shift, 0, 0], np.float32)
    return faces_of(landmarks, gaps=gaps)


def two_faces():
    first, second = one_face(1, gaps=(4,)), one_face(2, shift=2000).with_columns(track_id=pl.lit(1, pl.Int32))
    both = pl.concat([first.filter("valid"), second.with_columns(primary=pl.lit(False))])
    return both.sort("frame_id", "track_id"), first, second


def test_each_face_has_its_own_codes():
    both, first, second = two_faces()
    trajectories = build_trajectories(both)
    made = check_table(code_trajectories(trajectories, both, BACKEND), "trajectory_codes", "made")
    assert made.height == trajectories.height == 24
    alone = [
        pl.concat(list(extract_codes([t.with_columns(primary="valid")], BACKEND))) for t in (first, second)
    ]
    order = trajectories.group_by("track_id", maintain_order=True).agg(
        pl.col("face_track_id").drop_nulls().first()
    )
    for track, face in order.rows():
        own = made.filter(track_id=track)
        assert own.select(COLUMNS).equals(alone[face].select(COLUMNS))
    lost = made.filter(~pl.col("valid"))
    assert lost["frame_id"].to_list() == [4]
    assert lost.select(COLUMNS).null_count().row(0) == (1,) * len(COLUMNS)


def test_a_clip_that_is_a_face_has_the_primary_face_s_codes():
    _, first, _ = two_faces()
    trajectories = whole_frames(first, width_px=640, height_px=360, every=2)
    made = code_trajectories(trajectories, first, BACKEND)
    alone = pl.concat(list(extract_codes([first], BACKEND))).filter(pl.col("frame_id") % 2 == 0)
    assert made.select(COLUMNS).equals(alone.select(COLUMNS))


def test_no_trajectory_no_codes():
    both, _, _ = two_faces()
    made = code_trajectories(build_trajectories(both).clear(), both, BACKEND)
    assert made.height == 0


class WholeBackend(FaceMeshBackend):
    """Takes whole pictures: exp_00 is the mean of a picture."""

    needs_video, takes_whole = True, True

    def extract_whole(self, frames):
        for frame in frames:
            codes = {c: pl.Series([float(frame.rgb.mean())], dtype=pl.Float32) for c in COLUMNS}
            ids = pl.Series([frame.frame_id], dtype=pl.Int32)
            yield pl.DataFrame({"frame_id": ids, "valid": [True], **codes})


def pictures(n):
    return [SimpleNamespace(frame_id=i, rgb=np.full((4, 4, 3), i, np.uint8)) for i in range(n)]


def test_whole_pictures_need_no_face_and_frames_that_are_not_kept_are_not_coded():
    _, first, _ = two_faces()
    trajectories = whole_frames(first, width_px=640, height_px=360, every=3)
    made = code_trajectories(trajectories, None, WholeBackend(), frames=lambda: pictures(12))
    assert check_table(made, "trajectory_codes", "made")["valid"].all()
    assert made["frame_id"].to_list() == made["exp_00"].to_list() == [0, 3, 6, 9]


def test_a_video_that_lacks_frames_is_refused():
    _, first, _ = two_faces()
    trajectories = whole_frames(first, width_px=640, height_px=360)
    with pytest.raises(TableError, match="has not all frames of its trajectories"):
        code_trajectories(trajectories, None, WholeBackend(), frames=lambda: pictures(5))


def test_a_backend_of_points_does_not_take_whole_pictures():
    _, first, _ = two_faces()
    trajectories = whole_frames(first, width_px=640, height_px=360)
    with pytest.raises(ValueError, match="facemesh codes faces that were tracked"):
        code_trajectories(trajectories, None, BACKEND, frames=lambda: pictures(12))
