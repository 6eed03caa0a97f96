"""Agreement of two heart rates, against answers worked out by hand."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from affectflow.errors import DesignError
from affectflow.stats.agreement import agreement, limits_of_agreement
from tests.support.synth_stats import synth_agreement


def windows_of(differences: dict[str, list[float | None]], contact: float = 70.0) -> pl.DataFrame:
    """Windows of people whose rate from the face is off by the given numbers (None = no rate)."""
    rows = [
        {
            "recording_id": f"{person}_r", "subject_id": person, "condition": "rest", "window_id": i,
            "mean_hr_bpm": contact, "mean_rppg_hr_bpm": None if d is None else contact + d,
        }
        for person, numbers in differences.items()
        for i, d in enumerate(numbers)
    ]  # fmt: skip
    return pl.DataFrame(rows, schema_overrides={"mean_rppg_hr_bpm": pl.Float64})


def test_one_window_each_is_the_method_of_1986():
    tables = agreement(windows_of({"a": [1.0], "b": [-1.0], "c": [3.0]}))
    row = tables["results"].row(0, named=True)
    assert row["bias"] == pytest.approx(1.0)
    assert row["sd"] == pytest.approx(2.0)
    assert row["limit_low"] == pytest.approx(1 - 3.92)
    assert row["limit_high"] == pytest.approx(1 + 3.92)
    assert row["mae"] == pytest.approx(5 / 3)
    # t of 2 degrees of freedom is 4.3027; the bias has SD 2 over 3 people.
    assert row["bias_high"] - row["bias"] == pytest.approx(4.3027 * 2 / np.sqrt(3), rel=1e-4)
    assert row["limit_half_width"] == pytest.approx(4.3027 * 2, rel=1e-4)


def test_people_and_windows_by_hand():
    """Three people of two windows: means 1, 3, 5 and within each ±1.

    Within: 6 squares of 1 over 3 degrees of freedom = 2. Among: 2 (4 + 0 + 4) / 2 = 8.
    Between: (8 - 2) / 2 = 3. Variance of a single difference: 3 + 2 = 5.
    """
    found = limits_of_agreement(np.array([0.0, 2, 2, 4, 4, 6]), np.array([0, 0, 1, 1, 2, 2]))
    assert found == pytest.approx((3.0, np.sqrt(5)))


def test_people_count_the_same_however_long_their_recordings():
    tables = agreement(windows_of({"a": [0.0] * 50, "b": [3.0], "c": [6.0, 6.0]}))
    assert tables["results"]["bias"][0] == pytest.approx(3.0)
    assert tables["results"]["mae"][0] == pytest.approx(3.0)
    assert tables["people"]["bias"].to_list() == pytest.approx([0.0, 3.0, 6.0])


def test_spread_within_people_that_explains_all_leaves_none_between():
    rng = np.random.default_rng(1)
    noise = rng.normal(0, 2, (5, 400))
    noise -= noise.mean(axis=1, keepdims=True)
    bias, sd = limits_of_agreement(noise.ravel(), np.repeat(np.arange(5), 400))
    assert bias == pytest.approx(0, abs=1e-12)
    assert sd == pytest.approx(2.0, rel=0.05)


def test_known_bias_and_spread_come_back():
    row = agreement(synth_agreement(n_subjects=400, n_windows=10))["results"].row(0, named=True)
    assert row["bias"] == pytest.approx(1.5, abs=0.3)
    assert row["sd"] == pytest.approx(np.sqrt(5), rel=0.08)
    assert row["bias_low"] < 1.5 < row["bias_high"]
    assert row["share_kept"] == pytest.approx(0.8)
    assert row["n_windows"] == 400 * 2 * 8


def test_limits_hold_the_windows_of_new_people():
    row = agreement(synth_agreement(n_subjects=200, seed=1))["results"].row(0, named=True)
    new = agreement(synth_agreement(n_subjects=200, seed=2))["pairs"]["difference"]
    inside = new.is_between(row["limit_low"], row["limit_high"]).mean()
    assert inside == pytest.approx(0.95, abs=0.03)


def test_windows_without_a_rate_are_counted_not_compared():
    tables = agreement(windows_of({"a": [1.0, None], "b": [2.0, None], "c": [3.0, 3.0], "d": [None, None]}))
    row = tables["results"].row(0, named=True)
    assert (row["n"], row["n_windows"], row["share_kept"]) == (3, 4, 0.5)
    assert tables["people"].filter(unit="d")["bias"].to_list() == [None]
    assert tables["pairs"].height == 4


def test_a_row_for_each_condition_with_enough_people():
    table = synth_agreement(n_subjects=4)
    few = table.filter((pl.col("condition") == "baseline") | (pl.col("subject_id") < "S02"))
    assert agreement(table)["results"]["condition"].to_list() == [None, "baseline", "stressor"]
    assert agreement(few)["results"]["condition"].to_list() == [None, "baseline"]
    bare = table.with_columns(condition=pl.lit(None, pl.String))
    assert agreement(bare)["results"]["condition"].to_list() == [None]


@pytest.mark.parametrize(
    ("table", "words"),
    [
        (windows_of({"a": [1.0], "b": [2.0]}), "found 2"),
        (windows_of({"a": [1.0], "b": [2.0], "c": [None]}), r"found 2 \(of 3 with hr_bpm\)"),
        (windows_of({"a": [1.0]}).drop("mean_rppg_hr_bpm"), "no mean_rppg_hr_bpm.*signal.rppg.method"),
        (windows_of({"a": [1.0]}).drop("mean_hr_bpm"), "no mean_hr_bpm"),
    ],
)
def test_what_cannot_be_answered_is_said_in_one_line(table, words):
    with pytest.raises(DesignError, match=words) as error:
        agreement(table)
    assert "\n" not in str(error.value)
