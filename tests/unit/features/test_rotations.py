"""Rotations that can be smoothed and do not jump."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from scipy.spatial.transform import Rotation

from affectflow.features.rotations import aligned_quaternions, relative_to, rotation_vectors

angles = st.lists(st.tuples(*[st.floats(-2, 2)] * 3), min_size=1, max_size=20)


@given(angles)
def test_there_and_back_is_the_same_rotation(rows):
    vectors = np.array(rows)
    back = rotation_vectors(aligned_quaternions(vectors))
    apart = (Rotation.from_rotvec(back) * Rotation.from_rotvec(vectors).inv()).magnitude()
    assert np.max(apart) < 1e-7


def test_small_rotations_come_back_to_the_number():
    vectors = np.random.default_rng(0).uniform(-0.5, 0.5, (100, 3))
    vectors[3] = 0
    vectors[7] = np.nan
    back = rotation_vectors(aligned_quaternions(vectors))
    assert np.allclose(back, vectors, atol=1e-12, equal_nan=True)


def test_turning_through_pi_does_not_jump():
    angle = np.linspace(2.5, 3.9, 60)
    vectors = Rotation.from_rotvec(angle[:, None] * [0, 1, 0]).as_rotvec()
    assert np.max(np.abs(np.diff(vectors[:, 1]))) > 5
    smooth = rotation_vectors(aligned_quaternions(vectors))
    assert np.allclose(smooth[:, 1], angle)


def test_relative_to_a_mean():
    rest = Rotation.from_rotvec([0.2, -0.1, 0.05])
    move = Rotation.from_rotvec([[0, 0.3, 0], [0.1, 0, 0]])
    vectors = (move * rest).as_rotvec()
    found = relative_to(np.vstack([vectors, [[np.nan] * 3]]), rest.as_rotvec()[None])
    assert np.allclose(found[:2], move.as_rotvec())
    assert np.isnan(found[2]).all()


def test_the_same_rotations_give_the_same_bytes_wherever_they_lie_in_memory() -> None:
    """NumPy's arctan2 takes another loop, with other last digits, where its input seems to overlap its output."""
    rng = np.random.default_rng(0)
    quaternions = aligned_quaternions(np.cumsum(rng.normal(0, 0.01, (200, 3)), axis=0) + 0.1)
    kept, found = [], set()
    for _ in range(300):
        kept.append(np.zeros(rng.integers(1, 3000), dtype=np.uint8))
        found.add(rotation_vectors(quaternions.copy()).tobytes())
    assert len(found) == 1
