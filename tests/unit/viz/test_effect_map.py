"""The map of effects: every test in its cell, marks where p says so, readable at any size of study."""

from __future__ import annotations

from itertools import pairwise

import matplotlib
import numpy as np
import polars as pl
import pytest

from affectflow.schema import WINDOWS
from affectflow.stats.mixed_model import mixed_model
from affectflow.viz.labels import label_of, natural_order
from affectflow.viz.plot_effect_map import plot_effect_map
from affectflow.viz.plot_mixed_model import plot_mixed_model
from affectflow.viz.plot_tests import plot_effects
from affectflow.viz.plot_units import plot_units
from affectflow.viz.style import COLUMN_MM, MM, PAGE_HEIGHT_MM, PAGE_MM, SMALLEST_PT, figure_style
from tests.support.synth_stats import synth_phases


def results_of(names: list[str], phases: list[str | None]) -> pl.DataFrame:
    """Results with the columns the figure reads; p follows the effect."""
    rng = np.random.default_rng(0)
    rows = []
    for phase in phases:
        for name in names:
            for summary in ("mean", "speed"):
                effect = float(rng.normal())
                p = float(np.exp(-4 * abs(effect)))
                rows.append(
                    {
                        "measure": f"{summary}_{name}",
                        "kind": "codes" if name.startswith("exp") else "signals",
                        "summary": summary,
                        "phase": phase,
                        "effect": effect,
                        "effect_name": "d_z",
                        "p": p,
                        "p_holm": min(1.0, p * len(names)),
                        "alpha": 0.05,
                        "baseline": "calm",
                        "stressor": "hard",
                    }
                )
    table = pl.DataFrame(rows, schema_overrides={"phase": pl.String})
    return table.with_columns((pl.col("p_holm") <= 0.05).alias("significant"))


def drawn(results: pl.DataFrame) -> matplotlib.figure.Figure:
    with figure_style():
        figure = plot_effect_map(results)
        figure.draw_without_rendering()
    return figure


def panels(figure: matplotlib.figure.Figure) -> list:
    return [a for a in figure.axes if a.get_title(loc="left") in ("level", "speed")]


def test_every_effect_stands_in_its_cell_and_marks_follow_p() -> None:
    results = results_of(["exp_00", "exp_01", "hr_bpm"], ["P1", "P2"])
    figure = drawn(results)
    level = next(a for a in panels(figure) if a.get_title(loc="left") == "level")
    shown = level.collections[-1].get_array()
    names = [t.get_text() for t in level.get_yticklabels()]
    assert names == ["face codes", "expression 00", "expression 01", "biosignals", "heart rate (1/min)"]
    assert [t.get_text() for t in level.get_xticklabels()] == ["P1", "P2"]
    for row in results.filter(pl.col("summary") == "mean").iter_rows(named=True):
        y, x = names.index(label_of(row["measure"])), ["P1", "P2"].index(row["phase"])
        assert shown[y, x] == pytest.approx(row["effect"])
        marks = [m for m in level.lines if (m.get_xdata()[0], m.get_ydata()[0]) == (x + 0.5, y + 0.5)]
        assert len(marks) == (row["p"] <= 0.05)
        if marks:
            assert (marks[0].get_markerfacecolor() != "none") is row["significant"]
    for axis in panels(figure):
        low, high = axis.collections[-1].get_clim()
        assert low == -high
        assert (low, high) == level.collections[-1].get_clim()


def test_what_could_not_be_tested_is_grey_not_white() -> None:
    results = results_of(["exp_00", "exp_01"], ["P1"]).with_columns(
        pl.when(pl.col("measure") != "mean_exp_01").then("effect").alias("effect")
    )
    level = next(a for a in panels(drawn(results)) if a.get_title(loc="left") == "level")
    grey, colour = (c.get_array() for c in level.collections)
    assert np.ma.getmaskarray(colour)[:, 0].tolist() == [True, False, True]
    assert np.ma.getmaskarray(grey)[:, 0].tolist() == [True, True, False]


@pytest.mark.parametrize(
    ("n_codes", "phases"), [(3, [None]), (50, [None]), (50, ["P1", "P2", "P3", "P4", "P5"])]
)
def test_pages_hold_it_and_it_can_be_read(n_codes: int, phases: list[str | None]) -> None:
    names = [f"exp_{i:02d}" for i in range(n_codes)]
    figure = drawn(results_of(names, phases))
    width, height = (v / MM for v in figure.get_size_inches())
    assert height <= PAGE_HEIGHT_MM
    assert width == pytest.approx(PAGE_MM if len(phases) == 5 else COLUMN_MM)
    labels = [t for a in panels(figure) for t in a.get_yticklabels()]
    assert {label_of(n) for n in names} <= {t.get_text() for t in labels}
    boxes = [(t.get_window_extent(), t) for t in labels]
    for axis in panels(figure):
        mine = sorted((b.y0, b.y1) for b, t in boxes if t.axes is axis)
        # Lines of text do not touch: 10 % of a letter's height is its own margin.
        assert all(low[1] - high[0] < 1.5 for low, high in pairwise(mine))
    assert min(t.get_fontsize() for t in labels) >= SMALLEST_PT
    assert min(b.x0 for b, _ in boxes) >= 0
    edges = [a.get_position() for a in panels(figure)]
    assert max(e.x1 for e in edges) <= 1
    assert min(e.y0 for e in edges) > 0


