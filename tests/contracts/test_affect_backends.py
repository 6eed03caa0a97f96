"""What every estimator of valence and arousal must keep, run over the registry."""

from __future__ import annotations

import inspect
from types import SimpleNamespace

import numpy as np
import polars as pl
import pytest

from affectflow.config.expressions import Expressions
from affectflow.errors import MissingDependencyError
from affectflow.face import extract_codes
from affectflow.face.affect import AFFECT, NEEDS_GPU, NEEDS_VIDEO
from affectflow.face.affect.base import AffectBackend
from affectflow.face.affect.extract_affect import extract_affect
from affectflow.face.map_expressions import map_expressions
from affectflow.io.tables import check_table
from affectflow.registry import load
from affectflow.schema import AFFECT as AFFECT_TABLE
from affectflow.schema import EXPRESSIONS, FACES
from affectflow.weights import WEIGHTS
from tests.support.synth_faces import faces_from_codes, random_codes
from tests.support.synth_units import units_table

# Few: a backend may run large networks on each.
N_FRAMES = 6
GAPS = (0, 3)


@pytest.fixture(scope="module", params=sorted(AFFECT))
def backend(request) -> AffectBackend:
    """Each backend, with made-up weights from the fixture `<backend>_weights`."""
    name = request.param
    kind = load(AFFECT, name, "estimator")
    weights = request.getfixturevalue(f"{name}_weights") if name in WEIGHTS else None
    return kind.load(weights, options={"threads": 1})


@pytest.fixture(scope="module")
def rows(backend) -> pl.DataFrame:
    """What it reads: faces, or the expressions of a face that begins to smile."""
    if backend.needs_video:
        return faces_from_codes(*random_codes(N_FRAMES, seed=3), gaps=GAPS)
    smile = {unit: np.linspace(0.1, 1, N_FRAMES) for unit in (6, 12, 25)}
    lost = np.isin(np.arange(N_FRAMES), GAPS)
    units = units_table(np.arange(N_FRAMES) / 25, smile, lost=lost)
    return map_expressions(units, options=Expressions())[0]


def frames_of(backend: AffectBackend, rows: pl.DataFrame):
    return pictures(rows) if backend.needs_video else None


def pictures(faces: pl.DataFrame):
    """Frames of smooth noise."""
    rng = np.random.default_rng(0)
    for frame_id in faces["frame_id"].unique(maintain_order=True):
        coarse = rng.integers(0, 256, (9, 16, 3), dtype=np.uint8)
        yield SimpleNamespace(frame_id=frame_id, rgb=coarse.repeat(40, axis=0).repeat(40, axis=1))


@pytest.fixture(scope="module")
def table(backend, rows) -> pl.DataFrame:
    return pl.concat(extract_affect([rows], backend, frames=frames_of(backend, rows)))


@pytest.mark.parametrize("name", sorted(AFFECT))
def test_the_registry_and_the_class_say_the_same(name):
    kind = load(AFFECT, name, "estimator")
    assert issubclass(kind, AffectBackend)
    assert not inspect.isabstract(kind)
    assert kind.name == name
    assert kind.needs_video == (name in NEEDS_VIDEO)
    assert kind.needs_gpu == (name in NEEDS_GPU)
    assert set(AFFECT) >= NEEDS_VIDEO >= NEEDS_GPU
    if name in WEIGHTS:
        with pytest.raises(MissingDependencyError, match=f"convert-weights {name}"):
            kind.load(None)


def test_a_row_for_every_frame_and_no_number_without_a_face(backend, table, rows):
    check_table(table, "affect", "here")
    assert set(table.columns) - set(AFFECT_TABLE.names) == set(backend.columns)
    assert table["method"].to_list() == [backend.name] * N_FRAMES
    assert table["frame_id"].to_list() == list(range(N_FRAMES))
    assert table["time_s"].equals(rows["time_s"])
    assert table.filter(~pl.col("valid"))["frame_id"].to_list() == list(GAPS)
    numbers = table.select("valence", "arousal", *backend.columns)
    assert (numbers.null_count().row(0)) == (len(GAPS),) * numbers.width


def test_numbers_are_in_their_ranges_and_move_with_the_picture(backend, table):
    for name in ("valence", "arousal"):
        assert table[name].drop_nulls().is_between(-1, 1).all()
        assert table[name].drop_nulls().n_unique() == N_FRAMES - len(GAPS)
    if not backend.columns:
        return
    chances = table.drop_nulls().select(backend.columns)
    assert (chances.sum_horizontal() - 1).abs().max() < 1e-5
    assert chances.min_horizontal().min() >= 0


def test_an_interrupted_job_goes_on_with_the_same_numbers(backend, table, rows, monkeypatch):
    monkeypatch.setattr(extract_codes, "PIECE_ROWS", 4)
    pieces = [rows] if backend.needs_video else [rows[:3], rows[3:5], rows[5:]]
    rest = list(extract_affect(pieces, backend, frames=frames_of(backend, rows), done_rows=4))
    assert sum(piece.height for piece in rest) == 2
    assert pl.concat(rest).equals(table[4:])


def test_an_empty_recording(backend):
    kind = FACES if backend.needs_video else EXPRESSIONS
    frames = iter(()) if backend.needs_video else None
    assert sum(piece.height for piece in extract_affect([kind.empty()], backend, frames=frames)) == 0


def test_frames_are_asked_for_only_where_pixels_are_looked_at(backend, rows):
    if backend.needs_video:
        with pytest.raises(ValueError, match="needs the frames"):
            list(extract_affect([rows], backend))


def test_a_recording_without_a_face(backend, rows):
    without = rows.filter(pl.col("frame_id").is_in(GAPS))
    (table,) = extract_affect([without], backend, frames=frames_of(backend, without))
    assert table.height == len(GAPS)
    assert not table["valid"].any()
    check_table(table, "affect", "here")
