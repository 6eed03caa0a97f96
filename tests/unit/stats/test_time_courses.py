"""Courses over phases: aligned whatever the lengths, people first, bands of t, nothing invented."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl
import pytest
from scipy import stats

from affectflow.errors import DesignError
from affectflow.stats.measures import frame_columns
from affectflow.stats.time_courses import time_courses
from tests.support.synth_stats import synth_phased_features

C = {"baseline": "baseline", "stressor": "stressor"}
HR = {"kinds": ["signals"]}


def study() -> pl.DataFrame:
    """Five people; their P1 lasts 4 to 8 s and P2 10 s, with a second without phase in between."""
    runs = {
        f"S{i}_{c}": [("P1", 4.0 + i), (None, 1.0), ("P2", 10.0)]
        for i in range(5)
        for c in ("baseline", "stressor")
    }
    return synth_phased_features(durations_s=runs)


def test_phases_of_any_length_fall_onto_each_other() -> None:
    tables = time_courses(study(), **C, **HR, points=32)
    phases = tables["phases"]
    assert phases["phase"].to_list() == ["P1", "P2"]
    assert phases["length_s"].to_list() == [pytest.approx(6.0), pytest.approx(10.0)]
    assert phases["start_s"].to_list() == [0.0, pytest.approx(6.0)]
    assert phases["n_points"].to_list() == [12, 20]
    assert (phases["duration_min_s"][0], phases["duration_max_s"][0]) == (
        pytest.approx(4.0),
        pytest.approx(8.0),
    )
    results = tables["results"]
    assert (results["n"] == 5).all()
    # Everybody rises from 60 to 70 over each phase, so the mean does: people at 0..4, the stressor 5 above.
    expected = 62 + 10 * results["position"] + 5 * (results["condition"] == "stressor").cast(pl.Float64)
    assert (results["mean"] - expected).abs().max() < 0.35
    time = results.filter(pl.col("condition") == "baseline")["time_s"].to_numpy()
    np.testing.assert_allclose(time, np.arange(32) * 0.5 + 0.25)


def test_the_band_is_the_t_interval_over_people() -> None:
    results = time_courses(study(), **C, **HR, points=8)["results"]
    # The five people are 0, 1, 2, 3, 4 above a common course; in P2 they have the same frames in each point.
    half = stats.t.ppf(0.975, 4) * np.std([0, 1, 2, 3, 4], ddof=1) / np.sqrt(5)
    second = results.filter(pl.col("phase") == "P2")
    np.testing.assert_allclose(second["high"] - second["mean"], half, rtol=1e-9)
    np.testing.assert_allclose(second["mean"] - second["low"], half, rtol=1e-9)


def test_a_person_counts_once_however_many_recordings() -> None:
    runs = {f"S{i}_baseline": [("P1", 5.0)] for i in range(4)}
    once = synth_phased_features(durations_s=runs)
    again = once.filter(pl.col("subject_id") == "S3").with_columns(
        pl.lit("S3_again").alias("recording_id"), pl.col("hr_bpm") + 100
    )
    alone = time_courses(once, **C, **HR, points=5)["results"]
    both = time_courses(pl.concat([once, again]), **C, **HR, points=5)["results"]
    assert (both["n"] == 4).all()
    # The fourth person is now 50 higher on average: the mean of four rises by 12.5.
    np.testing.assert_allclose(both["mean"] - alone["mean"], 12.5)


def test_from_the_onset_seconds_stay_seconds_and_end_where_two_people_are_left() -> None:
    tables = time_courses(study(), **C, **HR, align="onset", points=32)
    first = tables["results"].filter(pl.col("phase") == "P1", pl.col("condition") == "baseline")
    # P1 lasts 4, 5, 6, 7, 8 s: three people are there up to 6 s.
    assert first["time_s"].max() == pytest.approx(5.75)
    assert first["n"].to_list() == [5] * 8 + [4] * 2 + [3] * 2
    assert tables["phases"]["length_s"].to_list() == [pytest.approx(6.0), pytest.approx(10.0)]
    second = tables["results"].filter(pl.col("phase") == "P2")
    assert second["time_s"].min() == pytest.approx(6.25)
    # At 2.25 s a person whose P1 lasts d seconds is at 2.25 / d of the rise.
    at = first.filter((pl.col("time_s") - 2.25).abs() < 1e-6).item(0, "mean")
    assert at == pytest.approx(62 + 10 * np.mean([2.25 / d for d in (4, 5, 6, 7, 8)]), abs=0.02)


def test_missing_phases_repeated_phases_and_gaps() -> None:
    runs = {f"S{i}_baseline": [("rest", 4.0), ("task", 6.0), ("rest", 4.0)] for i in range(4)}
    runs["S4_baseline"] = [("task", 6.0)]
    features = synth_phased_features(durations_s=runs)
    hidden = (pl.col("subject_id") == "S0") & (pl.col("phase") == "task") & (pl.col("time_s") < 6.0)
    features = features.with_columns(pl.when(~hidden).then("hr_bpm").alias("hr_bpm"))
    tables = time_courses(features, **C, **HR, points=14)
    phases = tables["phases"]
    # The mean onset of task is 3.2 s (four people at 4 s, one at 0).
    assert phases.select("phase", "occurrence").rows() == [("rest", 1), ("task", 1), ("rest", 2)]
    assert phases["n_subjects"].to_list() == [4, 5, 4]
    n = {
        k: t["n"].to_list()
        for k, t in tables["results"].partition_by(["phase", "occurrence"], as_dict=True).items()
    }
    assert n[("rest", 1)] == [4] * 4
    assert n[("task", 1)] == [4, 4, 5, 5, 5, 5]


def test_what_two_people_have_has_a_mean_and_no_band() -> None:
    runs = {f"S{i}_baseline": [("whole", 4.0)] for i in range(2)}
    results = time_courses(synth_phased_features(durations_s=runs), **C, **HR, points=4)["results"]
    assert (results["n"] == 2).all()
    assert results["mean"].null_count() == 0
    assert results["low"].null_count() == results["high"].null_count() == results.height


def test_no_point_is_finer_than_two_frames() -> None:
    runs = {f"S{i}_baseline": [("whole", 2.0)] for i in range(3)}
    tables = time_courses(synth_phased_features(durations_s=runs, fps=10.0), **C, **HR, points=500)
    assert tables["phases"]["n_points"].to_list() == [10]


def test_columns_are_chosen_and_mistakes_answered() -> None:
    features = study()
    tables = time_courses(features, **C, columns=["smile", "hr_bpm"])
    assert tables["results"]["signal"].unique(maintain_order=True).to_list() == ["smile", "hr_bpm"]
    default = time_courses(features, **C)["results"]["signal"].unique(maintain_order=True).to_list()
    assert default[0] == "hr_bpm"
    with pytest.raises(DesignError, match=r"no recording has a column 'hr_bmp'\. Did you mean hr_bpm"):
        time_courses(features, **C, columns=["hr_bmp"])
    with pytest.raises(DesignError, match="no frame lies in a phase"):
        time_courses(features.with_columns(pl.lit(None, pl.String).alias("phase")), **C, **HR)
    with pytest.raises(DesignError, match=r"cannot use stats\.own_table"):
        time_courses(features.drop("time_s"), **C)
    names = frame_columns(features.columns, ["signals"], only=["smile"])
    assert "smile" in names
    assert "hr_bpm" not in names
    assert "time_s" in names


def test_a_point_needs_half_of_its_frames() -> None:
    runs = {f"S{i}_baseline": [("whole", 4.0)] for i in range(3)}
    features = synth_phased_features(durations_s=runs)
    # Of the 20 frames of each second, S0 lacks 9 in the first and 11 in the second.
    first, second = pl.col("time_s") < 0.44, pl.col("time_s").is_between(1.0, 1.54)
    hidden = (pl.col("subject_id") == "S0") & (first | second)
    features = features.with_columns(pl.when(~hidden).then("hr_bpm").alias("hr_bpm"))
    assert time_courses(features, **C, **HR, points=4)["results"]["n"].to_list() == [3, 2, 3, 3]


def test_three_real_people_from_rest_to_stress(shared: Path) -> None:
    """Stress-Predict: rest and tasks in turn, of other lengths for each person; heart rate second by second."""
    table = pl.read_csv(shared / "data" / "biosignals" / "stress_predict" / "processed_hr_resp_label.csv")
    table = table.filter(pl.col("Participant").is_in([2, 4, 5])).sort("Participant", "Time(sec)")
    person = pl.format("S{}", "Participant")
    features = table.select(
        person.alias("recording_id"),
        person.alias("subject_id"),
        pl.lit(None, pl.String).alias("condition"),
        (pl.col("Time(sec)") - pl.col("Time(sec)").min().over("Participant"))
        .cast(pl.Float64)
        .alias("time_s"),
        pl.when(pl.col("Label") == 1).then(pl.lit("task")).otherwise(pl.lit("rest")).alias("phase"),
        pl.col("HR").cast(pl.Float64).alias("hr_bpm"),
    )
    tables = time_courses(features, **C, columns=["hr_bpm"], points=200)
    phases = tables["phases"]
    everybodys = phases.filter(pl.col("n_subjects") == 3)
    assert phases["phase"][0] == "rest"
    assert everybodys["phase"].to_list()[:4] == ["rest", "task", "rest", "task"]
    assert (everybodys["duration_max_s"] > everybodys["duration_min_s"]).any()
    # Mean over the points of a run = mean over people of their mean in that run.
    runs = features.with_columns(pl.col("phase").rle_id().over("recording_id").alias("run"))
    own = runs.group_by("recording_id", "run", "phase").agg(pl.col("hr_bpm").mean())
    for run, (phase, occurrence) in enumerate(everybodys.select("phase", "occurrence").rows()[:4]):
        here = tables["results"].filter(pl.col("phase") == phase, pl.col("occurrence") == occurrence)
        assert (here["n"] == 3).all()
        expected = own.filter(pl.col("run") == run)["hr_bpm"].to_numpy().mean()
        assert here["mean"].to_numpy().mean() == pytest.approx(expected, abs=0.3)
