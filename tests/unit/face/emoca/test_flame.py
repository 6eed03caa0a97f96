from __future__ import annotations

import numpy as np
import pytest
import torch

from affectflow.errors import InputError
from affectflow.face.emoca.camera import project, project_3d
from affectflow.face.emoca.flame import FlameModel, full_pose, rotation_matrices
from tests.support.golden_emoca import pseudo_flame
from tests.support.synth_flame import synth_flame


@pytest.fixture(scope="module")
def golden(shared) -> dict[str, np.ndarray]:
    return dict(np.load(shared / "golden" / "flame_lbs.npz"))


@pytest.fixture(scope="module")
def pseudo() -> FlameModel:
    return FlameModel.from_arrays(pseudo_flame())


@pytest.fixture(scope="module")
def head() -> FlameModel:
    return FlameModel.from_arrays(synth_flame())


@pytest.fixture(scope="module")
def exact_head() -> FlameModel:
    return FlameModel.from_arrays(synth_flame(), dtype=torch.float64)


def some_codes(n: int, seed: int = 0) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    rng = np.random.default_rng(seed)
    pose = rng.normal(0, 0.2, (n, 6))
    pose[:, 3] = np.abs(pose[:, 3])
    codes = rng.normal(0, 1, (n, 100)), rng.normal(0, 1, (n, 50)), pose
    return tuple(torch.tensor(c, dtype=torch.float32) for c in codes)  # type: ignore[return-value]


def close(found: torch.Tensor, wanted: np.ndarray, atol: float, rtol: float = 0.0) -> None:
    np.testing.assert_allclose(found.numpy(), wanted, atol=atol, rtol=rtol)


def test_vertices_equal_the_reference(golden, pseudo):
    vertices = pseudo.vertices(golden["shape"], golden["exp"], golden["pose"], golden["eye_pose"])
    assert vertices.dtype == torch.float32
    close(vertices[:, ::50], golden["verts_sub"], 1e-6)
    all_of_them = vertices.double()
    close(all_of_them.mean(dim=1), golden["verts_mean"], 0, rtol=1e-5)
    close(all_of_them.abs().sum(dim=(1, 2)), golden["verts_abs_sum"], 0, rtol=1e-5)


def test_vertices_in_float64_equal_the_formulas(golden):
    exact = FlameModel.from_arrays(pseudo_flame(floats=np.float64), dtype=torch.float64)
    vertices = exact.vertices(golden["shape"], golden["exp"], golden["pose"], golden["eye_pose"])
    assert vertices.dtype == torch.float64
    close(vertices[:, ::50], golden["verts_sub_f64"], 1e-9)


def test_all_five_joints_equal_the_reference(golden, pseudo):
    vertices, joints = pseudo.skin(golden["full_pose15"], golden["shape"], golden["exp"])
    close(vertices[:, ::50], golden["verts_fullpose_sub"], 1e-6)
    close(joints, golden["joints_posed"], 1e-6)


@pytest.mark.parametrize("reduced", [False, True])
def test_landmarks_equal_the_reference(golden, pseudo, reduced):
    model = pseudo.landmarks_only() if reduced else pseudo
    pose = full_pose(torch.tensor(golden["pose"]), golden["eye_pose"])
    vertices, _ = model.skin(pose, golden["shape"], golden["exp"])
    close(model.landmarks68(vertices, pose), golden["landmarks2d"], 1e-6)
    close(model.landmarks68_static(vertices), golden["landmarks3d"], 1e-6)
    close(model.landmarks105(vertices), golden["landmarks_mediapipe"], 1e-6)


def test_the_contour_follows_the_head_as_in_the_reference(golden, pseudo):
    pose = full_pose(torch.nn.functional.pad(torch.tensor(golden["contour_rotvec"]), (0, 3)))
    vertices, _ = pseudo.skin(pose)
    points = pseudo.landmarks68(vertices, pose)
    close(points[:, :17], golden["contour_landmarks17"], 1e-6)
    close(points[:, 17:20], golden["contour_static51_first3"], 1e-6)


def test_rotations_equal_the_reference(golden):
    close(rotation_matrices(torch.tensor(golden["rodrigues_in"])), golden["rodrigues_out"], 1e-6)


