"""LDA with people held out: finds a direction, does not leak, and is honest without one."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis

from affectflow.errors import DesignError
from affectflow.stats.held_out import discriminant, fold_maker, unit_folds
from affectflow.stats.lda import lda
from affectflow.stats.relabel import relabellings
from tests.support.synth_stats import synth_windows

CONDITIONS = {"baseline": "baseline", "stressor": "stressor"}
FAST = {**CONDITIONS, "seed": 1, "n_permutations": 0, "n_bootstrap": 200}


def test_an_effect_is_found_with_an_exact_p() -> None:
    tables = lda(synth_windows(n_subjects=7, effect=4, n_codes=8), **{**FAST, "n_permutations": 99})
    row = tables["results"].row(0, named=True)
    assert (row["design"], row["n_units"], row["n_folds"]) == ("paired", 7, 7)
    assert row["auroc"] > 0.9
    assert row["auroc_low"] > 0.5
    assert row["permutations_exact"]
    assert row["n_permutations"] == 64
    assert row["p_permutation"] == pytest.approx(1 / 64)
    top = tables["direction"].sort(pl.col("pattern").abs(), descending=True)["measure"][0]
    assert top in {"blink_rate_hz", "mean_brow_raise", "mean_exp_07", "speed_exp_03"}


def test_scores_are_those_of_a_model_that_never_saw_the_person() -> None:
    windows = synth_windows(n_subjects=5, n_codes=4)
    tables = lda(windows, **FAST, kinds=["codes"], summaries=["mean"])
    columns = [f"mean_exp_{i:02d}" for i in range(4)]
    x, y = windows.select(columns).to_numpy(), (windows["condition"] == "stressor").to_numpy()
    for person in ("S00", "S03"):
        out = (windows["subject_id"] == person).to_numpy()
        mean, sd = x[~out].mean(axis=0), x[~out].std(axis=0)
        model = LinearDiscriminantAnalysis(solver="eigen", shrinkage="auto", priors=[0.5, 0.5]).fit(
            (x[~out] - mean) / sd, y[~out]
        )
        expected = model.decision_function((x[out] - mean) / sd)
        found = tables["scores"].filter(pl.col("unit") == person)["score"].to_numpy()
        np.testing.assert_allclose(found, expected, rtol=1e-6)


def test_a_held_out_person_cannot_change_its_own_model(monkeypatch: pytest.MonkeyPatch) -> None:
    windows = synth_windows(n_subjects=5, n_codes=4)
    moved = windows.with_columns(
        pl.when(pl.col("subject_id") == "S00")
        .then(pl.col("mean_exp_00") + 1000)
        .otherwise(pl.col("mean_exp_00"))
        .alias("mean_exp_00")
    )
    x = [w.select("mean_exp_00", "mean_exp_01").to_numpy() for w in (windows, moved)]
    y, unit = (windows["condition"] == "stressor").to_numpy(), np.repeat(np.arange(5), 8)
    # Once fitted to sums, once to the rows themselves.
    for largest in (2**26, 0):
        monkeypatch.setattr("affectflow.stats.held_out.LARGEST_MOMENTS", largest)
        found = []
        for values in x:
            make = fold_maker(values, unit, y)
            folds = [make(unit != k, unit == k) for k in (0, 1)]
            found.append([f.fit(y)[0] * f.deviation for f in folds])
        np.testing.assert_allclose(found[0][0], found[1][0], rtol=1e-9)
        assert not np.allclose(found[0][1], found[1][1], rtol=0.1)


@pytest.mark.parametrize("grouped", [False, True])
def test_without_effect_the_auroc_is_half_on_average(grouped: bool) -> None:
    found = []
    for seed in range(24):
        windows = synth_windows(n_subjects=10, effect=0, seed=seed, n_codes=4, n_windows=2, grouped=grouped)
        results = lda(windows, **{**FAST, "n_bootstrap": 2}, kinds=["codes", "measures"])["results"]
        found.append(results.select("auroc", "auroc_pooled").row(0))
    within = np.mean(found, axis=0)[0]
    # One study's AUROC varies by about 0.15: 24 of them by 0.03.
    assert within == pytest.approx(0.5, abs=0.09)


def test_p_values_without_effect_are_spread_evenly() -> None:
    p = []
    for seed in range(20):
        windows = synth_windows(n_subjects=5, effect=0, seed=seed, n_codes=2, n_windows=2)
        options = {**FAST, "n_permutations": 16, "kinds": ["codes"]}
        p.append(lda(windows, **options)["results"]["p_permutation"][0])
    assert 0.3 < np.mean(p) < 0.75
    assert np.mean(np.array(p) <= 1 / 16) <= 0.3


@pytest.mark.parametrize("grouped", [False, True])
def test_no_unit_straddles_folds(grouped: bool) -> None:
    scores = lda(synth_windows(n_subjects=14, grouped=grouped, n_codes=3), **FAST, n_folds=4)["scores"]
    assert scores.group_by("unit").agg(pl.col("fold").n_unique())["fold"].max() == 1
    assert scores["fold"].n_unique() == 4
    assert scores.group_by("fold").agg(pl.col("stressed").n_unique())["stressed"].min() == 2


def test_the_mean_curve_has_the_area_of_the_auroc() -> None:
    tables = lda(synth_windows(n_subjects=6, effect=1, n_codes=4), **FAST)
    curve = tables["roc"].filter(pl.col("fold").is_null())
    area = float(np.sum(np.diff(curve["false_positive_rate"]) * curve["true_positive_rate"].to_numpy()[:-1]))
    assert area == pytest.approx(tables["results"]["auroc"][0], abs=0.006)


def test_same_seed_same_tables_and_input_untouched() -> None:
    windows = synth_windows(n_subjects=12, n_codes=3)
    before = windows.clone()
    options = {**FAST, "n_permutations": 5, "n_folds": 4}
    one, two = lda(windows, **options), lda(windows, **options)
    assert all(one[name].equals(two[name]) for name in one)
    assert windows.equals(before)
    other = lda(windows, **{**options, "seed": 2})
    assert not other["scores"]["fold"].equals(one["scores"]["fold"])


def test_missing_values_are_filled_inside_the_fold_and_empty_windows_left_out(
    caplog: pytest.LogCaptureFixture,
) -> None:
    windows = synth_windows(n_subjects=5, n_codes=4)
    features = [c for c in windows.columns if c.startswith(("mean_", "speed_", "sd_", "blink"))]
    gaps = windows.with_columns(
        pl.when(pl.col("window_id") != 0).then(pl.col("mean_smile")),
        pl.lit(None, pl.Float64).alias("speed_smile"),
    ).with_columns(
        pl.when((pl.col("window_id") != 3) | (pl.col("recording_id") != "S01_baseline")).then(
            pl.col(features)
        )
    )
    tables = lda(gaps, **FAST)
    assert tables["scores"].height == windows.height - 1
    assert tables["scores"]["score"].is_finite().all()
    assert "speed_smile" not in tables["direction"]["measure"].to_list()
    assert "1 of 40 windows are left out" in caplog.text


SCATTERED = {**FAST, "kinds": ["codes"], "summaries": ["mean"]}


def scattered(windows: pl.DataFrame, where: pl.Expr) -> pl.DataFrame:
    """Windows of which those chosen have one of three codes each, in turn."""
    turn = pl.int_range(pl.len()) % 3
    return windows.with_columns(
        pl.when(~where | (turn == i)).then(f"mean_exp_{i:02d}").alias(f"mean_exp_{i:02d}") for i in range(3)
    )


@pytest.mark.parametrize("side", ["baseline", "stressor"])
def test_a_condition_of_which_every_window_is_left_out_is_said(side: str) -> None:
    windows = synth_windows(n_subjects=6, n_codes=3)
    with pytest.raises(DesignError, match="each of the 24 windows of 'baseline' misses more than half"):
        lda(scattered(windows, pl.lit(True)), **SCATTERED)
    with pytest.raises(DesignError, match=f"windows of '{side}' misses more than half of the 3"):
        lda(scattered(windows, pl.col("condition") == side), **SCATTERED)


def test_who_has_windows_of_one_condition_left_is_excluded() -> None:
    windows = synth_windows(n_subjects=6, n_codes=3)
    lost = (pl.col("subject_id") == "S02") & (pl.col("condition") == "stressor")
    tables = lda(scattered(windows, lost), **SCATTERED)
    assert tables["results"]["n_units"][0] == 5
    assert tables["exclusions"]["unit"].to_list() == ["S02"]
    few = scattered(windows, (pl.col("subject_id") > "S01") & (pl.col("condition") == "stressor"))
    with pytest.raises(DesignError, match="at least 3 people seen in both"):
        lda(few, **SCATTERED)


@pytest.mark.parametrize("value", [np.inf, -np.inf, np.nan])
def test_what_is_no_finite_number_is_missing(value: float) -> None:
    windows = synth_windows(n_subjects=5, n_codes=4)
    one = (pl.col("subject_id") == "S00") & (pl.col("window_id") == 0)
    found, expected = (
        lda(windows.with_columns(mean_exp_00=pl.when(~one).then("mean_exp_00").otherwise(v)), **FAST)
        for v in (pl.lit(value), None)
    )
    assert all(found[name].equals(expected[name]) for name in found)


def test_no_column_of_the_kind_is_said() -> None:
    with pytest.raises(DesignError, match="the table has codes/mean"):
        lda(synth_windows(n_codes=2), **FAST, kinds=["other"])


def test_columns_that_nobody_has_say_nothing_about_a_row() -> None:
    windows = synth_windows(n_subjects=5, effect=3, n_codes=4)
    # As of a program without expression codes: twice as many empty columns as measured ones.
    empty = [pl.lit(None, pl.Float64).alias(f"mean_exp_{i:02d}") for i in range(10, 30)]
    kinds = {"kinds": ["codes"], "summaries": ["mean"]}
    assert lda(windows.with_columns(empty), **FAST, **kinds)["results"].equals(
        lda(windows, **FAST, **kinds)["results"]
    )
    with pytest.raises(DesignError, match="every column of kind codes is empty"):
        lda(windows.drop("^(mean|speed)_exp_.*$").with_columns(empty), **FAST, **kinds)


def test_relabellings_swap_people_or_deal_within_folds() -> None:
    unit, y = np.repeat(np.arange(3), 2), np.tile([False, True], 3)
    labels, exact = relabellings(y, unit, unit, paired=True, n=10, seed=0)
    assert exact
    assert len({tuple(v) for v in labels}) == 4
    assert all(v[unit == u].sum() == 1 for v in labels for u in range(3))
    units, fold, side = np.arange(8), np.arange(8) // 2, np.arange(8) % 2 == 0
    dealt, exact = relabellings(side, units, fold, paired=False, n=20, seed=0)
    assert not exact
    assert all(v[fold == k].sum() == 1 for v in dealt for k in range(4))


def test_one_unit_cannot_be_held_out() -> None:
    with pytest.raises(DesignError, match="at least 2 units"):
        unit_folds(np.zeros(4, dtype=int), np.array([False, True] * 2), paired=True, n_folds=5, seed=0)


def test_the_direction_says_what_a_column_does_when_the_score_moves() -> None:
    windows = synth_windows(n_subjects=6, effect=3, n_codes=6)
    direction = lda(windows, **FAST, kinds=["codes"], summaries=["mean"])["direction"]
    x = windows.select(direction["measure"].to_list()).to_numpy()
    np.testing.assert_allclose(direction["mean"], x.mean(axis=0))
    np.testing.assert_allclose(direction["sd"], x.std(axis=0))
    score = (x - x.mean(axis=0)) / x.std(axis=0) @ direction["weight"].to_numpy()
    score = (score - score.mean()) / score.std()
    np.testing.assert_allclose(direction["covariance"], score @ (x - x.mean(axis=0)) / len(x), atol=1e-9)


def test_stability_is_that_of_the_folds_own_directions() -> None:
    windows = synth_windows(n_subjects=5, effect=5, n_codes=9)
    tables = lda(windows, **FAST, kinds=["codes"], summaries=["mean"])
    columns = tables["direction"]["measure"].to_list()
    x, y = windows.select(columns).to_numpy(), (windows["condition"] == "stressor").to_numpy()
    weights = []
    for person in windows["subject_id"].unique().sort():
        rest = (windows["subject_id"] != person).to_numpy()
        z = (x[rest] - x[rest].mean(axis=0)) / x[rest].std(axis=0)
        weights.append(discriminant(z, y[rest]).coef_[0])
    unit = np.array([w / np.linalg.norm(w) for w in weights])
    cosines = [unit[i] @ unit[j] for i in range(5) for j in range(i)]
    assert tables["results"]["direction_cosine"][0] == pytest.approx(np.mean(cosines), rel=1e-8)
    whole = discriminant((x - x.mean(axis=0)) / x.std(axis=0), y).coef_[0]
    agree = (np.sign(weights) == np.sign(whole)).mean(axis=0)
    np.testing.assert_allclose(tables["direction"]["same_sign"], agree)
    np.testing.assert_allclose(tables["direction"]["weight"], whole, rtol=1e-8)
    # What has no effect has no direction that people agree on.
    null = lda(synth_windows(n_subjects=5, effect=0, n_codes=9), **FAST, kinds=["codes"], summaries=["mean"])
    assert null["results"]["direction_cosine"][0] < tables["results"]["direction_cosine"][0]
