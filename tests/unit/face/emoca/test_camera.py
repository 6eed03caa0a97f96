from __future__ import annotations

import numpy as np
import pytest
import torch

from affectflow.face.emoca.camera import project, project_3d


@pytest.fixture(scope="module")
def golden(shared) -> dict[str, torch.Tensor]:
    stored = np.load(shared / "golden" / "projection.npz")
    return {name: torch.tensor(stored[name]) for name in stored}


def close(found: torch.Tensor, wanted: torch.Tensor, atol: float = 1e-6) -> None:
    torch.testing.assert_close(found, wanted, rtol=0, atol=atol)


def test_projection_equals_the_reference(golden):
    close(project_3d(golden["points"], golden["cam"]), golden["image_space"])
    close(project(golden["points"], golden["cam"]), golden["unit_xy"])
    upright = project_3d(golden["points"], golden["cam"]) * torch.tensor([1.0, -1.0, -1.0])
    close(upright, golden["orth_proj"])


def test_a_point_that_can_be_worked_out_by_hand():
    points = torch.tensor([[[0.01, 0.02, 0.05]]])
    cam = torch.tensor([[10.0, 0.03, -0.01]])
    close(project_3d(points, cam), torch.tensor([[[0.4, -0.1, -0.5]]]))


def test_each_frame_has_its_own_camera_and_inputs_stay():
    points, cam = torch.rand(3, 5, 3), torch.rand(3, 3)
    before = points.clone(), cam.clone()
    together = project(points, cam)
    assert together.shape == (3, 5, 2)
    for i in range(3):
        close(together[i], project(points[i : i + 1], cam[i : i + 1])[0], 0)
    assert torch.equal(points, before[0])
    assert torch.equal(cam, before[1])


def test_a_camera_in_bfloat16_projects_in_float32():
    points, cam = torch.rand(2, 5, 3), torch.tensor([[9.0, 0.0, 0.03125]] * 2)
    found = project(points, cam.bfloat16())
    assert found.dtype == torch.float32
    close(found, project(points, cam), 0)
    assert project(points.double(), cam.double()).dtype == torch.float64
