"""Codes leave as CSV, come back through the sheet's column `codes`, and everything downstream runs."""

from __future__ import annotations

import csv
import shutil

import pytest

from affectflow.io.tables import read_table
from affectflow.io.video import read_frames
from affectflow.schema import CODES_COLUMNS, MEASURES
from tests.support.study import simulated_rows

PEOPLE = ["S01", "S02", "S03", "S04"]
NAME = "S01_stressor"
VIEWS = ["l68_x", "l68_y", "mp_x", "mp_y"]


def test_a_study_of_imported_codes_runs_without_the_weights_of_its_backend(copied_study):
    """A student with videos and CSV files, but without EMOCA's licence, gets everything but meshes."""
    study = copied_study
    folder = "CSV_stream"
    study.write_config(face={"codes": {"csv": True}})
    planned = study.planned()
    assert planned.pop("all", 1) == 1
    assert planned == {"export_csv": 2 * len(PEOPLE)}
    exported = study.snakemake()
    assert exported.returncode == 0, exported.stdout + exported.stderr
    # As from elsewhere: what lies in results, the workflow makes anew when its sources change.
    shutil.move(study.results / "csv/facemesh/CSV_stream", study.folder / folder)
    with (study.folder / folder / f"{NAME}_exp_pose.csv").open(newline="") as file:
        written = list(csv.reader(file))
    codes = read_table(study.results / f"codes/facemesh/{NAME}.parquet", "codes")
    assert [int(row[1]) - 1 for row in written[1:]] == codes.filter("valid")["frame_id"].to_list()
    assert {row[0] for row in written[1:]} == {"S01"}

    rows = [
        {**row, "codes": f"{folder}/{row['recording_id']}_exp_pose.csv"} for row in simulated_rows(PEOPLE)
    ]
    study.write_sheet(rows)
    study.write_config(face={"backend": "emoca"})
    overlay, windows = f"results/small/videos/overlay/{NAME}.mp4", "results/small/windows.parquet"
    sheet = f"results/small/figures/contact_sheets/{NAME}.png"
    targets = [windows, overlay, sheet, "results/small/stats/paired_tests/results.parquet"]
    planned = study.planned(*targets)
    assert planned["import_codes"] == len(rows)
    assert not {"track_faces", "extract_codes", "convert_weights"} & set(planned)
    result = study.snakemake(*targets)
    assert result.returncode == 0, result.stdout + result.stderr
    assert study.planned(*targets) == {}

    imported = read_table(study.results / f"codes/emoca/{NAME}.parquet", "codes")
    same = ["recording_id", "frame_id", "time_s", "valid", "score", *CODES_COLUMNS, *VIEWS, *MEASURES]
    assert imported.select(same).equals(codes.select(same), null_equal=True)
    times = read_table(study.results / f"video/{NAME}.frames.parquet", "video_frames")
    assert imported["time_s"].equals(times["time_s"])
    assert read_table(study.folder / windows, "windows")["coverage"].min() > 0.9
    assert len(list(read_frames(study.folder / overlay, recording_id=NAME))) == imported.height

    # Another CSV makes its own recording anew; one that is gone stops nobody else from starting.
    path = study.folder / folder / f"{NAME}_exp_pose.csv"
    path.write_bytes(path.read_bytes().rsplit(b"S01,", 1)[0])
    planned = study.planned(windows)
    assert planned["import_codes"] == 1
    assert "track_faces" not in planned
    path.unlink()
    assert study.planned(windows)["import_codes"] == 1


@pytest.mark.parametrize(
    ("cells", "says"),
    [
        (
            {"codes": "a.csv", "codes_format": "emoca_cvs"},
            "codes_format 'emoca_cvs' does not exist. Did you mean emoca_csv?",
        ),
        ({"codes": "results/small/csv/facemesh/a.csv"}, "lie in the results that this study makes"),
        ({"codes": "a.csv", "video": ""}, "video is empty"),
    ],
)
def test_wrong_cells_stop_before_any_job(new_study, cells, says):
    [row, *_] = simulated_rows(["S01"])
    result = new_study([{**row, **cells}]).snakemake("-n")
    assert result.returncode == 2
    assert says in result.stderr
    assert "Traceback" not in result.stderr
