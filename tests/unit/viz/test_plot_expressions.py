"""The timing diagram: what is drawn where, in which colours, and where nothing is."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest
from matplotlib.colors import to_hex

from affectflow.config.expressions import Expressions
from affectflow.face.map_expressions import map_expressions
from affectflow.viz.expression_series import COLOURS, expression_series
from affectflow.viz.moments import MOST_MOMENTS
from affectflow.viz.plot_expressions import PANELS, plot_expressions
from affectflow.viz.style import MM, PAGE_MM, figure_style, write_figure
from tests.support.synth_units import told, units_table

STORY = [("neutral", 2), ("sad", 2), ("gone", 1), ("happy", 2), ("surprised", 1), ("neutral", 1)]


def mapped(story=STORY, *, fps=25.0, **options):
    return map_expressions(told(story, fps=fps), options=Expressions(**options))


# How the tables of `mapped` were made.
MADE = {"time_constant_s": 0.112, "cumulative_s": 10.0}


def drawn(tables=None, **options):
    figure = plot_expressions(*(tables or mapped()), recording_id="S01_a", **MADE | options)
    with figure_style():
        figure.draw_without_rendering()
    return figure, dict(zip(PANELS, figure.axes, strict=True))


def lines_of(axis, colour):
    return [line for line in axis.lines if to_hex(line.get_color()) == colour.lower()]


def test_every_panel_is_there_and_time_is_in_seconds():
    figure, panels = drawn()
    assert figure.get_size_inches()[0] / MM == pytest.approx(PAGE_MM)
    assert panels["affect"].get_xlabel() == "time, s"
    for name in list(PANELS)[:-1]:
        assert panels[name].get_xlim() == pytest.approx((0, 9))
    assert "action units: geometric" in figure.legends[0].get_title().get_text()


def test_the_line_of_happy_is_high_where_the_face_is_happy():
    _, panels = drawn()
    (happy,) = lines_of(panels["smoothed"], COLOURS[0])
    time, score = happy.get_xdata(), happy.get_ydata()
    assert score[(time > 5.6) & (time < 6.9)].min() > 0.7
    assert score[time < 1.8].max() < 0.05
    assert np.isnan(score[(time > 4.01) & (time < 4.99)]).all()


def test_at_most_six_colours_and_the_key_counts_the_rest():
    figure, panels = drawn()
    coloured = [line for line in panels["raw"].lines if line.get_linewidth() > 1]
    assert len(coloured) == len({to_hex(line.get_color()) for line in coloured}) == 6
    assert len(panels["raw"].lines) == 14
    words = [t.get_text() for t in figure.legends[0].get_texts()]
    assert {"happy", "sad", "surprised"} <= set(words[:6])
    assert words[6:] == ["8 others", "no face"]
    few, _ = drawn(mapped(names=["happy", "sad"]))
    assert [t.get_text() for t in few.legends[0].get_texts()] == ["sad", "happy", "no face"]


def test_only_the_three_highest_stay_in_their_panel():
    _, panels = drawn()
    values = np.array([line.get_ydata() for line in panels["top"].lines])
    shown = np.isfinite(values).sum(axis=0)
    assert set(shown.tolist()) == {0, 3}


def test_stacked_areas_add_up():
    tables = mapped()
    _, panels = drawn(tables)
    series = expression_series(tables[0], **MADE)
    highest = np.nanmax(series.score[:, :6].sum(axis=1))
    top = max(p.get_extents().y1 for a in panels["stacked"].collections for p in a.get_paths())
    assert top == pytest.approx(highest, rel=1e-6)


def test_bands_lie_where_the_intervals_do():
    expressions, intervals = mapped()
    _, panels = drawn((expressions, intervals))
    leads = intervals.filter(analysis="one_dominant", names="happy").row(0, named=True)
    boxes = [p.get_extents() for c in panels["bands"].collections for p in c.get_paths()]
    rows = [b for b in boxes if b.y0 == pytest.approx(2)]
    assert any(
        (b.x0, b.x1) == pytest.approx((leads["onset_s"], leads["onset_s"] + leads["duration_s"]))
        for b in rows
    )
    assert "happy" in [t.get_text() for t in panels["bands"].texts if t.get_position()[1] > 2]
    # No label is drawn where there was no face.
    labels = [b for b in boxes if b.y0 < 1]
    assert not any(b.x0 < 4.9 and b.x1 > 4.1 for b in labels)


def test_names_on_bands_stand_out():
    """Sad leads, on blue: black letters could hardly be read."""
    time_s = np.arange(100) / 25
    units = units_table(time_s, {u: np.full(100, 0.9) for u in (1, 4, 6, 15, 17)})
    _, panels = drawn(map_expressions(units, options=Expressions(names=["happy", "sad"])))
    names = [t for t in panels["bands"].texts if t.get_text() == "sad"]
    assert names
    assert {to_hex(t.get_color()) for t in names} == {"#ffffff"}
    _, panels = drawn()
    names = [t for t in panels["bands"].texts if t.get_text() == "happy"]
    assert names
    assert {to_hex(t.get_color()) for t in names} == {"#000000"}


def test_no_block_is_nameless():
    """Greys: the key says what each is; two that lead together are stripes in their own colours."""
    tables = mapped([*STORY[:2], *STORY[3:], ("angry", 1), ("disgusted", 1)])
    expressions, intervals = tables
    _, panels = drawn(tables)
    series = expression_series(expressions, **MADE)
    shown = {*series.label, *series.cumulative_label, *"+".join(intervals["names"]).split("+")}
    others = [name for name in series.names if name in shown - set(series.colours)]
    assert len(others) == 2
    key = panels["bands"].get_legend()
    assert [t.get_text() for t in key.get_texts()] == ["peaceful (neutral)", ", ".join(others)]
    greys = [to_hex(p.get_facecolor()) for p in key.get_patches()]
    drawn_in = {to_hex(c.get_facecolor()[0]) for c in panels["bands"].collections}
    assert set(greys) <= drawn_in
    assert drawn_in - set(greys) <= {c.lower() for c in series.colours.values()}
    two = intervals.filter(analysis="two_dominant")["names"][0].split("+")
    stripes = {
        to_hex(c.get_facecolor()[0])
        for c in panels["bands"].collections
        if 3 <= c.get_paths()[0].get_extents().y0 < 4
    }
    assert {series.colours[name].lower() for name in two if name in series.colours} <= stripes
    # A face that is neither neutral nor without a colour needs no key.
    time_s = np.arange(100) / 25
    units = units_table(time_s, {u: np.full(100, 0.9) for u in (1, 4, 6, 15, 17)})
    _, panels = drawn(map_expressions(units, options=Expressions(names=["happy", "sad"])))
    assert panels["bands"].get_legend() is None


def test_panels_say_over_how_many_seconds():
    tables = mapped(time_constant_s=0.3, cumulative_s=4)
    _, panels = drawn(tables, time_constant_s=0.3, cumulative_s=4.0)
    assert "smoothed exponentially over 0.3 s" in panels["smoothed"].get_title(loc="left")
    assert "last 4 s" in panels["bands"].get_title(loc="left")
    assert panels["bands"].get_yticklabels()[1].get_text() == "last 4 s"
    _, panels = drawn(mapped(time_constant_s=0), time_constant_s=0.0)
    assert "not smoothed" in panels["smoothed"].get_title(loc="left")


def test_the_threshold_is_that_of_the_table():
    expressions, intervals = mapped()
    _, panels = drawn((expressions, intervals))
    threshold = expressions["neutral_threshold"][0]
    assert any(
        np.allclose(line.get_ydata(), threshold)
        for line in panels["smoothed"].lines
        if len(line.get_ydata()) == 2
    )
    assert f"neutral below {threshold:.2f}" in panels["density"].texts[0].get_text()


def test_a_long_recording_is_drawn_in_means_and_says_so():
    tables = mapped([("neutral", 100), ("happy", 30), ("gone", 10)])
    series = expression_series(tables[0], **MADE)
    assert len(series.time_s) <= MOST_MOMENTS
    assert series.frames_per_moment == 3
    happy = series.score[:, series.names.index("happy")]
    assert happy[(series.time_s > 101) & (series.time_s < 129)].min() > 0.7
    assert np.isnan(happy[series.time_s > 131]).all()
    _, panels = drawn(tables)
    assert panels["affect"].get_xlabel() == "time, s (each point: mean of 3 frames)"


@pytest.mark.parametrize("seconds", [8, 100])
def test_lines_and_bands_break_where_the_video_has_a_hole(seconds):
    # Happy on both sides of 30 s without a frame; of the longer one, several frames make a moment.
    units = told([("neutral", 2), ("happy", seconds)])
    time = units["time_s"].to_numpy() + np.where(np.arange(units.height) >= 151, 30.0, 0.0)
    tables = map_expressions(units.with_columns(pl.Series("time_s", time)), options=Expressions())
    series = expression_series(tables[0], **MADE)
    figure, panels = drawn(tables)
    begin, end = time[150] + 0.04, time[151]
    for name in ("raw", "smoothed", "top"):
        (happy,) = lines_of(panels[name], COLOURS[0])
        x, y = happy.get_xdata(), happy.get_ydata()
        assert np.isnan(y[(x >= begin - 1e-6) & (x < end)]).sum() == 1, name
    boxes = [p.get_extents() for c in panels["bands"].collections for p in c.get_paths()]
    assert len(boxes) >= 6
    assert not any(b.x0 < begin + 1 and b.x1 > end - 1 for b in boxes)
    assert series.edges_s[np.flatnonzero(series.hole)[0]] == pytest.approx(begin)
    assert figure.legends[0].get_texts()[-1].get_text() == "no video"


def test_nobody_there_and_one_frame():
    time_s = np.arange(20) / 10
    figure = plot_expressions(
        *map_expressions(units_table(time_s, lost=np.ones(20, bool)), options=Expressions()),
        recording_id="S01_a",
        **MADE,
    )
    assert "no frame with expressions" in figure.texts[0].get_text()
    drawn(map_expressions(units_table(time_s[:1]), options=Expressions()))


@pytest.mark.parametrize("suffix", ["svg", "png"])
def test_same_tables_same_bytes_and_simulated_data_say_so(tmp_path, suffix):
    for i in range(2):
        figure, _ = drawn(simulated=True)
        write_figure(figure, tmp_path / f"{i}.{suffix}")
    assert (tmp_path / f"0.{suffix}").read_bytes() == (tmp_path / f"1.{suffix}").read_bytes()
    assert "simulated data" in [t.get_text() for t in figure.texts]
