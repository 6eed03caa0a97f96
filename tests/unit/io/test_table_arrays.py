"""Columns that hold an array per row: lists on disk, which every reader understands, arrays in memory."""

from __future__ import annotations

import numpy as np
import pandas as pd
import polars as pl
import pyarrow.parquet as pq
import pytest

from affectflow.io.table_stream import read_pieces, stream_table, transform_table
from affectflow.io.tables import read_table, write_table
from affectflow.schema import FACES, N_LANDMARKS


@pytest.fixture
def faces():
    """Six rows, every second one without a face."""
    rng = np.random.default_rng(0)
    valid = [i % 2 == 0 for i in range(6)]
    landmarks = pl.Series("landmarks_px", rng.normal(size=(6, N_LANDMARKS * 3)).astype(np.float32))
    table = pl.DataFrame(
        {c.name: [None] * 6 for c in FACES.columns}, schema={c.name: c.dtype for c in FACES.columns}
    )
    return table.with_columns(
        recording_id=pl.lit("a"),
        frame_id=pl.int_range(6, dtype=pl.Int32),
        time_s=pl.int_range(6) / 25,
        track_id=pl.when(pl.Series(valid)).then(0).otherwise(-1).cast(pl.Int32),
        primary=pl.Series(valid),
        valid=pl.Series(valid),
        landmarks_px=pl.when(pl.Series(valid)).then(landmarks),
    )


def test_rows_without_an_array_come_back_as_null_for_every_reader(tmp_path, faces):
    write_table(faces, tmp_path / "faces.parquet", "faces")
    assert read_table(tmp_path / "faces.parquet", "faces").equals(faces)
    some = read_table(tmp_path / "faces.parquet", "faces", columns=["landmarks_px"])
    assert some.equals(faces.select("landmarks_px"))
    assert some.schema["landmarks_px"] == FACES.empty().schema["landmarks_px"]
    assert pq.read_table(tmp_path / "faces.parquet")["landmarks_px"].null_count == 3
    column = pd.read_parquet(tmp_path / "faces.parquet")["landmarks_px"]
    assert np.array_equal(column[2], faces["landmarks_px"][2].to_numpy())


def test_a_long_table_is_changed_piece_by_piece(tmp_path, faces):
    with stream_table(tmp_path / "draft.parquet", "faces") as stream:
        for first in range(0, 6, 2):
            stream.append(faces[first : first + 2])
    heights = []

    def change(piece):
        heights.append(piece.height)
        return piece.with_columns(primary=pl.lit(False))

    transform_table(
        tmp_path / "draft.parquet", tmp_path / "faces.parquet", "faces", change, footer={"stage": "x"}
    )
    assert heights == [2, 2, 2]
    assert read_table(tmp_path / "faces.parquet", "faces").equals(faces.with_columns(primary=pl.lit(False)))
    assert [p.height for p in read_pieces(tmp_path / "faces.parquet", "faces")] == [2, 2, 2]
