"""Pictures of a code: that the head lies where its landmarks lie, turns, wrinkles, and takes the code's light."""

from __future__ import annotations

import dataclasses
import logging

import cv2
import numpy as np
import pytest

from affectflow.viz.code_painter import DETAIL_KINDS, KINDS, PLAIN_KINDS, CodePainter, missing_for_detail
from affectflow.viz.draw import ORANGE
from affectflow.viz.rasterisers.open3d import Open3dRasteriser
from tests.support.synth_vis import grey_light, vis_code, vis_weights

CROP = np.zeros((224, 224, 3), np.uint8)
CROP[:] = (40, 80, 120)


@pytest.fixture(scope="module")
def weights():
    return vis_weights()


@pytest.fixture(scope="module")
def painter(weights):
    return CodePainter(weights, rasteriser=Open3dRasteriser())


@pytest.fixture(scope="module")
def neutral(weights, painter):
    return painter.paint(CROP, vis_code())


def test_every_kind_is_there(painter, neutral):
    assert tuple(neutral) == painter.kinds == KINDS
    assert {p.shape for p in neutral.values()} == {(224, 224, 3)}
    assert {p.dtype for p in neutral.values()} == {np.dtype(np.uint8)}
    assert (neutral["inputs"] == CROP).all()


def test_the_head_lies_under_its_landmarks(weights):
    """A dot painted on the head at each landmark comes out where the projected landmark is, to half a pixel."""
    code = vis_code(pose=(0.1, 0.25, 0.05, 0.1, 0, 0))
    painter = CodePainter(weights, rasteriser=Open3dRasteriser())
    vertices = painter._vertices(code)
    seen = painter._rasterise(vertices, code.cam)
    places = seen.spread(vertices, painter._triangles)
    # Nose, mouth and brows look at the camera: nothing hides them.
    faces = weights["flame.lmk_faces_idx"][[13, 31, 34, 37, 2]]
    shares = weights["flame.lmk_bary_coords"][[13, 31, 34, 37, 2]]
    points = np.einsum("pk,pkc->pc", shares, vertices[weights["flame.faces_tensor"][faces]])
    for point, unit in zip(points, code.landmarks_68[17:][[13, 31, 34, 37, 2]], strict=True):
        off = np.linalg.norm(places - point, axis=2)
        off[~seen.covered] = np.inf
        row, column = np.unravel_index(np.argmin(off), off.shape)
        x, y = (unit * 0.5 + 0.5) * 224
        assert (column, row) == pytest.approx((x, y), abs=0.75)


def test_each_pixel_shows_its_own_place(weights, painter):
    """Exactly: the point seen in pixel i projects to the unit coordinate 2 i / 224 - 1."""
    code = vis_code()
    vertices = painter._vertices(code)
    seen = painter._rasterise(vertices, code.cam)
    rows, columns = np.nonzero(seen.covered)
    where = seen.spread(vertices, painter._triangles)[rows, columns]
    s, tx, ty = code.cam
    np.testing.assert_allclose(s * (where[:, 0] + tx), 2 * columns / 224 - 1, atol=1e-4)
    np.testing.assert_allclose(-s * (where[:, 1] + ty), 2 * rows / 224 - 1, atol=1e-4)


def test_geometry_is_grey_on_black_and_lit_from_the_front(neutral):
    picture = neutral["geometry_coarse"]
    assert (np.ptp(picture.astype(int), axis=2) == 0).all()
    assert (picture[0, 0] == 0).all()
    drawn = picture[..., 0] > 0
    assert 0.4 < drawn.mean() < 0.8
    # 180 × 1.7 × (1 + 4 / √3) / 5 is what a surface that faces the camera gets.
    assert picture.max() == pytest.approx(180 * 1.7 * (1 + 4 / np.sqrt(3)) / 5, abs=1)
    assert picture[30, 112, 0] > 190  # forehead
    assert picture[160, 60, 0] < 150  # side of the jaw
    # The head has no side: light and stand-in are symmetric.
    mirrored = picture[:, 1:][:, ::-1]
    assert np.abs(picture[40:200, 1:, 0].astype(int) - mirrored[40:200, ..., 0]).mean() < 2


