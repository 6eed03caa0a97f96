"""Expressions of a recording: what a told story of action units comes out as."""

from __future__ import annotations

import logging

import numpy as np
import polars as pl
import pytest
from polars.testing import assert_frame_equal

from affectflow.config.expressions import Expressions
from affectflow.errors import AffectflowError
from affectflow.face.map_expressions import map_expressions
from affectflow.io.tables import check_table
from tests.support.synth_units import told, units_table

STORY = [("neutral", 3), ("sad", 3), ("neutral", 3), ("gone", 1), ("happy", 3), ("neutral", 2)]


def mapped(units, *, legacy_au43=False, **options):
    expressions, intervals = map_expressions(units, options=Expressions(**options), legacy_au43=legacy_au43)
    return (
        check_table(expressions, "expressions", "here"),
        check_table(intervals, "expression_intervals", "here"),
    )


def at(table, time_s):
    return table.filter((pl.col("time_s") - time_s).abs() < 1e-6).row(0, named=True)


def test_the_story_is_told_back():
    table, intervals = mapped(told(STORY))
    assert table.height == 15 * 25
    assert [at(table, t)["label"] for t in (1, 5, 8, 12, 14.52)] == [
        "peaceful", "sad", "peaceful", "happy", "peaceful",
    ]  # fmt: skip
    # A sad face shows much of what a whining one does: none of the two leads by far.
    found = {row["names"]: row for row in intervals.iter_rows(named=True) if row["analysis"] != "unstable"}
    assert {"happy", "sad+whined"} <= set(found)
    assert found["happy"]["onset_s"] == pytest.approx(10, abs=0.3)
    assert found["happy"]["duration_s"] == pytest.approx(3, abs=0.5)
    assert found["sad+whined"]["onset_s"] == pytest.approx(3, abs=0.3)
    assert at(table, 5)["cumulative_label"] == "sad"
    assert at(table, 5)["rough_valence"] < -0.05
    assert at(table, 12)["rough_valence"] > 0.3
    # Long after: nothing but what happened to be there.
    assert at(table, 12)["rough_arousal"] > 0 > at(table, 1)["rough_arousal"]


def test_masks_and_intervals_say_the_same():
    table, intervals = mapped(told(STORY))
    for name in ("one_dominant", "two_dominant", "unstable"):
        inside = np.zeros(table.height, bool)
        time = table["time_s"].to_numpy()
        for row in intervals.filter(analysis=name).iter_rows(named=True):
            inside |= (time >= row["onset_s"] - 1e-9) & (time < row["onset_s"] + row["duration_s"] - 1e-9)
        assert table[name].fill_null(False).to_list() == inside.tolist()
    assert table["one_dominant"].sum() > 0


def test_a_face_that_is_gone_has_a_row_and_nothing_in_it():
    table, _ = mapped(told(STORY))
    gone = table.filter(pl.col("time_s").is_between(9, 9.99))
    assert gone.height == 25
    assert not gone["valid"].any()
    known = {"recording_id", "frame_id", "time_s", "valid", "method", "neutral_threshold"}
    for name in set(gone.columns) - known:
        assert gone[name].null_count() == 25, name
    assert table.filter("valid").null_count().to_series().sum() == 0


def test_the_frame_rate_changes_nothing_that_matters():
    slow, slow_found = mapped(told(STORY, fps=12.5))
    fast, fast_found = mapped(told(STORY, fps=50))
    assert fast_found["names"].to_list() == slow_found["names"].to_list()
    assert fast_found["onset_s"].to_list() == pytest.approx(slow_found["onset_s"].to_list(), abs=0.2)
    for t in (5.6, 12.0):
        assert at(fast, t)["label"] == at(slow, t)["label"]
        assert at(fast, t)["score_happy"] == pytest.approx(at(slow, t)["score_happy"], abs=0.02)


