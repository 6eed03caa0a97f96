"""z-scores over the study and within people."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from affectflow.stats.normalise import LABELS, normalise
from affectflow.stats.paired_tests import paired_tests
from tests.support.synth_stats import synth_windows

C = {"baseline": "baseline", "stressor": "stressor"}


def test_subject_scores_have_mean_0_and_spread_1_within_each_person() -> None:
    windows = synth_windows(n_subjects=4, n_codes=2)
    out = normalise(windows, ["mean_smile"], how="subject")
    for _, own in out.group_by("subject_id"):
        assert own["mean_smile"].mean() == pytest.approx(0, abs=1e-12)
        assert own["mean_smile"].std() == pytest.approx(1, rel=1e-12)
    assert out["mean_exp_00"].equals(windows["mean_exp_00"])


def test_global_scores_are_one_linear_map_so_t_and_p_stay() -> None:
    windows = synth_windows(n_subjects=6, n_codes=2)
    out = normalise(windows, ["mean_smile"], how="global")["mean_smile"].to_numpy()
    x = windows["mean_smile"].to_numpy()
    np.testing.assert_allclose(out, (x - x.mean()) / x.std(ddof=1), rtol=1e-12)
    plain, scaled = (
        paired_tests(windows, **C, normalisation=how)["results"].sort("measure") for how in ("none", "global")
    )
    for column in ("t", "p", "p_wilcoxon", "effect", "p_max_t"):
        np.testing.assert_allclose(plain[column], scaled[column], rtol=1e-9)
    assert (plain["delta"] != scaled["delta"]).all()


def test_the_subject_scale_changes_the_test_and_every_result_says_so() -> None:
    windows = synth_windows(n_subjects=6, n_codes=2)
    plain, scaled = (
        paired_tests(windows, **C, normalisation=how)["results"].sort("measure")
        for how in ("none", "subject")
    )
    assert plain["normalisation"].unique().to_list() == ["none"]
    assert scaled["normalisation"].unique().to_list() == ["subject (transductive)"] == [LABELS["subject"]]
    assert not np.allclose(plain["t"], scaled["t"], rtol=1e-3)


def test_missing_stays_missing_and_what_does_not_vary_has_no_score() -> None:
    table = pl.DataFrame(
        {
            "subject_id": ["A"] * 4 + ["B"] * 2,
            "x": [1.0, 2.0, None, float("nan"), 0.1 + 0.2, 0.3],
        }
    )
    out = normalise(table, ["x"], how="subject")["x"].to_list()
    assert out == [pytest.approx(-np.sqrt(0.5)), pytest.approx(np.sqrt(0.5)), None, None, None, None]
    assert normalise(table, ["x"], how="none")["x"].to_list()[:3] == [1.0, 2.0, None]
    with pytest.raises(ValueError, match="choose from none, global, subject"):
        normalise(table, ["x"], how="person")
