"""Expressions through the real workflow: nothing unless asked for, and then from the video to the figure."""

from __future__ import annotations

import polars as pl
import pytest

from affectflow.io.video import read_frames
from tests.support.study import simulated_rows

STAGES = ("extract_units", "map_expressions", "plot_expressions", "render_expressions")


def test_they_are_made_only_when_asked_for_by_their_path(new_study):
    study = new_study(simulated_rows(["S01", "S02", "S03"]))
    assert not set(STAGES) & set(study.planned())
    figure = f"results/{study.results.name}/figures/expressions/geometric/S01_stressor.png"
    video = f"results/{study.results.name}/videos/expressions/geometric/S01_stressor.mp4"
    planned = study.planned(figure, video)
    assert {name: planned[name] for name in STAGES} == dict.fromkeys(STAGES, 1)
    assert "extract_codes" not in planned


def test_the_rough_affect_is_made_from_expressions_without_pixels(new_study):
    study = new_study(simulated_rows(["S01", "S02", "S03"]))
    planned = study.planned(f"results/{study.results.name}/figures/affect/from_expressions/S01_stressor.svg")
    assert planned["map_expressions"] == planned["extract_affect"] == planned["plot_affect"] == 1
    assert "convert_weights" not in planned
    # A study that sets it has it for every recording.
    study.write_config(face={"affect": {"backend": "from_expressions"}})
    assert study.planned()["extract_affect"] == 6


def test_a_name_that_is_none_stops_with_one_line(new_study):
    study = new_study(simulated_rows(["S01", "S02", "S03"]), face={"expressions": {"names": ["hapy"]}})
    result = study.snakemake("-n")
    assert result.returncode == 2
    assert "face.expressions.names: 'hapy' is no expression. Did you mean happy?" in result.stderr
    assert "Traceback" not in result.stderr


@pytest.mark.slow
def test_from_a_simulated_video_to_the_timing_diagram(new_study):
    study = new_study(simulated_rows(["S01"]))
    base = f"results/{study.results.name}"
    svg = f"{base}/figures/expressions/geometric/S01_stressor.svg"
    video = f"{base}/videos/expressions/geometric/S01_stressor.mp4"
    circumplex = f"{base}/figures/affect/from_expressions/S01_stressor.svg"
    result = study.snakemake(svg, video, circumplex)
    assert result.returncode == 0, result.stdout + result.stderr
    table = pl.read_parquet(study.results / "expressions/geometric/S01_stressor.parquet")
    assert table.height == 90
    assert table["valid"].mean() > 0.9
    assert table["method"].unique().to_list() == ["geometric"]
    drawn = (study.results / "figures/expressions/geometric/S01_stressor.svg").read_text()
    assert "simulated data" in drawn
    shown = [frame.time_s for frame in read_frames(study.folder / video)]
    assert shown == pytest.approx(table["time_s"].to_list(), abs=1e-6)
    rough = pl.read_parquet(study.results / "affect/from_expressions/S01_stressor.parquet")
    assert rough["valence"].equals(table["rough_valence"].alias("valence"))
    drawn = (study.folder / circumplex).read_text()
    assert "rough estimate" in drawn
    assert "simulated data" in drawn
    # Another threshold maps and draws anew, and measures nothing again.
    study.write_config(face={"expressions": {"neutral_percentile": 80}})
    planned = study.planned(svg)
    assert {"map_expressions", "plot_expressions"} <= set(planned)
    assert not {"track_faces", "extract_units"} & set(planned)
