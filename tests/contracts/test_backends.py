"""What every face backend must keep, run over the registry."""

from __future__ import annotations

import inspect
from types import SimpleNamespace

import numpy as np
import polars as pl
import pytest

from affectflow.errors import MissingDependencyError
from affectflow.face.backends import BACKENDS, NEEDS_GPU, NEEDS_VIDEO, TAKES_WHOLE
from affectflow.face.backends.base import FaceBackend
from affectflow.face.extract_codes import extract_codes
from affectflow.io.tables import check_table
from affectflow.registry import load
from affectflow.schema import CODES, EXP, FACES, POSE
from affectflow.weights import WEIGHTS
from tests.support.synth_faces import faces_from_codes, random_codes

# Few: a backend may run large networks on each.
N_FRAMES = 12
GAPS = (0, 4, 5, 11)


@pytest.fixture(scope="module", params=sorted(BACKENDS))
def backend(request) -> FaceBackend:
    """Each backend; one that needs weights gets made-up ones from the fixture `<backend>_weights`."""
    name = request.param
    weights = request.getfixturevalue(f"{name}_weights") if name in WEIGHTS else None
    return load(BACKENDS, name, "backend").load(weights, device="cpu")


@pytest.fixture(scope="module")
def faces() -> pl.DataFrame:
    return faces_from_codes(*random_codes(N_FRAMES, seed=3), gaps=GAPS)


def pictures(faces: pl.DataFrame):
    """Frames of noise for backends that look at pixels."""
    rng = np.random.default_rng(0)
    for frame_id in faces["frame_id"].unique(maintain_order=True):
        yield SimpleNamespace(frame_id=frame_id, rgb=rng.integers(0, 256, (360, 640, 3), dtype=np.uint8))


def run(backend: FaceBackend, faces: pl.DataFrame, *, piece_rows: int = 1000) -> pl.DataFrame:
    pieces = list(extract_codes(faces.iter_slices(piece_rows), backend, frames=pictures(faces)))
    return pl.concat(pieces) if pieces else CODES.empty()


@pytest.mark.parametrize("name", sorted(BACKENDS))
def test_the_registry_and_the_class_say_the_same(name):
    kind = load(BACKENDS, name, "backend")
    assert issubclass(kind, FaceBackend)
    assert not inspect.isabstract(kind)
    assert kind.name == name
    assert kind.needs_video == (name in NEEDS_VIDEO)
    assert kind.needs_gpu == (name in NEEDS_GPU)
    assert kind.takes_whole == (name in TAKES_WHOLE)


def test_needs_name_registered_backends_only():
    assert set(BACKENDS) >= NEEDS_VIDEO | NEEDS_GPU | TAKES_WHOLE


def test_one_row_per_frame_in_the_schema(backend, faces):
    codes = check_table(run(backend, faces), "codes", backend.name)
    assert codes.select("recording_id", "frame_id", "time_s").equals(
        faces.select("recording_id", "frame_id", "time_s")
    )


def test_a_frame_without_a_face_is_null_and_not_valid(backend, faces):
    codes = run(backend, faces)
    measured = [c.name for c in CODES.columns if c.nullable]
    assert codes["valid"].to_list() == [i not in GAPS for i in range(N_FRAMES)]
    empty = codes.filter(~pl.col("valid"))
    assert empty.select(pl.all_horizontal(pl.col(measured).is_null()).all()).item()
    seen = codes.filter("valid")
    assert seen.select(*EXP, *POSE).null_count().sum_horizontal().item() == 0
    assert np.isfinite(seen.select(*EXP, *POSE).to_numpy()).all()


def test_weights_that_are_missing_end_in_one_line(backend):
    if backend.name not in WEIGHTS:
        pytest.skip(f"{backend.name} needs no weights")
    with pytest.raises(MissingDependencyError, match=f"convert-weights {backend.name}") as said:
        type(backend).load(None)
    assert "\n" not in str(said.value)


