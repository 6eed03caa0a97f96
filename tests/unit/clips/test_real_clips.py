"""Trajectories in real clips: three people who walk in, and a clip of two scenes cut together."""

from __future__ import annotations

from fractions import Fraction

import cv2
import numpy as np
import polars as pl
import pytest

from affectflow.clips.build_trajectories import build_trajectories, seed001_trajectories
from affectflow.clips.scene_cuts import find_cuts
from affectflow.face.finish_faces import TrackTotals, finish_faces
from affectflow.face.track_faces import track_faces
from affectflow.io.video import read_frames
from affectflow.io.video_writer import VideoWriter

WALK_IN, MAN, WOMAN = "three_people_walkin_270p12.mp4", "man_frontal_360p30.mp4", "woman_emotions_360p24.mp4"
FPS = 12


def tracked(path):
    """The finished faces table of a video, up to four faces at once."""
    totals = TrackTotals()
    faces = pl.concat(list(totals.watch(track_faces(read_frames(path), recording_id="clip", max_faces=4))))
    return finish_faces(faces, lasting=totals.lasting_tracks(), primary=totals.primary_tracks())


@pytest.fixture(scope="module")
def walk_in(shared):
    path = shared / "data/media" / WALK_IN
    return path, tracked(path)


def test_three_people_who_walk_in_are_three_trajectories(walk_in):
    path, faces = walk_in
    made = build_trajectories(faces, cuts=find_cuts(read_frames(path)))
    # As seen in the pictures: all three are there from the first frame to the last.
    assert made.group_by("track_id", maintain_order=True).len()["len"].to_list() == [41, 41, 41]
    # Nobody is in two places: within a frame the boxes of different people do not meet.
    for _, rows in made.group_by("frame_id"):
        left, right = rows.sort("x0_px")["x0_px"].to_numpy(), rows.sort("x0_px")["x1_px"].to_numpy()
        assert (left[1:] > right[:-1]).all()
    # The seed follows one of them.
    assert seed001_trajectories(faces).group_by("frame_id").len()["len"].max() == 1


@pytest.fixture(scope="module")
def two_scenes(shared, tmp_path_factory):
    """20 frames of the man, then 20 of the woman."""
    path = tmp_path_factory.mktemp("scenes") / "two.mp4"
    with VideoWriter(path, 640, 360, time_base=Fraction(1, 1200)) as writer:
        for scene, name in enumerate((MAN, WOMAN)):
            for i, frame in zip(range(20), read_frames(shared / "data/media" / name), strict=False):
                rgb = cv2.resize(frame.rgb, (640, 360)) if frame.rgb.shape != (360, 640, 3) else frame.rgb
                writer.write(np.ascontiguousarray(rgb), (20 * scene + i) / FPS)
    return path


def test_a_cut_between_two_people_begins_new_trajectories(two_scenes):
    cuts = find_cuts(read_frames(two_scenes))
    assert cuts == [20]
    made = build_trajectories(tracked(two_scenes), cuts=cuts)
    spans = made.group_by("track_id", maintain_order=True).agg(
        first=pl.col("frame_id").min(), last=pl.col("frame_id").max()
    )
    assert spans.rows() == [(0, 0, 19), (1, 20, 39)]


def test_no_sample_of_one_scene_has_a_cut(shared):
    for name in (WALK_IN, MAN, WOMAN):
        assert find_cuts(read_frames(shared / "data/media" / name)) == [], name
