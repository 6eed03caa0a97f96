"""Figures of explanations: what they say, at a column's width, for every kind of model."""

import numpy as np
import polars as pl
import pytest

from affectflow.errors import ConfigError
from affectflow.train.explain.explanations import FIGURES, TABLES, explanation_figures
from affectflow.viz.plot_explanations import group_words, input_words, plot_explanations
from affectflow.viz.style import COLUMN_MM, write_figure
from tests.support.explained import explain


class Maker:
    """A backend whose face is two triangles that exp_00 and the jaw move."""

    triangles = np.array([[0, 1, 2], [0, 2, 3]], np.int32)

    def __init__(self):
        self.heads = []

    def mesh(self, exp, pose):
        self.heads.append(pose[:, :3])
        square = np.array([[-5, -5, 0], [5, -5, 0], [5, 5, 0], [-5, 5, 0]], np.float32)
        shapes = np.repeat(square[None], len(exp), axis=0)
        shapes[:, 0, 1] += exp[:, 0] + pose[:, 3]
        return shapes


def tables(model, **how):
    made = explain(model, epochs=2, n_permutations=2, most_windows=12, steps=8, **how)
    return {name: getattr(made, name) for name in TABLES}


def texts(figure):
    found = [t.get_text() for t in figure.findobj(lambda a: hasattr(a, "get_text"))]
    return " | ".join(t for t in found if t)


def draw(of, figure, model="cross_modal", *, simulated=True):
    return plot_explanations(of, entry=model, figure=figure, simulated=simulated, maker=Maker())


@pytest.fixture(scope="module")
def of():
    return tables("cross_modal")


@pytest.mark.parametrize("figure", FIGURES)
def test_every_figure_is_a_column_wide_and_says_that_data_are_simulated(of, figure, tmp_path):
    drawn = draw(of, figure)
    assert drawn.get_size_inches()[0] * 25.4 == pytest.approx(COLUMN_MM)
    assert "simulated data" in texts(drawn)
    assert "cross modal" in texts(drawn)
    of = {**of, "moments": of["moments"].head(1)}  # a face takes a while
    for suffix in ("svg", "png"):
        write_figure(draw(of, figure), tmp_path / f"a.{suffix}")
        write_figure(draw(of, figure), tmp_path / f"b.{suffix}")
        assert (tmp_path / f"a.{suffix}").read_bytes() == (tmp_path / f"b.{suffix}").read_bytes()


def test_importance_shows_every_group_with_its_interval(of):
    axes = draw(of, "importance", simulated=False).axes[0]
    groups = of["importance"]["group"].unique(maintain_order=True)
    assert [t.get_text() for t in axes.get_yticklabels()] == [group_words(g) for g in groups]
    assert "heart rate" in [t.get_text() for t in axes.get_yticklabels()]
    points = sorted(float(x) for line in axes.lines if len(x_of := line.get_xdata()) == 1 for x in x_of)
    assert points == pytest.approx(sorted(of["importance"]["drop"].drop_nulls()))


def test_a_colour_says_in_which_direction_an_input_speaks(of):
    table = of["attributions"].with_columns(
        direction=pl.when(pl.col("column") == "hr_bpm").then(-0.9).otherwise(pl.col("direction"))
    )
    axes = draw({**of, "attributions": table}, "attributions").axes[0]
    rows = [t.get_text() for t in axes.get_yticklabels()]
    colours = {
        float(line.get_ydata()[0]): line.get_color() for line in axes.lines if len(line.get_xdata()) == 1
    }
    assert colours[rows.index("heart rate")] == "#0072B2"
    assert rows[:2] == [f"all of {m}" for m in table.filter(pl.col("level") == "modality")["modality"]]


def test_faces_are_drawn_with_the_head_held_still_against_their_own_mean(of):
    maker = Maker()
    figure = plot_explanations(of, entry="x", figure="faces", simulated=False, maker=maker)
    assert all((heads == 0).all() for heads in maker.heads)
    assert len(maker.heads) == 2
    shown = of["moments"].height
    assert sum(bool(a.images) for a in figure.axes) >= shown > 0
    words = texts(figure)
    assert all(f"{p}, " in words for p in of["moments"]["subject_id"])


def test_a_program_that_measures_no_expression_leaves_no_face(of):
    nothing = pl.lit([None] * 50, dtype=pl.List(pl.Float64))
    moments = of["moments"].with_columns(exp=nothing, pose=pl.lit([0.1] * 3 + [None] * 3))
    assert "no face with codes" in texts(draw({**of, "moments": moments}, "faces"))


def test_a_model_without_attention_has_a_course_alone():
    made = tables("tcn")
    assert len(draw(made, "course", "tcn").axes) == 2
    assert "no maps of attention" in texts(draw(made, "attention", "tcn"))


def test_which_figures_an_entry_has():
    assert explanation_figures(("summary",), maps=False, draws_mesh=True) == ("importance",)
    assert explanation_figures((), maps=False, draws_mesh=True) == ("importance",)
    assert explanation_figures(("face", "bio"), maps=True, draws_mesh=True) == FIGURES
    assert "faces" not in explanation_figures(("bio", "gaze"), maps=True, draws_mesh=True)
    assert "attention" not in explanation_figures(("face",), maps=False, draws_mesh=False)


def test_a_figure_that_does_not_exist(of):
    with pytest.raises(ConfigError, match="there is no figure 'importanc'"):
        draw(of, "importanc")
    with pytest.raises(ConfigError, match="needs the backend"):
        plot_explanations(of, entry="x", figure="faces", simulated=False)


def test_words():
    assert group_words("head velocity") == "head pose, velocity"
    assert input_words("d_exp_03") == "expression 03, velocity"
    assert input_words("control_slope_hr_bpm") == "heart rate, slope"
