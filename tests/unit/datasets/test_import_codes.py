"""Imported codes on the frames of their video: rows, times, crops, measures; there and back again."""

from __future__ import annotations

import logging

import numpy as np
import polars as pl
import pytest
from polars.testing import assert_frame_equal

from affectflow.config.face import Imported
from affectflow.datasets.codes.emoca_csv import EmocaCsv
from affectflow.datasets.codes.import_codes import import_codes, imported_crops
from affectflow.errors import InputError
from affectflow.face import anatomy
from affectflow.face.backends import emoca
from affectflow.face.backends.emoca import EmocaBackend
from affectflow.face.backends.facemesh import FaceMeshBackend
from affectflow.face.extract_codes import extract_codes
from affectflow.io.export_csv import export_csv
from affectflow.io.tables import check_table
from affectflow.schema import CODES_COLUMNS, MEASURES
from tests.support.faces import StillFrame
from tests.support.synth_faces import faces_from_codes, landmarks_of, random_codes
from tests.support.synth_flame import synth_flame
from tests.support.tiny_emoca import TinyEncoders, moving_picture

IBUG68, EMOCA105 = list(anatomy.IBUG68), list(anatomy.EMOCA105)
N = 60
GAPS = (0, 7, 8, 41)
VIEWS = ["l68_x", "l68_y", "mp_x", "mp_y"]
WIDTH = 640


@pytest.fixture(scope="module")
def faces() -> pl.DataFrame:
    return faces_from_codes(*random_codes(N, seed=4), gaps=GAPS)


@pytest.fixture(scope="module")
def codes(faces) -> pl.DataFrame:
    return pl.concat(list(extract_codes([faces], FaceMeshBackend.load())))


@pytest.fixture(scope="module")
def points() -> np.ndarray:
    """The 478 points of 20 faces, float32 (20, 478, 3)."""
    return landmarks_of(FaceMeshBackend.load().mesh(*random_codes(20, seed=9)))


def import_all(faces, codes, *, pieces=N, imported=None, **options) -> pl.DataFrame:
    found = import_codes(
        faces.iter_slices(pieces), codes, imported=imported or Imported(), where="a.csv", **options
    )
    return check_table(pl.concat(list(found)), "codes", "imported")


def as_read(codes: pl.DataFrame) -> list[pl.DataFrame]:
    """What a code format would hand over of a codes table."""
    return [codes.filter("valid").select("frame_id", *CODES_COLUMNS, *VIEWS)]


def reference_pixels(
    unit: np.ndarray, points68: np.ndarray, *, crop_px: int, scale: float, shift
) -> np.ndarray:
    """Unit coordinates (p, 2) → pixels of the frame, as the study's own overlay goes; index space.

    Its chain, written out: box, size and centre, crop pixels 0 … crop_px, and the
    similarity that takes the square's corners to 0 and crop_px - 1, backwards.
    """
    (left, top), (right, bottom) = points68.min(axis=0), points68.max(axis=0)
    size = int((right - left + bottom - top) / 2 * 1.1 * scale)
    x = right - (right - left) / 2 + (right - left) * shift[0]
    y = bottom - (bottom - top) / 2 + (bottom - top) * shift[1]
    crop = (unit * 0.5 + 0.5) * crop_px
    return crop * size / (crop_px - 1) + (x - size / 2, y - size / 2)


@pytest.mark.parametrize(
    "settings",
    [
        {},
        {"image_size": 256},
        {"scale": 1.6},
        {"bb_center_shift_x": -0.1, "bb_center_shift_y": 0.08},
        {"flip_x": True},
        {"flip_x": True, "bb_center_shift_x": 0.2, "image_size": 64},
        {"box": "mediapipe", "bb_center_shift_y": 0.08},
    ],
    ids=str,
)
def test_crops_put_points_where_the_studys_overlay_puts_them(points, settings):
    imported = Imported(**settings)
    found = imported_crops(points, imported)
    unit = np.random.default_rng(5).uniform(-1.2, 1.2, (30, 2))
    picked = IBUG68 if imported.box == "points68" else list(range(468))
    for i, face in enumerate(points.astype(np.float64)):
        # The study counts pixel centres as whole numbers; its mirror of x is width - 1 - x.
        box_points = face[picked, :2] - 0.5
        if imported.flip_x:
            box_points = box_points * (-1, 1) + (WIDTH - 1, 0)
        expected = reference_pixels(
            unit,
            box_points,
            crop_px=imported.image_size,
            scale=imported.scale,
            shift=(imported.bb_center_shift_x, imported.bb_center_shift_y),
        )
        stored = unit * (-1, 1) if imported.flip_x else unit
        if imported.flip_x:
            expected = expected * (-1, 1) + (WIDTH - 1, 0)
        centre = np.array([found["crop_x_px"][i], found["crop_y_px"][i]], np.float64)
        ours = centre + found["crop_size_px"][i] / 2 * stored
        np.testing.assert_allclose(ours - 0.5, expected, atol=1e-3)


