"""The two rules by which EmoNet's pictures are cut out."""

import numpy as np
import pytest

from affectflow.face.affect.crops import points_crop, square_matrix
from affectflow.face.box_crop import box_crop


def points_in(left, top, right, bottom):
    """68 points whose box is this."""
    inner = np.linspace([left, top], [right, bottom], 68)
    return inner


def slope(height=300, width=400):
    """A frame whose red is the column and green the row, halved."""
    rows, columns = np.mgrid[:height, :width]
    return np.stack([columns // 2, rows // 2, np.full_like(rows, 9)], axis=2).astype(np.uint8)


def test_the_square_is_wider_than_the_points_and_around_their_middle():
    matrix = square_matrix([100, 60, 200, 180])
    side = 220 / 1.1
    assert matrix[0, 0] == matrix[1, 1] == pytest.approx(256 / side)
    np.testing.assert_allclose(matrix @ [150, 120, 1], [128, 128], atol=1e-9)
    np.testing.assert_allclose(matrix @ [150 - side / 2, 120 + side / 2, 1], [0, 256], atol=1e-9)


def test_pixels_lie_where_the_matrix_says():
    crop = points_crop(slope(), points_in(150, 100, 250, 200))
    scale = 256 / (200 / 1.1)
    column = (np.arange(256) - 128) / scale + 200
    np.testing.assert_allclose(crop[128, :, 0], column / 2, atol=1)
    assert crop.shape == (256, 256, 3)
    assert crop.dtype == np.uint8
    assert set(np.unique(crop[:, :, 2])) == {9}


def test_what_lies_outside_the_frame_is_black():
    crop = points_crop(np.full((300, 400, 3), 200, np.uint8), points_in(-50, 100, 50, 200))
    assert crop[:, :100].max() == 0
    assert crop[:, 140:].min() == 200


@pytest.mark.parametrize(
    "points",
    [
        np.full((68, 2), np.nan),
        points_in(10, 10, 14, 14),
        points_in(-90, 10, -5, 90),
        points_in(500, 10, 600, 90),
        points_in(10, 400, 90, 500),
    ],
)
def test_no_crop_without_a_face_in_the_frame(points):
    assert points_crop(slope(), points) is None


def test_the_box_is_stretched_and_cut_at_the_edges():
    crop = box_crop(slope(), [-20.0, 100.9, 128.7, 164.0])
    np.testing.assert_array_equal(crop, box_crop(slope(), [0, 100, 128, 164]))
    np.testing.assert_allclose(crop[10, :, 0], np.arange(256) / 4 - 0.5, atol=1)
    np.testing.assert_allclose(crop[:, 10, 1], 50 + np.arange(256) / 8 - 0.5, atol=1)


@pytest.mark.parametrize(
    "box", [[np.nan, 0, 50, 50], [395, 10, 450, 90], [10, 10, 17, 90], [200, 200, 100, 250]]
)
def test_no_crop_of_an_empty_box(box):
    assert box_crop(slope(), box) is None


def test_both_are_the_references(shared):
    from skimage.data import astronaut

    with np.load(shared / "golden" / "emonet.npz") as golden:
        box = golden["crop_xyxy"]
        np.testing.assert_array_equal(box_crop(astronaut(), box), golden["input_u8"])
        np.testing.assert_allclose(square_matrix(box), golden["aug_matrix"], atol=1e-12)
        crop = points_crop(astronaut(), points_in(*box)).astype(int)
        away = np.abs(crop - golden["aug_input_u8"])
    # Where the exact value is a half, OpenCV rounds some the other way.
    assert away.max() <= 1
    assert (away > 0).mean() < 1e-4
