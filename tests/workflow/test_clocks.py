"""Clocks through the workflow: from the sheet's markers, and from what the video shows, to the frames."""

from __future__ import annotations

import shutil

import numpy as np
import polars as pl
import pytest

from affectflow.io.tables import read_table
from affectflow.signal.clock import Clock
from tests.support.study import simulated_rows

TRUE = Clock(-3.25, 300.0, 0.0)
RECORDINGS = ("S01_baseline", "S01_stressor")


def write_clock_signal(path, *, until_s=12.0):
    """A signal on a clock of its own whose value is the true time of the video."""
    own = np.arange(0, until_s, 0.1)
    pl.DataFrame({"time_s": own, "clock_au": TRUE.to_video(own)}).write_csv(path)


def write_markers(path, *, wrong_s=0.0):
    own = np.array([2.0, 402.0, 802.0])
    video = TRUE.to_video(own) + np.array([0, 0, wrong_s])
    pl.DataFrame({"video_s": video, "signal_s": own, "what": ["clap", "flash", "clap"]}).write_csv(
        path, separator="\t"
    )


@pytest.fixture(scope="module")
def study_with_markers(tmp_path_factory):
    """Two recordings that have run to their frames, and the study."""
    from tests.support.study import WorkflowStudy

    study = WorkflowStudy(tmp_path_factory.mktemp("clocks"))
    study.write_config(signal={"alignment": {"method": "markers"}})
    rows = simulated_rows(["S01"])
    for row in rows:
        name = row["recording_id"]
        row.update(signals=f"{name}.csv", markers=f"{name}.markers.tsv", events="")
        write_clock_signal(study.folder / f"{name}.csv")
        write_markers(study.folder / f"{name}.markers.tsv")
    study.write_sheet(rows)
    result = study.snakemake(*targets(study))
    assert result.returncode == 0, result.stdout + result.stderr
    return study


@pytest.fixture
def copied(study_with_markers, tmp_path):
    from tests.support.study import WorkflowStudy

    shutil.copytree(study_with_markers.folder, tmp_path / "study", symlinks=True)
    return WorkflowStudy(tmp_path / "study")


def targets(study):
    return [f"results/small/frames/{name}.parquet" for name in RECORDINGS]


def frames_of(study, name):
    return read_table(study.results / f"frames/{name}.parquet", "frames")


def test_markers_bring_every_sample_to_its_frame(study_with_markers):
    for name in RECORDINGS:
        clock = read_table(study_with_markers.results / f"clocks/{name}.parquet", "clocks").row(0, named=True)
        assert clock["drift_ppm"] == pytest.approx(300, abs=0.01)
        assert clock["n_markers"] == 3
        frames = frames_of(study_with_markers, name)
        assert frames.height == 90
        assert np.abs(frames["clock_au"].to_numpy() - frames["time_s"].to_numpy()).max() < 1e-6


def test_other_markers_run_only_what_hangs_on_them(copied):
    write_markers(copied.folder / "S01_baseline.markers.tsv", wrong_s=0.01)
    assert copied.planned(*targets(copied)) == {"align_clock": 1, "join_frames": 1}


def test_a_wrong_marker_stops_its_own_recording_in_one_line(copied):
    write_markers(copied.folder / "S01_baseline.markers.tsv", wrong_s=5.0)
    (copied.folder / "S01_stressor.markers.tsv").touch()
    result = copied.snakemake(*targets(copied))
    assert result.returncode != 0
    said = (copied.results / "logs/align_clock/S01_baseline.log").read_text()
    assert "S01_baseline.markers.tsv: row 4: the marker at video_s" in said
    assert "Correct or remove it" in said
    assert "Traceback" not in said
    assert "What failed, once more" in result.stderr
    assert (copied.results / "frames/S01_stressor.parquet").exists()


def test_a_missing_markers_file_stops_its_own_recording(copied):
    (copied.folder / "S01_baseline.markers.tsv").unlink()
    result = copied.snakemake(*targets(copied), "--forcerun", "align_clock")
    assert result.returncode != 0
    said = (copied.results / "logs/align_clock/S01_baseline.log").read_text()
    assert "the markers file cannot be read (No such file or directory)" in said
    assert "finished" in (copied.results / "logs/align_clock/S01_stressor.log").read_text()


def test_without_alignment_no_clock_is_looked_for(copied):
    copied.write_config()
    assert "align_clock" not in copied.planned(*targets(copied))


def test_a_reference_that_no_video_shows_is_refused_at_the_door(copied):
    copied.write_config(
        signal={"alignment": {"method": "correlation", "signal": "clock_au", "reference": "mouth_opn"}}
    )
    result = copied.snakemake("-n")
    assert result.returncode == 2
    assert "Did you mean mouth_open?" in result.stderr
    assert "Traceback" not in result.stderr


@pytest.mark.slow
def test_a_sensor_that_feels_what_the_video_shows(new_study):
    """A sensor at the mouth, on its own clock: 1.3 s late, and it is found."""
    rows = simulated_rows(["S01"], ("baseline",))
    name, own = "S01_baseline", np.arange(0, 75, 1 / 50)
    alignment = {"method": "correlation", "signal": "emg_au", "reference": "mouth_open", "max_lag_s": 5.0}
    size = {"duration_s": 75, "fps": 15, "width_px": 320, "height_px": 240}
    study = new_study(rows, datasets={"simulated": size}, signal={"alignment": alignment})
    result = study.snakemake(f"results/small/codes/facemesh/{name}.parquet")
    assert result.returncode == 0, result.stdout + result.stderr
    codes = read_table(study.results / f"codes/facemesh/{name}.parquet", "codes").filter("valid")
    felt = np.interp(own + 1.3, codes["time_s"].to_numpy(), codes["mouth_open"].to_numpy())
    noise = 0.3 * felt.std() * np.random.default_rng(0).standard_normal(own.size)
    pl.DataFrame({"time_s": own, "emg_au": felt + noise}).write_csv(study.folder / "emg.csv")
    study.write_sheet([{**rows[0], "signals": "emg.csv", "events": ""}])
    result = study.snakemake(f"results/small/frames/{name}.parquet")
    assert result.returncode == 0, result.stdout + result.stderr
    clock = read_table(study.results / f"clocks/{name}.parquet", "clocks").row(0, named=True)
    assert clock["offset_s"] == pytest.approx(1.3, abs=1 / 15)
    assert clock["confidence"] > 0.5