def test_the_head_turns_to_the_picture_s_right(weights, painter):
    def nose(pose) -> float:
        picture = painter.paint(CROP, vis_code(pose=pose))["geometry_coarse"]
        return float(np.nonzero(picture[..., 0])[1].mean())

    left, right = nose((0, -0.6, 0, 0, 0, 0)), nose((0, 0.6, 0, 0, 0, 0))
    # The face moves to the side it looks to; most of what is covered is face and skull around one axis.
    code = vis_code(pose=(0, 0.6, 0, 0, 0, 0))
    assert code.landmarks_68[30, 0] > 0.2
    assert right > left


def test_landmarks_are_drawn_over_the_crop(weights, neutral):
    picture, code = neutral["landmarks_predicted"], vis_code()
    changed = (picture != CROP).any(axis=2)
    assert 0.01 < changed.mean() < 0.2
    # Points of the jaw, where no MediaPipe point lies over them.
    for x, y in (code.landmarks_68[[3, 8, 13]] * 0.5 + 0.5) * 224:
        near = picture[round(y) - 1 : round(y) + 2, round(x) - 1 : round(x) + 2].reshape(-1, 3).astype(int)
        assert np.abs(near - ORANGE).max(axis=1).min() < 90


def test_output_images_are_half_grey_times_the_light_inside_the_mask(weights, painter, neutral):
    """Light of strength 1 from everywhere: albedo 0.5 on the face, the crop elsewhere."""
    picture = neutral["output_images_coarse"]
    assert (np.abs(picture[120, 112].astype(int) - 128) <= 1).all()
    np.testing.assert_array_equal(picture[:5, :5], CROP[:5, :5])
    twice = painter.paint(CROP, vis_code(light=grey_light(1.6)))["output_images_coarse"]
    assert (np.abs(twice[120, 112].astype(int) - 204) <= 1).all()
    red = np.zeros((9, 3), np.float32)
    red[0, 0] = np.sqrt(4 * np.pi)
    coloured = painter.paint(CROP, vis_code(light=red.ravel()))["output_images_coarse"]
    assert coloured[120, 112].tolist() == pytest.approx([128, 0, 0], abs=1)


def test_light_from_the_picture_s_left_and_from_above(weights, painter):
    def lit(harmonic: int, strength: float) -> np.ndarray:
        light = grey_light(0.8).reshape(9, 3)
        light[harmonic] = strength
        return painter.paint(CROP, vis_code(light=light.ravel()))["output_images_coarse"][..., 0]

    left = lit(1, -0.8)
    assert left[100:140, 70:90].mean() > left[100:140, 134:154].mean() + 30
    above = lit(2, 0.8)
    assert above[45:60, 100:124].mean() > above[165:180, 100:124].mean() + 20


def test_wrinkles_change_the_masked_face_and_nothing_else(weights, painter, neutral):
    coarse, fine = (neutral[k].astype(int)[..., 0] for k in ("geometry_coarse", "geometry_detail"))
    changed = np.abs(coarse - fine) > 3
    share = painter._face_share(painter._rasterise(painter._vertices(vis_code()), vis_code().cam))
    assert changed[share > 0.9].mean() > 0.05
    assert not changed[share == 0].any()
    assert ((coarse > 0) == (fine > 0)).mean() > 0.999


def test_wrinkles_follow_the_detail_code(weights, painter, neutral):
    other = painter.paint(CROP, vis_code(detail=np.full(128, 1.5, np.float32)))
    difference = np.abs(other["geometry_detail"].astype(int) - neutral["geometry_detail"])
    assert difference.mean() > 0.5
    for kind in PLAIN_KINDS:
        np.testing.assert_array_equal(other[kind], neutral[kind])


