"""Which face is which, with stand-ins for the networks: a scene of boxes whose truth is known."""

from __future__ import annotations

import numpy as np
import pytest

from affectflow.face.regions import Detection, Region
from affectflow.face.tracker import FaceTracker

FPS = 10.0
PICTURE = np.zeros((400, 600, 3), dtype=np.uint8)
# A true face scores this in the second look; a region much larger than a face is the first look.
TRUE_SCORE = 0.9


class Scene:
    """Detector and mesh of a made-up scene: `faces` are (x, y, size) of squares; counts what is asked."""

    def __init__(self) -> None:
        self.faces: list[tuple[float, float, float]] = []
        self.detectable = True
        self.presence = 1.0
        self.second_look = TRUE_SCORE
        self.reach = 0.5
        self.n_whole_looks = self.n_close_looks = self.n_measured = 0

    def detect(self, rgb, region=None):
        if region is None:
            self.n_whole_looks += 1
        else:
            self.n_close_looks += 1
        if not self.detectable:
            return []
        score = 0.5 if region is None else self.second_look
        return [
            Detection(score, Region(x, y, 1.5 * size, 0.0))
            for x, y, size in self.faces
            if region is None or abs(x - region.x_px) + abs(y - region.y_px) < region.size_px
        ]

    def measure(self, rgb, region):
        self.n_measured += 1
        reach = self.reach * region.size_px
        near = [f for f in self.faces if max(abs(f[0] - region.x_px), abs(f[1] - region.y_px)) < reach]
        if not near:
            return 0.01, np.zeros((478, 3), dtype=np.float32)
        x, y, size = min(near, key=lambda f: (f[0] - region.x_px) ** 2 + (f[1] - region.y_px) ** 2)
        landmarks = np.full((478, 3), (x, y, 0), dtype=np.float32)
        half = size / 2
        landmarks[:4, :2] += [[-half, -half], [half, -half], [-half, half], [half, half]]
        landmarks[[33, 263], 0] += [-size / 4, size / 4]
        return self.presence, landmarks


@pytest.fixture
def scene():
    return Scene()


def walk(scene, tracker, steps):
    """Let the tracker see one scene after the other; return per frame {track: centre x}."""
    seen = []
    for i, faces in enumerate(steps):
        scene.faces = faces
        found = tracker.step(PICTURE, i / FPS)
        seen.append({f.track_id: round(float(f.box_px[0] + f.box_px[2]) / 2) for f in found})
    return seen


def test_one_detection_then_only_the_mesh(scene):
    seen = walk(scene, FaceTracker(scene, scene), [[(100 + 10 * i, 100, 80)] for i in range(8)])
    assert seen == [{0: 100 + 10 * i} for i in range(8)]
    assert (scene.n_whole_looks, scene.n_close_looks) == (1, 1)
    # The square settles in three passes, then one a frame.
    assert scene.n_measured == 3 + 7


def test_the_mesh_holds_a_face_that_the_detector_misses(scene):
    tracker = FaceTracker(scene, scene)
    walk(scene, tracker, [[(100, 100, 80)]])
    scene.detectable = False
    assert walk(scene, tracker, [[(100, 100, 80)]] * 5) == [{0: 100}] * 5


def test_no_face_asks_the_detector_in_every_frame(scene):
    assert walk(scene, FaceTracker(scene, scene), [[]] * 6) == [{}] * 6
    assert scene.n_whole_looks == 6
    assert scene.n_measured == 0


@pytest.mark.parametrize(("jump", "track"), [(50, 0), (61, 1)])
def test_lost_and_found_in_the_same_frame(scene, jump, track):
    # It leaves the (here narrow) square from one frame to the next; no frame is without a face. What has less
    # than a fifth of the boxes in common is another face.
    scene.reach = 0.4
    steps = [[(100, 100, 80)]] * 2 + [[(100 + jump, 100, 80)]] * 2
    assert walk(scene, FaceTracker(scene, scene), steps)[2:] == [{track: 100 + jump}] * 2
    assert scene.n_whole_looks == 2


@pytest.mark.parametrize(("n_missing", "track"), [(3, 0), (4, 0), (5, 1), (12, 1)])
def test_a_gap_of_half_a_second_keeps_the_number(scene, n_missing, track):
    # Seen at frame 1 and again n + 1 frames of 0.1 s later; more than 0.5 s is a new face.
    steps = [[(100, 100, 80)]] * 2 + [[]] * n_missing + [[(100, 100, 80)]] * 2
    assert walk(scene, FaceTracker(scene, scene), steps)[-1] == {track: 100}


def test_after_a_gap_a_moving_face_is_expected_where_it_was_heading(scene):
    moving = [[(100 + 20 * i, 100, 60)] for i in range(12)]
    steps = moving[:4] + [[]] * 3 + moving[7:]
    # At frame 7 it is 80 pixels on: outside of its last box and square, but where it was heading.
    assert walk(scene, FaceTracker(scene, scene), steps)[7:] == [{0: 100 + 20 * i} for i in range(7, 12)]
    # One that stood still and turns up there is another one.
    steps = [[(160, 100, 60)]] * 4 + [[]] * 3 + moving[7:]
    assert walk(scene, FaceTracker(scene, scene), steps)[7] == {1: 240}


