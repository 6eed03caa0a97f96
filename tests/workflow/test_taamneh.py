"""A miniature of the driving-stress study from its manifest to results, and one person more."""

from __future__ import annotations

import shutil

import polars as pl
import pytest

from affectflow.config.sheet import read_sheet, write_sheet
from affectflow.datasets.simulated.taamneh import simulate_taamneh
from affectflow.datasets.taamneh.layout import INDEX, R_FRIENDLY, STRUCTURED
from affectflow.datasets.taamneh.manifest import list_taamneh
from affectflow.io.tables import read_free_table, read_table
from tests.support.study import WorkflowStudy, only_new_recordings_and_gathering

DATA = "data/driving study"
PEOPLE = 3
SECONDS = 14.0
# Normal and distracted.
DRIVES = 2


def write_sheet_of(study: WorkflowStudy) -> None:
    """Write the sheet of the two drives that are compared."""
    rows = [r for r in list_taamneh(study.folder / DATA) if r.condition in ("ND", "MD")]
    (study.folder / "recordings.tsv").write_text(write_sheet(rows))


@pytest.fixture(scope="module")
def driving(tmp_path_factory):
    """The study after its first run."""
    study = WorkflowStudy(tmp_path_factory.mktemp("driving"))
    study.write_config(
        dataset="driving",
        features={"windows": {"length_s": 1, "stride_s": 1}},
        stats={"baseline": "ND", "stressor": "MD", "analyses": ["paired_tests"]},
        train={"models": ["logistic"], "controls": [], "bootstrap": 200, "folds": 3},
    )
    simulate_taamneh(study.folder / DATA, people=PEOPLE, seconds=SECONDS, seed=2)
    write_sheet_of(study)
    result = study.snakemake()
    assert result.returncode == 0, result.stdout + result.stderr
    return study


def test_it_runs_from_the_manifest_to_results(driving):
    results = read_free_table(driving.results / "stats/paired_tests/results.parquet")
    by_name = {row["measure"]: row for row in results.iter_rows(named=True)}
    for name in ("mean_hr_bpm", "mean_eda_tonic_usiemens", "mean_perinasal_degc2", "mean_rsp_rate_bpm"):
        assert by_name[name]["n"] == PEOPLE
        assert by_name[name]["delta"] > 0, name
    assert by_name["mean_car_speed_kmh"]["delta"] < 0
    assert by_name["mean_hr_bpm"]["baseline"] == "ND"
    assert (driving.results / "figures/paired_tests/effects.svg").is_file()
    assert (driving.results / "models/scores.parquet").is_file()


def test_frames_have_their_true_times_phases_and_signals(driving):
    for recording in read_sheet(driving.folder / "recordings.tsv"):
        name = recording.recording_id
        frames = read_table(driving.results / f"frames/{name}.parquet", "frames")
        truth = driving.folder / DATA / "truth"
        times = pl.read_parquet(truth / f"{name}.frames.parquet")["time_s"]
        assert (frames["time_s"] - times).abs().max() < 1e-6
        assert frames["phase"].unique(maintain_order=True).to_list() == ["P1", "P2", "P3", "P4", "P5"]
        assert frames["valid"].mean() > 0.95
        known = pl.read_parquet(truth / f"{name}.parquet").rename({"hr_bpm": "true_hr_bpm"})
        joined = frames.filter(pl.col("hr_bpm").is_not_null()).join_asof(
            known, on="time_s", strategy="nearest"
        )
        assert joined.height > 0.9 * frames.height
        assert (joined["hr_bpm"] - joined["true_hr_bpm"]).abs().mean() < 1.0


def test_texting_is_seen_where_it_happened_and_nowhere_in_the_control(driving):
    windows = read_table(driving.results / "windows.parquet", "windows")
    mean = windows.group_by("condition", "phase").agg(pl.col("mean_hr_bpm", "mean_pose_00").mean())
    of = {(c, p): (hr, pitch) for c, p, hr, pitch in mean.iter_rows()}
    assert of["MD", "P4"][0] - of["ND", "P4"][0] > 4
    assert of["MD", "P4"][1] - of["ND", "P4"][1] > 0.03
    control = [hr for (c, _), (hr, _) in of.items() if c == "ND" and hr is not None]
    assert len(control) >= 4
    assert max(control) - min(control) < 4


def test_no_video_counts_as_damaged(driving):
    quality = read_table(driving.results / "quality.parquet", "recording_quality")
    assert quality["truncated"].sum() == 0
    assert quality["variable_rate"].all()


def test_one_more_person_runs_that_persons_jobs_and_the_gathering_rules(driving, tmp_path):
    assert driving.planned() == {}
    simulate_taamneh(tmp_path, people=PEOPLE + 1, seconds=SECONDS, seed=2)
    data = driving.folder / DATA
    new = "T005"
    shutil.copytree(tmp_path / STRUCTURED / new, data / STRUCTURED / new)
    shutil.copy(tmp_path / R_FRIENDLY / f"{new}.csv", data / R_FRIENDLY)
    shutil.copy(tmp_path / INDEX, data)
    write_sheet_of(driving)
    assert only_new_recordings_and_gathering(driving.planned(), n_new=DRIVES)
