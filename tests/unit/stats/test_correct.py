"""Corrected p values equal statsmodels and SciPy within each family, and keep what they promise."""

from __future__ import annotations

import numpy as np
import pingouin as pg
import polars as pl
import pytest
from scipy import stats
from statsmodels.stats.multitest import multipletests

from affectflow.multiple_testing import corrected
from affectflow.stats.correct import add_corrections


def table(p: np.ndarray, kinds: list[str]) -> pl.DataFrame:
    return pl.DataFrame({"kind": kinds, "p": p})


def test_each_kind_is_a_family_of_its_own() -> None:
    p = np.random.default_rng(0).uniform(0, 0.2, 30)
    kinds = ["codes"] * 20 + ["signals"] * 10
    out = add_corrections(table(p, kinds), family="kind", alpha=0.05)
    for kind, mine in (("codes", slice(0, 20)), ("signals", slice(20, 30))):
        part = out.filter(pl.col("family") == kind)
        np.testing.assert_allclose(part["p_holm"], multipletests(p[mine], method="holm")[1], rtol=1e-10)
        np.testing.assert_allclose(part["p_bonferroni"], np.minimum(p[mine] * len(p[mine]), 1), rtol=1e-10)
        for column, method in (("p_holm", "holm"), ("p_bh", "fdr_bh"), ("p_bonferroni", "bonf")):
            np.testing.assert_allclose(part[column], pg.multicomp(p[mine], method=method)[1], rtol=1e-10)
        np.testing.assert_allclose(part["p_bh"], stats.false_discovery_control(p[mine]), rtol=1e-10)
        assert part["n_tests"].unique().to_list() == [len(p[mine])]
    np.testing.assert_allclose(out["p_holm_study"], multipletests(p, method="holm")[1], rtol=1e-10)
    assert out["significant"].to_list() == (out["p_holm"] <= 0.05).to_list()


def test_the_study_as_one_family() -> None:
    p = np.random.default_rng(1).uniform(0, 0.1, 12)
    out = add_corrections(table(p, ["codes", "signals"] * 6), family="study", alpha=0.05)
    assert out["family"].unique().to_list() == ["study"]
    np.testing.assert_allclose(out["p_holm"], out["p_holm_study"], rtol=1e-12)


def test_a_test_that_could_not_be_done_is_not_counted() -> None:
    p = np.array([0.01, np.nan, 0.02])
    np.testing.assert_allclose(corrected(p, method="holm"), [0.02, np.nan, 0.02])
    out = add_corrections(
        pl.DataFrame({"kind": ["a"] * 3, "p": [0.01, None, 0.02]}), family="kind", alpha=0.05
    )
    assert out["p_holm"].to_list() == [0.02, None, 0.02]
    assert out["significant"].to_list() == [True, None, True]
    assert out["n_tests"].to_list() == [2, 2, 2]


def test_no_test_at_all() -> None:
    out = add_corrections(pl.DataFrame({"kind": ["a"], "p": [None]}), family="kind", alpha=0.05)
    assert out["p_holm"].to_list() == [None]


def test_holm_keeps_the_family_wise_error_at_five_percent() -> None:
    # 60 people × 560 tests without effect, as large as the driving study; raw p would find some in every study.
    rng = np.random.default_rng(2)
    raw, holm = [], []
    for _ in range(300):
        p = stats.ttest_1samp(rng.standard_normal((60, 560)), 0.0, axis=0).pvalue
        raw.append((p < 0.05).sum())
        holm.append((corrected(p, method="holm") <= 0.05).any())
    assert np.mean(raw) == pytest.approx(28, rel=0.05)
    # 300 studies: a rate of 5 % gives 15 ± 3.8.
    assert 4 <= np.sum(holm) <= 27
