"""Quality and exclusion through the workflow: who is left out, why, and what a changed limit costs."""

from __future__ import annotations

import shutil

import numpy as np
import polars as pl
import pytest

from affectflow.cli.summary import summarise_study
from affectflow.io.tables import read_table
from tests.support.clips import write_clip
from tests.support.study import WorkflowStudy

TARGETS = ("results/small/quality.parquet", *(f"results/small/figures/quality/{n}.html" for n in "acv"))
LIMITS = {"windows": {"length_s": 2, "stride_s": 1}}


def row(name: str, **cells: str) -> dict[str, str]:
    return {"recording_id": name, "subject_id": name.upper(), "condition": "rest", **cells}


def write_signals(path, *, until_s: float) -> None:
    time = np.arange(0, until_s, 0.25)
    pl.DataFrame({"time_s": time, "hr_bpm": 60 + np.sin(time)}).write_csv(path)


@pytest.fixture(scope="module")
def checked(tmp_path_factory) -> WorkflowStudy:
    """Two recordings of signals, one of them short, a video without a face, and a row that the sheet leaves out."""
    study = WorkflowStudy(tmp_path_factory.mktemp("quality"))
    study.write_config(features={**LIMITS, "exclude": {"duration_min_s": 6}})
    for name, until_s in (("a", 12.0), ("c", 4.0)):
        write_signals(study.folder / f"{name}.csv", until_s=until_s)
    write_clip(study.folder / "v.mp4", [i / 10 for i in range(70)])
    study.write_sheet(
        [
            *(row(name, signals=f"{name}.csv") for name in "ac"),
            row("v", video="v.mp4"),
            row("w", signals="w.csv", exclude="took off the wristband"),
        ]
    )
    result = study.snakemake(*TARGETS)
    assert result.returncode == 0, result.stdout + result.stderr
    return study


@pytest.fixture
def copied(checked, tmp_path) -> WorkflowStudy:
    shutil.copytree(checked.folder, tmp_path / "study", symlinks=True)
    return WorkflowStudy(tmp_path / "study")


def test_the_excluded_are_in_the_table_and_not_in_the_windows(checked):
    table = read_table(checked.results / "quality.parquet", "recording_quality")
    rows = {r["recording_id"]: r for r in table.iter_rows(named=True)}
    assert list(rows) == ["a", "c", "v", "w"]
    assert rows["c"]["excluded"] == "duration_s 3.72 is below features.exclude.duration_min_s 6"
    assert rows["w"]["excluded"] == "by the sheet: took off the wristband"
    assert rows["a"]["excluded"] is rows["v"]["excluded"] is None
    assert rows["v"]["note"] == "no face in any frame"
    assert rows["a"]["signal_coverage"] == 1
    windows = read_table(checked.results / "windows.parquet", "windows")
    assert set(windows["recording_id"]) == {"a"}
    assert rows["a"]["n_windows"] == windows.filter(recording_id="a").height
    assert "c is left out: duration_s" in (checked.results / "logs/check_quality/c.log").read_text()


def test_every_recording_has_its_page_and_the_table_links_to_it(checked):
    pages = checked.results / "figures/quality"
    assert {p.name for p in pages.glob("*.html")} == {"quality.html", *(f"{n}.html" for n in "acv")}
    study_page = (pages / "quality.html").read_text()
    for name in "acv":
        assert f'<a href="{name}.html">' in study_page
    assert "w.html" not in study_page
    assert "Left out" in (pages / "c.html").read_text()
    assert (pages / "v.html").read_text().count("data:image/jpeg") == 6


def test_summary_says_how_many_and_why(checked, monkeypatch):
    monkeypatch.chdir(checked.folder)
    said = summarise_study("study.yaml")
    assert "2 of them left out of windows, statistics and models" in said
    assert "  c: duration_s 3.72 is below features.exclude.duration_min_s 6" in said
    assert "  w: by the sheet: took off the wristband" in said


def test_a_limit_reruns_the_check_and_what_follows_only(copied):
    copied.write_config(features={**LIMITS, "exclude": {"duration_min_s": 3}})
    planned = copied.planned(*TARGETS)
    assert planned == {"check_quality": 3, "make_windows": 1, "quality_page": 3, "summarise_quality": 1}
    result = copied.snakemake("results/small/windows.parquet")
    assert result.returncode == 0, result.stderr
    windows = read_table(copied.results / "windows.parquet", "windows")
    assert set(windows["recording_id"]) == {"a", "c"}


def test_how_pages_look_reruns_no_check(copied):
    limits = {**LIMITS, "exclude": {"duration_min_s": 6}}
    copied.write_config(features=limits, viz={"overlays": "none", "thumbnails": "blurred"})
    assert copied.planned(*TARGETS) == {"quality_page": 1}
    copied.write_config(features=limits, viz={"overlays": "none", "thumbnails": "none"})
    assert copied.planned(*TARGETS) == {"quality_page": 1}


def test_with_everybody_left_out_the_table_still_says_why(copied):
    copied.write_config(features={**LIMITS, "exclude": {"duration_min_s": 600}})
    result = copied.snakemake(TARGETS[0])
    assert result.returncode == 0, result.stderr
    assert read_table(copied.results / "windows.parquet", "windows").height == 0
    table = read_table(copied.results / "quality.parquet", "recording_quality")
    assert table["excluded"].null_count() == 0


def test_a_recording_that_fails_is_named_and_stops_the_table_until_the_sheet_leaves_it_out(copied):
    rows = [row("a", signals="a.csv")]
    (copied.folder / "bad.csv").write_text("time_s,hr_bpm\n0,sixty\n")
    copied.write_sheet([*rows, row("bad", signals="bad.csv")])
    result = copied.snakemake(TARGETS[0])
    assert result.returncode == 1
    assert "What failed, once more:\n  clean_signals bad: bad.csv: row 2" in result.stderr
    assert "summarise_quality" in copied.planned(TARGETS[0])
    copied.write_sheet([*rows, row("bad", signals="bad.csv", exclude="its file is damaged")])
    result = copied.snakemake(TARGETS[0])
    assert result.returncode == 0, result.stderr
    table = read_table(copied.results / "quality.parquet", "recording_quality")
    assert dict(table.select("recording_id", "excluded").rows())["bad"] == "by the sheet: its file is damaged"


def test_a_recording_cannot_be_called_as_the_page_of_all(new_study):
    result = new_study([row("Quality", signals="a.csv")]).snakemake("-n")
    assert result.returncode == 2
    assert "a recording cannot be called quality" in result.stderr
