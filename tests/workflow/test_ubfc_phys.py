"""A miniature of UBFC-Phys from its manifest to a report, and one person more."""

from __future__ import annotations

import shutil

import pytest

from affectflow.config.sheet import read_sheet, write_sheet
from affectflow.datasets.simulated.ubfc_phys import simulate_ubfc_phys
from affectflow.datasets.ubfc_phys.manifest import list_ubfc_phys
from affectflow.io.tables import read_free_table, read_table
from tests.support.study import WorkflowStudy, only_new_recordings_and_gathering

DATA = "data/wristbands"
PEOPLE = 3
SECONDS = 6.0
TASKS = ("T1", "T2")


def write_sheet_of(study: WorkflowStudy) -> None:
    """Write the sheet of the two tasks that are compared."""
    rows = [r for r in list_ubfc_phys(study.folder / DATA) if r.condition in TASKS]
    (study.folder / "recordings.tsv").write_text(write_sheet(rows))


@pytest.fixture(scope="module")
def stress(tmp_path_factory):
    """The study after its first run."""
    study = WorkflowStudy(tmp_path_factory.mktemp("ubfc"))
    study.write_config(
        dataset="ubfc",
        features={"windows": {"length_s": 2, "stride_s": 2}},
        stats={"baseline": "T1", "stressor": "T2", "analyses": ["paired_tests"]},
        train={"models": ["logistic"], "controls": [], "bootstrap": 200, "folds": 3},
    )
    simulate_ubfc_phys(study.folder / DATA, people=PEOPLE, seconds=SECONDS, seed=2)
    write_sheet_of(study)
    result = study.snakemake()
    assert result.returncode == 0, result.stdout + result.stderr
    return study


def test_it_runs_from_the_manifest_to_a_report(stress):
    results = read_free_table(stress.results / "stats/paired_tests/results.parquet")
    by_name = {row["measure"]: row for row in results.iter_rows(named=True)}
    for name in ("mean_hr_bpm", "mean_eda_tonic_usiemens"):
        assert by_name[name]["n"] == PEOPLE
        assert by_name[name]["delta"] > 0, name
    assert by_name["mean_hr_bpm"]["baseline"] == "T1"
    result = stress.snakemake("--report", "report.html")
    assert result.returncode == 0, result.stdout + result.stderr
    assert (stress.folder / "report.html").stat().st_size > 10_000


def test_frames_have_the_videos_times_and_the_wristbands_pulse(stress):
    for recording in read_sheet(stress.folder / "recordings.tsv"):
        name = recording.recording_id
        frames = read_table(stress.results / f"frames/{name}.parquet", "frames")
        truth = read_free_table(stress.folder / DATA / f"truth/{name}.parquet")
        assert (frames["time_s"] - truth["time_s"]).abs().max() < 1e-6
        assert frames["valid"].mean() > 0.95
        known = frames["hr_bpm"].is_not_null()
        assert known.mean() > 0.6
        assert (frames["hr_bpm"] - truth["hr_bpm"]).filter(known).abs().mean() < 4.0


def test_one_more_person_runs_that_persons_jobs_and_the_gathering_rules(stress, tmp_path):
    assert stress.planned() == {}
    simulate_ubfc_phys(tmp_path, people=PEOPLE + 1, seconds=SECONDS, seed=2)
    shutil.copytree(tmp_path / "UBFC-Phys/Data/s4", stress.folder / DATA / "UBFC-Phys/Data/s4")
    write_sheet_of(stress)
    assert only_new_recordings_and_gathering(stress.planned(), n_new=len(TASKS))
