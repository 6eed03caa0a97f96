from __future__ import annotations

import numpy as np
import pytest

from affectflow.face.emoca.crop import (
    box_of_points,
    face_size,
    reference_square,
    square_of_box,
    table_square,
)
from tests.support.crop_spaces import crop_matrix, frame_matrix, index_to_unit, move_points, unit_to_index

BOX = np.array([100.0, 60.0, 300.0, 240.0])


@pytest.fixture(scope="module")
def golden(shared) -> dict[str, np.ndarray]:
    with np.load(shared / "golden" / "crop_transforms.npz") as file:
        return dict(file)


@pytest.fixture(scope="module")
def squares() -> tuple[np.ndarray, np.ndarray]:
    """Centres (200, 2) and whole sides (200,) of faces all over a large frame."""
    rng = np.random.default_rng(0)
    return rng.uniform(-100, 4000, (200, 2)), rng.integers(8, 3000, 200).astype(np.float64)


def test_points_span_a_box():
    points = np.array([[[3, 9], [5, 1], [4, 4]]])
    assert box_of_points(points).tolist() == [[3, 1, 5, 9]]


@pytest.mark.parametrize(
    ("rule", "centre", "side"),
    [
        ("kpt68", [200, 150], 261),  # 190 × 1.1 × 1.25 = 261.25
        ("mediapipe", [200, 150], 261),
        ("bbox", [200, 150 + 0.12 * 190], 237),  # 190 × 1.25 = 237.5
    ],
)
def test_the_square_of_a_box(rule, centre, side):
    found, size = square_of_box(BOX, rule=rule)
    np.testing.assert_allclose(found, centre, rtol=1e-15)
    assert size == side


def test_a_square_moves_by_shares_of_its_box():
    centre, size = square_of_box(BOX, shift_x=0.5, shift_y=-0.1, scale=2)
    np.testing.assert_allclose(centre, [200 + 100, 150 - 18])
    assert size == np.floor(190 * 1.1 * 2)


def test_a_face_that_was_not_found_has_no_square():
    centre, size = square_of_box(np.full((2, 4), np.nan))
    assert np.isnan(centre).all()
    assert np.isnan(size).all()


def test_golden_squares(golden):
    for i, box in enumerate(golden["box_ltrb"]):
        rule = str(golden["type_names"][golden["type_index"][i]])
        shift_x, shift_y, scale = golden["shiftx_shifty_scale"][i]
        centre, size = square_of_box(box, rule=rule, scale=scale, shift_x=shift_x, shift_y=shift_y)
        assert face_size(box, rule=rule) == golden["old_size"][i]
        assert size == golden["size"][i]
        np.testing.assert_allclose(centre, golden["center"][i], rtol=0, atol=1e-12)


def test_golden_transforms(golden):
    centre, size = golden["center"], golden["size"]
    assert len(size) == 45
    for found, name in (
        (crop_matrix(centre, size), "matrix"),
        (frame_matrix(centre, size), "inverse"),
        (move_points(golden["points_raw"], crop_matrix(centre, size)), "points_crop"),
        (unit_to_index(golden["unit_points"], centre, size), "unit_points_raw"),
    ):
        np.testing.assert_allclose(found, golden[name], rtol=0, atol=1e-9, err_msg=name)


def test_the_corners_of_a_square_become_the_first_and_last_pixel(squares):
    centre, size = squares
    half = size[:, None] / 2
    corners = np.stack([centre - half, centre + half], axis=1)
    inside = move_points(corners, crop_matrix(centre, size))
    np.testing.assert_allclose(inside, np.broadcast_to([[0, 0], [223, 223]], inside.shape), atol=1e-8)
    np.testing.assert_allclose(
        crop_matrix(centre, size) @ frame_matrix(centre, size), np.eye(3)[None].repeat(200, 0), atol=1e-9
    )


def test_one_square_or_many(squares):
    centre, size = squares
    points = np.random.default_rng(1).normal(size=(200, 5, 2))
    alone = unit_to_index(points[7], centre[7], size[7])
    np.testing.assert_array_equal(unit_to_index(points, centre, size)[7], alone)
    assert crop_matrix(centre[7], size[7]).shape == (3, 3)


@pytest.mark.parametrize("crop_px", [224, 128])
def test_a_point_comes_back_through_a_table(squares, crop_px):
    """Index → unit, and by the stored square alone → picture, which is index + 0.5."""
    centre, size = squares
    points = centre[:, None] + np.random.default_rng(2).uniform(-0.8, 0.8, (200, 68, 2)) * size[:, None, None]
    unit = index_to_unit(points, centre, size, crop_px=crop_px)
    stored_centre, stored_size = table_square(centre, size, crop_px=crop_px)
    picture = stored_centre[:, None] + stored_size[:, None, None] / 2 * unit
    np.testing.assert_allclose(picture, points + 0.5, rtol=0, atol=1e-9)
    np.testing.assert_allclose(unit_to_index(unit, centre, size, crop_px=crop_px), points, atol=1e-9)


def test_the_stored_square_is_the_references_in_a_worked_example():
    # Square of 223 around index 111.5: one pixel of the crop is one of the frame, from index 0 on.
    centre, size = table_square([111.5, 111.5], 223)
    # Unit -1 is crop pixel 0, whose centre is at 0.5 in the picture; 224 pixels on is unit 1.
    np.testing.assert_allclose(centre - size / 2, 0.5, atol=1e-12)
    assert size == 224


def test_a_stored_square_leads_back_even_in_float32(squares):
    centre, size = squares
    back, side = reference_square(*table_square(centre, size))
    np.testing.assert_array_equal(side, size)
    np.testing.assert_allclose(back, centre, rtol=0, atol=1e-9)
    stored = [values.astype(np.float32) for values in table_square(centre, size)]
    back, side = reference_square(*stored)
    np.testing.assert_array_equal(side, size)
    np.testing.assert_allclose(back, centre, rtol=0, atol=3e-4)