@pytest.mark.parametrize("flip", [False, True])
def test_landmarks_fall_onto_the_tracked_points(faces, flip):
    """EMOCA's landmarks of a face it saw in the crop our settings describe: the overlay must show that face."""
    landmarks = faces["landmarks_px"].drop_nulls().to_numpy().reshape(-1, 478, 3).astype(np.float64)
    settings = Imported(flip_x=flip)
    rows = []
    for face in landmarks:
        seen = face[:, :2] * (-1, 1) + (WIDTH, 0) if flip else face[:, :2]
        box = seen[IBUG68]
        size = int((np.ptp(box[:, 0]) + np.ptp(box[:, 1])) / 2 * 1.1 * 1.25)
        corner = (box.min(axis=0) + box.max(axis=0)) / 2 - 0.5 - size / 2
        rows.append(((seen - 0.5 - corner) * 223 / size / 224 - 0.5) * 2)
    unit = np.float32(rows)
    seen = faces.filter("valid").select("frame_id")
    read = seen.with_columns(
        *(pl.lit(0, pl.Float32).alias(c) for c in CODES_COLUMNS),
        pl.Series("l68_x", unit[:, IBUG68, 0], dtype=pl.Array(pl.Float32, 68)),
        pl.Series("l68_y", unit[:, IBUG68, 1], dtype=pl.Array(pl.Float32, 68)),
        pl.Series("mp_x", unit[:, EMOCA105, 0], dtype=pl.Array(pl.Float32, 105)),
        pl.Series("mp_y", unit[:, EMOCA105, 1], dtype=pl.Array(pl.Float32, 105)),
    )
    table = import_all(faces, [read], imported=settings).filter("valid")
    for axis, letter in enumerate("xy"):
        centre = table[f"crop_{letter}_px"].to_numpy()[:, None]
        half = table["crop_size_px"].to_numpy()[:, None] / 2
        for view, chosen in (("l68", IBUG68), ("mp", EMOCA105)):
            drawn = centre + half * table[f"{view}_{letter}"].to_numpy()
            np.testing.assert_allclose(drawn, landmarks[:, chosen, axis], atol=2e-3)


def test_every_frame_keeps_its_row_and_time(faces, codes):
    table = import_all(faces, as_read(codes)).rechunk()
    assert table["frame_id"].to_list() == list(range(N))
    assert table["time_s"].equals(faces["time_s"])
    assert table.filter(~pl.col("valid"))["frame_id"].to_list() == list(GAPS)
    empty = table.filter(~pl.col("valid")).drop("recording_id", "frame_id", "time_s", "valid")
    assert empty.null_count().row(0) == (len(GAPS),) * empty.width


def test_export_and_import_give_the_codes_back(faces, codes, tmp_path):
    path = tmp_path / "S1_exp_pose.csv"
    export_csv([codes], path, tmp_path / "lands" / "S1_landmarks_xy.csv", subject_id="S1")
    table = import_all(faces, EmocaCsv().read(path, ids={"S1"}))
    same = ["recording_id", "frame_id", "time_s", "valid", "score", *CODES_COLUMNS, *VIEWS, *MEASURES]
    assert table.select(same).equals(codes.select(same), null_equal=True)
    # facemesh's square leaves out EMOCA's 224 / 223: at most half a crop pixel on either side.
    for name, most in (("crop_x_px", 0.501 / 223), ("crop_y_px", 0.501 / 223), ("crop_size_px", 1.002 / 223)):
        difference = (table[name] - codes[name]).abs() / codes["crop_size_px"]
        assert difference.max() < most


