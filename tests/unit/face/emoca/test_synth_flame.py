"""The stand-in for FLAME is a head: what other tests take for granted when they draw and pose it."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from affectflow.face.anatomy import EMOCA105, IBUG68
from affectflow.face.emoca.camera import project
from affectflow.face.emoca.flame import SHAPES, FlameModel, full_pose
from affectflow.face.jaw import jaw_hinge
from affectflow.face.template import facemesh_template
from tests.support.golden_emoca import checkpoint_form
from tests.support.synth_flame import SHIFT_CM, synth_flame, synth_head, synth_landmarks, synth_uv


@pytest.fixture(scope="module")
def head() -> FlameModel:
    return FlameModel.from_arrays(synth_flame())


def meshes(head: FlameModel, *poses: list[float]) -> np.ndarray:
    """Vertices in centimetres."""
    return head.vertices(None, None, torch.tensor(poses)).double().numpy() * 100


def test_it_has_the_shapes_of_the_official_files():
    arrays = synth_flame()
    assert {name.removeprefix("flame."): a.shape for name, a in arrays.items()} == SHAPES
    assert {a.dtype for a in arrays.values()} == {np.dtype(np.float32), np.dtype(np.int64)}
    pickled = {name: a.shape for name, a in synth_head().items()}
    assert pickled["shapedirs"] == (5023, 3, 400)
    assert pickled["posedirs"] == (5023, 3, 36)
    assert pickled["kintree_table"] == (2, 5)
    again = checkpoint_form(synth_head(), synth_landmarks())
    assert all(np.array_equal(again[name], arrays[name]) for name in arrays)


def test_it_is_one_closed_skin_with_an_open_neck():
    triangles = synth_flame()["flame.faces_tensor"]
    assert np.array_equal(np.unique(triangles), np.arange(5023))
    edges = np.concatenate([triangles[:, pair] for pair in ([0, 1], [1, 2], [2, 0])])
    # Wound alike: each edge is walked once in each direction, but for the neck's end.
    _, walked = np.unique(edges, axis=0, return_counts=True)
    assert walked.max() == 1
    _, sides = np.unique(np.sort(edges, axis=1), axis=0, return_counts=True)
    assert np.bincount(sides)[1:].tolist() == [68, 14930]


def test_it_is_wound_outwards_and_moves_like_a_head(head):
    rest, jaw, nod, turn = meshes(
        head, [0.0] * 6, [0, 0, 0, 0.3, 0, 0], [0.3, 0, 0, 0, 0, 0], [0, 0.3, 0, 0, 0, 0]
    )
    a, b, c = (rest[head.triangles[:, k]] for k in range(3))
    # The volume inside is that of a head, about five litres with the neck.
    assert 3000 < np.einsum("ti,ti->t", a, np.cross(b, c)).sum() / 6 < 7000
    nose, chin = int(np.argmax(rest[:, 2])), int(head.tables.still.corners[8, 0])
    assert jaw[chin, 1] < rest[chin, 1] - 0.5
    assert nod[nose, 1] < rest[nose, 1]
    assert turn[nose, 0] > rest[nose, 0]
    crown = int(np.argmax(rest[:, 1]))
    assert np.linalg.norm(jaw[crown] - rest[crown]) < 0.05


def test_an_open_jaw_parts_the_lips(head):
    upper, lower = (EMOCA105.index(p) for p in (13, 14))
    pose = torch.tensor([[0.0] * 6, [0, 0, 0, 0.3, 0, 0]])
    points = head.landmarks105(head.vertices(None, None, pose)) * 100
    gap = (points[:, upper, 1] - points[:, lower, 1]).numpy()
    assert abs(gap[0]) < 0.3
    assert gap[1] > 2.0


def test_landmarks_lie_where_the_template_has_them(head):
    vertices = head.vertices(None, None, torch.zeros(1, 6))
    template = facemesh_template().vertices + SHIFT_CM
    for points, indices in (
        (head.landmarks68_static(vertices), IBUG68),
        (head.landmarks105(vertices), EMOCA105),
        (head.landmarks68(vertices, torch.zeros(1, 15))[:, 17:], IBUG68[17:]),
    ):
        off = np.linalg.norm(points[0].numpy() * 100 - template[list(indices)], axis=1)
        assert off.max() < 0.25


@pytest.mark.parametrize("side", [1.0, -1.0])
def test_the_contour_stays_on_the_outline(head, side):
    """Of a head turned by 30 degrees, the far cheek's points are as far out as its skin goes at their height."""
    pose = torch.tensor([[0.0, side * np.deg2rad(30), 0, 0, 0, 0]], dtype=torch.float32)
    vertices = head.vertices(None, None, pose)
    cheek = slice(12, 16) if side > 0 else slice(1, 5)
    moving = head.landmarks68(vertices, full_pose(pose))[0, cheek].numpy() * 100
    fixed = head.landmarks68_static(vertices)[0, cheek].numpy() * 100
    skin = vertices[0].numpy() * 100
    for here, before in zip(moving, fixed, strict=True):
        face = skin[(np.abs(skin[:, 1] - here[1]) < 0.4) & (skin[:, 2] > here[2] - 2)]
        assert (face[:, 0] * side).max() - here[0] * side < 0.6
        assert here[2] > before[2]


