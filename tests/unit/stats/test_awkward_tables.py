"""Tables that are right but awkward: ties by rounding, faces missing in a phase, huge t, numbers that are none."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from affectflow.schema import WINDOWS
from affectflow.stats.grouped_tests import grouped_tests
from affectflow.stats.paired_tests import paired_tests
from affectflow.stats.phases import with_durations
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