def test_a_recording_without_a_face_comes_back(faces, codes, tmp_path):
    lost = codes.filter(~pl.col("valid"))
    nobody = pl.concat([lost] * (N // lost.height + 1))[:N].with_columns(frame_id=codes["frame_id"])
    paths = tmp_path / "rec_exp_pose.csv", tmp_path / "lands" / "rec_landmarks_xy.csv"
    assert export_csv([nobody], *paths, subject_id="S01") == 0
    back = import_all(faces, EmocaCsv().read(paths[0], ids={"S01"}), pieces=25)
    assert back["frame_id"].to_list() == list(range(N))
    assert not back["valid"].any()
    assert back.select([*CODES_COLUMNS, *VIEWS]).null_count().row(0) == (N,) * (len(CODES_COLUMNS) + 4)


def test_emocas_codes_come_back_with_their_crops(faces, tmp_path, monkeypatch):
    """The same points, the same rule: an imported run lies where the backend itself would have put it."""
    monkeypatch.setattr(emoca, "Encoders", TinyEncoders)
    frames = (StillFrame(i, i / 25, moving_picture(i % 5, width=640, height=360)) for i in range(N))
    made = extract_codes([faces], EmocaBackend.load(synth_flame()), frames=frames)
    codes = pl.concat(list(made))
    assert codes["valid"].sum() == N - len(GAPS)
    path = tmp_path / "S1_exp_pose.csv"
    export_csv([codes], path, tmp_path / "lands" / "S1_landmarks_xy.csv", subject_id="S1")
    table = import_all(faces, EmocaCsv().read(path, ids={"S1"}))
    # The form has no place for what is turned to the camera.
    lost = ["l68_visible", "mp_visible"]
    assert table.select(lost).null_count().row(0) == (N, N)
    assert_frame_equal(table.drop(lost, MEASURES), codes.drop(lost, MEASURES), check_exact=True)
    assert_frame_equal(table.select(MEASURES), codes.select(MEASURES), abs_tol=1e-6)


def test_pieces_change_nothing(faces, codes):
    whole = import_all(faces, as_read(codes))
    [read] = as_read(codes)
    # Products of matrices of other heights may differ in the last bit.
    assert_frame_equal(import_all(faces, read.iter_slices(11), pieces=5), whole, abs_tol=1e-6)


def test_codes_without_a_tracked_face_are_kept_without_crop_and_measures(faces, codes, caplog):
    [read] = as_read(codes)
    extra = read[:1].with_columns(pl.lit(8, pl.Int32).alias("frame_id"))
    with caplog.at_level(logging.INFO, "affectflow"):
        table = import_all(faces, [pl.concat([read, extra]).sort("frame_id")])
    row = table.row(8, named=True)
    assert row["valid"]
    assert row["exp_03"] == extra["exp_03"][0]
    assert row["mp_x"] == extra["mp_x"][0].to_list()
    assert [row[c] for c in (*MEASURES, "crop_x_px", "crop_size_px", "score")] == [None] * (len(MEASURES) + 3)
    assert "1 of them without a face of our tracking" in caplog.text
    assert f"codes of {N - len(GAPS) + 1} of {N} frames" in caplog.text


def test_a_face_without_codes_is_not_valid(faces, codes):
    [read] = as_read(codes)
    table = import_all(faces, [read.filter(pl.col("frame_id") != 20)])
    assert table.row(20)[3:] == (False, *(None,) * (table.width - 4))


def test_no_face_tracked_at_all(faces, codes):
    unseen = faces.with_columns(
        pl.lit(False).alias("valid"), pl.lit(None, faces.schema["landmarks_px"]).alias("landmarks_px")
    )
    table = import_all(unseen, as_read(codes))
    assert table["valid"].sum() == N - len(GAPS)
    assert table["crop_x_px"].null_count() == N


def test_landmarks_may_be_absent_and_further_codes_are_kept(faces, codes):
    [read] = as_read(codes)
    read = read.drop(VIEWS).with_columns(pl.lit(0.25, pl.Float32).alias("shape_07"))
    table = import_all(faces, [read])
    assert table["l68_x"].null_count() == N
    assert table["shape_07"].drop_nulls().to_list() == [0.25] * (N - len(GAPS))
    assert import_all(faces, [read], imported=Imported(flip_x=True))["l68_x"].null_count() == N


def test_neither_table_is_read_far_ahead(faces, codes):
    """Memory does not grow with the recording: what is held is what is being worked on."""
    [read] = as_read(codes)
    taken = {"faces": 0, "codes": 0}

    def counted(name, pieces):
        for piece in pieces:
            taken[name] += piece.height
            yield piece

    done = 0
    for table in import_codes(
        counted("faces", faces.iter_slices(4)),
        counted("codes", read.iter_slices(4)),
        imported=Imported(),
        where="a.csv",
    ):
        done += table.height
        assert taken["faces"] <= done + 8
        assert taken["codes"] <= done + 8
    assert done == N


@pytest.mark.parametrize("frame", [N, 4000])
def test_codes_beyond_the_video_are_refused(faces, codes, frame):
    [read] = as_read(codes)
    late = read[:1].with_columns(pl.lit(frame, pl.Int32).alias("frame_id"))
    with pytest.raises(InputError) as error:
        import_all(faces, [read, late], first_frame=1)
    assert f"has codes of frame_id {frame + 1} (the first is 1), but the video has {N} frames" in str(
        error.value
    )


def test_mirrored_coordinates_are_turned_back_and_missing_ones_stay_missing(faces, codes):
    [read] = as_read(codes)
    missing = pl.col("frame_id") == 5
    read = read.with_columns(pl.when(missing).then(None).otherwise(pl.col("l68_x")).alias("l68_x"))
    plain = import_all(faces, [read])
    turned = import_all(faces, [read], imported=Imported(flip_x=True))
    seen = plain["l68_x"].is_not_null()
    assert seen.sum() == N - len(GAPS) - 1
    assert np.array_equal(-plain["l68_x"].drop_nulls().to_numpy(), turned["l68_x"].drop_nulls().to_numpy())
    assert turned["l68_x"].is_not_null().equals(seen)
    same = [*CODES_COLUMNS, "l68_y", "mp_y", *MEASURES]
    assert plain.select(same).equals(turned.select(same), null_equal=True)