def test_fixed_ridges_are_seen_across_the_forehead(weights):
    """The stand-in's own displacement: ridges of the forehead, with a decoder that adds nothing."""
    silent = {
        k: np.zeros_like(a) if k.startswith("D_detail.conv_blocks.21") else a for k, a in weights.items()
    }
    flat = {**silent, "uv.fixed_displacement": np.zeros((256, 256), np.float32)}
    ridged, smooth = (
        CodePainter(w, rasteriser=Open3dRasteriser()).paint(CROP, vis_code())["geometry_detail"]
        for w in (silent, flat)
    )
    column = (ridged.astype(int) - smooth)[:, 108:116, 0].mean(axis=1)
    rows = np.flatnonzero(np.abs(column) > 2)
    assert rows.size > 5
    assert rows.max() < 100
    # Light and dark in turn.
    assert (np.diff(np.sign(column[rows])) != 0).sum() >= 2


@pytest.mark.parametrize(
    ("absent", "file"),
    [
        ("uv.coordinates", "head_template.obj"),
        ("uv.triangles", "head_template.obj"),
        ("uv.fixed_displacement", "fixed_displacement_256.npy"),
        ("uv.face_eye_mask", "uv_face_eye_mask.png"),
        ("D_detail.l1.0.weight", "the checkpoint of mode detail"),
    ],
)
def test_without_a_file_the_detail_is_left_out_and_the_log_says_which(weights, absent, file, caplog):
    fewer = {name: array for name, array in weights.items() if name != absent}
    with caplog.at_level(logging.WARNING, logger="affectflow"):
        painter = CodePainter(fewer, rasteriser=Open3dRasteriser())
    assert set(painter.kinds) == set(PLAIN_KINDS)
    said = [r.getMessage() for r in caplog.records]
    assert len(said) == 1
    for word in (*DETAIL_KINDS, absent, file, "affectflow convert-weights emoca"):
        assert word in said[0]
    assert missing_for_detail(fewer) in said[0]
    code = dataclasses.replace(vis_code(), detail=None)
    assert set(painter.paint(CROP, code)) == set(PLAIN_KINDS)


def test_without_a_mask_the_whole_head_is_painted(weights, neutral):
    fewer = {name: array for name, array in weights.items() if not name.startswith("uv.")}
    pictures = CodePainter(fewer, rasteriser=Open3dRasteriser()).paint(CROP, vis_code())
    head = neutral["geometry_coarse"][..., 0] > 0
    painted = (pictures["output_images_coarse"] != CROP).any(axis=2)
    np.testing.assert_array_equal(painted, head)


def test_codes_without_detail(weights, caplog):
    with caplog.at_level(logging.WARNING, logger="affectflow"):
        painter = CodePainter(weights, rasteriser=Open3dRasteriser(), with_detail=False)
    assert "no detail code" in caplog.text
    code = dataclasses.replace(vis_code(), detail=None)
    pictures = painter.paint(CROP, code)
    assert set(pictures) == set(PLAIN_KINDS)
    # The mask still counts.
    assert (pictures["output_images_coarse"][200:] == CROP[200:]).all()
    assert (pictures["geometry_coarse"][200:] > 0).any()


def test_the_jaw_opens(weights, painter):
    shut = painter.paint(CROP, vis_code())["geometry_coarse"][..., 0]
    opened = painter.paint(CROP, vis_code(pose=(0, 0, 0, 0.35, 0, 0)))["geometry_coarse"][..., 0]
    difference = cv2.blur(np.abs(shut.astype(int) - opened).astype(np.float32), (9, 9))
    row, _ = np.unravel_index(np.argmax(difference), difference.shape)
    assert row > 120
    assert np.abs(shut.astype(int) - opened)[:70].mean() < 1


def test_same_code_same_bytes_and_inputs_stay(weights, painter, neutral):
    crop = CROP.copy()
    again = painter.paint(crop, vis_code())
    assert all((again[k] == neutral[k]).all() for k in KINDS)
    assert (crop == CROP).all()
    again["inputs"][:] = 0
    assert (crop == CROP).all()
