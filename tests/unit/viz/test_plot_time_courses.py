"""Courses as a figure: lines where people were measured, bands, phases named and shaded."""

from __future__ import annotations

import matplotlib
import polars as pl
import pytest

from affectflow.stats.time_courses import time_courses
from affectflow.viz.plot_time_courses import plot_time_courses
from affectflow.viz.style import BASELINE_COLOUR, COLUMN_MM, MM, PAGE_MM, STRESSOR_COLOUR, figure_style
from tests.support.synth_stats import synth_phased_features

C = {"baseline": "baseline", "stressor": "stressor"}


def drawn(features: pl.DataFrame, **options: object) -> matplotlib.figure.Figure:
    with figure_style():
        figure = plot_time_courses(time_courses(features, **C, **options), "courses")  # type: ignore[arg-type]
        figure.draw_without_rendering()
    return figure


def study(names: tuple[str, ...] = ("P1", "P2", "P3")) -> pl.DataFrame:
    people = [f"S{i}_{c}" for i in range(3) for c in ("baseline", "stressor")]
    return synth_phased_features(durations_s={p: [(n, 5.0) for n in names] for p in people})


def test_a_line_per_condition_and_phase_in_the_colours_of_all_figures() -> None:
    figure = drawn(study(), columns=["hr_bpm"])
    (axis,) = figure.axes
    assert len(axis.lines) == 6
    assert {line.get_color() for line in axis.lines} == {BASELINE_COLOUR, STRESSOR_COLOUR}
    assert [t.get_text() for t in axis.texts] == ["P1", "P2", "P3"]
    # Every second phase is shaded: one of three, and the bands are collections, not patches.
    assert len(axis.patches) == 1
    assert len(axis.collections) == 6
    assert figure.get_size_inches()[0] / MM == pytest.approx(COLUMN_MM)
    key = [t.get_text() for t in figure.legends[0].get_texts()]
    assert key == ["baseline (n = 3)", "stressor (n = 3)"]


def test_a_line_does_not_cross_what_nobody_measured() -> None:
    gap = pl.col("time_s").is_between(6.0, 8.0)
    features = study().with_columns(pl.when(~gap).then("hr_bpm").alias("hr_bpm"))
    (axis,) = drawn(features, columns=["hr_bpm"]).axes
    assert len(axis.lines) == 8
    for line in axis.lines:
        time = line.get_xdata()
        assert not ((time.min() < 6.5) & (time.max() > 7.5))


def test_where_people_drop_out_no_line_jumps() -> None:
    late = pl.col("subject_id").is_in(["S1", "S2"]) & (pl.col("time_s") > 12)
    features = study().with_columns(pl.when(~late).then("hr_bpm").alias("hr_bpm"))
    (axis,) = drawn(features, columns=["hr_bpm"]).axes
    assert max(line.get_xdata().max() for line in axis.lines) < 12.5
    assert max(line.get_xdata().max() for line in drawn(study(), columns=["hr_bpm"]).axes[0].lines) > 14


def test_what_readers_look_for_comes_first() -> None:
    features = study().with_columns(pl.col("hr_bpm").alias("aaa_bpm"))
    first, second = (a.get_title(loc="left") for a in drawn(features, columns=["aaa_bpm", "hr_bpm"]).axes)
    assert (first, second) == ("heart rate (1/min)", "aaa (1/min)")


def test_long_names_stand_upright_and_one_phase_has_none() -> None:
    (axis,) = drawn(study(("a very long name of a phase", "another one", "third")), columns=["hr_bpm"]).axes
    first, *_, last = (t.get_text() for t in axis.texts)
    assert first.startswith("a very")
    assert first.endswith("…")
    assert last == "third"
    assert {t.get_rotation() for t in axis.texts} == {90.0}
    top = max(line.get_ydata().max() for line in axis.lines)
    for text in axis.texts:
        box = text.get_window_extent().transformed(axis.transData.inverted())
        assert box.y0 > top
    (alone,) = drawn(study(("whole",)), columns=["hr_bpm"]).axes
    assert not alone.texts


def test_many_signals_fill_a_page_and_the_rest_is_counted() -> None:
    extra = [pl.col("hr_bpm").alias(f"x{i:02d}_bpm") for i in range(20)]
    figure = drawn(study().with_columns(extra), kinds=["signals"])
    shown = [a for a in figure.axes if a.get_visible()]
    assert len(shown) == 14
    assert "14 of 21 signals" in figure.legends[0].get_title().get_text()
    assert figure.get_size_inches()[0] / MM == pytest.approx(PAGE_MM)


def test_a_study_without_conditions_has_one_line() -> None:
    features = study().with_columns(pl.lit(None, pl.String).alias("condition"))
    figure = drawn(features, columns=["hr_bpm"])
    assert [t.get_text() for t in figure.legends[0].get_texts()] == ["all recordings (n = 3)"]
    assert len(figure.axes[0].lines) == 3
