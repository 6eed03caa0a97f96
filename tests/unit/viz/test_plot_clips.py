"""The figure of a classifier of clips: both methods, every label, clips without a face; the same bytes."""

from __future__ import annotations

import pytest

from affectflow.viz.plot_clips import plot_clips
from affectflow.viz.style import write_figure
from tests.unit.clips.test_evaluate_clips import evaluated, predictions


@pytest.fixture(scope="module")
def found():
    return evaluated(predictions(right=0.7, faceless=5))


def test_scores_and_shares_are_those_of_the_tables(found):
    figure = plot_clips(found.scores, found.confusion)
    left, right = figure.axes
    drawn = sorted(float(line.get_ydata()[0]) for line in left.lines if line.get_marker() == "o")
    assert drawn == pytest.approx(sorted(found.scores["value"]))
    assert [t.get_text() for t in right.get_xticklabels()] == ["Angry", "Happy", "Sad", "no face"]
    shares = right.images[0].get_array()
    assert shares.shape == (3, 4)
    assert shares.sum(axis=1).tolist() == pytest.approx([1, 1, 1])
    assert sum(int(t.get_text().split("(")[1][:-1]) for t in right.get_yticklabels()) == 144


def test_no_column_for_faceless_clips_where_there_are_none(found):
    whole = evaluated(predictions(right=0.7))
    right = plot_clips(whole.scores, whole.confusion).axes[1]
    assert [t.get_text() for t in right.get_xticklabels()] == ["Angry", "Happy", "Sad"]


@pytest.mark.parametrize("suffix", ["svg", "png"])
def test_the_same_bytes_and_a_mark_on_simulated_data(found, suffix, tmp_path):
    for i in range(2):
        write_figure(plot_clips(found.scores, found.confusion, simulated=True), tmp_path / f"{i}.{suffix}")
    assert (tmp_path / f"0.{suffix}").read_bytes() == (tmp_path / f"1.{suffix}").read_bytes()
    write_figure(plot_clips(found.scores, found.confusion), tmp_path / f"plain.{suffix}")
    assert (tmp_path / f"plain.{suffix}").read_bytes() != (tmp_path / f"0.{suffix}").read_bytes()
