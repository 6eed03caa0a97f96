from __future__ import annotations

import numpy as np
import pytest
import torch

from affectflow.face.anatomy import EMOCA105
from affectflow.face.emoca.flame import FlameModel, full_pose, rotation_matrices
from affectflow.face.emoca.flame_landmarks import SurfacePoints, contour_rows
from tests.support.synth_flame import synth_flame


@pytest.fixture(scope="module")
def head() -> FlameModel:
    return FlameModel.from_arrays(synth_flame())


def yaws(*degrees: float) -> torch.Tensor:
    turn = torch.zeros(len(degrees), 3)
    turn[:, 1] = torch.deg2rad(torch.tensor(degrees))
    return rotation_matrices(turn)


def test_rows_equal_the_reference(shared):
    golden = dict(np.load(shared / "golden" / "flame_lbs.npz"))
    rotation = rotation_matrices(torch.tensor(golden["contour_rotvec"]))
    assert contour_rows(rotation).tolist() == golden["contour_row"].tolist()
    pose = torch.tensor(golden["neck_full_pose15"])
    with_neck = rotation_matrices(pose[:, :3]) @ rotation_matrices(pose[:, 3:6])
    assert contour_rows(with_neck).tolist() == golden["neck_contour_row"].tolist()


def test_rows_at_chosen_angles():
    degrees = (0, 0.4, 1.2, 25.7, 39, 39.4, 60, 120, -0.4, -1.2, -25.7, -38.6, -39, -39.4, -60, -120)
    rows = (0, 0, 1, 26, 39, 39, 39, 39, 0, 40, 65, 78, 78, 78, 78, 78)
    found = contour_rows(yaws(*degrees))
    assert found.dtype == torch.int64
    assert found.tolist() == list(rows)


def test_a_half_degree_goes_to_the_even_one():
    # An angle whose arc tangent is x.5 exactly does not exist in floats; the rounding is torch's.
    assert torch.tensor([0.5, 1.5, 2.5, -0.5, -1.5]).round().tolist() == [0, 2, 2, 0, -2]


def test_nodding_and_tilting_do_not_move_the_contour():
    turns = torch.zeros(4, 3)
    turns[0, 0], turns[1, 0], turns[2, 2], turns[3, 2] = 0.5, -0.5, 0.5, -0.5
    assert contour_rows(rotation_matrices(turns)).tolist() == [0, 0, 0, 0]


def test_points_of_a_triangle():
    vertices = torch.tensor([[[0.0, 0, 0], [1, 0, 0], [0, 1, 0]]])
    points = SurfacePoints(
        torch.tensor([[0, 1, 2], [0, 2, 1]]), torch.tensor([[0.5, 0.5, 0], [0, 0.25, 0.75]])
    )
    assert points.on(vertices).tolist() == [[[0.5, 0, 0], [0.75, 0.25, 0]]]
    assert points.facing(vertices).tolist() == [[True, False]]


def test_the_contour_of_each_frame_comes_from_its_own_row(head):
    pose = torch.zeros(3, 15)
    pose[1, 1], pose[2, 1] = np.deg2rad(20.0), np.deg2rad(-20.0)
    vertices, _ = head.skin(pose)
    together = head.landmarks68(vertices, pose)
    for i, row in enumerate((0, 20, 59)):
        corners, shares = head.tables.contour.corners[row], head.tables.contour.shares[row]
        wanted = (vertices[i][corners] * shares[..., None]).sum(dim=1)
        torch.testing.assert_close(together[i, :17], wanted, rtol=0, atol=1e-7)
        inner = head.tables.inner
        wanted = (vertices[i][inner.corners] * inner.shares[..., None]).sum(dim=1)
        torch.testing.assert_close(together[i, 17:], wanted, rtol=0, atol=1e-7)


def test_a_turned_neck_counts_as_a_turned_head(head):
    pose = torch.zeros(2, 15)
    pose[0, 1], pose[0, 4] = np.deg2rad(12.0), np.deg2rad(11.0)
    vertices, _ = head.skin(pose)
    corners, shares = head.tables.contour.corners[23], head.tables.contour.shares[23]
    wanted = (vertices[0][corners] * shares[..., None]).sum(dim=1)
    torch.testing.assert_close(head.landmarks68(vertices, pose)[0, :17], wanted, rtol=0, atol=1e-7)


def test_a_frontal_face_shows_all_its_mediapipe_points(head):
    seen68, seen105 = head.weak_visibility(*posed(head, 0.0))
    assert (seen68.dtype, seen105.dtype) == (torch.bool, torch.bool)
    assert (seen68.shape, seen105.shape) == ((1, 68), (1, 105))
    # The points on the lids' inner edge and on the nose's wings lie on steep triangles.
    assert seen105.float().mean() > 0.9
    assert seen68[:, 17:].float().mean() > 0.9


def test_a_turned_face_hides_its_far_side(head):
    """Turned to the picture's right, the eye on that side (the subject's left) goes out of sight."""
    left_eye = [i for i, p in enumerate(EMOCA105) if p in (263, 249, 466, 388, 390)]
    right_eye = [i for i, p in enumerate(EMOCA105) if p in (33, 7, 246, 161, 163)]
    right = head.weak_visibility(*posed(head, 75.0))[1][0]
    left = head.weak_visibility(*posed(head, -75.0))[1][0]
    assert not right[left_eye].any()
    assert right[right_eye].all()
    assert not left[right_eye].any()
    assert left[left_eye].all()


def test_nothing_of_the_face_is_seen_from_behind(head):
    for seen in head.weak_visibility(*posed(head, 180.0)):
        assert seen.float().mean() < 0.1


def posed(head: FlameModel, yaw_deg: float) -> tuple[torch.Tensor, torch.Tensor]:
    pose = torch.zeros(1, 6)
    pose[0, 1] = np.deg2rad(yaw_deg)
    full = full_pose(pose)
    return head.skin(full)[0], full
