"""The script extract_units: a faces table in, action units and blinks out, or one line that says why not."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from affectflow.config.features import Blink
from affectflow.config.units import Units
from affectflow.datasets.simulated.design import blink_closure
from affectflow.face.anatomy import LOWER_LID, UPPER_LID, mirrored
from affectflow.face.template import facemesh_template
from affectflow.io.table_stream import stream_table
from affectflow.io.tables import read_footer, read_table
from tests.support.scripts import run_script
from tests.support.synth_faces import faces_of, landmarks_of

N, FPS = 300, 25.0
BLINKS_AT = np.array([1.0, 3.2, 9.0])
# Smiles all the time but in the phase called rest.
REST_S = (2.0, 4.0)


def course(n: int = N) -> pl.DataFrame:
    """Faces of a person who smiles outside one phase and blinks; no face in two frames."""
    template = facemesh_template().vertices
    time = np.arange(n) / FPS
    faces = np.repeat(template[None], n, axis=0)
    smiles = (time < REST_S[0]) | (time >= REST_S[1])
    corners = [61, 291]
    faces[:, corners] += smiles[:, None, None] * np.array([[-0.35, 0.4, 0], [0.35, 0.4, 0]])
    closure = blink_closure(time, BLINKS_AT)[:, None]
    for side in (list, mirrored):
        upper, lower = side(UPPER_LID), side(LOWER_LID)
        gap = faces[:, upper, 1] - faces[:, lower, 1]
        faces[:, upper, 1] -= 0.95 * closure * gap
    return faces_of(landmarks_of(faces), gaps=(0, 255))


@pytest.fixture
def faces(tmp_path):
    """The faces table, written in two row groups."""
    with stream_table(tmp_path / "faces.parquet", "faces") as stream:
        for piece in course().iter_slices(256):
            stream.append(piece)


def run(tmp_path, *, units: str = "geometric", events=None, **changed):
    settings = Units(**changed)
    return run_script(
        "extract_units",
        tmp_path,
        inputs={"faces": tmp_path / "faces.parquet", "video": [], "weights": [], "events": [], "clock": []},
        outputs={"units": tmp_path / "units.parquet", "blinks": tmp_path / "blinks.parquet"},
        params={
            "weights": f"resources/models/{units}",
            "options": settings.model_dump(exclude={"backend", "neutral_phase", "legacy_au43"}),
            "blink": Blink().model_dump(),
            "legacy_au43": settings.legacy_au43,
            "neutral_phase": settings.neutral_phase,
            "events": events,
            "events_format": "bids",
            "offset_s": 0.0,
            "video_start_unix_s": None,
            "device": "cpu",
        },
        wildcards={"recording_id": "rec", "units": units},
    )


def write_events(tmp_path, *rows: str):
    path = tmp_path / "events.tsv"
    path.write_text("\n".join(["onset\tduration\tphase", *rows]) + "\n")
    return str(path)


def test_tables_and_footer(tmp_path, faces):
    run(tmp_path)
    units = read_table(tmp_path / "units.parquet", "action_units")
    assert units["frame_id"].to_list() == list(range(N))
    assert units.filter(~pl.col("valid"))["frame_id"].to_list() == [0, 255]
    blinks = read_table(tmp_path / "blinks.parquet", "blinks")
    np.testing.assert_allclose(blinks["onset_s"], BLINKS_AT, atol=0.1)
    assert blinks["kind"].to_list() == ["blink"] * 3
    assert units.filter(pl.col("au_43") == 1)["time_s"].is_between(1.0, 9.4).all()
    footer = read_footer(tmp_path / "units.parquet")
    assert footer["stage"] == "extract_units"
    assert set(footer["inputs"]) == {str(tmp_path / "faces.parquet")}


def test_a_named_phase_is_the_rest(tmp_path, faces):
    events = write_events(tmp_path, "0\t2\ttask", "2\t2\trest", "4\t8\ttask")
    run(tmp_path, events=events, neutral_phase="rest")
    units = read_table(tmp_path / "units.parquet", "action_units").filter("valid")
    resting = pl.col("time_s").is_between(*REST_S, closed="left")
    assert units.filter(resting)["au_12"].max() == pytest.approx(0, abs=1e-6)
    assert units.filter(~resting)["au_12"].min() > 0.9


def test_without_that_phase_the_calm_part_is_taken_and_the_log_says_so(tmp_path, faces):
    log = run(tmp_path, events=write_events(tmp_path, "0\t12\ttask"), neutral_phase="rest")
    assert "has no phase 'rest'" in log.read_text()
    units = read_table(tmp_path / "units.parquet", "action_units").filter("valid")
    # Here they smile for most of the time: what is taken for rest is the smile.
    assert units["au_12"].max() < 0.1


def test_legacy_au43_is_turned_round(tmp_path, faces):
    run(tmp_path)
    right = read_table(tmp_path / "units.parquet", "action_units")
    run(tmp_path, legacy_au43=True)
    legacy = read_table(tmp_path / "units.parquet", "action_units")
    assert right["au_43"].mean() < 0.1
    assert legacy["au_43"].mean() > 0.9
    assert legacy["eyes_closed"].equals(right["eyes_closed"])


def test_same_faces_same_bytes(tmp_path, faces):
    run(tmp_path)
    first = [(tmp_path / f"{name}.parquet").read_bytes() for name in ("units", "blinks")]
    run(tmp_path)
    assert [(tmp_path / f"{name}.parquet").read_bytes() for name in ("units", "blinks")] == first


def test_an_unknown_estimator_and_missing_events_end_in_one_line(tmp_path, faces, capsys):
    with pytest.raises(SystemExit) as left:
        run(tmp_path, units="geometrical")
    assert left.value.code == 1
    assert "Did you mean geometric?" in capsys.readouterr().err
    with pytest.raises(SystemExit):
        run(tmp_path, events=str(tmp_path / "none.tsv"), neutral_phase="rest")
    message = capsys.readouterr().err.strip()
    assert "none.tsv" in message
    assert "\n" not in message
    assert not (tmp_path / "units.parquet").exists()
