from __future__ import annotations

import hashlib
from concurrent.futures import ThreadPoolExecutor
from itertools import islice

import numpy as np
import pytest
from skimage.transform import estimate_transform, warp

from affectflow.face.emoca.crop import square_of_box
from affectflow.face.emoca.warp import crop_face, warp_exact
from affectflow.face.emoca.warp_fast import warp_fast
from affectflow.io.video import read_frames
from tests.support.crop_spaces import index_to_unit

# Centre and side: inside, beyond each edge and two at once, small, much larger than the frame, outside.
SQUARES = {
    "inside": ((151.3, 92.8), 131),
    "left": ((3.25, 80.0), 90),
    "right": ((315.6, 90.1), 77),
    "top": ((160.0, -10.5), 61),
    "bottom_right": ((300.2, 170.7), 140),
    "small": ((100.4, 100.6), 8),
    "one_to_one": ((161.8, 91.6), 223),
    "larger_than_the_frame": ((140.0, 90.0), 1700),
    "outside": ((900.0, 50.0), 100),
    "before": ((-400.0, -400.0), 100),
}

# Every pixel of the crop lies on one of the frame: its value is whole, and rounding noise of the
# reference's matrix decides whether it loses a level.
ON_THE_GRID = {"on_the_grid": ((161.5, 91.5), 223)}


