"""The circumplex and its courses: the path, its marks and colours, and what rough estimates say of themselves."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest
from matplotlib.collections import LineCollection
from matplotlib.patches import Circle

from affectflow.config.expressions import Expressions
from affectflow.face.affect.emonet_backend import EIGHT
from affectflow.face.affect.expressions_backend import ExpressionsBackend
from affectflow.face.affect.extract_affect import extract_affect
from affectflow.face.map_expressions import map_expressions
from affectflow.io.tables import check_table, write_table
from affectflow.viz.affect_series import affect_series
from affectflow.viz.circumplex import OCTANTS, RADII, radius_of
from affectflow.viz.moments import MOST_MOMENTS
from affectflow.viz.plot_affect import COLOURS, plot_affect
from affectflow.viz.style import MM, PAGE_MM, figure_style, write_figure
from tests.support.scripts import run_script
from tests.support.synth_units import told

LOST = slice(40, 50)


def affect(n: int = 100, *, method: str = "emonet", size: float = 0.6, names=EIGHT) -> pl.DataFrame:
    """Affect that walks a half circle from pleased over aroused to displeased; ten frames without a face."""
    angle = np.linspace(0, np.pi, n)
    lost = np.zeros(n, bool)
    lost[LOST] = True
    chance = np.exp(3 * np.sin(angle[:, None] + np.arange(len(names))))
    chance /= chance.sum(axis=1, keepdims=True)
    numbers = {"valence": size * np.cos(angle), "arousal": size * np.sin(angle)}
    numbers |= {f"p_{name}": chance[:, k] for k, name in enumerate(names)}
    table = pl.DataFrame(
        {
            "recording_id": ["S01_a"] * n,
            "frame_id": np.arange(n, dtype=np.int32),
            "time_s": np.arange(n) / 10,
            "valid": ~lost,
            "method": [method] * n,
            **{name: values.astype(np.float32) for name, values in numbers.items()},
        }
    )
    table = table.with_columns(pl.when("valid").then(name).alias(name) for name in numbers)
    return check_table(table, "affect", "here")


def drawn(table=None, **options):
    figure = plot_affect(affect() if table is None else table, recording_id="S01_a", **options)
    with figure_style():
        figure.draw_without_rendering()
    return figure


def circle_of(figure):
    return figure.axes[0]


def path_of(figure) -> LineCollection:
    (path,) = (c for c in circle_of(figure).collections if isinstance(c, LineCollection))
    return path


def words_of(axis) -> list[str]:
    return [text.get_text() for text in axis.texts]


def test_the_path_has_arousal_up_and_its_colour_is_the_time():
    figure = drawn()
    assert figure.get_size_inches()[0] / MM == pytest.approx(PAGE_MM)
    path, table = path_of(figure), affect()
    steps = np.array(path.get_segments())
    seen = table.drop_nulls()
    assert steps[0, 0] == pytest.approx([0.6, 0], abs=1e-6)
    assert steps[:, :, 1].max() == pytest.approx(seen["arousal"].max(), abs=1e-6)
    # From the last frame before the gap to the first behind it there is no line.
    assert len(steps) == seen.height - 2
    times = path.get_array()
    assert (np.diff(times) > 0).all()
    assert not ((times > 3.95) & (times < 4.95)).any()
    assert path.get_clim() == pytest.approx((0, 10))


def test_start_and_end_are_marked():
    marks = {line.get_label(): line for line in circle_of(drawn()).lines}
    assert marks["start"].get_xydata()[0] == pytest.approx([0.6, 0], abs=1e-6)
    assert marks["end"].get_xydata()[0] == pytest.approx([-0.6, 0], abs=1e-6)
    gone = affect().with_columns(
        pl.when(pl.col("frame_id") > 20).then(name).otherwise(None).alias(name)
        for name in ("valence", "arousal")
    )
    start = {line.get_label(): line for line in circle_of(drawn(gone)).lines}["start"]
    assert start.get_xydata()[0, 0] == pytest.approx(gone["valence"][21])


def test_words_stand_outside_the_unit_circle_where_they_belong():
    axis = circle_of(drawn())
    (circle,) = (p for p in axis.patches if isinstance(p, Circle))
    assert circle.get_radius() == 1
    places = {t.get_text(): t.get_position() for t in axis.texts if t.get_text() in OCTANTS}
    assert set(places) == set(OCTANTS)
    for i, word in enumerate(OCTANTS):
        assert np.hypot(*places[word]) > 1
        assert np.degrees(np.arctan2(*places[word][::-1])) % 360 == pytest.approx(45 * i, abs=1e-6)


@pytest.mark.parametrize("rough", [True, False])
def test_nothing_is_cut_and_words_do_not_meet(rough):
    figure = drawn(affect(method="from_expressions", names=()) if rough else affect(), simulated=True)
    words = [*circle_of(figure).texts, *(axis._left_title for axis in figure.axes), figure._suptitle]
    words += [axis.get_legend() for axis in figure.axes if axis.get_legend()]
    boxes = [box for word in words if (box := word.get_window_extent()).width > 0]
    assert len(boxes) >= 8 + 1 + 2 + 2
    for i, box in enumerate(boxes):
        assert figure.bbox.x0 <= box.x0 < box.x1 <= figure.bbox.x1
        assert figure.bbox.y0 <= box.y0 < box.y1 <= figure.bbox.y1
        assert not any(box.overlaps(other) for other in boxes[i + 1 :])


def test_expressions_are_bands_that_sum_to_one():
    figure = drawn()
    axes = {axis._left_title.get_text(): axis for axis in figure.axes}
    axis = axes["probability of each expression"]
    assert {t.get_text() for t in axis.get_legend().get_texts()} == set(EIGHT)
    assert set(EIGHT) <= set(COLOURS)
    tops = [p.get_extents().y1 for c in axis.collections for p in c.get_paths()]
    assert max(tops) == pytest.approx(1, abs=1e-5)


def test_a_rough_estimate_says_so_and_has_a_circle_of_its_own():
    rough = drawn(affect(method="from_expressions", size=0.15, names=()))
    said = rough._suptitle.get_text().replace("\n", " ")
    assert "rough estimate" in said
    assert "not on the scale of ratings" in said
    (circle,) = (p for p in circle_of(rough).patches if isinstance(p, Circle))
    assert circle.get_radius() == 0.2
    assert "radius 0.2" in words_of(circle_of(rough))
    assert not [a for a in rough.axes if "probability" in a._left_title.get_text()]
    network = drawn(affect(size=0.15))
    assert "rough" not in network._suptitle.get_text()
    assert "radius 1" in words_of(circle_of(network))


@pytest.mark.parametrize("size", [0.0, 0.04, 0.3, 0.99])
def test_the_circle_of_a_rough_estimate_holds_its_path(size):
    series = affect_series(affect(method="from_expressions", size=size, names=()))
    assert radius_of(series) in RADII
    assert radius_of(series) >= np.nanmax(np.hypot(series.valence, series.arousal))


def test_a_long_recording_is_drawn_in_means_and_says_so():
    figure = drawn(affect(3 * MOST_MOMENTS - 5))
    assert "mean of 3 frames" in figure.axes[-1].get_xlabel()
    assert len(path_of(figure).get_segments()) < MOST_MOMENTS


def test_nobody_there_and_one_frame():
    nobody = affect().with_columns(pl.lit(None, pl.Float32).alias(name) for name in ("valence", "arousal"))
    assert "no frame with valence" in drawn(nobody).texts[0].get_text()
    drawn(affect()[:1])
    drawn(affect(method="from_expressions", names=())[:1])


def test_from_a_told_story_to_the_figure():
    """Happy is to the right of sad, and the rough estimate comes without probabilities."""
    units = told([("sad", 2), ("neutral", 2), ("happy", 2)])
    expressions, _ = map_expressions(units, options=Expressions())
    table = pl.concat(extract_affect([expressions], ExpressionsBackend.load()))
    marks = {line.get_label(): line.get_xydata()[0] for line in circle_of(drawn(table)).lines}
    assert marks["start"][0] < 0 < marks["end"][0]


@pytest.mark.parametrize("suffix", ["svg", "png"])
def test_same_table_same_bytes_and_simulated_data_say_so(tmp_path, suffix):
    for i in range(2):
        figure = drawn(simulated=True)
        write_figure(figure, tmp_path / f"{i}.{suffix}")
    assert (tmp_path / f"0.{suffix}").read_bytes() == (tmp_path / f"1.{suffix}").read_bytes()
    assert "simulated data" in [t.get_text() for t in figure.texts]


def test_the_script_writes_both_files(tmp_path):
    write_table(affect(), tmp_path / "affect.parquet", "affect")
    run_script(
        "plot_affect",
        tmp_path,
        inputs={"affect": tmp_path / "affect.parquet"},
        outputs={"svg": tmp_path / "rec.svg", "png": tmp_path / "rec.png"},
        params={"simulated": False},
        wildcards={"recording_id": "S01_a", "affect": "emonet"},
    )
    assert "valence and arousal, emonet" in (tmp_path / "rec.svg").read_text()
    assert (tmp_path / "rec.png").stat().st_size > 10_000