def test_a_unit_that_is_missing_in_a_frame_takes_the_frame_and_is_told(caplog):
    units = told(STORY).with_columns(
        pl.when(pl.col("frame_id") < 10).then(None).otherwise(pl.col("au_14")).alias("au_14")
    )
    with caplog.at_level(logging.WARNING, "affectflow"):
        table, _ = mapped(units)
    assert not table["valid"][:10].any()
    assert table["valid"][10]
    assert "10 of 350 frames with a face have no expressions: au_14 missing there" in caplog.text
    # Who does not ask for contempt needs no AU14.
    assert mapped(units, names=["happy", "sad"])[0]["valid"][0]


def test_a_blink_hides_the_lids_and_breaks_nothing():
    units = told([("happy", 4)])
    hidden = (pl.col("time_s") >= 1) & (pl.col("time_s") < 1.36)
    blinking = units.with_columns(pl.when(~hidden).then("au_05").alias("au_05"))
    table, intervals = mapped(blinking)
    assert table["valid"].all()
    assert intervals.filter(analysis="one_dominant")["duration_s"].to_list() == pytest.approx([4])
    # Without bridging it does.
    table, intervals = mapped(blinking, bridge_s=0)
    assert table["valid"].sum() == 100 - 9
    assert intervals.filter(analysis="one_dominant").height == 2


def test_lids_that_stay_closed_are_not_raised_and_pain_is_seen_in_them():
    time_s = np.arange(100) / 25
    closed = ((time_s >= 1) & (time_s < 3)).astype(float)
    hidden = (pl.col("time_s") >= 0.9) & (pl.col("time_s") < 3.1)
    units = units_table(time_s, {43: closed, 4: closed, 5: np.full(100, 0.5)})
    units = units.with_columns(pl.when(~hidden).then("au_05").alias("au_05"))
    table, _ = mapped(units, names=["painful", "threatened"], time_constant_s=0)
    assert table["valid"].all()
    assert at(table, 2)["raw_threatened"] == 0
    assert at(table, 2)["raw_painful"] == pytest.approx(0.5)
    # A head that turns away is no closed eye.
    away = units.with_columns(eyes_closed=pl.lit(False))
    assert not at(mapped(away, names=["threatened"])[0], 2)["valid"]


def test_a_unit_that_an_estimator_does_not_have_is_named_with_who_needs_it():
    units = told(STORY).drop("au_43")
    with pytest.raises(AffectflowError) as stop:
        map_expressions(units.with_columns(au_43=pl.lit(0.0)).drop("au_43"), options=Expressions())
    assert "recording S01_a: the action units have no au_43, which painful need" in str(stop.value)
    assert "\n" not in str(stop.value)


def test_legacy_au43_takes_the_units_as_the_original_made_them():
    time_s = np.arange(20) / 10
    ones, halves = np.ones(20), np.full(20, 0.5)
    for flag in (0 * ones, ones):
        names = {"names": ["painful", "contempt"], "time_constant_s": 0}
        table, _ = mapped(units_table(time_s, {14: halves, 43: flag}), legacy_au43=True, **names)
        assert table["raw_painful"].to_numpy() == pytest.approx(0.2 * flag)
        # The strongest "unit" is the flag itself while the eyes are open.
        assert table["raw_contempt"].to_numpy() == pytest.approx(0.25 * (1 - flag))
        closed, _ = mapped(units_table(time_s, {14: halves, 43: flag}), **names)
        assert closed["raw_painful"].to_numpy() == pytest.approx(0.2 * flag)
        assert closed["raw_contempt"].to_numpy() == pytest.approx(0.25 * ones)


def test_no_face_at_all_and_no_frame_at_all():
    time_s = np.arange(30) / 10
    table, intervals = mapped(units_table(time_s, lost=np.ones(30, bool)))
    assert table["label"].null_count() == 30
    assert table["neutral_threshold"].null_count() == 30
    assert intervals.is_empty()
    empty, intervals = mapped(units_table(time_s)[:0])
    assert empty.is_empty()
    assert intervals.is_empty()


def test_same_in_same_out_and_the_input_stays():
    units = told(STORY, noise=0.05)
    before = units.clone()
    first, second = mapped(units), mapped(units)
    for a, b in zip(first, second, strict=True):
        assert_frame_equal(a, b)
    assert_frame_equal(units, before)
