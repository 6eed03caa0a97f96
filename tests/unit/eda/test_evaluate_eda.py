"""Measures against plain formulas, parts apart, and a verdict that can go both ways."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from affectflow.eda.evaluate_eda import evaluate_eda, summary, verdict
from affectflow.schema import EDA_PREDICTIONS
from affectflow.train.scores.agreement import concordance_correlation, pearson

N, RATE_HZ = 160, 4.0


def table_of(people=8, *, told=0.0, models=("physnet",), seed=0):
    """Predictions that follow the truth by `told` (0..1), the rest of them being noise as large."""
    rng = np.random.default_rng(seed)
    time = np.arange(N) / RATE_HZ
    tables = []
    for model in models:
        for p in range(people):
            slow, fast = (np.sin(2 * np.pi * hz * time + rng.uniform(0, 6)) for hz in (0.02, 0.2))
            measured = slow + 0.5 * fast
            noise = rng.permutation(measured)
            columns = {
                "model": model, "fold": 0, "subject_id": f"P{p}", "recording_id": f"P{p}_T1", "time_s": time, "stretch": 0,
                "measured": measured, "predicted": told * measured + (1 - told) * noise, "mean": 0.0,
                "last_value": np.repeat(measured[::16], 16), "time_only": 0.1 * np.sin(time), "centre": 4.0, "scale": 0.5,
            }  # fmt: skip
            tables.append(pl.DataFrame(columns).cast(EDA_PREDICTIONS.empty().schema))
    return pl.concat(tables).select(EDA_PREDICTIONS.names)


def value(scores, **which):
    return scores.scores.filter(**which)["value"].item()


def test_measures_are_the_plain_formulas():
    table = table_of(told=0.6)
    scores = evaluate_eda(table, n_resamples=300, seed=1)
    x, y = table["measured"].to_numpy().astype(float), table["predicted"].to_numpy().astype(float)
    expected = {
        "mse": np.mean((x - y) ** 2),
        "mae": np.abs(x - y).mean(),
        "r": pearson(x, y),
        "ccc": concordance_correlation(x, y),
    }
    for measure, number in expected.items():
        assert value(scores, part="whole", method="predicted", measure=measure) == pytest.approx(
            number, rel=1e-6
        )
    one = table.filter(recording_id="P3_T1")
    row = scores.recordings.filter(recording_id="P3_T1", part="whole", method="last_value")
    assert row["r"].item() == pytest.approx(pearson(one["measured"], one["last_value"]), rel=1e-6)
    # A constant has no correlation, and that is not 0.
    assert value(scores, part="whole", method="mean", measure="r") is None
    assert value(scores, part="whole", method="mean", measure="ccc") == 0
    low, high = (
        scores.scores.filter(part="whole", method="predicted", measure="mse").select("low", "high").row(0)
    )
    assert low < expected["mse"] < high


def test_level_and_responses_apart():
    table = table_of()
    slow_only = pl.concat(
        own.with_columns(predicted=pl.lit(_level(own["measured"].to_numpy()))).cast(
            EDA_PREDICTIONS.empty().schema
        )
        for _, own in table.group_by("recording_id", maintain_order=True)
    )
    scores = evaluate_eda(slow_only, n_resamples=200, seed=1)
    assert value(scores, part="tonic", method="predicted", measure="r") > 0.95
    assert abs(value(scores, part="phasic", method="predicted", measure="r")) < 0.4


def _level(measured):
    spectrum = np.fft.rfft(measured)
    spectrum[np.fft.rfftfreq(N, 1 / RATE_HZ) > 0.05] = 0
    return np.fft.irfft(spectrum, N)


def test_parts_do_not_reach_across_stretches():
    table = table_of(people=3)
    cut = table.with_columns(stretch=(pl.col("time_s") >= 20).cast(pl.Int32))
    # A jump between stretches is nobody's response.
    jump = cut.with_columns(pl.col("measured", "predicted") + 50 * pl.col("stretch").cast(pl.Float32))
    one, other = (evaluate_eda(t, n_resamples=200, seed=1) for t in (cut, jump))
    assert value(other, part="phasic", method="predicted", measure="mse") == pytest.approx(
        value(one, part="phasic", method="predicted", measure="mse"), rel=1e-2
    )


def test_what_is_told_beats_the_baselines_and_noise_does_not():
    told = evaluate_eda(table_of(told=0.95), n_resamples=2000, seed=1)
    assert told.verdicts.filter(part="whole")["beats"].all()
    assert verdict(told).startswith("physnet beats all baselines")
    noise = evaluate_eda(table_of(told=0.0), n_resamples=2000, seed=1)
    assert not noise.verdicts["beats"].any()
    assert verdict(noise).startswith("Nothing beats the baselines (the mean, ")
    assert "on 8 people" in verdict(noise)
    text = summary(noise, target_scale="recording")
    assert verdict(noise) in text
    assert "level and size were given" in text
    assert "not defined" in text


def test_one_of_two_networks():
    good, bad = table_of(told=0.95), table_of(told=0.0, models=("cnn_lstm",))
    both = evaluate_eda(pl.concat([good, bad]), n_resamples=2000, seed=1)
    assert verdict(both).endswith("cnn_lstm does not.")
    alone = evaluate_eda(good, n_resamples=2000, seed=1)
    p = "p_holm"
    assert (
        both.verdicts.filter(model="physnet", part="whole")[p].item()
        >= alone.verdicts.filter(part="whole")[p].item()
    )


def test_the_course_that_only_knows_the_past_can_win():
    """A network that does no better than the last value does not beat the baselines, however well it correlates."""
    table = table_of().with_columns(predicted="last_value")
    scores = evaluate_eda(table, n_resamples=500, seed=1)
    assert value(scores, part="whole", method="predicted", measure="r") > 0.3
    assert not scores.verdicts.filter(part="whole")["beats"].item()


def test_too_few_people_for_so_many_networks_is_said():
    names = [f"net{k}" for k in range(6)]
    few = evaluate_eda(table_of(6, told=0.95, models=names), n_resamples=500, seed=1)
    # All of them are far better than the baselines, and nobody could tell.
    assert (few.comparisons.filter(part="whole")["low"] > 0).all()
    assert not few.verdicts["beats"].any()
    assert (few.verdicts["p_least"] > 0.05).all()
    assert "6 networks at once on 6 people could not be shown to, however well" in verdict(few)
    many = evaluate_eda(table_of(24, told=0.95, models=names), n_resamples=4000, seed=1)
    assert many.verdicts.filter(part="whole")["beats"].all()
    assert (many.verdicts["p_holm"] >= many.verdicts["p_least"] - 1e-12).all()
    # Where it could have been shown and was not, nothing more is said.
    noise = evaluate_eda(table_of(24, models=["net0"]), n_resamples=4000, seed=1)
    assert verdict(noise).endswith("without looking at it.")
