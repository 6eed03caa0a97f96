"""What every estimator of action units must keep, run over the registry."""

from __future__ import annotations

import inspect
import re
from types import SimpleNamespace

import numpy as np
import polars as pl
import pytest

from affectflow.errors import MissingDependencyError
from affectflow.face.extract_units import extract_units
from affectflow.face.units import NEEDS_GPU, NEEDS_VIDEO, UNITS
from affectflow.face.units.base import UnitBackend
from affectflow.face.units.blendshapes import SCORES, BlendshapeUnits
from affectflow.io.tables import check_table
from affectflow.registry import load
from affectflow.schema import FACES
from affectflow.weights import WEIGHTS
from tests.support.synth_faces import faces_from_codes, random_codes

# Few: an estimator may run large networks on each.
N_FRAMES = 12
GAPS = (0, 4, 5, 11)


@pytest.fixture(scope="module", params=sorted(UNITS))
def backend(request) -> UnitBackend:
    """Each estimator; one that needs weights gets made-up ones from the fixture `<name>_weights`."""
    name = request.param
    if name == "blendshapes":
        # Its file cannot be made up: a stand-in for what it computes from a picture.
        names = {n for names in SCORES.values() for n in names} | {"mouthClose"}
        return BlendshapeUnits(lambda rgb: dict.fromkeys(names, float(rgb.mean()) / 255))
    weights = request.getfixturevalue(f"{name}_weights") if name in WEIGHTS else None
    return load(UNITS, name, "estimator of action units").load(weights, device="cpu")


@pytest.fixture(scope="module")
def faces() -> pl.DataFrame:
    return faces_from_codes(*random_codes(N_FRAMES, seed=3), gaps=GAPS)


def pictures(faces: pl.DataFrame):
    """Frames of noise for estimators that look at pixels."""
    rng = np.random.default_rng(0)
    for frame_id in faces["frame_id"].unique(maintain_order=True):
        yield SimpleNamespace(frame_id=frame_id, rgb=rng.integers(0, 256, (360, 640, 3), dtype=np.uint8))


def run(backend: UnitBackend, faces: pl.DataFrame, *, piece_rows: int = 1000) -> pl.DataFrame:
    units, blinks = extract_units(faces.iter_slices(piece_rows), backend, frames=pictures(faces))
    check_table(blinks, "blinks", backend.name)
    return check_table(units, "action_units", backend.name)


@pytest.mark.parametrize("name", sorted(UNITS))
def test_the_registry_and_the_class_say_the_same(name):
    kind = load(UNITS, name, "estimator of action units")
    assert issubclass(kind, UnitBackend)
    assert not inspect.isabstract(kind)
    assert kind.name == name
    assert kind.needs_video == (name in NEEDS_VIDEO)
    assert kind.needs_gpu == (name in NEEDS_GPU)
    assert set(UNITS) >= NEEDS_VIDEO | NEEDS_GPU


def test_its_columns_are_units_in_order(backend):
    assert list(backend.columns) == sorted(set(backend.columns))
    assert all(re.fullmatch(r"au_\d{2}", name) for name in backend.columns)
    assert "au_43" not in backend.columns


def test_one_row_per_frame_in_the_schema(backend, faces):
    units = run(backend, faces)
    ids = ["recording_id", "frame_id", "time_s"]
    assert units.select(ids).equals(faces.select(ids))
    assert units["method"].unique().to_list() == [backend.name]
    assert set(backend.columns) <= set(units.columns)


def test_units_are_intensities_or_null(backend, faces):
    units = run(backend, faces)
    assert units["valid"].to_list() == [i not in GAPS for i in range(N_FRAMES)]
    columns = [*backend.columns, "au_43", "ear_sum"]
    assert units.filter(~pl.col("valid")).select(columns).null_count().row(0) == (len(GAPS),) * len(columns)
    seen = units.filter("valid").select(*backend.columns, "au_43")
    assert set(seen.dtypes) == {pl.Float32}
    values = seen.to_numpy()
    values = values[~np.isnan(values)]
    assert ((values >= 0) & (values <= 1)).all()
    assert seen.select(pl.all().is_not_null().any()).row(0).count(True) > len(seen.columns) // 2


def test_weights_that_are_missing_end_in_one_line(backend):
    if backend.name not in WEIGHTS:
        pytest.skip(f"{backend.name} needs no weights")
    with pytest.raises(MissingDependencyError, match=f"convert-weights {backend.name}") as said:
        type(backend).load(None)
    assert "\n" not in str(said.value)


def test_no_face_at_all_is_answered(backend, faces):
    units = run(backend, faces.filter(~pl.col("valid")))
    assert units.height == len(GAPS)
    assert not units["valid"].any()


def test_an_empty_table_is_answered(backend):
    assert run(backend, FACES.empty()).height == 0


def test_same_input_same_numbers_and_pieces_do_not_matter(backend, faces):
    whole = run(backend, faces)
    assert whole.equals(run(backend, faces))
    cut = run(backend, faces, piece_rows=7)
    columns = list(backend.columns)
    np.testing.assert_allclose(whole.select(columns).to_numpy(), cut.select(columns).to_numpy(), atol=1e-4)


def test_the_input_is_left_alone(backend, faces):
    before = faces.clone()
    landmarks = faces["landmarks_px"].drop_nulls().to_numpy().copy()
    run(backend, faces)
    assert faces.equals(before)
    assert np.array_equal(faces["landmarks_px"].drop_nulls().to_numpy(), landmarks)
