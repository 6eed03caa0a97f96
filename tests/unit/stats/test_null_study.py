"""Studies without effect find nothing as often as promised; designed effects are found in the promised company."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest
from scipy.stats import binom

from affectflow.stats.paired_tests import paired_tests
from tests.support.null_study import run_studies
from tests.support.synth_stats import SHIFTED, synth_phases

C = {"baseline": "baseline", "stressor": "stressor"}


def within(rate: float, n: int, level: float = 0.05) -> bool:
    """Whether a rate over n studies is one that the level gives in all but 1 of 1,000 times."""
    low, high = binom.interval(0.999, n, level)
    return low <= rate * n <= high


def test_a_few_hundred_small_studies() -> None:
    found = run_studies(300, n_people=20, n_tests=60, seed=1)
    for criterion in ("bonferroni", "holm", "bh", "max_t"):
        assert within(found.family_wise(criterion), 300), criterion
    assert found.family_wise("raw") > 0.85
    assert found.false["raw"].mean() == pytest.approx(3, abs=0.4)


def test_where_tests_go_together_only_max_t_uses_up_its_level() -> None:
    found = run_studies(400, n_people=20, n_tests=60, shared=0.9, seed=2)
    assert within(found.family_wise("max_t"), 400)
    assert found.family_wise("holm") < 0.03


def test_designed_effects_and_the_promises_of_the_corrections() -> None:
    found = run_studies(300, n_people=30, n_tests=80, n_true=16, effect=0.8, seed=3)
    # Benjamini-Hochberg: a mean share of 5 % × 64 / 80; the standard error of the mean is some 0.4 %.
    assert found.false_share("bh") == pytest.approx(0.04, abs=0.015)
    for criterion in ("holm", "max_t"):
        assert found.family_wise(criterion) <= 0.05 + 4 * np.sqrt(0.05 * 0.95 / 300)
    powers = [found.power(c, 16) for c in ("bonferroni", "holm", "bh", "raw")]
    assert powers == sorted(powers)
    assert powers[1] > 0.7
    assert found.false_share("raw") > 2 * found.false_share("bh")


def test_the_whole_analysis_finds_what_was_designed_by_phase() -> None:
    """12 studies through `paired_tests`: the shifted measures in P2 and P4, hardly anything elsewhere."""
    hits = {"p": [], "p_holm": [], "p_bh": [], "p_max_t": []}
    false = {name: [] for name in hits}
    for seed in range(12):
        table = synth_phases(n_subjects=16, effect=3.0, n_codes=8, seed=seed)
        results = paired_tests(table, **C, by_phase=True, family="study", n_permutations=199)["results"]
        designed = pl.col("measure").is_in(SHIFTED) & pl.col("phase").is_in(["P2", "P4"])
        for name in hits:
            hits[name].append(results.filter(designed)[name].le(0.05).mean())
            false[name].append(results.filter(~designed)[name].le(0.05).sum())
    assert np.mean(hits["p_holm"]) > 0.7
    assert np.mean(hits["p_max_t"]) > 0.7
    assert np.mean(hits["p_bh"]) > 0.9
    # About 150 tests without effect: 7 or 8 by chance alone.
    assert 4 < np.mean(false["p"]) < 12
    assert sum(n > 0 for n in false["p_holm"]) <= 3
    assert sum(n > 0 for n in false["p_max_t"]) <= 3
    assert np.mean(false["p_bh"]) < 2


@pytest.mark.slow
def test_two_thousand_studies_of_the_true_size() -> None:
    """60 people × 56 coefficients × 2 summaries × 5 phases: the family-wise error is 5 % ± 1 %."""
    found = run_studies(2000, n_people=60, n_tests=560)
    assert found.family_wise("holm") == pytest.approx(0.05, abs=0.01)
    assert found.family_wise("max_t") == pytest.approx(0.05, abs=0.01)
    assert found.family_wise("raw") == 1.0
    assert found.false["raw"].mean() == pytest.approx(28, abs=0.5)
