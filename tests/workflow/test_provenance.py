"""A finished study holds against its jobs' records, and every result leads back to its source."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

AFFECTFLOW = str(Path(sys.executable).with_name("affectflow"))


def run(study, *arguments):
    return subprocess.run(
        [AFFECTFLOW, *arguments], cwd=study.folder, capture_output=True, text=True, check=False, timeout=300
    )


def test_all_results_of_a_finished_study_are_recorded_and_good(finished_study):
    done = run(finished_study, "verify", "--config", "study.yaml")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "not recorded" not in done.stdout
    assert "All of them are as their jobs wrote them" in done.stdout


def test_a_changed_byte_in_a_figure_or_a_table_is_found(copied_study):
    spoiled = [
        next(copied_study.results.glob("figures/**/*.svg")),
        copied_study.results / "faces/S01_baseline.parquet",
    ]
    for path in spoiled:
        path.write_bytes(path.read_bytes()[:-7])
    done = run(copied_study, "verify", "--config", "study.yaml")
    assert done.returncode == 1
    assert "changed: 2\n" in done.stdout
    for path in spoiled:
        assert str(path.relative_to(copied_study.folder)) in done.stdout
    assert "truncated or damaged" in done.stdout


def test_results_lead_back_to_the_simulated_recording(finished_study):
    table = finished_study.results / "features/S01_baseline.parquet"
    done = run(finished_study, "provenance", str(table.relative_to(finished_study.folder)))
    assert done.returncode == 0, done.stderr
    for stage in ("preprocess_frames", "join_frames", "track_faces", "transcode_video", "simulate_recording"):
        assert f"  {stage} " in done.stdout
    assert "resources/simulated/S01_baseline.mp4" in done.stdout
    assert "changed" not in done.stdout