@pytest.fixture(scope="module")
def frames() -> dict[str, np.ndarray]:
    """Frames of 180 × 320 that differ in what clipping and rounding meet."""
    rng = np.random.default_rng(5)
    y, x, c = np.mgrid[:180, :320, :3]
    waves = 127 + 90 * np.sin(x / (7 + 3 * c)) * np.cos(y / 11) + rng.normal(0, 3, x.shape)
    steps = np.where((x // 20 + y // 20) % 2, 200, 40)
    spots = steps.copy()
    spots[0, 0], spots[0, 1] = 3, 252  # far from most squares, but they widen what a crop may hold
    flats = (x // 16 * 13 + y // 16 * 7 + c) % 256
    return {
        name: np.clip(values, 0, 255).astype(np.uint8)
        for name, values in {"waves": waves, "steps": steps, "spots": spots, "flats": flats}.items()
    }


def by_the_book(rgb: np.ndarray, centre, size, *, order: int = 3) -> np.ndarray:
    """The reference's steps on the whole frame."""
    (x, y), half = centre, size / 2
    corners = np.array([[x - half, y - half], [x - half, y + half], [x + half, y - half]])
    fitted = estimate_transform("similarity", corners, np.array([[0, 0], [0, 223], [223, 0]]))
    return warp(rgb / 255, fitted.inverse, output_shape=(224, 224), order=order)


def to_levels(crop: np.ndarray) -> np.ndarray:
    return (crop * 255).astype(np.uint8)


@pytest.mark.parametrize("order", [1, 3])
@pytest.mark.parametrize("square", SQUARES | ON_THE_GRID)
def test_exact_is_the_library_on_the_whole_frame_to_the_last_bit(frames, square, order):
    centre, size = (SQUARES | ON_THE_GRID)[square]
    for name, rgb in frames.items():
        found = warp_exact(rgb, centre, size, order=order)
        wanted = by_the_book(rgb, centre, size, order=order)
        np.testing.assert_array_equal(found, wanted, err_msg=name)


@pytest.mark.parametrize("square", SQUARES)
def test_fast_is_one_level_away_at_most_in_one_percent(frames, square):
    for name, rgb in frames.items():
        away = np.abs(
            warp_fast(rgb, *SQUARES[square]).astype(int) - to_levels(warp_exact(rgb, *SQUARES[square]))
        )
        assert away.max() <= 1, name
        assert (away > 0).mean() <= 0.01, name


def test_fast_loses_the_same_levels_in_flat_areas():
    """In a flat area rounding noise decides in the exact way whether a level falls to the one below."""
    n_lost = 0
    for level in range(0, 256, 3):
        rgb = np.full((64, 64, 3), level, np.uint8)
        rgb[0, 0], rgb[0, 1] = 0, 255  # far off; without them clipping would hide the loss
        square = ((35.37, 35.81), 40)
        exact = to_levels(warp_exact(rgb, *square))
        assert (warp_fast(rgb, *square) != exact).mean() <= 0.01, level
        n_lost += int((exact < level).mean() > 0.1)
    assert n_lost > 10


@pytest.mark.parametrize("method", ["fast", "exact"])
def test_overshoot_is_clipped_to_the_whole_frames_range(frames, method):
    def levels(rgb):
        if method == "fast":
            return warp_fast(rgb, *SQUARES["inside"])
        return to_levels(warp_exact(rgb, *SQUARES["inside"]))

    narrow, wide = levels(frames["steps"]), levels(frames["spots"])
    assert (narrow.min(), narrow.max()) == (40, 200)
    # The same pixels near the square, but the frame has a darker and a brighter spot elsewhere.
    assert 3 <= wide.min() < 38
    assert 202 < wide.max() <= 252


@pytest.mark.parametrize("function", [warp_fast, warp_exact])
def test_what_lies_outside_is_black(frames, function):
    crop = function(frames["steps"], *SQUARES["left"])
    assert crop[:, :90].max() == 0
    assert crop[:, 112:].min() > 0
    assert function(frames["steps"], *SQUARES["outside"]).max() == 0


def test_golden_pixels(shared):
    golden = np.load(shared / "golden" / "crop_transforms.npz")
    y, x, c = np.mgrid[:180, :240, :3]
    rgb = (((2 + c) * x + (3 - c) * y + (x * y) // 40 + 17 * c) // 2 % 256).astype(np.uint8)
    assert hashlib.sha256(rgb.tobytes()).hexdigest() == str(golden["image_sha256"])
    for i in (0, 1):
        centre, side = square_of_box(golden[f"warp{i}_box"])
        np.testing.assert_array_equal(centre, golden[f"warp{i}_center"])
        cubic = warp_exact(rgb, centre, int(side))
        linear = warp_exact(rgb, centre, int(side), order=1)
        np.testing.assert_array_equal(to_levels(cubic)[::4, ::4], golden[f"warp{i}_bicubic_u8_sub"])
        np.testing.assert_allclose(cubic[::8, ::8], golden[f"warp{i}_bicubic_sub"], rtol=0, atol=1e-12)
        np.testing.assert_allclose(linear[::8, ::8], golden[f"warp{i}_bilinear_sub"], rtol=0, atol=1e-12)
        np.testing.assert_allclose(cubic.mean(axis=(0, 1)), golden[f"warp{i}_bicubic_mean"], atol=1e-12)
        away = np.abs(
            warp_fast(rgb, centre, int(side))[::4, ::4].astype(int) - golden[f"warp{i}_bicubic_u8_sub"]
        )
        assert away.max() <= 1
        assert (away > 0).mean() <= 0.01


@pytest.mark.parametrize("name", ["woman_emotions_360p24.mp4", "man_signing_vga30.mkv"])
def test_fast_is_near_exact_on_real_frames(shared, name):
    for frame in islice(read_frames(shared / "data" / "media" / name), 0, 60, 20):
        for centre, size in (((310.3, 170.9), 285), ((200.1, 160.4), 90)):
            exact = to_levels(warp_exact(frame.rgb, centre, size))
            away = np.abs(warp_fast(frame.rgb, centre, size).astype(int) - exact)
            assert exact.std() > 5
            assert away.max() <= 1
            assert (away > 0).mean() <= 0.01


@pytest.fixture(scope="module")
def points() -> np.ndarray:
    """68 points of a face 60 × 80 around (140, 90), the box's corners among them."""
    inside = np.random.default_rng(9).uniform((110, 50), (170, 130), (66, 2))
    return np.vstack([inside, [[110, 50], [170, 130]]])


@pytest.mark.parametrize("method", ["fast", "exact"])
def test_the_crop_shows_the_face_upright_and_in_its_colours(points, method):
    rgb = np.zeros((180, 320, 3), np.uint8)
    rgb[46:55, 106:115] = (250, 0, 0)  # the box's upper left corner
    rgb[126:135, 166:175] = (0, 0, 250)  # its lower right
    face = crop_face(rgb, points, method=method)
    assert face.size == int(70 * 1.1 * 1.25)
    np.testing.assert_allclose(face.centre, (140, 90))
    assert (face.rgb.shape, face.rgb.dtype) == ((224, 224, 3), np.uint8)
    for corner, colour in (((110, 50), (250, 0, 0)), ((170, 130), (0, 0, 250))):
        column, row = (
            ((index_to_unit([corner], face.centre, face.size)[0] / 2 + 0.5) * 224).round().astype(int)
        )
        assert tuple(face.rgb[row, column]) == colour


def test_a_crop_is_the_warp_of_the_points_square(frames, points):
    for method, wanted in (
        ("fast", warp_fast(frames["waves"], (140, 90), 96)),
        ("exact", to_levels(warp_exact(frames["waves"], (140, 90), 96))),
    ):
        np.testing.assert_array_equal(crop_face(frames["waves"], points, method=method).rgb, wanted)


@pytest.mark.parametrize("method", ["fast", "exact"])
@pytest.mark.parametrize(
    ("grow", "move"),
    [
        (1, (-150, 0)),
        (1, (215, 0)),
        (1, (0, -130)),
        (1, (190, 110)),
        (40, (0, 0)),
        (1e4, (3, 3)),
        (0.12, (0, 0)),
    ],
)
def test_no_place_or_size_of_a_face_fails(frames, points, method, grow, move):
    moved = (points - (140, 90)) * grow + (140, 90) + move
    face = crop_face(frames["waves"], moved, method=method)
    assert face.rgb.shape == (224, 224, 3)


def test_nothing_to_code(frames, points):
    nan = points.copy()
    nan[5, 1] = np.nan
    tiny = (points - (140, 90)) * 0.08 + (140, 90)
    far_right, far_up = points + np.array([400, 0]), points - np.array([0, 400])
    for refused in (nan, tiny, far_right, far_up, points * np.inf, np.zeros((68, 2))):
        assert crop_face(frames["waves"], refused) is None


def test_many_threads_make_the_same_crops(frames, points):
    places = [points + np.array([dx, 0]) for dx in np.linspace(-120, 160, 24)]
    alone = [crop_face(frames["waves"], p).rgb for p in places]
    with ThreadPoolExecutor(8) as pool:
        together = list(pool.map(lambda p: crop_face(frames["waves"], p).rgb, places * 3))
    for number, rgb in enumerate(together):
        np.testing.assert_array_equal(rgb, alone[number % 24])


def test_frames_are_only_read(frames, points):
    rgb = frames["waves"].copy()
    rgb.flags.writeable = False
    mirrored = rgb[:, ::-1]
    for method in ("fast", "exact"):
        found = crop_face(mirrored, points, method=method)
        wanted = crop_face(np.ascontiguousarray(mirrored), points, method=method)
        np.testing.assert_array_equal(found.rgb, wanted.rgb)
