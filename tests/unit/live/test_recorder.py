"""Recordings: the tables that the stages make of the same faces, all of them or none."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from affectflow.config.study import Study
from affectflow.errors import UsageError
from affectflow.face.affect.expressions_backend import ExpressionsBackend
from affectflow.face.affect.extract_affect import extract_affect
from affectflow.face.extract_units import extract_units
from affectflow.face.map_expressions import map_expressions
from affectflow.face.units.geometric import GeometricUnits
from affectflow.io.tables import read_footer, read_table
from affectflow.live.affect import Affect
from affectflow.live.recorder import DRAFT, FrameTime, Recorder, free_name
from affectflow.live.stream import LiveFrame
from tests.support.live import later, smiling, watched

STUDY = Study()


def recorded(folder: Path, frames: list[LiveFrame], *, neutral_at: int | None = None, **options):
    """Record frames of a camera, and stop."""
    recorder = Recorder(folder, "rec", study=STUDY, source="camera", **options)
    for i, seen in enumerate(frames):
        recorder.add(seen, FrameTime.of_camera(seen.picture.time_s))
        if i == neutral_at:
            recorder.take_rest()
    return recorder.stop()


def smiles(n: int = 80, *, gone: tuple[int, ...] = (20, 21)) -> pl.DataFrame:
    """A face that smiles for the second half."""
    return smiling((np.arange(n) >= n // 2).astype(float), gone=gone)


def test_the_tables_are_those_of_the_stages(tmp_path):
    faces = smiles()
    # The page had been open for a while.
    done = recorded(tmp_path, later(watched(faces, first_id=300), 1234.5))
    assert (done.n_frames, round(done.duration_s, 6)) == (80, 7.9)
    kept = read_table(done.paths["faces"], "faces")
    assert kept.with_columns(recording_id=pl.lit("rec")).equals(
        faces.with_columns(recording_id=pl.lit("rec"))
    )
    units, blinks = extract_units([kept], GeometricUnits(STUDY.face.units, STUDY.features.blink))
    expressions, intervals = map_expressions(units, options=STUDY.face.expressions)
    affect = pl.concat(extract_affect([expressions], ExpressionsBackend.load()))
    assert read_table(done.paths["affect/from_expressions"], "affect").equals(affect)
    tables = {
        "action_units": units,
        "blinks": blinks,
        "expressions": expressions,
        "expression_intervals": intervals,
    }
    for kind, expected in tables.items():
        assert read_table(done.paths[kind], kind).equals(
            expected.select(read_table(done.paths[kind], kind).columns)
        )
    frames = read_table(done.paths["video_frames"], "video_frames")
    assert frames["frame_id"].to_list() == list(range(80))
    np.testing.assert_allclose(
        frames["container_time_s"].to_numpy() - 1234.5, frames["time_s"].to_numpy(), atol=1e-6
    )
    assert read_footer(done.paths["faces"])["stage"] == "live"


def test_the_layout_is_that_of_results(tmp_path):
    recorded(tmp_path, watched(smiles(10, gone=())))
    found = {str(p.relative_to(tmp_path)) for p in tmp_path.rglob("*") if p.is_file()}
    assert found == {
        "video/rec.frames.parquet",
        "faces/rec.parquet",
        "units/geometric/rec.parquet",
        "units/geometric/rec.blinks.parquet",
        "expressions/geometric/rec.parquet",
        "expressions/geometric/rec.intervals.parquet",
        "affect/from_expressions/rec.parquet",
    }


def test_a_neutral_face_in_the_recording_is_its_rest(tmp_path):
    # Smiles for most of it, so that the recording's own rest would be a smile.
    faces = smiling((np.arange(100) >= 25).astype(float))
    done = recorded(tmp_path, watched(faces), neutral_at=0)
    told = recorded(tmp_path / "untold", watched(faces))
    smile = read_table(done.paths["action_units"], "action_units")["au_12"]
    untold = read_table(told.paths["action_units"], "action_units")["au_12"]
    assert smile[60] > 0.9 > 0.1 > untold[60]


def test_other_people_and_false_finds_leave_rows_but_no_face(tmp_path):
    faces = smiles(40, gone=tuple(range(40)))
    done = recorded(tmp_path, watched(faces))
    assert read_table(done.paths["action_units"], "action_units")["valid"].sum() == 0
    assert done.n_frames == 40


def test_readings_of_a_network_are_kept_once_and_the_rest_is_null(tmp_path):
    frames = watched(smiles(12, gone=()), first_id=50)
    row = pl.DataFrame(
        {"recording_id": "live", "frame_id": 0, "time_s": 0.0, "valid": True, "method": "emonet", "valence": 0.5, "arousal": -0.25, "p_happy": 1.0},
        schema={"recording_id": pl.String, "frame_id": pl.Int32, "time_s": pl.Float64, "valid": pl.Boolean, "method": pl.String,
                "valence": pl.Float32, "arousal": pl.Float32, "p_happy": pl.Float32},
    )  # fmt: skip
    # A reading from before the recording, then one of frame 53 that is shown for three frames.
    readings = [48, 48, 48, 48, 53, 53, 53, 57, 57, 57, 57, 57]
    frames = [
        LiveFrame(f.picture, f.face, f.landmarks_px, f.units, f.expressions,
                  Affect(row.with_columns(frame_id=pl.lit(n, dtype=pl.Int32)), f.picture.time_s))
        for f, n in zip(frames, readings, strict=True)
    ]  # fmt: skip
    done = recorded(tmp_path, frames, affect="emonet")
    table = read_table(done.paths["affect/emonet"], "affect")
    assert table["frame_id"].to_list() == list(range(12))
    assert table.filter("valid")["frame_id"].to_list() == [3, 7]
    assert table["valence"].null_count() == 10
    assert done.paths["affect/emonet"] == tmp_path / "affect/emonet/rec.parquet"


def test_a_recording_without_a_frame_writes_nothing(tmp_path):
    done = recorded(tmp_path, [])
    assert (done.n_frames, done.paths) == (0, {})
    assert not list(tmp_path.iterdir())


def test_what_is_thrown_away_leaves_nothing(tmp_path):
    recorder = Recorder(tmp_path, "rec", study=STUDY, source="camera")
    for seen in watched(smiles(5, gone=())):
        recorder.add(seen, FrameTime.of_camera(seen.picture.time_s))
    recorder.discard()
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("name", ["", "a/b", "../up", "with space", "x" * 81])
def test_a_name_that_is_none_is_told(tmp_path, name):
    with pytest.raises(UsageError, match="letters, digits"):
        Recorder(tmp_path, name, study=STUDY, source="camera")


def test_a_recording_is_never_overwritten(tmp_path):
    recorded(tmp_path, watched(smiles(5, gone=())))
    with pytest.raises(UsageError, match=r"rec\.frames\.parquet exists\. Choose another name"):
        Recorder(tmp_path, "rec", study=STUDY, source="camera")


def test_free_names_are_names(tmp_path):
    first = free_name(tmp_path, "Ünser Film (1)")
    (tmp_path / "faces").mkdir()
    (tmp_path / "faces" / f"{first}.parquet").touch()
    second = free_name(tmp_path, "Ünser Film (1)")
    assert first != second
    Recorder(tmp_path, second, study=STUDY, source="x").discard()


CUT_OFF = """
import os, signal, sys
from tests.unit.live.test_recorder import *
recorder = Recorder(Path(sys.argv[1]), "cut", study=STUDY, source="camera")
for seen in watched(smiles(300, gone=())):
    recorder.add(seen, FrameTime.of_camera(seen.picture.time_s))
os.kill(os.getpid(), signal.SIGKILL)
"""


def test_a_recording_that_is_killed_leaves_no_table_and_its_draft_goes_with_the_next(tmp_path):
    root = Path(__file__).resolve().parents[3]
    done = subprocess.run(
        [sys.executable, "-c", CUT_OFF, str(tmp_path)], cwd=root, check=False, env={**os.environ}
    )
    assert done.returncode == -signal.SIGKILL
    left = [p for p in tmp_path.rglob("*") if p.is_file()]
    assert left
    assert all(DRAFT in str(p) for p in left)
    recorded(tmp_path, watched(smiles(5, gone=())))
    assert not list(tmp_path.glob(f"{DRAFT}*"))


def test_the_draft_of_a_living_recording_stays(tmp_path):
    first = Recorder(tmp_path, "one", study=STUDY, source="camera")
    second = Recorder(tmp_path, "two", study=STUDY, source="camera")
    for seen in watched(smiles(5, gone=())):
        first.add(seen, FrameTime.of_camera(seen.picture.time_s))
    assert first.stop().n_frames == 5
    second.discard()
