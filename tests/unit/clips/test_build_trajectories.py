"""Trajectories as a table: gaps, sampling, who the clip is about, the seed's way, and a clip without detection."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from affectflow.clips.build_trajectories import build_trajectories, seed001_trajectories, whole_frames
from affectflow.config.clips import Tracks
from affectflow.face.anatomy import IBUG68
from affectflow.io.tables import check_table
from affectflow.schema import FACES, N_LANDMARKS, TRAJECTORIES

FPS = 10


def faces(frames, *, recording_id="clip"):
    """A faces table of {track: (x, y, size)} per frame; the 68 points reach from edge to edge, the others beyond."""
    rows = []
    for i, found in enumerate(frames):
        for track, (x, y, size) in found.items() or [(-1, (None,) * 3)]:
            row = dict.fromkeys(FACES.names) | {
                "recording_id": recording_id,
                "frame_id": i,
                "time_s": i / FPS,
                "track_id": track,
                "primary": track >= 0,
                "valid": track >= 0,
            }
            if track >= 0:
                points = np.full((N_LANDMARKS, 3), (x - 1.0, y - 1.0, 0))
                points[list(IBUG68), :2] = (x, y)
                points[IBUG68[0], :2] = (x + size, y + size)
                box = (x - 1.0, y - 1.0, x + size, y + size)
                row |= dict(zip(("x0_px", "y0_px", "x1_px", "y1_px"), map(float, box), strict=True))
                row |= {"score": 0.9, "detection_score": 0.8, "landmarks_px": points.ravel().tolist()}
            rows.append(row)
    return pl.DataFrame(rows, schema={c.name: c.dtype for c in FACES.columns})


def test_a_gap_is_bridged_on_a_line_and_said():
    table = faces([{0: (x, 20, 40)} if x not in (8, 10) else {} for x in range(0, 24, 2)])
    made = check_table(build_trajectories(table), "trajectories", "made")
    assert made["track_id"].unique().to_list() == [0]
    assert made["frame_id"].to_list() == list(range(12))
    bridged = made.filter("interpolated")
    assert bridged["frame_id"].to_list() == [4, 5]
    assert bridged["x0_px"].to_list() == pytest.approx([7, 9])
    assert bridged["score"].null_count() == bridged["face_track_id"].null_count() == 2
    assert made.filter(~pl.col("interpolated"))["score"].null_count() == 0


def test_a_line_follows_the_times_not_the_frames():
    table = faces([{0: (0, 0, 40)}] * 5 + [{}] * 2 + [{0: (9, 0, 40)}] * 5)
    late = pl.when(pl.col("frame_id") == 5).then(0.42).otherwise("time_s")
    made = build_trajectories(table.with_columns(late.alias("time_s")))
    assert made.filter("interpolated")["x0_px"].to_list() == pytest.approx(
        [-1 + 9 * 0.02 / 0.3, -1 + 9 * 0.2 / 0.3]
    )


def test_a_longer_gap_ends_a_trajectory_whatever_the_tracker_said():
    table = faces([*[{0: (0, 0, 40)}] * 6, *[{}] * 6, *[{0: (0, 0, 40)}] * 6])
    made = build_trajectories(table)
    assert made.group_by("track_id", maintain_order=True).len()["len"].to_list() == [6, 6]
    assert not made["interpolated"].any()


def test_a_cut_ends_a_trajectory():
    table = faces([{3: (0, 0, 40)}] * 12)
    made = build_trajectories(table, cuts=[6])
    assert made["track_id"].to_list() == [0] * 6 + [1] * 6
    assert made["face_track_id"].to_list() == [3] * 12


def test_every_k_th_frame_is_kept_and_tracks_are_the_same():
    # From one kept frame to the next the face moves by more than its width.
    table = faces([{0: (12 * i, 0, 40), 1: (12 * i, 200, 30)} for i in range(20)])
    whole, some = build_trajectories(table), build_trajectories(table, every=4)
    assert some.equals(whole.filter(pl.col("frame_id") % 4 == 0))
    assert some["track_id"].n_unique() == 2


def test_primary_is_the_largest_area_times_score():
    table = faces([{0: (0, 0, 30), 1: (100, 0, 60)} if i >= 5 else {0: (0, 0, 30)} for i in range(12)])
    made = build_trajectories(table)
    assert made.filter("primary")["track_id"].unique().to_list() == [1]


def test_settings_reach_the_linking():
    table = faces([{0: (12 * (i % 2), 0, 40)} for i in range(12)])
    assert build_trajectories(table)["track_id"].n_unique() == 1
    # 29 of 53 pixels are shared: 0.547. Each place then has a track of its own, that is lost for a frame again and again.
    strict = build_trajectories(table, options=Tracks(iou_min=0.56))
    assert strict.group_by("track_id").len()["len"].to_list() == [11, 11]
    shortest = Tracks(iou_min=0.56, max_gap_s=0.1, min_frames=1, min_s=0)
    assert build_trajectories(table, options=shortest)["track_id"].n_unique() == 12


def test_the_seed_s_rule_looks_at_the_last_of_each_k_frames_and_at_the_68_points():
    table = faces([{0: (i, 0, 40), 1: (100, 0, 40)} if i != 5 else {} for i in range(12)])
    made = check_table(seed001_trajectories(table, every=2), "trajectories", "made")
    assert made["frame_id"].to_list() == [1, 3, 7, 9, 11]
    assert made["track_id"].to_list() == [0, 0, 1, 1, 1]
    assert made["x0_px"].to_list() == [1, 3, 7, 9, 11]
    assert made["face_track_id"].to_list() == [0] * 5
    assert not made["interpolated"].any()


def test_a_clip_without_a_face_gives_an_empty_table():
    table = faces([{}] * 8)
    for made in (build_trajectories(table), seed001_trajectories(table)):
        assert made.height == 0
        assert check_table(made, "trajectories", "made").columns == TRAJECTORIES.names


def test_a_clip_that_is_a_face_is_one_trajectory_of_whole_pictures():
    frames = pl.DataFrame(
        {"recording_id": ["a"] * 7, "frame_id": range(7), "time_s": [i / FPS for i in range(7)]},
        schema_overrides={"frame_id": pl.Int32},
    )
    made = check_table(
        whole_frames(frames, width_px=224, height_px=200, every=3, first=2), "trajectories", "made"
    )
    assert made["frame_id"].to_list() == [2, 5]
    assert made.select("x0_px", "y0_px", "x1_px", "y1_px").unique().rows() == [(0, 0, 224, 200)]
    assert made["primary"].all()


def test_what_was_given_is_left_as_it_was():
    table = faces([{0: (0, 0, 40)}] * 8)
    before = table.clone()
    build_trajectories(table)
    seed001_trajectories(table)
    assert table.equals(before)
