"""The score of a recording over time."""

import numpy as np
import polars as pl
import pytest

from affectflow.viz.plot_predictions import plot_predictions
from affectflow.viz.style import write_figure

LINE = "mean of the windows around"


def study(n_s=20, *, length_s=4.0, stride_s=2.0, fps=10.0, seeds=True, phases=("P1", None, "P2 $x_1$")):
    """Windows whose score rises from 0.1 to 0.9, and frames of which those from 8 to 12 s show no face."""
    start = np.arange(0, n_s - length_s + 0.1, stride_s)
    score = np.linspace(0.1, 0.9, start.size)
    nothing = pl.lit(None, pl.Float64)
    predictions = pl.DataFrame(
        {"recording_id": ["P00_a"] * start.size, "start_s": start, "end_s": start + length_s, "score": score}
    ).with_columns(
        score_low=pl.col("score") - 0.05 if seeds else nothing,
        score_high=pl.col("score") + 0.05 if seeds else nothing,
        decision=(pl.col("score") >= 0.5).cast(pl.Int8),
    )
    time = np.arange(0, n_s, 1 / fps)
    phase = [phases[int(len(phases) * t / n_s)] for t in time]
    valid = (time < 8) | (time >= 12)
    return predictions, pl.DataFrame({"time_s": time, "phase": phase, "valid": valid})


def draw(*tables, **changes):
    how = {"threshold": 0.5, "positive": "condition $tressor", "model": "cross_modal", "simulated": True}
    return plot_predictions(*tables, **{**how, **changes})


def line(figure):
    found = next(drawn for drawn in figure.axes[0].lines if drawn.get_label() == LINE)
    return found.get_xdata(), found.get_ydata()


def test_the_line_is_the_mean_of_the_windows_around_each_moment():
    predictions, features = study()
    time, score = line(draw(predictions, features))
    for moment in (1.0, 5.0, 15.0):
        around = predictions.filter((pl.col("start_s") <= moment) & (pl.col("end_s") > moment))
        assert score[np.argmin(np.abs(time - moment - 0.05))] == pytest.approx(around["score"].mean())


def test_frames_without_a_face_are_left_out():
    time, score = line(draw(*study()))
    gone = (time > 8) & (time < 12)
    assert np.isnan(score[gone]).all()
    assert np.isfinite(score[~gone]).all()


def test_a_model_that_sees_no_face_has_no_gaps():
    _, score = line(draw(*study(), face=False))
    assert np.isfinite(score).all()


def test_moments_between_windows_are_empty():
    predictions, features = study(length_s=2.0, stride_s=5.0)
    time, score = line(draw(predictions, features, face=False))
    inside = np.any([(time > s) & (time < s + 2) for s in predictions["start_s"]], axis=0)
    assert (np.isfinite(score) == inside).all()


def test_a_long_recording_is_drawn_no_heavier_than_a_short_one():
    time, score = line(draw(*study(3600, stride_s=4.0)))
    assert time.size == 2000
    assert np.isfinite(score).mean() > 0.99


def test_phases_the_threshold_and_the_mark_are_named(tmp_path):
    figure = draw(*study())
    texts = [t.get_text() for t in (*figure.axes[0].texts, *figure.texts)]
    assert {"P1", "P2 $x_1$", "simulated data"} <= set(texts)
    assert "threshold 0.50" in figure.axes[0].get_legend_handles_labels()[1]
    assert figure.axes[0].get_ylabel() == "score\n(condition $tressor)"
    for name in ("one.svg", "two.svg"):
        write_figure(draw(*study()), tmp_path / name)
    assert (tmp_path / "one.svg").read_bytes() == (tmp_path / "two.svg").read_bytes()


def test_one_seed_has_no_band():
    assert (
        "its seeds, least to greatest" not in draw(*study(seeds=False)).axes[0].get_legend_handles_labels()[1]
    )
    assert "its seeds, least to greatest" in draw(*study()).axes[0].get_legend_handles_labels()[1]
