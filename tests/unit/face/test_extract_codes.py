from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from affectflow.errors import TableError
from affectflow.face.aligned import usable_faces
from affectflow.face.backends.facemesh import FaceMeshBackend
from affectflow.face.extract_codes import codes_table, extract_codes, primary_faces
from affectflow.face.measures import measure_faces
from affectflow.io.table_stream import read_pieces, stream_table
from affectflow.io.tables import check_table, read_table
from affectflow.schema import CODES, EXP, FACES, MEASURES, POSE
from tests.support.synth_faces import faces_from_codes, landmarks_of, random_codes


@pytest.fixture(scope="module")
def backend() -> FaceMeshBackend:
    return FaceMeshBackend.load()


@pytest.fixture(scope="module")
def single() -> pl.DataFrame:
    return faces_from_codes(*random_codes(12, seed=1), gaps=(4,))


@pytest.fixture(scope="module")
def crowd(single) -> pl.DataFrame:
    """A second face beside the primary one in frames 2 to 6; in frame 4 it is alone."""
    other = faces_from_codes(*random_codes(12, seed=2)).filter(pl.col("frame_id").is_between(2, 6))
    other = other.with_columns(track_id=pl.lit(1, pl.Int32), primary=pl.lit(False))
    first = single.filter(~((pl.col("frame_id") == 4) & ~pl.col("valid")))
    return pl.concat([first, other]).sort("frame_id", "track_id")


def codes_of(faces: pl.DataFrame, backend: FaceMeshBackend, *, piece_rows: int = 1000) -> pl.DataFrame:
    return pl.concat(extract_codes(faces.iter_slices(piece_rows), backend))


@pytest.mark.parametrize("piece_rows", [1, 2, 3, 5, 100])
def test_the_primary_face_alone_is_kept(single, crowd, piece_rows):
    kept = pl.concat(primary_faces(crowd.iter_slices(piece_rows)))
    assert check_table(kept, "faces", "kept").height == 12
    assert kept["frame_id"].to_list() == list(range(12))
    alone = kept.row(4, named=True)
    assert (alone["track_id"], alone["primary"], alone["valid"]) == (-1, False, False)
    assert alone["landmarks_px"] is None
    assert kept.equals(single)


def test_codes_follow_the_primary_face(single, crowd, backend):
    assert codes_of(crowd, backend).equals(codes_of(single, backend))


def test_two_primary_faces_in_a_frame_are_refused(crowd, backend):
    with pytest.raises(TableError, match=r"recording rec: frame 2 has two primary faces.*Re-run"):
        codes_of(crowd.with_columns(primary=pl.lit(True)), backend)


@pytest.mark.parametrize("piece_rows", [2, 100])
def test_frames_out_of_order_are_refused(single, backend, piece_rows):
    with pytest.raises(TableError, match="not in order"):
        codes_of(single.reverse(), backend, piece_rows=piece_rows)


def test_landmarks_that_cannot_be_a_face_are_not_valid(backend):
    landmarks = landmarks_of(backend.mesh(*random_codes(4)))
    landmarks[1, 100] = np.nan
    landmarks[2] = 5.0
    landmarks[3, 7, 2] = np.inf
    assert usable_faces(landmarks).tolist() == [True, False, False, False]
    faces = faces_from_codes(*random_codes(4)).with_columns(
        landmarks_px=pl.Series(landmarks.reshape(4, -1), dtype=FACES.empty().schema["landmarks_px"])
    )
    codes = codes_of(faces, backend)
    assert codes["valid"].to_list() == [True, False, False, False]
    assert codes["exp_00"].null_count() == 3
    assert codes["score"].null_count() == 3


def test_the_score_and_measures_are_those_of_the_frame(single, backend):
    codes = codes_of(single, backend)
    assert codes["score"].equals(single["score"])
    aligned, _, _ = backend.encode(
        np.stack(single["landmarks_px"].drop_nulls().to_list()).reshape(-1, 478, 3)
    )
    for name, values in measure_faces(aligned).items():
        np.testing.assert_allclose(codes[name].drop_nulls().to_numpy(), values, atol=1e-5)
    assert set(MEASURES) <= set(codes.columns)


def test_size_and_place_in_the_picture_do_not_matter(backend):
    landmarks = landmarks_of(backend.mesh(*random_codes(5, seed=9)))
    _, exp, pose = backend.encode(landmarks)
    _, far_exp, far_pose = backend.encode(landmarks / 4 + np.float32([900, 500, 30]))
    np.testing.assert_allclose(far_exp, exp, atol=2e-3)
    np.testing.assert_allclose(far_pose, pose, atol=1e-4)


def test_a_persons_own_face_cancels_within_the_person(backend):
    """The same movement on two faces gives the same difference of codes, small turns of the jaw apart."""
    exp, pose = random_codes(2, seed=4)
    pose[:, 3:] = 0
    own = np.random.default_rng(5).normal(0, 1, 50)
    _, plain, _ = backend.encode(landmarks_of(backend.mesh(exp, pose)))
    _, other, _ = backend.encode(landmarks_of(backend.mesh(exp + own, pose)))
    np.testing.assert_allclose(plain[1] - plain[0], other[1] - other[0], atol=1e-3)


def test_codes_table_takes_further_columns_and_fills_the_rest(single):
    coded = single["valid"].to_numpy()
    detail = np.arange(coded.sum(), dtype=np.float32)
    table = codes_table(single, coded, {"detail_000": detail}, score=detail)
    assert check_table(table, "codes", "x").columns[-1] == "detail_000"
    assert table["detail_000"].drop_nulls().to_list() == detail.tolist()
    assert table["detail_000"].null_count() == 1
    assert table["score"].drop_nulls().to_list() == detail.tolist()
    assert table.select(*EXP, *POSE).null_count().row(0) == (12,) * 56


def test_through_files(single, backend, tmp_path):
    faces, codes = tmp_path / "faces.parquet", tmp_path / "codes.parquet"
    with stream_table(faces, "faces") as stream:
        for piece in single.iter_slices(5):
            stream.append(piece)
    assert pl.concat(read_pieces(faces, "faces")).equals(single)
    with stream_table(codes, "codes") as stream:
        for piece in extract_codes(read_pieces(faces, "faces"), backend):
            stream.append(piece)
    back = read_table(codes, "codes")
    assert back.columns == CODES.names
    assert back.equals(codes_of(single, backend, piece_rows=5))


def test_a_file_that_is_no_table_is_named(tmp_path):
    bad = tmp_path / "faces.parquet"
    bad.write_text("not a table")
    with pytest.raises(TableError, match=r"faces\.parquet: cannot be read as Parquet"):
        list(read_pieces(bad, "faces"))
    with pytest.raises(TableError, match="there is no such table"):
        list(read_pieces(tmp_path / "none.parquet", "faces"))