def test_112_measures_in_five_phases_fit_a_page() -> None:
    names = [f"exp_{i:02d}" for i in range(50)] + [f"x{i}_bpm" for i in range(62)]
    figure = drawn(results_of(names, ["P1", "P2", "P3", "P4", "P5"]))
    assert figure.get_size_inches()[1] / MM <= PAGE_HEIGHT_MM
    shown = {t.get_text() for a in panels(figure) for t in a.get_yticklabels()}
    assert {label_of(n) for n in names} <= shown


def test_more_than_a_page_holds_keeps_the_smallest_p_and_says_so() -> None:
    names = [f"x{i}_bpm" for i in range(500)]
    results = results_of(names, ["P1", "P2", "P3", "P4", "P5"])
    figure = drawn(results)
    assert figure.get_size_inches()[1] / MM <= PAGE_HEIGHT_MM
    shown = {t.get_text() for a in panels(figure) for t in a.get_yticklabels()} - {"biosignals", ""}
    said = [t.get_text() for t in figure.texts]
    assert any(f"the {len(shown)} of 500 measures with the smallest p" in t for t in said)
    best = results.sort("p")["measure"][0]
    assert label_of(best).removesuffix(", speed") in {s.split(" (")[0] for s in shown} | shown


@pytest.mark.parametrize(("n", "says"), [(5, True), (20, False)])
def test_the_caption_of_the_mixed_model_warns_of_few_people(n: int, says: bool) -> None:
    table = synth_phases(n_subjects=n, n_phases=2, n_codes=1).select(*WINDOWS.names, "mean_hr_bpm")
    with figure_style():
        figure = plot_mixed_model(mixed_model(table, baseline="baseline"), "terms")
    caption = " ".join(figure.texts[-1].get_text().split())
    assert caption.startswith("Fewer than 20 people: p values come out too small. A condition: ") == says


def test_phases_are_in_order_as_people_count() -> None:
    assert sorted(["P10", "P2", "P1"], key=natural_order) == ["P1", "P2", "P10"]


def test_slopes_by_phase_have_one_panel_per_phase_with_the_interval_of_the_change() -> None:
    results = results_of(["exp_00", "hr_bpm"], ["P2", "P10"]).with_columns(
        delta=pl.lit(1.0), delta_low=pl.lit(0.25), delta_high=pl.lit(1.75)
    )
    people = pl.DataFrame(
        {"unit": ["a", "b", "c"], "value_baseline": [0.0, 1, 2], "value_stressor": [1.0, 2, 3], "delta": 1.0}
    )
    units = results.select("measure", "phase").join(people, how="cross")
    with figure_style():
        figure = plot_units(results, units)
    titles = [a.get_title(loc="left") for a in figure.axes if a.get_title(loc="left")]
    assert titles == ["P2", "P10"]
    n_measures = len({a.get_ylabel() for a in figure.axes if a.get_ylabel()})
    assert len(figure.axes) == 2 * n_measures
    for axis in figure.axes:
        bars = axis.containers[0].lines[2][0].get_segments()[0]
        np.testing.assert_allclose(bars[:, 1], [2 - 0.75, 2 + 0.75])


def test_the_forest_of_four_kinds_fits_a_page_and_says_what_it_shows() -> None:
    names = [f"exp_{i:02d}" for i in range(40)]
    results = results_of(names, ["P1"]).with_columns(
        effect_low=pl.col("effect") - 1, effect_high=pl.col("effect") + 1, n=9
    )
    kinds = pl.concat(
        [results.with_columns(kind=pl.lit(k)) for k in ("codes", "measures", "signals", "other")]
    )
    with figure_style():
        figure = plot_effects(kinds)
    assert figure.get_size_inches()[1] / MM <= PAGE_HEIGHT_MM
    n_shown = [len(axis.get_yticks()) for axis in figure.axes]
    assert len(set(n_shown)) == 1
    assert 10 <= n_shown[0] < 20
    assert all(f"of 80 significant, {n_shown[0]} shown" in a.get_title(loc="right") for a in figure.axes)


def test_as_many_phases_as_there_are_stay_on_the_page() -> None:
    """40 columns to a panel: narrow cells, not cells beyond the edge."""
    figure = drawn(results_of(["exp_00", "hr_bpm"], [f"phase {i}" for i in range(40)]))
    assert figure.get_size_inches()[0] / MM <= PAGE_MM + 0.1
    assert max(a.get_position().x1 for a in panels(figure)) <= 1


def test_long_names_of_conditions_are_broken_into_lines() -> None:
    results = results_of(["exp_00"], [None]).with_columns(
        stressor=pl.lit("a very long name of what people were asked to do " * 2), baseline=pl.lit("rest")
    )
    figure = drawn(results)
    width = figure.get_size_inches()[0] * figure.dpi
    (caption,) = [t for t in figure.texts if "− rest" in " ".join(t.get_text().split())]
    assert caption.get_window_extent().x1 <= width
    assert "\n" in caption.get_text()
