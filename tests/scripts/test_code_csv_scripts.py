"""The scripts export_csv and import_codes: there, back, and one line when it cannot be."""

from __future__ import annotations

import polars as pl
import pytest

from affectflow.config.face import Imported
from affectflow.face.backends.facemesh import FaceMeshBackend
from affectflow.face.extract_codes import extract_codes
from affectflow.io.table_stream import stream_table
from affectflow.io.tables import read_footer, read_table, write_table
from affectflow.schema import CODES_COLUMNS
from tests.support.scripts import run_script
from tests.support.synth_faces import faces_from_codes, random_codes


@pytest.fixture
def codes(tmp_path) -> pl.DataFrame:
    """Codes of 300 frames; the tables of codes and faces are written, in row groups of 128."""
    faces = faces_from_codes(*random_codes(300, seed=6), gaps=(0, 255))
    with stream_table(tmp_path / "faces.parquet", "faces") as stream:
        for piece in faces.iter_slices(128):
            stream.append(piece)
    table = pl.concat(list(extract_codes([faces], FaceMeshBackend.load())))
    write_table(table, tmp_path / "codes.parquet", "codes")
    return table


def export(folder):
    base = folder / "CSV_stream"
    outputs = {"exp_pose": base / "rec_exp_pose.csv", "landmarks": base / "lands" / "rec_landmarks_xy.csv"}
    run_script(
        "export_csv",
        folder,
        inputs={"codes": folder / "codes.parquet"},
        outputs=outputs,
        params={"subject_id": "S01"},
        wildcards={"recording_id": "rec", "backend": "facemesh"},
    )
    return outputs


def import_back(folder, **params):
    path = folder / "CSV_stream" / "rec_exp_pose.csv"
    return run_script(
        "import_codes",
        folder,
        inputs={"codes": [path], "faces": folder / "faces.parquet"},
        outputs={"codes": folder / "back.parquet"},
        params={
            "codes": str(path),
            "codes_format": "emoca_csv",
            "subject_id": "S01",
            "imported": Imported().model_dump(),
            **params,
        },
        wildcards={"recording_id": "rec", "backend": "emoca"},
    )


def test_there_and_back(tmp_path, codes):
    export(tmp_path)
    log = import_back(tmp_path)
    back = read_table(tmp_path / "back.parquet", "codes")
    same = ["recording_id", "frame_id", "time_s", "valid", *CODES_COLUMNS, "l68_x", "l68_y", "mp_x", "mp_y"]
    assert back.select(same).equals(codes.select(same), null_equal=True)
    assert "codes of 298 of 300 frames" in log.read_text()
    footer = read_footer(tmp_path / "back.parquet")
    assert footer["stage"] == "import_codes"
    assert str(tmp_path / "CSV_stream" / "rec_exp_pose.csv") in footer["inputs"]


def test_same_input_same_bytes(tmp_path, codes):
    first = {name: path.read_bytes() for name, path in export(tmp_path).items()}
    assert {name: path.read_bytes() for name, path in export(tmp_path).items()} == first
    import_back(tmp_path)
    table = (tmp_path / "back.parquet").read_bytes()
    import_back(tmp_path)
    assert (tmp_path / "back.parquet").read_bytes() == table


@pytest.mark.parametrize(
    ("params", "says"),
    [
        ({"codes": "gone_exp_pose.csv"}, "gone_exp_pose.csv: the codes file cannot be read"),
        ({"subject_id": "S02"}, "none of 'S02' or 'rec'"),
        ({"codes_format": "emoca"}, "Did you mean emoca_csv"),
    ],
)
def test_mistakes_end_in_one_line_and_leave_no_table(tmp_path, codes, capsys, params, says):
    export(tmp_path)
    with pytest.raises(SystemExit) as left:
        import_back(tmp_path, **params)
    assert left.value.code == 1
    message = capsys.readouterr().err.strip()
    assert says in message
    assert "\n" not in message
    assert not (tmp_path / "back.parquet").exists()
