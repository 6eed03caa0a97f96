"""Whole recordings: made-up ones with known truth, then the sample videos."""

from __future__ import annotations

import cv2
import numpy as np
import polars as pl
import pytest
import skimage.data
from numpy.testing import assert_allclose

from affectflow.face.finish_faces import TrackTotals, finish_faces
from affectflow.face.mirrored_mesh import MirroredMesh
from affectflow.face.networks import MeshNetwork
from affectflow.face.track_faces import track_faces
from affectflow.io.tables import check_table
from affectflow.io.video import read_frames
from tests.support.faces import as_frames, background, paste_face


def tracked(frames, **options) -> pl.DataFrame:
    """Both passes over a recording."""
    totals = TrackTotals()
    pieces = list(totals.watch(track_faces(frames, recording_id="a", **options)))
    lasting, primary = totals.lasting_tracks(), totals.primary_tracks()
    table = pl.concat(finish_faces(p, lasting=lasting, primary=primary) for p in pieces)
    return check_table(table, "faces", "test")


def landmarks_of(table: pl.DataFrame) -> np.ndarray:
    """(rows, 478, 3) of the rows with a face."""
    return table.filter("valid")["landmarks_px"].to_numpy().reshape(-1, 478, 3)


def landmarks_of_picture(rgb: np.ndarray, **options) -> np.ndarray:
    """(478, 3) of a still picture."""
    (landmarks,) = landmarks_of(tracked(as_frames([rgb]), **options))
    return landmarks


def read_picture(path) -> np.ndarray:
    return cv2.cvtColor(cv2.imread(str(path)), cv2.COLOR_BGR2RGB)


def moving(n_frames: int, *, start: int = 60, step: int = 6, face_px: int = 60):
    """Pictures of a face that moves to the right."""
    return [paste_face(background(), x=start + step * i, y=60, face_px=face_px) for i in range(n_frames)]


def test_every_frame_has_a_row_and_the_face_is_where_it_was_put():
    empty = [background()] * 3
    table = tracked(as_frames([*empty, *moving(12), *empty]), piece_rows=5)
    assert table["frame_id"].to_list() == list(range(18))
    assert_allclose(table["time_s"], np.arange(18) / 25)
    assert table["valid"].to_list() == [False] * 3 + [True] * 12 + [False] * 3
    assert table["track_id"].to_list() == [-1] * 3 + [0] * 12 + [-1] * 3
    assert table.filter("valid")["primary"].all()
    assert table.filter("valid")["score"].min() > 0.99
    landmarks = landmarks_of(table)
    boxes = table.filter("valid").select("x0_px", "y0_px", "x1_px", "y1_px").to_numpy()
    assert_allclose(boxes[:, :2], landmarks[:, :, :2].min(axis=1), atol=1e-3)
    assert_allclose(boxes[:, 2:], landmarks[:, :, :2].max(axis=1), atol=1e-3)
    # Put 6 pixels further to the right in every frame, not up or down.
    steps = np.diff(landmarks[:, :468, :2].mean(axis=1), axis=0)
    assert_allclose(steps.mean(axis=0), [6, 0], atol=0.15)
    assert_allclose(steps, np.tile([6, 0], (11, 1)), atol=1.0)


def test_landmarks_are_those_of_the_large_picture_made_small():
    whole = landmarks_of_picture(skimage.data.astronaut())
    small = landmarks_of_picture(paste_face(background(), x=100, y=50, face_px=80))
    scale = round(80 * 300 / 106) / 300
    expected = (whole[:, :2] - [80, 0]) * scale + [100, 50]
    assert np.linalg.norm(small[:, :2] - expected, axis=1).mean() < 0.02 * 80


@pytest.mark.parametrize("roll_deg", [-30, 20])
def test_a_leaning_head_turns_with_the_picture(roll_deg):
    def eye_line_deg(points):
        (x0, y0), (x1, y1) = points[33, :2], points[263, :2]
        return np.degrees(np.arctan2(y1 - y0, x1 - x0))

    upright, leaning = (
        landmarks_of_picture(paste_face(background(), x=150, y=20, face_px=90, roll_deg=angle))
        for angle in (0, roll_deg)
    )
    # OpenCV turns counter-clockwise, y points down.
    assert eye_line_deg(upright) - eye_line_deg(leaning) == pytest.approx(roll_deg, abs=2.5)


def test_small_faces_that_the_whole_frame_mesh_misses_are_found():
    from mediapipe.python.solutions.face_mesh import FaceMesh

    with FaceMesh(static_image_mode=True) as whole_frame:
        for x, y in [(200, 100), (500, 10), (860, 333)]:
            rgb = paste_face(background(1280, 720), x=x, y=y, face_px=64)
            table = tracked(as_frames([rgb]))
            assert table["valid"].to_list() == [True]
            assert table["y1_px"][0] - table["y0_px"][0] == pytest.approx(64, rel=0.2)
            assert whole_frame.process(rgb).multi_face_landmarks is None


def test_two_people_have_two_tracks_and_the_nearer_one_is_primary():
    pictures = [
        paste_face(paste_face(background(), x=20, y=40, face_px=60), x=300 + 4 * i, y=20, face_px=100)
        for i in range(10)
    ]
    table = tracked(as_frames(pictures), max_faces=2)
    assert table.group_by("track_id", maintain_order=True).len().rows() == [(0, 10), (1, 10)]
    assert table.filter("primary")["x0_px"].min() > 250
    alone = tracked(as_frames(pictures), max_faces=1)
    assert alone.height == 10
    assert_allclose(landmarks_of(alone), landmarks_of(table.filter("primary")), atol=1e-4)


