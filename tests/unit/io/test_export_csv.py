"""Codes as CSV: the form of the driving-stress study, its numbers exact."""

from __future__ import annotations

import csv
import io

import numpy as np
import polars as pl
import pytest

from affectflow.io.export_csv import EXP_POSE_HEADER, LANDMARKS_HEADER, export_csv
from affectflow.schema import CODES_COLUMNS
from tests.support.synth_codes import codes_table

TIMES = np.arange(40) / 25


@pytest.fixture
def codes() -> pl.DataFrame:
    """Forty frames; no face in the first and in two others, no landmarks in frame 5."""
    table = codes_table(TIMES, lost=np.isin(np.arange(40), [0, 7, 8]))
    rng = np.random.default_rng(2)
    noise = {name: rng.normal(0, 1, 40).astype(np.float32) for name in CODES_COLUMNS}
    here = pl.col("valid")
    table = table.with_columns(pl.when(here).then(pl.Series(n, v)).alias(n) for n, v in noise.items())
    return table.with_columns(
        pl.when(pl.col("frame_id") == 5).then(None).otherwise(pl.col(c)).alias(c) for c in ("l68_x", "l68_y")
    )


def export(pieces, folder):
    paths = folder / "T019_exp_pose.csv", folder / "lands" / "T019_landmarks_xy.csv"
    n = export_csv(pieces, *paths, subject_id="T019")
    return n, *paths


def rows_of(path) -> list[list[str]]:
    with path.open(newline="") as file:
        return list(csv.reader(file))


def test_headers_are_the_studys(tmp_path, codes):
    _, exp_pose, landmarks = export([codes], tmp_path)
    header = rows_of(exp_pose)[0]
    assert header[:3] == ["subject_id", "frame_id", "exp_00"]
    assert header[51:] == ["exp_49", "pose_00", "pose_01", "pose_02", "pose_03", "pose_04", "pose_05"]
    assert header == EXP_POSE_HEADER
    header = rows_of(landmarks)[0]
    assert header[:6] == ["subject_id", "frame_id", "l68_x001", "l68_y001", "l68_x002", "l68_y002"]
    assert header[136:140] == ["l68_x068", "l68_y068", "mp_x001", "mp_y001"]
    assert header[-2:] == ["mp_x105", "mp_y105"]
    assert header == LANDMARKS_HEADER


def test_frames_count_from_1_and_frames_without_a_face_are_absent(tmp_path, codes):
    n, exp_pose, landmarks = export([codes], tmp_path)
    numbers = [int(row[1]) for row in rows_of(exp_pose)[1:]]
    assert numbers == [i + 1 for i in range(40) if i not in (0, 7, 8)]
    assert n == 37
    assert [row[1] for row in rows_of(landmarks)] == [row[1] for row in rows_of(exp_pose)]
    assert {row[0] for row in rows_of(exp_pose)[1:]} == {"T019"}


def test_the_text_is_what_pythons_csv_writer_makes_of_the_same_arrays(tmp_path, codes):
    _, exp_pose, _ = export([codes], tmp_path)
    seen = codes.filter("valid")
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    writer.writerow(EXP_POSE_HEADER)
    for frame, values in zip(seen["frame_id"], seen.select(CODES_COLUMNS).to_numpy(), strict=True):
        writer.writerow(["T019", frame + 1, *values.tolist()])
    written = exp_pose.read_bytes().decode()
    assert written.count("\r\n") == 38
    # Tiny numbers are written 1e-5 here and 1e-05 there.
    assert written == text.getvalue().replace("e-0", "e-")


@pytest.mark.parametrize("kind", ["any", "near"])
def test_numbers_come_back_bit_for_bit(tmp_path, codes, kind):
    rng = np.random.default_rng(3)
    bits = rng.integers(0, 2**32, 1000, dtype=np.uint32)
    values = bits.view(np.float32) if kind == "any" else rng.normal(0, 0.1, 1000).astype(np.float32)
    values = values[np.isfinite(values)][:40]
    values[:4] = [0.0, -0.0, np.float32(1e-45), np.finfo(np.float32).max]
    codes = codes.with_columns(pl.lit(True).alias("valid"), pl.Series("exp_07", values)).fill_null(0)
    _, exp_pose, _ = export([codes], tmp_path)
    read = np.array([row[9] for row in rows_of(exp_pose)[1:]], dtype=np.float64).astype(np.float32)
    assert np.array_equal(read.view(np.uint32), values.view(np.uint32))


def test_landmarks_are_interleaved_and_blank_where_missing(tmp_path, codes):
    _, _, landmarks = export([codes], tmp_path)
    rows = {int(row[1]): row for row in rows_of(landmarks)[1:]}
    assert set(rows[6][2:138]) == {""}
    points = np.array(rows[3][2:], dtype=np.float64).astype(np.float32).reshape(-1, 2)
    frame = codes.row(2, named=True)
    assert np.array_equal(points[:68, 0], np.float32(frame["l68_x"]))
    assert np.array_equal(points[68:, 1], np.float32(frame["mp_y"]))
    assert "" not in rows[6][138:]


def test_pieces_change_nothing_and_a_failure_leaves_no_file(tmp_path, codes):
    _, *whole = export([codes], tmp_path / "a")
    _, *pieces = export(codes.iter_slices(7), tmp_path / "b")
    assert [p.read_bytes() for p in whole] == [p.read_bytes() for p in pieces]

    def broken():
        yield codes[:20]
        raise RuntimeError

    with pytest.raises(RuntimeError):
        export(broken(), tmp_path / "c")
    assert [p for p in (tmp_path / "c").rglob("*") if p.is_file()] == []


def test_no_face_at_all_gives_headers(tmp_path, codes):
    n, exp_pose, landmarks = export([codes.with_columns(pl.lit(False).alias("valid"))], tmp_path)
    assert n == 0
    assert len(rows_of(exp_pose)) == len(rows_of(landmarks)) == 1
