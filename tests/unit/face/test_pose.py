from __future__ import annotations

import json

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from affectflow.face.pose import (
    fit_pose,
    nearest_rotation,
    pose_constraints,
    pose_weights,
    rotation_matrices,
    rotation_vectors,
)
from affectflow.face.template import facemesh_template


def placed_faces(n: int, *, seed: int = 0, noise: float = 0.0):
    rng = np.random.default_rng(seed)
    rotation = Rotation.from_rotvec(rng.uniform(-0.6, 0.6, (n, 3))).as_matrix()
    scale = rng.uniform(5, 50, n)
    offset = rng.uniform(-500, 500, (n, 3))
    faces = facemesh_template().vertices + noise * rng.normal(size=(n, 468, 3))
    points = scale[:, None, None] * faces @ np.swapaxes(rotation, 1, 2) + offset[:, None]
    return points, rotation, scale, offset


def test_a_turned_scaled_and_shifted_template_is_found_again():
    points, rotation, scale, offset = placed_faces(20)
    before = points.copy()
    found = fit_pose(points)
    np.testing.assert_allclose(found.rotation, rotation, atol=1e-9)
    np.testing.assert_allclose(found.scale, scale, rtol=1e-9)
    np.testing.assert_allclose(found.offset, offset, atol=1e-7)
    np.testing.assert_allclose(
        found.to_template(points), np.broadcast_to(facemesh_template().vertices, points.shape), atol=1e-9
    )
    assert np.array_equal(points, before)


def test_noise_of_two_millimetres_moves_the_pose_by_about_a_degree():
    points, rotation, _, _ = placed_faces(50, noise=0.2)
    error = Rotation.from_matrix(fit_pose(points).rotation @ np.swapaxes(rotation, 1, 2)).magnitude()
    assert np.degrees(np.median(error)) < 2.0
    assert np.degrees(error.max()) < 5.0


def test_aligned_faces_fulfil_the_constraints_exactly():
    points, _, _, _ = placed_faces(10, noise=0.5)
    displaced = fit_pose(points).to_template(points) - facemesh_template().vertices
    equations = pose_constraints()
    assert np.linalg.matrix_rank(equations) == 7
    assert np.abs(displaced.reshape(10, -1) @ equations.T).max() < 1e-9
    raw = (points - points.mean(axis=1, keepdims=True)).reshape(10, -1)
    assert np.abs(raw @ equations.T).max() > 1e-2


def test_what_the_face_does_below_the_nose_does_not_turn_the_head():
    template = facemesh_template().vertices
    face = template.copy()
    face[template[:, 1] < -1.3] += (0.4, -1.0, 0.3)
    assert np.abs(rotation_vectors(fit_pose(face[None]).rotation)).max() < 1e-9
    assert pose_weights().sum() == pytest.approx(1)
    assert np.array_equal(pose_weights(), pose_weights()[facemesh_template().mirror])


def test_the_nearest_rotation_is_never_a_reflection():
    rng = np.random.default_rng(0)
    matrices = rng.normal(size=(200, 3, 3))
    found = nearest_rotation(matrices)
    np.testing.assert_allclose(np.linalg.det(found), 1)
    others = Rotation.random(500, random_state=1).as_matrix()
    best = np.einsum("nij,nij->n", found, matrices)
    assert (best[:, None] >= np.einsum("mij,nij->nm", others, matrices) - 1e-9).all()


def test_rotation_vectors_and_back_also_for_none():
    vectors = np.random.default_rng(0).uniform(-1, 1, (5, 3))
    np.testing.assert_allclose(rotation_vectors(rotation_matrices(vectors)), vectors, atol=1e-12)
    assert rotation_vectors(np.zeros((0, 3, 3))).shape == (0, 3)
    assert rotation_matrices(np.zeros((0, 3))).shape == (0, 3, 3)


def test_mediapipes_own_pose_of_a_portrait(shared):
    path = shared / "data/media/reference/portrait_mediapipe_face_geometry.json"
    expected = json.loads(path.read_text())
    matrix = np.array(expected["pose_transform_column_major"]).reshape(4, 4).T
    mesh = np.array(expected["vertices_cm_metric_468"])
    at_rest, turned = rotation_vectors(
        fit_pose(np.stack([mesh, mesh @ matrix[:3, :3].T + matrix[:3, 3]])).rotation
    )
    # The turn is found as exactly as the reference's matrix is a rotation (4e-4); at rest the two neutral faces are tilted a little against each other.
    between = Rotation.from_rotvec(turned) * Rotation.from_rotvec(at_rest).inv()
    np.testing.assert_allclose(between.as_matrix(), matrix[:3, :3], atol=5e-4)
    assert np.degrees(np.linalg.norm(at_rest)) < 5
    assert np.degrees(np.abs(at_rest[1:])).max() < 1
