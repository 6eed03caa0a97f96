"""A finished study stays finished; a change costs what depends on it and no more."""

from __future__ import annotations

import pytest

from affectflow.io.tables import read_footer
from affectflow.versions import STAGE_VERSIONS
from tests.support.study import simulated_rows
from tests.workflow.conftest import PEOPLE

PER_RECORDING = {
    "simulate_recording": 1,
    "probe_video": 1,
    "transcode_video": 1,
    "track_faces": 1,
    "extract_codes": 1,
    "clean_signals": 1,
    "join_frames": 1,
    "preprocess_frames": 1,
    "contact_sheet": 1,
    "check_quality": 1,
    "quality_page": 1,
    "grid_frames": 1,
}
GATHERING = {
    "make_windows",
    "summarise_quality",
    "check_recovery",
    "run_analysis",
    "plot_analysis",
    "label_windows",
    "split_subjects",
    "train_model",
    "evaluate_models",
    "explain_model",
    "plot_explanations",
    "describe_model",
    "audit_models",
    "describe_methods",
    "all",
}


def test_nothing_is_left_to_do(finished_study):
    assert finished_study.planned() == {}


def test_the_methods_say_what_was_run(finished_study):
    text = (finished_study.results / "methods.md").read_text()
    assert "All recordings are simulated. 8 recordings of 4 people" in text
    for heading in ("Faces", "Biosignals", "Preprocessing", "Windows", "Statistics", "Models", "Programs"):
        assert f"**{heading}.**" in text
    made = f"preprocess_frames {STAGE_VERSIONS['preprocess_frames']}"
    assert f'| {made} | 8 | smoothing.preset | "savgol" |' in text


def test_one_more_recording_runs_its_jobs_and_the_gathering_rules(copied_study):
    copied_study.write_sheet([*simulated_rows(PEOPLE), *simulated_rows(["S05"], ("baseline",))])
    planned = copied_study.planned()
    assert {rule: n for rule, n in planned.items() if rule not in GATHERING} == PER_RECORDING
    assert set(planned) - set(PER_RECORDING) == GATHERING


def test_reordering_the_sheet_changes_nothing(copied_study):
    copied_study.write_sheet(list(reversed(simulated_rows(PEOPLE))))
    assert copied_study.planned() == {}


def test_one_person_less_runs_the_gathering_rules_only(copied_study):
    copied_study.write_sheet(simulated_rows(PEOPLE[:-1]))
    assert set(copied_study.planned()) <= GATHERING


def test_a_setting_reruns_its_stage_and_what_follows(copied_study):
    copied_study.write_config(features={"windows": {"length_s": 2, "stride_s": 1}, "max_gap_s": 0.3})
    planned = copied_study.planned()
    assert planned["preprocess_frames"] == 8
    assert not set(planned) & {
        "simulate_recording",
        "probe_video",
        "track_faces",
        "extract_codes",
        "join_frames",
    }


@pytest.mark.parametrize(
    "changed",
    [{"smoothing": {"preset": "spline"}}, {"baseline": {"kind": "running", "scale": "zscore", "seconds": 1}}],
    ids=["preset", "level"],
)
def test_one_preset_reruns_preprocessing_and_what_follows_and_nothing_before(copied_study, changed):
    copied_study.write_config(features={"windows": {"length_s": 2, "stride_s": 1}} | changed)
    planned = copied_study.planned()
    assert planned["preprocess_frames"] == 8
    assert set(planned) <= {"preprocess_frames", "grid_frames", "check_recovery"} | GATHERING
    assert {"make_windows", "run_analysis"} <= set(planned)


def test_two_settings_that_change_places_rerun_their_stage(copied_study):
    # Snakemake itself compares a job's params as a set of values.
    copied_study.write_config(features={"windows": {"length_s": 1, "stride_s": 2}})
    assert "make_windows" in copied_study.planned()


def test_a_setting_nobody_uses_reruns_nothing(copied_study):
    copied_study.write_config(io={"crf": 18, "transcode": "auto"})
    assert copied_study.planned() == {}


def test_outputs_are_whole_again_after_an_interrupted_run(copied_study):
    """What kill -9 leaves (an output gone, a temporary file) is mended, to the same bytes."""
    codes = copied_study.results / "codes/facemesh/S01_baseline.parquet"
    before = codes.read_bytes()
    codes.unlink()
    (codes.parent / ".S01_baseline.123.part.parquet").write_bytes(b"half")
    result = copied_study.snakemake()
    assert result.returncode == 0, result.stderr
    assert codes.read_bytes() == before


def test_footers_tell_where_a_table_comes_from(finished_study):
    footer = read_footer(finished_study.results / "features/S01_baseline.parquet")
    assert footer["stage"] == "preprocess_frames"
    assert footer["params"]["max_gap_s"] == 0.2
    assert list(footer["inputs"]) == ["results/small/frames/S01_baseline.parquet"]
    assert all(footer["inputs"].values())