def test_codes_to_landmarks_in_the_crop_equal_the_reference(shared, pseudo):
    golden = dict(np.load(shared / "golden" / "emoca_encoder.npz"))
    pose, cam = full_pose(torch.tensor(golden["posecode"])), torch.tensor(golden["cam"])
    vertices, _ = pseudo.skin(pose, golden["shapecode"], golden["expcode"])
    close(vertices[:, ::100], golden["e2e_verts_sub"], 1e-5)
    close(project_3d(vertices, cam)[:, ::100], golden["e2e_trans_verts_sub"], 1e-5)
    close(project(pseudo.landmarks68(vertices, pose), cam), golden["e2e_predicted_landmarks"], 1e-5)
    close(project(pseudo.landmarks105(vertices), cam), golden["e2e_predicted_landmarks_mediapipe"], 1e-5)


def test_no_codes_and_no_pose_are_the_template(head):
    vertices = head.vertices(None, None, torch.zeros(2, 6))
    assert vertices.shape == (2, 5023, 3)
    close(vertices, np.broadcast_to(synth_flame()["flame.v_template"], (2, 5023, 3)), 1e-6)


def test_the_global_rotation_turns_the_whole_head_about_its_root(exact_head):
    shape, exp, pose = some_codes(3)
    still = pose.clone()
    still[:, :3] = 0
    turned, joints = exact_head.skin(full_pose(pose), shape, exp)
    straight, _ = exact_head.skin(full_pose(still), shape, exp)
    root, rotation = joints[:, :1], rotation_matrices(pose[:, :3].double())
    close(turned, ((straight - root) @ rotation.transpose(1, 2) + root).numpy(), 1e-8)


def test_shape_and_expression_displace_along_their_own_directions(exact_head):
    directions = synth_flame()["flame.shapedirs"].astype(np.float64)
    template = synth_flame()["flame.v_template"].astype(np.float64)
    for column, kind, place in ((7, "shape", 7), (103, "exp", 3)):
        given = {name: torch.zeros(1, width) for name, width in (("shape", 100), ("exp", 50))}
        given[kind][0, place] = 2.0
        vertices = exact_head.vertices(given["shape"], given["exp"], torch.zeros(1, 6))
        close(vertices[0], template + 2.0 * directions[:, :, column], 1e-8)


def test_only_the_jaw_and_its_skin_follow_the_jaw(head):
    pose = torch.zeros(1, 6)
    pose[0, 3] = 0.3
    moved = (head.vertices(None, None, pose)[0] - head.template_3v.T).norm(dim=1).numpy()
    follows = synth_flame()["flame.lbs_weights"][:, 2]
    correctives = np.abs(synth_flame()["flame.posedirs"]).max()
    assert moved[follows == 0].max() <= 36 * correctives
    assert moved[follows > 0.9].min() > 0.003


def test_the_weights_of_each_vertex_add_up_to_one_so_a_shift_of_all_joints_is_none():
    """With all joints turned alike, skinning is the rigid turn of the root: nothing is torn."""
    arrays = dict(synth_flame())
    arrays["flame.posedirs"] = np.zeros_like(arrays["flame.posedirs"])
    model = FlameModel.from_arrays(arrays, dtype=torch.float64)
    pose = torch.zeros(1, 15, dtype=torch.float64)
    pose[0, 1] = 0.7
    vertices, joints = model.skin(pose)
    shape = torch.cdist(vertices[0, ::100], vertices[0, ::100])
    rest = model.template_3v.T[::100]
    close(shape, torch.cdist(rest, rest).numpy(), 1e-8)
    # float32 weights add up to 1 within their rounding.
    assert (model.weights_jv.sum(dim=0) - 1).abs().max() < 1e-6
    assert joints.shape == (1, 5, 3)


def test_the_eyes_turn_alone(head):
    pose = torch.zeros(1, 6)
    looking = torch.zeros(1, 6)
    looking[0, 1] = 0.3
    moved = (head.vertices(None, None, pose, looking) - head.vertices(None, None, pose)).abs().sum(dim=2)[0]
    eye = synth_flame()["flame.lbs_weights"][:, 3] > 0
    assert eye.any()
    assert moved[torch.tensor(eye)].max() > 1e-4
    correctives = np.abs(synth_flame()["flame.posedirs"]).max()
    assert moved[torch.tensor(~eye)].max() <= 3 * 36 * correctives


def test_a_batch_is_its_frames(head):
    shape, exp, pose = some_codes(9)
    together = head.vertices(shape, exp, pose)
    alone = torch.cat([head.vertices(shape[i : i + 1], exp[i : i + 1], pose[i : i + 1]) for i in range(9)])
    close(together, alone.numpy(), 1e-6)


def test_no_frames(head):
    vertices = head.vertices(torch.zeros(0, 100), torch.zeros(0, 50), torch.zeros(0, 6))
    assert vertices.shape == (0, 5023, 3)
    assert head.landmarks68(vertices, torch.zeros(0, 15)).shape == (0, 68, 3)


