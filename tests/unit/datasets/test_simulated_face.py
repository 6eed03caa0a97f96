"""The drawn face: each movement goes where it should, by its sign and where it is seen."""

from __future__ import annotations

import numpy as np
import pytest

from affectflow.datasets.simulated.design import draw_face_course, draw_levels
from affectflow.datasets.simulated.face import VIEW_CENTRE, VIEW_HEIGHT, FaceRenderer, draw_frames
from affectflow.datasets.simulated.person import make_person, portrait, portrait_points

WIDTH, HEIGHT = 480, 360
REST = {"blink": 0.0, "brow": 0.0, "smile": 0.1, "lip_press": 0.0, "rotation": np.zeros(3)}
NOSE, CHIN, FOREHEAD, EYES_OUTER, MOUTH, BROWS = 1, 152, 10, (33, 263), (61, 291), (105, 334)


def person(*, mirrored: bool, scale: float = HEIGHT / VIEW_HEIGHT):
    """The first person that is shown mirrored, or not."""
    people = (make_person(f"S{i}", seed=1, scale=scale) for i in range(50))
    return next(p for p in people if p.mirrored is mirrored)


@pytest.fixture(scope="module", params=[False, True], ids=["upright", "mirrored"])
def renderer(request) -> FaceRenderer:
    return FaceRenderer(person(mirrored=request.param), width_px=WIDTH, height_px=HEIGHT)


@pytest.fixture(scope="module")
def find():
    """Face Mesh as an independent eye: picture → 478 points, pixels."""
    from mediapipe.python.solutions.face_mesh import FaceMesh

    with FaceMesh(static_image_mode=True, refine_landmarks=True) as network:

        def landmarks(picture: np.ndarray) -> np.ndarray:
            result = network.process(np.clip(picture, 0, 255).astype(np.uint8))
            assert result.multi_face_landmarks, "no face found"
            points = [[p.x, p.y, p.z] for p in result.multi_face_landmarks[0].landmark]
            height, width = picture.shape[:2]
            return np.array(points) * [width, height, width]

        yield landmarks


def draw(renderer: FaceRenderer, **changes) -> np.ndarray:
    return renderer.draw(**{**REST, **changes})


def turned(degrees: float, axis: int) -> np.ndarray:
    return np.deg2rad(degrees) * np.eye(3)[axis]


def test_the_stored_points_are_the_portraits(find):
    # The other way round than they were made: on the whole picture, not an enlarged piece.
    found = find(portrait().astype(float))
    distance = np.linalg.norm((found - portrait_points())[:, :2], axis=1)
    assert distance.mean() < 1.0


def test_roll_turns_the_eye_line_counter_clockwise(renderer, find):
    angle = []
    for degrees in (-8.0, 8.0):
        p = find(draw(renderer, rotation=turned(degrees, 2)))
        dx, dy = (p[EYES_OUTER[1]] - p[EYES_OUTER[0]])[:2]
        angle.append(np.rad2deg(np.arctan2(-dy, dx)))
    assert angle[1] - angle[0] == pytest.approx(16, abs=2)


def test_yaw_turns_the_nose_to_the_pictures_right(renderer, find):
    side = []
    for degrees in (-10.0, 0.0, 10.0):
        p = find(draw(renderer, rotation=turned(degrees, 1)))
        left, right = p[EYES_OUTER[0], 0], p[EYES_OUTER[1], 0]
        side.append((p[NOSE, 0] - (left + right) / 2) / (right - left))
    assert side[0] < side[1] - 0.05
    assert side[2] > side[1] + 0.05


def test_pitch_turns_the_nose_down(renderer, find):
    low = []
    for degrees in (-10.0, 0.0, 10.0):
        p = find(draw(renderer, rotation=turned(degrees, 0)))
        low.append((p[NOSE, 1] - p[FOREHEAD, 1]) / (p[CHIN, 1] - p[FOREHEAD, 1]))
    assert low[0] < low[1] - 0.02
    assert low[2] > low[1] + 0.02


def lid_opening(p: np.ndarray) -> float:
    gaps = [(160, 144), (158, 153), (385, 380), (387, 373)]
    width = np.linalg.norm(p[EYES_OUTER[0], :2] - p[133, :2])
    return float(np.mean([np.linalg.norm(p[a, :2] - p[b, :2]) for a, b in gaps]) / width)


def test_a_blink_shuts_the_eye(renderer, find):
    opening = [lid_opening(find(draw(renderer, blink=b))) for b in (0.0, 0.5, 1.0)]
    assert opening[0] > opening[1] > opening[2]
    assert opening[2] < 0.45 * opening[0]


