"""A study whose faces py-feat coded: action units in place of expression codes, from the sheet to models."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from affectflow.io.tables import read_free_table, read_table
from affectflow.io.video import read_frames
from affectflow.schema import EXP
from tests.support.study import WorkflowStudy, simulated_rows
from tests.support.synth_other_codes import pyfeat_table, write_pyfeat

PEOPLE = ["S01", "S02", "S03", "S04"]
NAME = "S02_stressor"
N_FRAMES, UNSEEN = 90, 40


def write_codes(path, *, stressed, seed):
    """Codes of every frame but one; AU12 is lower and AU04 higher under stress."""
    frames = [i for i in range(N_FRAMES) if i != UNSEEN]
    rng = np.random.default_rng(seed)
    level = {"AU12": 0.6 - 0.3 * stressed, "AU04": 0.2 + 0.4 * stressed}
    moved = {
        name: np.clip(value + 0.02 * rng.standard_normal(len(frames)), 0, 1) for name, value in level.items()
    }
    write_pyfeat(path, pyfeat_table(frames, **moved))


@pytest.fixture(scope="module")
def coded(tmp_path_factory):
    """The study after its run."""
    study = WorkflowStudy(tmp_path_factory.mktemp("coded"))
    study.write_config(
        train={"models": ["logistic", "cross_modal"], "controls": [], "bootstrap": 200, "loop": {"epochs": 1}}
    )
    rows = simulated_rows(PEOPLE)
    for seed, row in enumerate(rows):
        path = study.folder / f"{row['recording_id']}.csv"
        write_codes(path, stressed=row["condition"] == "stressor", seed=seed)
        row |= {"codes": path.name, "codes_format": "pyfeat"}
    study.write_sheet(rows)
    result = study.snakemake()
    assert result.returncode == 0, result.stdout + result.stderr
    return study


def test_codes_lie_on_the_videos_frames_without_expression(coded):
    codes = read_table(coded.results / f"codes/facemesh/{NAME}.parquet", "codes")
    times = read_table(coded.results / f"video/{NAME}.frames.parquet", "video_frames")
    assert codes["time_s"].equals(times["time_s"])
    assert np.flatnonzero(~codes["valid"]).tolist() == [UNSEEN]
    assert codes.select(EXP).null_count().row(0) == (N_FRAMES,) * len(EXP)
    assert codes["pose_00"].null_count() == codes["au_12"].null_count() == 1
    # Eyes are measured in our own tracking of the video.
    assert codes["ear_left"].null_count() < 10


def test_windows_have_action_units_and_no_expression(coded):
    windows = read_table(coded.results / "windows.parquet", "windows")
    assert windows["coverage"].min() > 0.9
    assert windows["mean_exp_00"].null_count() == windows.height
    assert (
        windows.select("mean_au_12", "speed_au_12", "mean_pose_00", "mean_hr_bpm").null_count().row(0)
        == (0,) * 4
    )
    assert not [c for c in windows.columns if c.startswith("quality_au")]
    mean = windows.group_by("condition").agg(pl.col("mean_au_12").mean()).sort("condition")
    assert mean["mean_au_12"].to_list() == pytest.approx([0.6, 0.3], abs=0.03)


def test_tests_and_models_use_what_is_there(coded):
    results = read_free_table(coded.results / "stats/paired_tests/results.parquet")
    by_name = {row["measure"]: row for row in results.iter_rows(named=True)}
    assert by_name["mean_au_12"]["n"] == len(PEOPLE)
    assert by_name["mean_au_12"]["delta"] == pytest.approx(-0.3, abs=0.05)
    assert by_name["mean_au_04"]["family"] == by_name["mean_smile"]["family"]
    assert "mean_pose_00" in by_name
    assert not [n for n in by_name if "exp_" in n and by_name[n]["p"] is not None]
    scores = read_free_table(coded.results / "models/scores.parquet")
    assert {"logistic", "cross_modal"} <= set(scores["model"])


def test_the_overlay_shows_the_points_and_no_made_up_mesh(coded):
    coded.write_config(viz={"overlays": "all"})
    target = f"results/small/videos/overlay/{NAME}.mp4"
    result = coded.snakemake(target)
    assert result.returncode == 0, result.stdout + result.stderr
    assert len(list(read_frames(coded.folder / target, recording_id=NAME))) == N_FRAMES
