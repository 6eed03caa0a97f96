"""Three real people at rest and under stress (Stress-Predict, published rates): phases of one session compared."""

from __future__ import annotations

import numpy as np
import pingouin as pg
import polars as pl
import pytest
from scipy import stats

from affectflow.stats.mixed_model import mixed_model
from affectflow.stats.paired_tests import paired_tests

RATES = {"HR": "mean_hr_bpm", "respr": "mean_rsp_rate_bpm"}


@pytest.fixture(scope="module")
def seconds(shared) -> pl.DataFrame:
    """Person, run, phase and both rates of every second."""
    path = shared / "data/biosignals/stress_predict/processed_hr_resp_label.csv"
    return (
        pl.read_csv(path)
        .drop_nulls("HR")  # 5 seconds; a run is weighted by its length, not by what is known of it
        .rename({"Participant": "person", "Time(sec)": "time_s", "Label": "label"})
        .sort("person", "time_s", maintain_order=True)
        .with_columns(
            pl.format("S{}", pl.col("person").cast(pl.String).str.zfill(2)).alias("person"),
            pl.col("label").rle_id().over("person").alias("run"),
            pl.when(pl.col("label") == 1).then(pl.lit("stress")).otherwise(pl.lit("rest")).alias("phase"),
        )
    )


@pytest.fixture(scope="module")
def phases(seconds) -> pl.DataFrame:
    """The table `phases` of a study of signals alone: a row per person and run."""
    return (
        seconds.group_by("person", "run", maintain_order=True)
        .agg(
            pl.col("phase").first(),
            start_s=pl.col("time_s").min().cast(pl.Float64),
            n_frames=pl.len().cast(pl.Int32),
            **{new: pl.col(old).mean() for old, new in RATES.items()},
        )
        .with_columns(end_s=pl.col("start_s") + pl.col("n_frames"), coverage=pl.lit(0.0))
        .rename({"person": "subject_id", "run": "window_id"})
        .with_columns(
            recording_id="subject_id",
            pair="subject_id",
            condition=pl.lit("session"),
            window_id=pl.col("window_id").cast(pl.Int32),
        )
    )


def test_every_number_is_that_of_scipy_and_pingouin_on_the_seconds_themselves(seconds, phases) -> None:
    """Runs of unequal length weigh by their time, so that all seconds of a person count the same."""
    found = paired_tests(phases, baseline="rest", stressor="stress", contrast="phases")["results"]
    for old, new in RATES.items():
        wide = seconds.group_by("person", "phase").agg(pl.col(old).mean()).sort("person")
        rest, stress = (wide.filter(phase=p)[old].to_numpy() for p in ("rest", "stress"))
        row = found.filter(measure=new).row(0, named=True)
        assert row["n"] == len(rest) == 3
        theirs = stats.ttest_rel(stress, rest)
        d_z = pg.compute_effsize(stress - rest, 0, eftype="cohen")
        np.testing.assert_allclose(
            [row[k] for k in ("t", "p", "p_wilcoxon", "effect", "g")],
            [
                theirs.statistic,
                theirs.pvalue,
                stats.wilcoxon(stress, rest).pvalue,
                d_z,
                pg.convert_effsize(d_z, "cohen", "hedges", nx=3, ny=1),
            ],
            rtol=1e-9,
        )


def test_three_people_show_the_rise_and_the_results_say_that_they_prove_nothing(phases) -> None:
    found = paired_tests(phases, baseline="rest", stressor="stress", contrast="phases")["results"]
    pulse = found.filter(measure="mean_hr_bpm").row(0, named=True)
    # README of the data: 76.1 → 83.3, 75.0 → 82.3, 82.5 → 84.1 per minute.
    assert pulse["delta"] == pytest.approx((7.2 + 7.3 + 1.6) / 3, abs=0.1)
    # Four sign patterns, each p a multiple of a quarter.
    assert (pulse["n_relabellings"], pulse["p_max_t"] * 4 % 1) == (4, 0)
    assert not found["significant"].any()
    assert abs(pulse["effect"]) < pulse["smallest_effect"] < pulse["smallest_effect_corrected"]
    model = mixed_model(phases, baseline="rest", contrast="phases")["results"]
    term = model.filter(measure="mean_hr_bpm").row(0, named=True)
    assert (term["term"], term["n"], term["n_rows"]) == ("phase[stress]", 3, 6)
    # Complete pairs: the model's difference is the paired one, and so is its standard error where people differ.
    assert term["estimate"] == pytest.approx(pulse["delta"], rel=1e-6)
    assert term["z"] == pytest.approx(pulse["t"], rel=1e-2)