@pytest.mark.parametrize("model", ["pseudo", "head"])
def test_the_reduced_model_has_the_same_landmarks(model, request):
    whole: FlameModel = request.getfixturevalue(model)
    reduced = whole.landmarks_only()
    assert reduced.n_vertices < whole.n_vertices
    shape, exp, pose = some_codes(40, seed=4)
    full = full_pose(pose)
    many, _ = whole.skin(full, shape, exp)
    few, _ = reduced.skin(full, shape, exp)
    for name in ("landmarks68", "landmarks68_static", "landmarks105"):
        given = (full,) if name == "landmarks68" else ()
        close(getattr(reduced, name)(few, *given), getattr(whole, name)(many, *given).numpy(), 1e-6)
    for found, wanted in zip(
        reduced.weak_visibility(few, full), whole.weak_visibility(many, full), strict=True
    ):
        # A triangle seen edge-on may fall to either side.
        assert (found != wanted).float().mean() < 1e-3


def test_autocast_changes_nothing(head):
    shape, exp, pose = some_codes(4)
    full, cam = full_pose(pose), torch.tensor([[9.0, 0.0, 0.03]]).expand(4, 3)

    def everything() -> list[torch.Tensor]:
        vertices, joints = head.skin(full, shape, exp)
        points = head.landmarks68(vertices, full)
        return [vertices, joints, points, head.landmarks105(vertices), project(points, cam)]

    plain = everything()
    with torch.autocast("cpu", dtype=torch.bfloat16):
        assert (torch.ones(2, 2) @ torch.ones(2, 2)).dtype == torch.bfloat16
        mixed = everything()
    for a, b in zip(plain, mixed, strict=True):
        assert b.dtype == torch.float32
        assert torch.equal(a, b)


def test_codes_in_bfloat16_are_posed_in_float32(head):
    shape, exp, pose = (c.bfloat16() for c in some_codes(2))
    vertices = head.vertices(shape, exp, pose)
    assert vertices.dtype == torch.float32
    assert torch.equal(vertices, head.vertices(shape.float(), exp.float(), pose.float()))


def test_same_codes_same_bytes_and_untouched(head):
    codes = some_codes(16)
    before = [c.clone() for c in codes]
    first, second = head.vertices(*codes), head.vertices(*codes)
    assert torch.equal(first, second)
    assert all(torch.equal(a, b) for a, b in zip(codes, before, strict=True))


def test_arrays_and_tensors_are_taken_alike(head):
    shape, exp, pose = some_codes(2)
    assert torch.equal(
        head.vertices(shape, exp, pose), head.vertices(shape.numpy(), exp.numpy(), pose.numpy())
    )


def test_rotation_matrices_are_rotations():
    vectors = torch.tensor(np.random.default_rng(0).normal(0, 1, (50, 3)))
    rotation = rotation_matrices(vectors)
    close(rotation @ rotation.transpose(1, 2), np.broadcast_to(np.eye(3), (50, 3, 3)), 1e-6)
    close(torch.linalg.det(rotation), np.ones(50), 1e-6)
    # About the vertical axis, the front turns to +x: to the picture's right.
    quarter = rotation_matrices(torch.tensor([[0.0, np.pi / 2, 0.0]]))[0]
    close(quarter @ torch.tensor([0.0, 0.0, 1.0]), np.array([1.0, 0.0, 0.0]), 1e-6)


def test_a_missing_table_is_named():
    arrays = dict(synth_flame())
    del arrays["flame.posedirs"]
    with pytest.raises(InputError, match=r"flame\.posedirs is missing.*convert-weights emoca"):
        FlameModel.from_arrays(arrays)


def test_another_expression_basis_is_refused():
    arrays = dict(synth_flame())
    arrays["flame.shapedirs"] = arrays["flame.shapedirs"][:, :, :140]
    with pytest.raises(InputError, match=r"flame\.shapedirs .*\(5023, 3, 140\).*\(5023, 3, 150\)"):
        FlameModel.from_arrays(arrays)


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device")
def test_a_gpu_gives_the_same_heads():
    shape, exp, pose = some_codes(8)
    there = FlameModel.from_arrays(synth_flame(), device="cuda").landmarks_only()
    here = FlameModel.from_arrays(synth_flame()).landmarks_only()
    full = full_pose(pose)
    with torch.autocast("cuda", dtype=torch.bfloat16):
        found = there.landmarks68(there.skin(full, shape, exp)[0], full)
    close(found.cpu(), here.landmarks68(here.skin(full, shape, exp)[0], full).numpy(), 1e-6)
