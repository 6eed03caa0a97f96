"""What every estimator of valence and arousal must keep, run over the registry."""

from __future__ import annotations

import inspect
from types import SimpleNamespace

import numpy as np
import polars as pl
import pytest

from affectflow.errors import MissingDependencyError
from affectflow.face import extract_codes
from affectflow.face.affect import AFFECT
from affectflow.face.affect.base import AffectBackend
from affectflow.face.affect.extract_affect import extract_affect
from affectflow.io.tables import check_table
from affectflow.registry import load
from affectflow.schema import FACES
from tests.support.synth_faces import faces_from_codes, random_codes

# Few: a backend may run large networks on each.
N_FRAMES = 6
GAPS = (0, 3)


@pytest.fixture(scope="module", params=sorted(AFFECT))
def backend(request) -> AffectBackend:
    """Each backend, with made-up weights from the fixture `<backend>_weights`."""
    name = request.param
    kind = load(AFFECT, name, "estimator")
    return kind.load(request.getfixturevalue(f"{name}_weights"), options={"threads": 1})


@pytest.fixture(scope="module")
def faces() -> pl.DataFrame:
    return faces_from_codes(*random_codes(N_FRAMES, seed=3), gaps=GAPS)


def pictures(faces: pl.DataFrame):
    """Frames of smooth noise."""
    rng = np.random.default_rng(0)
    for frame_id in faces["frame_id"].unique(maintain_order=True):
        coarse = rng.integers(0, 256, (9, 16, 3), dtype=np.uint8)
        yield SimpleNamespace(frame_id=frame_id, rgb=coarse.repeat(40, axis=0).repeat(40, axis=1))


@pytest.fixture(scope="module")
def table(backend, faces) -> pl.DataFrame:
    return pl.concat(extract_affect([faces], backend, frames=pictures(faces)))


@pytest.mark.parametrize("name", sorted(AFFECT))
def test_the_registry_and_the_class_say_the_same(name):
    kind = load(AFFECT, name, "estimator")
    assert issubclass(kind, AffectBackend)
    assert not inspect.isabstract(kind)
    assert kind.name == name
    assert kind.needs_gpu
    with pytest.raises(MissingDependencyError, match=f"convert-weights {name}"):
        kind.load(None)


def test_a_row_for_every_frame_and_no_number_without_a_face(backend, table, faces):
    check_table(table, "affect", "here")
    assert set(table.columns) - {"recording_id", "frame_id", "time_s", "valid", "valence", "arousal"} == set(
        backend.columns
    )
    assert table["frame_id"].to_list() == list(range(N_FRAMES))
    assert table["time_s"].equals(faces["time_s"])
    assert table.filter(~pl.col("valid"))["frame_id"].to_list() == list(GAPS)
    numbers = table.select("valence", "arousal", *backend.columns)
    assert (numbers.null_count().row(0)) == (len(GAPS),) * numbers.width


def test_numbers_are_in_their_ranges_and_move_with_the_picture(backend, table):
    for name in ("valence", "arousal"):
        assert table[name].drop_nulls().is_between(-1, 1).all()
        assert table[name].drop_nulls().n_unique() == N_FRAMES - len(GAPS)
    chances = table.drop_nulls().select(backend.columns)
    assert (chances.sum_horizontal() - 1).abs().max() < 1e-5
    assert chances.min_horizontal().min() >= 0


def test_an_interrupted_job_goes_on_with_the_same_numbers(backend, table, faces, monkeypatch):
    monkeypatch.setattr(extract_codes, "PIECE_ROWS", 4)
    rest = list(extract_affect([faces], backend, frames=pictures(faces), done_rows=4))
    assert [piece.height for piece in rest] == [2]
    assert rest[0].equals(table[4:])


def test_an_empty_recording(backend):
    assert list(extract_affect([FACES.empty()], backend, frames=iter(()))) == []


def test_a_recording_without_a_face(backend, faces):
    without = faces.filter(pl.col("frame_id").is_in(GAPS))
    (table,) = extract_affect([without], backend, frames=pictures(without))
    assert table.height == len(GAPS)
    assert not table["valid"].any()
    check_table(table, "affect", "here")