def test_a_recording_can_be_gone_on_with_at_any_piece(backend, faces, monkeypatch):
    if not backend.needs_video:
        pytest.skip(f"{backend.name} makes all its codes at once")
    monkeypatch.setattr("affectflow.face.extract_codes.PIECE_ROWS", 5)
    whole = list(extract_codes([faces], backend, frames=pictures(faces)))
    rest = list(extract_codes([faces], backend, frames=pictures(faces), done_rows=5))
    assert [piece.height for piece in whole] == [5, 5, 2]
    assert len(rest) == 2
    assert all(a.equals(b) for a, b in zip(rest, whole[1:], strict=True))


def test_no_face_at_all_is_answered(backend, faces):
    codes = run(backend, faces.filter(~pl.col("valid")))
    assert codes.height == len(GAPS)
    assert not codes["valid"].any()
    check_table(codes, "codes", backend.name)


def test_an_empty_table_is_answered(backend):
    assert run(backend, FACES.empty()).height == 0


def test_same_input_same_bytes(backend, faces):
    first, second = run(backend, faces), run(backend, faces)
    for name in first.columns:
        assert first[name].to_arrow().equals(second[name].to_arrow()), name


def test_pieces_do_not_matter(backend, faces):
    whole, cut = run(backend, faces), run(backend, faces, piece_rows=7)
    assert whole["valid"].equals(cut["valid"])
    columns = [*EXP, *POSE]
    np.testing.assert_allclose(
        whole.filter("valid").select(columns).to_numpy(),
        cut.filter("valid").select(columns).to_numpy(),
        atol=1e-4,
    )


def test_the_input_is_left_alone(backend, faces):
    before = faces.clone()
    landmarks = faces["landmarks_px"].drop_nulls().to_numpy().copy()
    run(backend, faces)
    assert faces.equals(before)
    assert np.array_equal(faces["landmarks_px"].drop_nulls().to_numpy(), landmarks)


def test_mesh_has_the_right_form(backend):
    exp, pose = random_codes(3)
    given = exp.copy(), pose.copy()
    mesh = backend.mesh(exp, pose)
    assert mesh.dtype == np.float32
    assert mesh.ndim == 3
    assert mesh.shape[0] == 3
    assert mesh.shape[2] == 3
    assert backend.triangles.dtype == np.int32
    assert backend.triangles.min() >= 0
    assert backend.triangles.max() < mesh.shape[1]
    assert backend.mesh(exp[:0], pose[:0]).shape == (0, *mesh.shape[1:])
    assert np.array_equal(exp, given[0])
    assert np.array_equal(pose, given[1])


def test_the_neutral_mesh_faces_the_camera_and_opens_its_jaw_downwards(backend):
    pose = np.zeros((4, 6))
    pose[1, 3], pose[2, 0], pose[3, 1] = 0.3, 0.3, 0.3
    rest, jaw, nod, turn = backend.mesh(np.zeros((4, 50)), pose).astype(np.float64)
    a, b, c = (rest[backend.triangles[:, i]] for i in range(3))
    normals = np.cross(b - a, c - a)
    outwards = (a + b + c) / 3 - rest.mean(axis=0)
    assert (normals * outwards).sum() > 0, "triangles are wound inwards"
    nose = int(np.argmax(rest[:, 2]))
    chin = int(np.argmin(jaw[:, 1] - rest[:, 1]))
    assert jaw[chin, 1] < rest[chin, 1] - 0.5
    assert rest[chin, 1] < rest[nose, 1] - 2, "what an opening jaw lowers most lies below the nose"
    assert nod[nose, 1] < rest[nose, 1], "a positive rotation about x lowers the nose"
    assert turn[nose, 0] > rest[nose, 0], "a positive rotation about y turns to the picture's right"


def test_codes_to_mesh_to_landmarks_to_codes(backend):
    if backend.needs_video:
        pytest.skip(f"{backend.name} reads pixels, not landmarks")
    exp, pose = random_codes(30, seed=5)
    codes = run(backend, faces_from_codes(exp, pose))
    np.testing.assert_allclose(codes.select(POSE).to_numpy(), pose, atol=1e-5)
    np.testing.assert_allclose(codes.select(EXP).to_numpy(), exp, atol=2e-4)
