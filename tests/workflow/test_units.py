"""Action units through the real workflow: made when asked for by their path, and only then."""

from __future__ import annotations

import polars as pl

from affectflow.datasets.simulated.design import BLINK_S
from affectflow.io.tables import read_table
from tests.support.study import simulated_rows

# Long enough for several blinks.
STUDY = {"datasets": {"simulated": {"duration_s": 10, "fps": 25, "width_px": 320, "height_px": 240}}}


def test_units_of_a_simulated_person(new_study):
    study = new_study(simulated_rows(["S01"]), **STUDY)
    assert "extract_units" not in study.planned()
    table = f"results/{study.results.name}/units/geometric/S01_stressor.parquet"
    result = study.snakemake(table)
    assert result.returncode == 0, result.stdout + result.stderr
    units = read_table(study.folder / table, "action_units")
    frames = pl.read_parquet(study.results / "video/S01_stressor.frames.parquet")
    assert units.select("frame_id", "time_s").equals(frames.select("frame_id", "time_s"))
    assert units["valid"].mean() > 0.95
    # Blinks at the times that were simulated, and in the stressor there are some.
    truth = pl.read_parquet(study.folder / "resources/simulated/S01_stressor.truth.parquet")
    shut = truth.filter(pl.col("blink") > 0.9)["time_s"]
    starts = shut.filter((shut.diff() > BLINK_S / 2).fill_null(True))
    blinks = read_table(study.folder / table.replace(".parquet", ".blinks.parquet"), "blinks")
    assert starts.len() >= 3
    assert (blinks["kind"] == "blink").all()
    assert blinks.height == starts.len()
    assert (blinks["onset_s"] - starts).abs().max() < 0.15
    # Another gate runs this stage alone; nothing else hangs on it.
    study.write_config(**STUDY, face={"units": {"gates": {"au_12": [0.01, 0.08]}}})
    assert set(study.planned(table)) == {"extract_units"}
    assert "extract_units" not in study.planned()


def test_an_estimator_that_does_not_exist_stops_the_workflow_with_one_line(new_study):
    study = new_study(simulated_rows(["S01"]), **STUDY, face={"units": {"backend": "geometrics"}})
    result = study.snakemake("-n")
    assert result.returncode != 0
    assert "Did you mean geometric?" in result.stdout + result.stderr
