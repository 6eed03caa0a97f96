"""Tables that are right but awkward: ties by rounding, faces missing in a phase, huge t, numbers that are none."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest
from scipy.stats import chi2, norm
from scipy.stats import t as student

from affectflow.errors import DesignError
from affectflow.schema import WINDOWS
from affectflow.stats.effect_size import d_z_interval
from affectflow.stats.grouped_tests import grouped_tests
from affectflow.stats.paired_tests import paired_tests
from affectflow.stats.phases import with_durations
from affectflow.stats.power import smallest_paired
from tests.support.synth_stats import synth_windows

C = {"baseline": "baseline", "stressor": "stressor"}


def one_measure(before: list[float], after: list[float], *, grouped: bool = False) -> pl.DataFrame:
    """A window per recording, mean_smile as given."""
    n = len(before)
    table = synth_windows(n_subjects=2 * n if grouped else n, n_windows=1, n_codes=1, grouped=grouped)
    values = [v for pair in zip(before, after, strict=True) for v in pair]
    return table.select(*WINDOWS.names, mean_smile=pl.Series(values, dtype=pl.Float64))


def test_a_phase_without_any_face_has_no_valid_time() -> None:
    rows = pl.DataFrame(
        {
            "recording_id": ["R"] * 3,
            "unit": ["S"] * 3,
            "phase": ["P1", "P2", "P3"],
            "start_s": [0.0, 10.0, 20.0],
            "end_s": [10.0, 20.0, 30.0],
            "coverage": [0.0, 0.1, 1.0],
            "n_frames": [250] * 3,
        }
    )
    timed = with_durations(rows, cell=["unit", "phase"], min_phase_s=4.0)
    assert timed["valid_s"].to_list() == [0.0, 1.0, 10.0]
    assert timed["long_enough"].to_list() == [False, False, True]
    assert timed.columns == [*rows.columns, "span_s", "valid_s", "long_enough"]
    signals_only = with_durations(rows.with_columns(coverage=0.0), cell=["unit", "phase"], min_phase_s=4.0)
    assert signals_only["valid_s"].to_list() == [10.0] * 3


def test_a_phase_lasts_as_long_as_its_runs_within_a_recording() -> None:
    runs = pl.DataFrame(
        {
            "recording_id": ["R", "R", "Q", "T"],
            "unit": ["S"] * 4,
            "phase": ["P1"] * 4,
            "start_s": [0.0, 50.0, 0.0, 0.0],
            "end_s": [3.0, 53.0, 3.0, 3.0],
            "coverage": [1.0] * 4,
            "n_frames": [75] * 4,
        }
    )
    timed = with_durations(runs, cell=["unit", "phase"], min_phase_s=4.0)
    assert timed["valid_s"].to_list() == [6.0, 6.0, 3.0, 3.0]
    assert timed["long_enough"].to_list() == [True, True, False, False]


def test_rounding_does_not_decide_about_ties() -> None:
    before, after = [0.2, 0.7, 0.4, 0.1, 0.6, 0.9, 0.5], [0.3, 0.8, 0.3, 0.5, 0.4, 1.2, 0.6]
    tests = ((paired_tests, "p_wilcoxon", False), (grouped_tests, "p_mann_whitney", True))
    for run, column, grouped in tests:
        found = [
            run(table, **C, normalisation=how)["results"][column][0]
            for how in ("none", "global")
            for factor in (1, 10, 7)
            for table in [
                one_measure(
                    *([round(v * 10) * factor / 10 for v in s] for s in (before, after)), grouped=grouped
                )
            ]
        ]
        whole = one_measure(
            *([float(round(v * 10)) for v in side] for side in (before, after)), grouped=grouped
        )
        assert found == pytest.approx([run(whole, **C)["results"][column][0]] * len(found), abs=1e-12)


def test_the_order_of_rows_does_not_decide_about_ties() -> None:
    rng = np.random.default_rng(0)
    measures = {f"mean_exp_{i:02d}": np.round(rng.normal(0, 1, 80), 1) for i in range(30)}
    table = (
        synth_windows(n_subjects=8, n_windows=5, n_codes=1).select(*WINDOWS.names).with_columns(**measures)
    )
    first, *others = (
        paired_tests(table.sample(fraction=1.0, shuffle=True, seed=k), **C, n_permutations=0)["results"].sort(
            "measure"
        )
        for k in range(6)
    )
    for other in others:
        np.testing.assert_allclose(other["p_wilcoxon"], first["p_wilcoxon"], atol=1e-12)


def test_one_huge_value_does_not_make_the_others_ties() -> None:
    rng = np.random.default_rng(1)
    before, after = rng.normal(0, 1, 8), rng.normal(0.5, 1, 8)
    plain = paired_tests(one_measure(list(before), list(after)), **C)["results"]["p_wilcoxon"][0]
    k = int(np.argmax(after - before))
    after[k] = 1e12
    assert paired_tests(one_measure(list(before), list(after)), **C)["results"]["p_wilcoxon"][0] == plain


def couples(n: int = 5) -> pl.DataFrame:
    """Pairs of two people each: one in the baseline, one under the stressor."""
    table = synth_windows(n_subjects=2 * n, n_windows=3, n_codes=1, grouped=True)
    return table.with_columns(pair=pl.format("C{}", pl.col("subject_id").str.slice(1).cast(pl.Int32) // 2))


def test_pairs_of_different_people_are_not_scaled_by_their_own_rows() -> None:
    assert paired_tests(couples(), **C, normalisation="global")["results"]["n"].max() == 5
    with pytest.raises(DesignError, match="normalisation: subject makes everybody's mean 0") as error:
        paired_tests(couples(), **C, normalisation="subject")
    assert "\n" not in str(error.value)
    # A couple in which both were seen in both conditions is compared with itself.
    table = synth_windows(n_subjects=8, n_windows=3, n_codes=1)
    both = table.with_columns(pair=pl.format("C{}", pl.col("subject_id").str.slice(1).cast(pl.Int32) // 2))
    assert paired_tests(both, **C, normalisation="subject")["results"]["n"].max() == 4


def test_a_person_in_several_pairs_is_named(caplog: pytest.LogCaptureFixture) -> None:
    paired_tests(couples(), **C)
    assert "independent" not in caplog.text
    # S01 drove against S00 and S02.
    table = couples()
    again = table.filter(pl.col("subject_id") == "S01").with_columns(
        pair=pl.lit("C1"), recording_id=pl.lit("S01_again")
    )
    paired_tests(pl.concat([table, again]), **C)
    assert "S01 is in 2 pairs with different people (pair C0, pair C1)" in caplog.text


@pytest.mark.parametrize("how", ["none", "global", "subject"])
def test_infinity_is_missing_like_nan(how: str) -> None:
    table = synth_windows(n_subjects=6, n_windows=3, n_codes=1)
    first = (pl.col("recording_id") == "S02_stressor") & (pl.col("window_id") == 0)
    alone = pl.col("recording_id") == "S03_baseline"

    def run(what: float | None) -> dict[str, pl.DataFrame]:
        spoilt = table.with_columns(
            mean_smile=pl.when(first).then(pl.lit(what, pl.Float64)).otherwise("mean_smile"),
            mean_hr_bpm=pl.when(alone).then(pl.lit(what, pl.Float64)).otherwise("mean_hr_bpm"),
        )
        return paired_tests(spoilt, **C, normalisation=how)

    missing = run(None)
    n = dict(missing["results"].select("measure", "n").iter_rows())
    assert (n["mean_smile"], n["mean_hr_bpm"]) == (6, 5)
    for what in (float("inf"), float("-inf"), float("nan")):
        found = run(what)
        for name in ("results", "units", "exclusions"):
            assert found[name].equals(missing[name]), (what, name)


@pytest.mark.parametrize("n", [3, 8, 40])
@pytest.mark.parametrize("t", [1.1e4, 1e5, -1e7, 1e12])
def test_a_huge_t_has_an_interval(t: float, n: int) -> None:
    d, low, high = d_z_interval(t, n)
    assert low < d < high
    # Of an effect this sure its standard deviation alone is unsure: that is chi².
    ratio = np.sqrt(chi2.ppf([0.025, 0.975], n - 1) / (n - 1))
    np.testing.assert_allclose([low / d, high / d], ratio if t > 0 else ratio[::-1], rtol=1e-9)
    below, above = (np.array(d_z_interval(x, n)) / x for x in (0.999e4, 1.001e4))
    np.testing.assert_allclose(below, above, rtol=1e-6)


def test_a_change_that_is_almost_the_same_for_everyone_is_tested() -> None:
    before = list(np.random.default_rng(3).normal(0, 1, 8))
    after = [b + 1 + 1e-6 * k for k, b in enumerate(before)]
    row = paired_tests(one_measure(before, after), **C)["results"].row(0, named=True)
    assert row["t"] > 1e5
    assert row["effect_low"] < row["effect"] < row["effect_high"]


@pytest.mark.parametrize("alpha", [1e-6, 1e-12, 1e-20, 1e-100])
@pytest.mark.parametrize("n", [3, 8])
def test_the_smallest_effect_at_a_tiny_level(n: int, alpha: float) -> None:
    found = smallest_paired(np.array([n]), alpha=alpha, power=0.8)[0]
    # P(T > critical) by integration over the denominator of T, without a noncentral t.
    critical = student.isf(alpha / 2, n - 1)
    x = chi2.ppf((np.arange(200_000) + 0.5) / 200_000, n - 1)
    power = norm.cdf(found * np.sqrt(n) - critical * np.sqrt(x / (n - 1))).mean()
    assert power == pytest.approx(0.8, abs=1e-4)
