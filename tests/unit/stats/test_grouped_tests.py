"""Grouped tests against SciPy and pingouin."""

from __future__ import annotations

import numpy as np
import pingouin as pg
import polars as pl
import pytest
from scipy import stats

from affectflow.errors import DesignError
from affectflow.stats.grouped_tests import grouped_tests
from tests.support.synth_stats import synth_windows

CONDITIONS = {"baseline": "baseline", "stressor": "stressor"}


def test_every_number_equals_scipy_and_pingouin() -> None:
    windows = synth_windows(n_subjects=13, grouped=True, n_codes=3)
    tables = grouped_tests(windows, **CONDITIONS)
    means = (
        windows.group_by("subject_id", "condition")
        .agg(pl.col("^(mean|speed)_.*$", "blink_rate_hz").mean())
        .sort("subject_id")
    )
    for row in tables["results"].iter_rows(named=True):
        x, y = (
            means.filter(pl.col("condition") == c)[row["measure"]].to_numpy()
            for c in ("baseline", "stressor")
        )
        theirs = stats.ttest_ind(y, x, equal_var=False)
        found = [row[k] for k in ("t", "p", "df", "p_mann_whitney", "effect", "delta")]
        expected = [
            theirs.statistic,
            theirs.pvalue,
            theirs.df,
            stats.mannwhitneyu(y, x).pvalue,
            pg.compute_effsize(y, x, eftype="hedges"),
            y.mean() - x.mean(),
        ]
        np.testing.assert_allclose(found, expected, rtol=1e-9, atol=1e-10)
        assert float(pg.ttest(y, x, correction=True)["T"].iloc[0]) == pytest.approx(row["t"], rel=1e-9)
    assert tables["units"]["unit"].n_unique() == 13


def test_windows_do_not_multiply_people() -> None:
    few, many = (
        grouped_tests(synth_windows(grouped=True, n_windows=n, n_codes=2), **CONDITIONS)["results"]
        for n in (2, 40)
    )
    assert few["df"].max() <= 6
    assert many["df"].max() <= 6


def test_people_in_both_conditions_are_sent_to_the_paired_tests() -> None:
    with pytest.raises(DesignError, match="paired_tests"):
        grouped_tests(synth_windows(n_codes=2), **CONDITIONS)


def test_too_few_units_and_constant_measures() -> None:
    windows = synth_windows(n_subjects=8, grouped=True, n_codes=2)
    with pytest.raises(DesignError, match="'stressor' has 2"):
        grouped_tests(windows.filter(~pl.col("subject_id").is_in(["S05", "S07"])), **CONDITIONS)
    flat = windows.with_columns(pl.lit(1.0).alias("mean_smile"))
    row = (
        grouped_tests(flat, **CONDITIONS)["results"]
        .filter(pl.col("measure") == "mean_smile")
        .row(0, named=True)
    )
    assert row["p"] is None
    assert "same for every unit" in row["note"]