def test_same_frames_same_bytes_and_inputs_untouched():
    pictures = moving(6)
    before = [p.copy() for p in pictures]
    first, second = tracked(as_frames(pictures)), tracked(as_frames(pictures))
    assert first.equals(second)
    assert landmarks_of(first).tobytes() == landmarks_of(second).tobytes()
    assert all(np.array_equal(p, q) for p, q in zip(pictures, before, strict=True))
    assert tracked(as_frames(pictures), piece_rows=1).equals(first)


def test_no_frames_no_pieces():
    assert list(track_faces([], recording_id="a")) == []


# What is in ../shared/data/media/README.md: frames that decode, and what must be found in them.
CLIPS = {
    "woman_emotions_360p24.mp4": 472,
    "man_frontal_360p30.mp4": 72,
    "man_headpose_270p12.mp4": 62,
    "man_signing_vga30.mkv": 68,
    "three_people_walkin_270p12.mp4": 41,
    "woman_emotions_vfr.mp4": 126,
    "man_frontal_rotated.mp4": 72,
    "corrupt_truncated_faststart.mp4": 96,
}


@pytest.mark.parametrize("name", CLIPS)
def test_a_face_in_every_frame_of_the_sample_videos(shared, name):
    table = tracked(read_frames(shared / "data/media" / name))
    assert table["frame_id"].to_list() == list(range(CLIPS[name]))
    assert table["valid"].all()
    assert table["track_id"].unique().to_list() == [0]
    assert table["primary"].all()


def test_no_face_where_there_is_none(shared):
    table = tracked(read_frames(shared / "data/media/no_face_540p24.mp4"))
    assert table["frame_id"].to_list() == list(range(95))
    assert not table["valid"].any()
    assert table["landmarks_px"].null_count() == 95


def test_the_face_is_lost_where_it_disappears(shared):
    table = tracked(read_frames(shared / "data/media/face_then_noface_hevc.mov"))
    # The cut to the title is after frame 71, to be seen in the video.
    assert table["valid"].to_list() == [True] * 72 + [False] * 97


def test_three_people(shared):
    table = tracked(read_frames(shared / "data/media/three_people_walkin_270p12.mp4"), max_faces=3)
    counts = table.filter("valid").group_by("track_id", maintain_order=True).len().sort("track_id")
    assert counts["track_id"].to_list() == [0, 1, 2]
    assert counts["len"].min() >= 35
    assert table.filter("primary")["track_id"].n_unique() == 1


def test_the_portrait_matches_mediapipes_reference(shared):
    rgb = read_picture(shared / "data/media/portrait.jpg")
    height, width = rgb.shape[:2]
    reference = pl.read_csv(shared / "data/media/reference/portrait_mediapipe_landmarks478.csv")
    expected = reference.select("x_norm", "y_norm").to_numpy() * [width, height]
    distance = np.linalg.norm(landmarks_of_picture(rgb)[:, :2] - expected, axis=1) / height
    assert distance.mean() <= 0.002
    assert distance.max() <= 0.006


# Hand-placed point → mesh point, as listed in ../shared/data/media/README.md.
LONDON_PAIRS = {
    0: 468,
    1: 473,
    18: 33,
    22: 133,
    23: 362,
    27: 263,
    87: 61,
    93: 291,
    90: 0,
    96: 13,
    101: 14,
    106: 17,
}


def test_hand_placed_points_of_the_london_pictures_are_met(shared):
    from mediapipe.python.solutions.face_mesh import FaceMesh

    folder = shared / "data/media/london"
    manual = pl.read_csv(folder / "manual_landmarks189.csv")
    hand, number = list(LONDON_PAIRS), list(LONDON_PAIRS.values())
    ours, averaged, theirs = [], [], []
    with FaceMesh(static_image_mode=True, refine_landmarks=True) as solution:
        for (file,), points in manual.group_by("file", maintain_order=True):
            rgb = read_picture(folder / str(file))
            placed = points.sort("point").select("x", "y").to_numpy()
            eye_distance = np.linalg.norm(placed[18] - placed[27])
            mediapipe = solution.process(rgb).multi_face_landmarks[0].landmark
            for shares, found in (
                (ours, landmarks_of_picture(rgb)[number, :2]),
                (averaged, landmarks_of_picture(rgb, mirrored_pass=True)[number, :2]),
                (theirs, np.array([[mediapipe[i].x, mediapipe[i].y] for i in number]) * rgb.shape[1]),
            ):
                shares.append(np.linalg.norm(placed[hand] - found, axis=1) / eye_distance)
    assert len(ours) == 8
    # The network itself misses one mouth corner by 0.022 in these eight pictures; never worse than that.
    assert np.all(np.mean(ours, axis=0) <= np.maximum(0.02, np.mean(theirs, axis=0)))
    assert np.mean(ours) < 0.015
    # The same corner, averaged with its mirror: 0.0201, "about 0.02" as the pictures' README asks.
    assert np.all(np.mean(averaged, axis=0) <= 0.0205)
    assert np.mean(averaged) < np.mean(ours)


def test_a_mirrored_pass_has_no_preference_for_left_or_right():
    """The points of a mirrored picture are the mirrored points, up to the start of the track."""
    partner = MirroredMesh(MeshNetwork())._partner
    assert np.array_equal(partner[partner], np.arange(478))
    rgb = paste_face(background(), x=100, y=60, face_px=120)
    straight = landmarks_of_picture(rgb, mirrored_pass=True)
    mirrored = landmarks_of_picture(np.ascontiguousarray(rgb[:, ::-1]), mirrored_pass=True)[partner]
    mirrored = mirrored * (-1, 1, 1) + (rgb.shape[1], 0, 0)
    assert np.abs(straight - mirrored)[:, :2].max() < 0.5
    once = landmarks_of_picture(rgb)
    assert 0 < np.abs(straight - once)[:, :2].max() < 6