def test_one_face_at_a_time_is_the_largest(scene):
    seen = walk(scene, FaceTracker(scene, scene), [[(100, 100, 50), (300, 100, 80), (500, 100, 60)]] * 3)
    assert seen == [{0: 300}] * 3


def test_several_faces_are_numbered_by_appearance_and_looked_for_now_and_then(scene):
    steps = [[(100, 100, 60)]] * 3 + [[(100, 100, 60), (300, 100, 80)]] * 12
    tracker = FaceTracker(scene, scene, max_faces=3, detect_every_s=0.5)
    seen = walk(scene, tracker, steps)
    assert seen[4] == {0: 100}
    assert seen[5] == {0: 100, 1: 300}
    assert seen[-1] == {0: 100, 1: 300}
    # Frames 0, 5 and 10: every half second while a place is free.
    assert scene.n_whole_looks == 3


def test_a_full_house_is_not_searched(scene):
    tracker = FaceTracker(scene, scene, max_faces=2, detect_every_s=0.0)
    walk(scene, tracker, [[(100, 100, 60), (300, 100, 80), (500, 100, 70)]] * 5)
    assert scene.n_whole_looks == 1


def test_two_lost_faces_get_their_own_numbers_back(scene):
    both = [(100, 100, 60), (400, 100, 60)]
    tracker = FaceTracker(scene, scene, max_faces=2)
    walk(scene, tracker, [both] * 2)
    scene.presence = 0.2
    assert walk(scene, tracker, [both]) == [{}]
    # Their squares no longer see them; the detector finds them in the other order.
    scene.presence, scene.reach = 1.0, 0.3
    scene.faces = [(430, 100, 60), (130, 100, 60)]
    found = tracker.step(PICTURE, 0.2)
    assert {f.track_id: float(f.box_px[:3:2].mean()) for f in found} == {0: 130, 1: 430}


def test_tracks_that_meet_on_one_face_become_the_older_one(scene):
    tracker = FaceTracker(scene, scene, max_faces=2)
    walk(scene, tracker, [[(100, 100, 80), (180, 100, 80)]])
    # One of them turns away; both squares now see the other.
    seen = walk(scene, tracker, [[(140, 100, 80)]] * 2)
    assert [list(s) for s in seen] == [[0], [0]]


@pytest.mark.parametrize(("second_look", "n_faces"), [(0.59, 0), (0.61, 1)])
def test_the_second_look_decides(scene, second_look, n_faces):
    scene.second_look = second_look
    tracker = FaceTracker(scene, scene, detection_score_min=0.6)
    assert [len(s) for s in walk(scene, tracker, [[(100, 100, 80)]])] == [n_faces]


def test_scores_are_those_of_mesh_and_second_look(scene):
    scene.presence, scene.faces = 0.75, [(100, 100, 80)]
    (face,) = FaceTracker(scene, scene).step(PICTURE, 0.0)
    assert (face.score, face.detection_score) == (0.75, TRUE_SCORE)
    assert face.box_px.tolist() == [60, 60, 140, 140]


@pytest.mark.parametrize("presence", [0.49, float("nan")])
def test_a_low_presence_score_is_no_face(scene, presence):
    scene.presence = presence
    assert walk(scene, FaceTracker(scene, scene), [[(100, 100, 80)]]) == [{}]


@pytest.mark.parametrize("face", [(100, 100, 8), (-45, 100, 80), (100, 100, 5000), (300, 420, 80)])
def test_what_cannot_be_a_face_is_none(scene, face):
    # Too small, mostly outside of the picture, larger than any.
    assert walk(scene, FaceTracker(scene, scene), [[face]]) == [{}]


def test_points_that_are_no_numbers_end_a_track(scene):
    tracker = FaceTracker(scene, scene)
    walk(scene, tracker, [[(100, 100, 80)]])
    scene.measure = lambda rgb, region: (1.0, np.full((478, 3), np.nan, dtype=np.float32))
    assert walk(scene, tracker, [[(100, 100, 80)]]) == [{}]


def test_irregular_times_count_in_seconds(scene):
    tracker = FaceTracker(scene, scene, max_gap_s=0.5)
    for time_s, faces in [
        (0.0, [(100, 100, 80)]),
        (0.01, []),
        (0.02, []),
        (0.03, []),
        (0.04, []),
        (0.05, []),
    ]:
        scene.faces = faces
        tracker.step(PICTURE, time_s)
    scene.faces = [(100, 100, 80)]
    assert [f.track_id for f in tracker.step(PICTURE, 0.49)] == [0]
    assert [f.track_id for f in tracker.step(PICTURE, 1.2)] == [1]