def test_joints_lie_in_the_head(head):
    _, joints = head.skin(torch.zeros(1, 15))
    joints = joints[0].numpy() * 100 - SHIFT_CM
    np.testing.assert_allclose(joints[2], jaw_hinge(), atol=0.1)
    left, right = joints[3], joints[4]
    assert left[0] > 2.5
    np.testing.assert_allclose(left * (-1, 1, 1), right, atol=0.1)
    assert joints[0, 1] < joints[1, 1] < joints[2, 1] < left[1]
    regressor = synth_flame()["flame.J_regressor"]
    assert regressor.min() >= 0
    np.testing.assert_allclose(regressor.sum(axis=1), 1, atol=1e-6)


def test_skin_follows_its_joints_by_shares(head):
    weights = synth_flame()["flame.lbs_weights"]
    assert weights.min() >= 0
    np.testing.assert_allclose(weights.sum(axis=1), 1, atol=1e-6)
    assert (weights.max(axis=0) > 0.9).all()


def test_it_fills_the_crop_with_the_camera_that_its_description_names(head):
    points = head.landmarks68(head.vertices(None, None, torch.zeros(1, 6)), torch.zeros(1, 15))
    unit = project(points, torch.tensor([[10.4, 0.0, 0.03]]))[0]
    low, high = unit.amin(dim=0), unit.amax(dim=0)
    np.testing.assert_allclose((low + high) / 2, 0, atol=0.02)
    assert (high - low).mean().item() == pytest.approx(2 / (1.1 * 1.25), abs=0.02)


def test_an_expression_moves_the_face_and_not_the_skull(head):
    exp = np.random.default_rng(0).normal(0, 1, (1, 50))
    moved = (head.vertices(None, exp, torch.zeros(1, 6)) - head.template_3v.T)[0].norm(dim=1) * 100
    face = head.tables.mediapipe.corners.flatten()
    assert 0.1 < moved[face].mean() < 1.5
    assert moved[head.template_3v[2] < -0.04].max() < 0.1


def test_the_map_covers_the_head_and_only_the_seam_is_double():
    uv = synth_uv()
    coordinates, triangles = uv["uv.coordinates"], uv["uv.triangles"]
    assert coordinates.dtype == np.float32
    assert coordinates.min() >= 0
    assert coordinates.max() <= 1
    assert triangles.shape == (9976, 3)
    assert triangles.max() == len(coordinates) - 1
    assert np.ptp(coordinates[triangles, 0], axis=1).max() < 0.5
    original = synth_flame()["flame.faces_tensor"]
    first = triangles < 5023
    assert np.array_equal(triangles[first], original[first])
    assert uv["uv.fixed_displacement"].shape == uv["uv.face_eye_mask"].shape == (256, 256)
    assert 0 < np.abs(uv["uv.fixed_displacement"]).max() < 0.001
    assert set(np.unique(uv["uv.face_eye_mask"])[[0, -1]]) == {0.0, 1.0}
