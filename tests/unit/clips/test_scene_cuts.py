"""Where a scene ends: another picture is a cut; movement, noise and a slow change of light are none."""

from __future__ import annotations

import numpy as np
import pytest

from affectflow.clips.scene_cuts import colour_histogram, find_cuts
from tests.support.faces import as_frames, background, paste_face

GREEN = np.zeros((180, 320, 3), np.uint8) + np.array([20, 180, 60], np.uint8)


def test_another_picture_is_a_cut_and_movement_is_none():
    room = background(320, 180)
    walk = [paste_face(room, x=10 * i, y=10, face_px=50) for i in range(5)]
    park = [paste_face(GREEN, x=10 * i, y=10, face_px=50) for i in range(4)]
    assert find_cuts(as_frames([*walk, *park, *walk])) == [5, 9]


def test_noise_and_a_slow_change_of_light_are_no_cuts():
    rng = np.random.default_rng(0)
    room = background(320, 180).astype(float)
    pictures = [(room * (1 - 0.03 * i) + rng.normal(0, 4, room.shape)).clip(0, 255) for i in range(20)]
    assert find_cuts(as_frames(p.astype(np.uint8) for p in pictures)) == []


@pytest.mark.parametrize("shape", [(180, 320), (1, 1), (1080, 1920)])
def test_a_histogram_is_shares_of_64_parts(shape):
    rng = np.random.default_rng(1)
    shares = colour_histogram(rng.integers(0, 256, (*shape, 3), dtype=np.uint8))
    assert shares.shape == (64,)
    assert shares.sum() == pytest.approx(1)


def test_pure_colours_lie_where_their_hue_saturation_and_value_say():
    for rgb, part in (((0, 0, 0), 0), ((255, 255, 255), 3), ((255, 0, 0), 15), ((0, 0, 255), 2 * 16 + 15)):
        picture = np.zeros((8, 8, 3), np.uint8) + np.array(rgb, np.uint8)
        assert colour_histogram(picture).argmax() == part
