"""The miniature of the driving-stress study: what was designed is in it, and so are the quirks."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from affectflow.datasets.simulated.drives import simulate_drive
from affectflow.datasets.simulated.taamneh import simulate_taamneh
from affectflow.datasets.taamneh.layout import R_FRIENDLY, STRUCTURED
from affectflow.datasets.taamneh.phases import read_stm
from affectflow.datasets.taamneh.r_friendly import read_r_events, read_r_signals
from affectflow.datasets.taamneh.signals import read_taamneh
from affectflow.datasets.tables.excel_limits import read_workbook_bytes
from affectflow.datasets.tables.excel_tables import read_excel_cells
from affectflow.features.events import fill_durations, phase_at
from affectflow.io.probe_video import probe_video

SECONDS = 16.0


@pytest.fixture(scope="module")
def study(tmp_path_factory):
    folder = tmp_path_factory.mktemp("taamneh")
    simulate_taamneh(folder, people=2, seconds=SECONDS, seed=5)
    return folder


def truth(study, name):
    return pl.read_parquet(study / "truth" / f"{name}.parquet")


def test_names_of_files_and_folders(study):
    home = study / STRUCTURED / "T001"
    assert sorted(p.name for p in home.iterdir()) == sorted(
        ["1 BL", "4 ND", "5 CD", "7 MD", "8 FDL", "T001.b", "T001.bar", "T001.tp"]
    )
    assert sorted(p.suffix for p in (home / "7 MD").iterdir()) == sorted(
        [".BR", ".FACS", ".HR", ".avi1", ".peda", ".pp", ".res", ".stm"]
    )
    assert [p.name for p in (home / "1 BL").iterdir()] == ["T001-001.pp"]
    other = {p.name for p in (study / STRUCTURED / "T002" / "7 MD").iterdir()}
    assert {"T002-007.stm.xlsx", "T002-007.avi1.avi"} <= other


def test_the_names_stand_on_row_9_and_in_two_workbooks_beside_it(study):
    rows = {}
    for path in sorted((study / STRUCTURED).rglob("T*-*.*")):
        if ".avi1" in path.name:
            continue
        # The first sheet's cells from row 1 on: the title stands there.
        cells = read_excel_cells(path)[0]["Sheet1"]
        words = [[c for c in row if c is not None] for row in cells.head(12).iter_rows()]
        rows[path.name] = next(
            i for i, row in enumerate(words, start=1) if "Time" in row or "StartTime" in row
        )
    assert {n: r for n, r in rows.items() if r != 9} == {"T002-007.FACS": 8, "T002-004.HR": 10}
    assert len(rows) > 20


def test_signals_are_those_of_the_truth(study):
    known = truth(study, "T001_MD")
    for s in read_taamneh(study / STRUCTURED / "T001" / "7 MD").signals:
        if s.name in known.columns:
            expected = np.interp(s.time_s, known["time_s"], known[s.name])
            limit = {"hr_bpm": 1.5, "rsp_rate_bpm": 0.6, "eda_usiemens": 0.03, "perinasal_degc2": 1e-3}[
                s.name
            ]
            assert np.abs(s.value - expected).max() < limit, s.name


def test_noise_and_absence_are_as_the_index_says(study):
    failure = read_taamneh(study / STRUCTURED / "T001" / "8 FDL")
    assert "eda_usiemens" not in {s.name for s in failure.signals}
    assert failure.notes == ["peda left out: the data set's index marks it as noisy (-1)"]
    cognitive = read_taamneh(study / STRUCTURED / "T001" / "5 CD")
    assert cognitive.notes == ["br is not there (index: missing)"]


def test_video_frames_have_the_irregular_times_of_the_truth(study):
    path = study / STRUCTURED / "T001" / "7 MD" / "T001-007.avi1"
    frames, quality = probe_video(path, recording_id="a")
    known = truth(study, "T001_MD.frames")["time_s"].to_numpy()
    assert np.abs(frames["time_s"].to_numpy() - known).max() < 1e-6
    assert quality["variable_rate"].to_list() == [True]
    assert quality["truncated"].to_list() == [False]


def test_texting_shows_in_body_and_face(study):
    for subject in ("T001", "T002"):
        stm = next((study / STRUCTURED / subject / "7 MD").glob("*.stm*"))
        phase = fill_durations(read_stm(stm), end_s=SECONDS, where="e")
        for name, least in (
            ("hr_bpm", 4),
            ("rsp_rate_bpm", 1.5),
            ("perinasal_degc2", 5e-4),
            ("eda_usiemens", 0.3),
        ):
            drives = {}
            for code in ("MD", "ND"):
                table = truth(study, f"{subject}_{code}")
                table = table.with_columns(phase_at(phase, table["time_s"].to_numpy()))
                drives[code] = table.filter(pl.col("phase").is_in(["P2", "P4"]))[name].mean()
            assert drives["MD"] - drives["ND"] > least, (subject, name)
        faces = truth(study, f"{subject}_MD.frames")
        faces = faces.with_columns(phase_at(phase, faces["time_s"].to_numpy()))
        stressed, calm = (faces.filter(pl.col("phase").is_in(p)) for p in (["P2", "P4"], ["P1", "P3"]))
        assert stressed["brow"].mean() < calm["brow"].mean() - 0.1
        assert stressed["pitch_rad"].mean() > calm["pitch_rad"].mean() + 0.05


def test_a_drive_without_stressor_is_level():
    drive = simulate_drive(
        subject_id="T001", code="ND", frame_s=np.arange(300) / 15, seconds=20, stressed=False, seed=1
    )
    assert drive.stressors == []
    assert drive.truth["stress"].max() == 0
    assert drive.truth["hr_bpm"].std() < 2
    assert drive.course.pitch_rad.shape == drive.pulse.shape == (300,)


def test_both_layouts_tell_the_same(study):
    folder = read_taamneh(study / STRUCTURED / "T001" / "7 MD")
    flat = {s.name: s for s in read_r_signals(study / R_FRIENDLY / "T001.csv", drive="MD").signals}
    for s in folder.signals:
        if s.name in flat:
            at = np.interp(flat[s.name].time_s, s.time_s, s.value)
            assert np.allclose(at, flat[s.name].value, rtol=2e-3, atol=0.02), s.name
    stm = read_stm(study / STRUCTURED / "T001" / "7 MD" / "T001-007.stm")
    runs = read_r_events(study / R_FRIENDLY / "T001.csv", drive="MD")
    assert runs["phase"].to_list() == stm["phase"].to_list()
    assert np.abs(runs["onset_s"].to_numpy() - stm["onset_s"].to_numpy()).max() <= 1


def test_it_says_that_it_is_simulated(study):
    for path in (study / STRUCTURED).rglob("T001-007.*"):
        content = path.read_bytes() if ".avi1" in path.name else read_workbook_bytes(path)[0]
        assert path.suffix == ".avi1" or read_excel_cells(path)[0]["Sheet1"][0, 0].endswith(
            "simulated by affectflow"
        )
        assert path.suffix != ".avi1" or b"simulated by affectflow" in content
    assert truth(study, "T001_MD")["simulated"].all()
