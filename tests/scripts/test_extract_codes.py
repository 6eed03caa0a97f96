"""The script extract_codes: a faces table in, a codes table out, or one line that says why not."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from affectflow.io.table_stream import stream_table
from affectflow.io.tables import read_footer, read_table
from affectflow.schema import POSE
from tests.support.scripts import run_script
from tests.support.synth_faces import faces_from_codes, random_codes


def run(tmp_path, *, backend: str = "facemesh"):
    return run_script(
        "extract_codes",
        tmp_path,
        inputs={"faces": tmp_path / "faces.parquet", "batch": []},
        outputs={"codes": tmp_path / "codes.parquet"},
        params={"weights": f"resources/models/{backend}", "device": "cpu", "options": {}},
        wildcards={"recording_id": "rec", "backend": backend},
    )


@pytest.fixture
def pose(tmp_path) -> np.ndarray:
    """The true pose of 300 frames, in two row groups; the faces table is written. No face in two frames."""
    exp, pose = random_codes(300, seed=6)
    faces = faces_from_codes(exp, pose, gaps=(0, 255))
    with stream_table(tmp_path / "faces.parquet", "faces") as stream:
        for piece in faces.iter_slices(256):
            stream.append(piece)
    return pose


def test_table_and_footer(tmp_path, pose):
    run(tmp_path)
    codes = read_table(tmp_path / "codes.parquet", "codes")
    assert codes["frame_id"].to_list() == list(range(300))
    assert codes.filter(~pl.col("valid"))["frame_id"].to_list() == [0, 255]
    seen = codes["valid"].to_numpy()
    np.testing.assert_allclose(codes.filter("valid").select(POSE).to_numpy(), pose[seen], atol=1e-5)
    footer = read_footer(tmp_path / "codes.parquet")
    assert footer["stage"] == "extract_codes"
    assert set(footer["inputs"]) == {str(tmp_path / "faces.parquet")}


def test_same_faces_same_bytes(tmp_path, pose):
    run(tmp_path)
    first = (tmp_path / "codes.parquet").read_bytes()
    run(tmp_path)
    assert (tmp_path / "codes.parquet").read_bytes() == first


def test_an_unknown_backend_and_a_broken_table_end_in_one_line(tmp_path, pose, capsys):
    with pytest.raises(SystemExit) as left:
        run(tmp_path, backend="facemsh")
    assert left.value.code == 1
    assert "Did you mean facemesh?" in capsys.readouterr().err
    (tmp_path / "faces.parquet").write_bytes(b"half a table")
    with pytest.raises(SystemExit):
        run(tmp_path)
    message = capsys.readouterr().err.strip()
    assert "cannot be read as Parquet" in message
    assert "\n" not in message
    assert not (tmp_path / "codes.parquet").exists()
