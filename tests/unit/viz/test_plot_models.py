"""The figure that compares models."""

import numpy as np
import polars as pl
import pytest

from affectflow.viz.plot_models import plot_models
from affectflow.viz.score_notes import least_p_note
from affectflow.viz.style import write_figure

COUNTS = {"n_people": 6, "n_windows": 48, "n_positive": 24, "n_folds": 3, "n_repeats": 1, "n_seeds": 1}


def tables(models=("logistic", "cross_modal"), controls=(), *, measured=True, least=0.001):
    """Tables of an evaluation whose main model is the last of `models`."""
    names, measures = [*models, *controls], ("auroc", "auprc", "brier")
    value = (lambda v: v) if measured else (lambda v: None)
    numbers = dict.fromkeys(("estimate", "low", "high", "chance"), pl.Float64)
    scores = pl.DataFrame(
        [
            {
                "model": m,
                "kind": "control" if m in controls else "main" if m == models[-1] else "model",
                "measure": q,
            }
            | {"estimate": value(0.8 - 0.01 * i), "low": value(0.6), "high": value(0.95), "chance": 0.5}
            | {**COUNTS, "subject_norm": "none", "note": None}
            for i, m in enumerate(names)
            for q in measures
        ],
        schema_overrides=numbers | {"note": pl.String},
    )
    comparisons = pl.DataFrame(
        [
            {"model": models[-1], "than": m, "measure": q, "difference": value(-0.1), "low": value(-0.2)}
            | {"high": value(0.1), "p": value(0.01), "p_holm": value(0.0204 if m == "logistic" else 0.3)}
            | {"p_least": value(least)}
            for m in names
            for q in measures
            if m != models[-1]
        ],
        schema={"model": pl.String, "than": pl.String, "measure": pl.String}
        | dict.fromkeys(("difference", "low", "high", "p", "p_holm", "p_least"), pl.Float64),
    )
    x = np.linspace(0, 1, 11)
    curve = {"fpr": x, "tpr": x**0.3, "low": x, "high": x**0.1}
    curves = pl.concat([pl.DataFrame({"model": [m] * 11, **curve}) for m in names])
    if not measured:
        curves = curves.with_columns(pl.lit(None, pl.Float64).alias(c) for c in ("tpr", "low", "high"))
    bins = {"mean_score": [0.2, 0.6], "share_stressor": [0.1, 0.7], "low": [0.0, None], "high": [0.3, None]}
    reliability = pl.concat([pl.DataFrame({"model": [m] * 2, **bins}) for m in names])
    return scores, comparisons, curves, reliability


def texts(figure):
    from matplotlib.text import Text

    return [t.get_text() for t in figure.findobj(Text)]


CONTROLS = ("pose_only", "time_only", "shuffled_labels", "without_control_drive")
MANY = ("logistic", "boosting", "face_transformer", "bio_transformer", "gaze_transformer", "early_fusion", "tcn", "cross_modal")  # fmt: skip


@pytest.mark.parametrize(
    ("models", "controls"),
    [(("logistic",), ()), (("logistic", "cross_modal"), CONTROLS[:1]), (MANY, CONTROLS)],
)
def test_every_model_is_drawn_with_its_numbers_and_nothing_leaves_the_page(models, controls):
    figure = plot_models(*tables(models, controls), simulated=False)
    words = texts(figure)
    for i, model in enumerate([*models, *controls]):
        assert model.replace("_", " ") in words
        assert f"{0.8 - 0.01 * i:.2f} [0.60, 0.95]" in words
    assert words.count("p = 0.300") == len(models) + len(controls) - 1 - ("logistic" in models[:-1])
    assert ("p = 0.020" in words) == ("logistic" in models[:-1])
    assert "simulated data" not in words
    assert any(
        "6 people, 48 windows (24 stressor), 3 folds by person\ninputs scaled by training people" in w
        for w in words
    )
    figure.draw_without_rendering()
    box = figure.get_tightbbox()
    width, height = figure.get_size_inches()
    assert box.x0 >= 0
    assert box.y0 >= 0
    assert box.x1 <= width
    assert box.y1 <= height


def test_the_main_model_comes_first_and_controls_last():
    figure = plot_models(*tables(("logistic", "cross_modal"), CONTROLS[:2]), simulated=False)
    names = [label.get_text() for label in figure.axes[0].get_yticklabels()]
    assert names == ["cross modal", "logistic", "pose only", "time only"]
    places = figure.axes[0].get_yticks()
    assert places[2] - places[1] > places[1] - places[0]


def test_repeats_and_seeds_are_said():
    scores, *rest = tables()
    scores = scores.with_columns(n_repeats=pl.lit(5), n_seeds=pl.lit(3))
    assert any(
        "3 folds by person × 5 repeats × 3 seeds" in w
        for w in texts(plot_models(scores, *rest, simulated=False))
    )


def test_measures_without_a_value_do_not_break_it(tmp_path):
    figure = plot_models(*tables(("logistic", "cross_modal"), CONTROLS[:1], measured=False), simulated=True)
    assert texts(figure).count("no value") == 5
    write_figure(figure, tmp_path / "a.png")


def test_notes_stand_at_the_foot_and_leave_nothing_off_the_page():
    scores, *rest = tables(MANY, CONTROLS)
    few = pl.when(pl.col("model") == "shuffled_labels").then(pl.lit("tested on 4 people"))
    plain = plot_models(scores, *rest, simulated=True)
    figure = plot_models(scores.with_columns(note=few), *rest, simulated=True)
    assert "shuffled_labels: tested on 4 people." in texts(figure)
    assert figure.get_size_inches()[1] > plain.get_size_inches()[1]
    figure.draw_without_rendering()
    box = figure.get_tightbbox()
    assert min(box.x0, box.y0) >= 0
    assert (box.x1, box.y1) <= tuple(figure.get_size_inches())
    said = plot_models(scores.with_columns(note=pl.lit("no test fold has both")), *rest, simulated=False)
    assert "No test fold has both." in texts(said)


def test_simulated_and_transductive_are_said():
    scores, *rest = tables()
    words = texts(
        plot_models(scores.with_columns(subject_norm=pl.lit("transductive")), *rest, simulated=True)
    )
    assert "simulated data" in words
    assert any("transductive" in w for w in words)


def test_same_figure_same_bytes(tmp_path):
    for suffix in (".svg", ".png"):
        for name in "ab":
            write_figure(plot_models(*tables(), simulated=True), tmp_path / f"{name}{suffix}")
        assert (tmp_path / f"a{suffix}").read_bytes() == (tmp_path / f"b{suffix}").read_bytes()


def test_a_floor_of_p_is_said_where_few_people_can_show_nothing():
    scores, comparisons, curves, reliability = tables(least=0.22)
    figure = plot_models(scores, comparisons, curves, reliability, simulated=False)
    assert any("never below 0.22" in text for text in texts(figure))
    assert "never below 0.22" in least_p_note(comparisons)
    assert least_p_note(tables()[1]) == ""
