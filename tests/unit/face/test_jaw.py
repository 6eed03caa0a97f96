from __future__ import annotations

import numpy as np
import pytest

from affectflow.face.jaw import CHIN, close_jaw, fit_jaw, jaw_constraints, jaw_hinge, jaw_weights, open_jaw
from affectflow.face.pose import pose_weights, rotation_matrices, rotation_vectors
from affectflow.face.template import facemesh_template

TURNS = np.array([[0, 0, 0], [0.3, 0, 0], [0.1, 0.05, -0.04], [-0.05, 0, 0.02]])


def faces(*, noise: float = 0.0) -> np.ndarray:
    rng = np.random.default_rng(0)
    return facemesh_template().vertices + noise * rng.normal(size=(len(TURNS), 468, 3))


def test_weights_run_from_skull_to_mandible():
    weights = jaw_weights()
    assert weights.min() == 0
    assert weights.max() == 1
    assert np.array_equal(weights, weights[facemesh_template().mirror])
    assert (weights[list(CHIN)] == 1).all()
    assert (weights[pose_weights() > 0] == 0).all()
    assert (weights[[13, 82, 312]] == 0).all(), "upper lip"
    assert (weights[[14, 87, 317]] == 1).all(), "lower lip"
    assert (weights[[61, 291]] > 0.2).all(), "the corners go part of the way"
    assert (weights[[61, 291]] < 0.8).all(), "the corners go part of the way"
    edges = facemesh_template().triangles
    jumps = np.abs(weights[edges] - weights[np.roll(edges, 1, axis=1)])
    assert jumps.max() < 0.6, "the skin would tear"


def test_a_turned_jaw_is_measured_and_taken_out_exactly():
    rest, turns = faces(), rotation_matrices(TURNS)
    opened = open_jaw(rest, turns)
    np.testing.assert_allclose(rotation_vectors(fit_jaw(opened)), TURNS, atol=1e-9)
    np.testing.assert_allclose(close_jaw(opened, turns), rest, atol=1e-9)


def test_closing_and_opening_undo_each_other_on_any_face():
    given, turns = faces(noise=0.5), rotation_matrices(TURNS)
    before = given.copy()
    np.testing.assert_allclose(open_jaw(close_jaw(given, turns), turns), given, atol=1e-9)
    assert np.array_equal(given, before)


def test_a_positive_turn_about_x_opens_the_mouth():
    rest, opened = open_jaw(faces()[:2], rotation_matrices(TURNS[:2]))
    gap = opened[13, 1] - opened[14, 1]
    assert gap > 1.5
    assert rest[13, 1] - rest[14, 1] < 0.3
    assert np.array_equal(opened[13], rest[13])
    arm = np.linalg.norm(rest[152] - jaw_hinge())
    assert np.linalg.norm(opened[152] - jaw_hinge()) == pytest.approx(arm)


def test_displacements_within_the_constraints_do_not_turn_the_jaw():
    equations = jaw_constraints()
    rng = np.random.default_rng(1)
    displaced = rng.normal(size=468 * 3)
    displaced -= np.linalg.pinv(equations) @ (equations @ displaced)
    face = facemesh_template().vertices + 0.3 * displaced.reshape(468, 3)
    assert np.abs(rotation_vectors(fit_jaw(face[None]))).max() < 1e-9