def eye_distance(p: np.ndarray) -> float:
    return float(np.linalg.norm(p[EYES_OUTER[0], :2] - p[EYES_OUTER[1], :2]))


def test_brow_and_smile_move_their_points(renderer, find):
    height = []
    for brow in (-0.5, 0.0, 1.0):
        p = find(draw(renderer, brow=brow))
        eyes = p[[33, 133, 362, 263], 1].mean()
        height.append((eyes - p[list(BROWS), 1].mean()) / eye_distance(p))
    assert height[0] < height[1] < height[2] - 0.03
    width = []
    for smile in (-0.8, 0.0, 1.0):
        p = find(draw(renderer, smile=smile))
        width.append(np.linalg.norm(p[MOUTH[0], :2] - p[MOUTH[1], :2]) / eye_distance(p))
    assert width[0] < width[1] < width[2] - 0.05


def test_lips_close_over_the_teeth_and_thin_when_pressed(renderer, find):
    open_, shut, pressed = (
        find(draw(renderer, **c)) for c in ({"smile": 1.0}, {"smile": 0.0}, {"smile": 0.0, "lip_press": 1.0})
    )
    gap = [np.linalg.norm(p[13, :2] - p[14, :2]) / eye_distance(p) for p in (open_, shut)]
    assert gap[1] < 0.4 * gap[0]
    lips = [np.linalg.norm(p[0, :2] - p[17, :2]) / eye_distance(p) for p in (shut, pressed)]
    assert lips[1] < 0.85 * lips[0]


def test_pulse_changes_green_skin_most_and_nothing_else(renderer):
    change = draw(renderer, pulse=0.5) - draw(renderer, pulse=-0.5)
    cheek = change[200:220, 220:260].mean(axis=(0, 1))
    assert cheek[1] < cheek[2] < 0
    assert cheek[1] < 2 * cheek[0]
    assert -5 < cheek[1] < -1.5
    np.testing.assert_array_equal(change[:, :40], 0)


def test_movements_leave_the_rest_of_the_picture_alone(renderer):
    rest = draw(renderer)
    blinked = np.abs(draw(renderer, blink=1.0) - rest).max(axis=2)
    assert blinked[:130].max() == 0
    assert blinked[220:].max() == 0
    assert blinked[140:190, 190:300].max() > 50
    edge = np.abs(draw(renderer, rotation=turned(8, 1)) - rest)[:, :30]
    assert edge.max() < 3


def test_drawing_leaves_no_trace(renderer):
    before = draw(renderer)
    draw(renderer, blink=1.0, smile=-1.0, pulse=0.4, rotation=turned(9, 1))
    np.testing.assert_array_equal(draw(renderer), before)


def test_people_differ_and_stay_the_same():
    a, b = (make_person(s, seed=1, scale=1.0) for s in ("S01", "S02"))
    again = make_person("S01", seed=1, scale=1.0)
    np.testing.assert_array_equal(a.texture, again.texture)
    assert np.abs(a.points - b.points).mean() > 0.5
    assert np.abs(a.texture.mean(axis=(0, 1)) - b.texture.mean(axis=(0, 1))).max() > 1
    assert np.abs(a.points - portrait_points()).max() < 12
    assert a.skin.min() >= 0
    assert a.skin.max() <= 1.001


@pytest.mark.parametrize("size", [(320, 240), (171, 121), (400, 400)])
def test_any_size_shows_the_whole_head(size):
    width, height = size
    small = person(mirrored=False, scale=height / VIEW_HEIGHT)
    picture = FaceRenderer(small, width_px=width, height_px=height).draw(**REST)
    assert picture.shape == (height, width, 3)
    # The nose tip lies where the view puts it.
    seen = (small.points[NOSE, :2] - VIEW_CENTRE) * height / VIEW_HEIGHT + np.array([width, height]) / 2
    assert np.all(seen > 0)
    assert np.all(seen < size)


def test_frames_are_noisy_pictures_and_repeat_exactly():
    time_s = np.arange(4) / 25
    levels = draw_levels(subject_id="S01", recording_id="a", stressed=False, effect=1, seed=1)
    course = draw_face_course(time_s, levels, recording_id="a", seed=1)
    options = {"width_px": 160, "height_px": 120, "recording_id": "a", "seed": 1}
    someone = make_person("S01", seed=1, scale=120 / VIEW_HEIGHT)
    first, second = (list(draw_frames(someone, course, np.zeros(4), **options)) for _ in range(2))
    np.testing.assert_array_equal(first, second)
    assert first[0].dtype == np.uint8
    assert first[0].shape == (120, 160, 3)
    background = np.diff(np.array(first, dtype=float)[:, 5:15, 5:15], axis=0)
    assert 0.7 < background.std() / np.sqrt(2) < 1.3
