"""Thumbnails: what is shown, and that what is hidden is gone."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
import polars as pl

from affectflow.viz.thumbnails import (
    BLOCKS_OF_FACE,
    FACE_COLUMNS,
    WIDTH_PX,
    hide_faces,
    moments,
    thumbnails,
)

BOX = np.array([[200.0, 100.0, 300.0, 220.0]])


@dataclass
class Shot:
    time_s: float
    rgb: np.ndarray


def noise(seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, (360, 640, 3), dtype=np.uint8)


def faces_at(*rows: tuple[float, bool]) -> pl.DataFrame:
    schema = dict(zip(FACE_COLUMNS, [pl.Float64, pl.Boolean, pl.Boolean, *[pl.Float32] * 4], strict=True))
    return pl.DataFrame([(t, True, valid, *BOX[0]) for t, valid in rows], schema=schema, orient="row")


def test_moments_are_evenly_spaced_frames():
    time = np.arange(0, 60, 0.04)
    wanted, near = moments(time)
    assert np.allclose(wanted, [5, 15, 25, 35, 45, 55], atol=0.05)
    assert 0 < near < 5
    assert np.isin(wanted, time).all()
    assert moments(np.array([0.0])) == ([0.0], 0.0)
    assert moments(np.array([0.0, 9.0]))[0] == [0.0]


def test_a_hidden_face_is_a_few_colours():
    rgb = noise()
    hidden = hide_faces(rgb, BOX)
    face = hidden[100:220, 200:300].reshape(-1, 3)
    assert len(np.unique(face, axis=0)) <= (BLOCKS_OF_FACE + 1) ** 2
    # Hair and chin are hidden with it.
    around = hidden[70:250, 170:330].reshape(-1, 3)
    assert len(np.unique(around, axis=0)) <= 30
    assert np.array_equal(rgb, noise()), "the picture that was given is not changed"


def test_nothing_of_the_fine_structure_is_left():
    """Two pictures of the same block means give the same bytes: it cannot be undone."""
    rgb = np.full((360, 640, 3), 128, np.uint8)
    checked = rgb.copy()
    checked[::2, ::2] += 40
    checked[1::2, 1::2] += 40
    checked[::2, 1::2] -= 40
    checked[1::2, ::2] -= 40
    box = np.array([[0.0, 0.0, 640.0, 360.0]])
    assert np.abs(hide_faces(rgb, box).astype(int) - hide_faces(checked, box)).max() <= 1


def test_without_a_face_the_whole_picture_is_coarse():
    assert len(np.unique(hide_faces(noise(), np.empty((0, 4))).reshape(-1, 3), axis=0)) <= 8 * 5


def test_a_box_over_the_edge_or_empty():
    for box in ([-50, -50, 30, 30], [630, 350, 900, 700], [700, 400, 800, 500], [10, 10, 10, 10]):
        assert hide_faces(noise(), np.array([box], float)).shape == (360, 640, 3)


def test_pictures_are_small_and_belong_to_their_frames():
    shots = [Shot(1.0, noise()), Shot(2.0, noise(1))]
    made = thumbnails(shots, faces_at((1.0, True), (2.0, False)), blurred=False)
    assert [(m.time_s, m.has_face) for m in made] == [(1.0, True), (2.0, False)]
    picture = cv2.imdecode(np.frombuffer(made[0].jpeg, np.uint8), cv2.IMREAD_COLOR)
    assert picture.shape == (135, WIDTH_PX, 3)
    again = thumbnails(shots, faces_at((1.0, True), (2.0, False)), blurred=False)
    assert again == made


def test_blurred_is_not_clear():
    clear, hidden = (
        thumbnails([Shot(1.0, noise())], faces_at((1.0, True)), blurred=b)[0] for b in (False, True)
    )
    assert clear.jpeg != hidden.jpeg
    assert len(hidden.jpeg) < len(clear.jpeg) / 2
