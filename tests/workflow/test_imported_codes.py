"""Codes leave as CSV, come back through the sheet's column `codes`, and everything downstream runs."""

from __future__ import annotations

import csv

from affectflow.io.tables import read_table
from affectflow.io.video import read_frames
from affectflow.schema import CODES_COLUMNS, MEASURES
from tests.support.study import SMALL, simulated_rows

PEOPLE = ["S01", "S02", "S03", "S04"]
NAME = "S01_stressor"
VIEWS = ["l68_x", "l68_y", "mp_x", "mp_y"]


def test_a_study_of_imported_codes_runs_to_its_statistics_and_overlay(copied_study):
    study = copied_study
    before = study.results
    csvs = f"results/{SMALL['dataset']}/csv/facemesh/CSV_stream"
    study.write_config(face={"codes": {"csv": True}})
    planned = study.planned()
    assert planned.pop("all", 1) == 1
    assert planned == {"export_csv": 2 * len(PEOPLE)}
    exported = study.snakemake()
    assert exported.returncode == 0, exported.stdout + exported.stderr
    with (study.folder / csvs / f"{NAME}_exp_pose.csv").open(newline="") as file:
        rows = list(csv.reader(file))
    codes = read_table(before / f"codes/facemesh/{NAME}.parquet", "codes")
    assert [int(row[1]) - 1 for row in rows[1:]] == codes.filter("valid")["frame_id"].to_list()
    assert {row[0] for row in rows[1:]} == {"S01"}

    rows = [{**row, "codes": f"{csvs}/{row['recording_id']}_exp_pose.csv"} for row in simulated_rows(PEOPLE)]
    rows[-1]["codes"] = "gone.csv"
    study.write_sheet(rows)
    study.write_config(dataset="imported", viz={"overlays": "sample"})
    targets = [
        "results/imported/windows.parquet",
        "results/imported/stats/paired_tests/results.parquet",
        f"results/imported/figures/contact_sheets/{NAME}.png",
        f"results/imported/videos/overlay/{NAME}.mp4",
    ]
    planned = study.planned(*targets)
    assert planned["import_codes"] == len(rows)
    assert "extract_codes" not in planned
    failed = study.snakemake(*targets)
    assert failed.returncode == 1
    said = [line for line in failed.stderr.splitlines() if line.startswith("affectflow ")]
    assert len(said) == 1
    assert "gone.csv: the codes file cannot be read" in said[0]
    assert "Traceback" not in failed.stderr
    study.write_sheet(rows[:-1])
    result = study.snakemake(*targets)
    assert result.returncode == 0, result.stdout + result.stderr

    imported = read_table(study.results / f"codes/facemesh/{NAME}.parquet", "codes")
    same = ["recording_id", "frame_id", "time_s", "valid", *CODES_COLUMNS, *VIEWS]
    assert imported.select(same).equals(codes.select(same), null_equal=True)
    times = read_table(study.results / f"video/{NAME}.frames.parquet", "video_frames")
    assert imported["time_s"].equals(times["time_s"])
    # The same video tracked again: the same measures, and the crop by EMOCA's rule.
    assert imported.select(MEASURES).equals(codes.select(MEASURES), null_equal=True)
    assert (imported["crop_size_px"] / codes["crop_size_px"] - 224 / 223).abs().max() < 1e-6
    windows = read_table(study.results / "windows.parquet", "windows")
    assert windows["coverage"].min() > 0.9
    assert windows["blink_rate_hz"].null_count() == 0
    overlay = list(read_frames(study.folder / targets[-1], recording_id=NAME))
    assert len(overlay) == imported.height
    assert study.planned(*targets) == {}

    # A changed CSV makes its own recording anew, and nothing else but what gathers.
    path = study.folder / csvs / f"{NAME}_exp_pose.csv"
    path.write_bytes(path.read_bytes())
    planned = study.planned("results/imported/windows.parquet")
    assert planned["import_codes"] == 1
    assert "track_faces" not in planned


def test_an_unknown_format_stops_before_any_job(new_study):
    [row, *_] = simulated_rows(["S01"])
    result = new_study([{**row, "codes": "a.csv", "codes_format": "emoca_cvs"}]).snakemake("-n")
    assert result.returncode == 2
    assert "codes_format 'emoca_cvs' does not exist. Did you mean emoca_csv?" in result.stderr
    assert "Traceback" not in result.stderr
