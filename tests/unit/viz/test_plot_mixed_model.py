"""The map of a mixed model: what its columns are called, how they stand, and what the caption says they are."""

from __future__ import annotations

import re

import matplotlib
import pytest

from affectflow.stats.mixed_model import mixed_model
from affectflow.viz.plot_mixed_model import caption_of, names_of_terms, plot_mixed_model
from affectflow.viz.style import MM, figure_style
from tests.support.synth_stats import synth_phases


@pytest.fixture(scope="module")
def figure() -> matplotlib.figure.Figure:
    phases = synth_phases(n_subjects=4, n_codes=12, n_phases=5)
    with figure_style():
        drawn = plot_mixed_model(mixed_model(phases, baseline="baseline"), "terms")
        drawn.draw_without_rendering()
    return drawn


def test_main_effects_come_before_what_they_do_together(figure: matplotlib.figure.Figure) -> None:
    level = next(a for a in figure.axes if a.get_title(loc="left") == "level")
    names = [t.get_text() for t in level.get_xticklabels()]
    alone = ["stressor", "P2", "P3", "P4", "P5"]
    assert names == [*alone, *(f"stressor × {p}" for p in alone[1:])]


def test_the_caption_tells_what_an_interaction_is(figure: matplotlib.figure.Figure) -> None:
    said = " ".join(" ".join(t.get_text() for t in figure.texts).split())
    assert "A condition: its difference from baseline in P1." in said
    assert "A phase: its difference from P1 in baseline." in said
    assert "the condition's difference from baseline in that phase, less that in P1." in said
    assert not re.search("each term −", said)


def test_the_cells_fill_the_width_of_the_figure(figure: matplotlib.figure.Figure) -> None:
    panels = [a for a in figure.axes if a.get_title(loc="left") in ("level", "speed")]
    right = max(a.get_position().x1 for a in panels)
    width_mm = figure.get_size_inches()[0] / MM
    assert (1 - right) * width_mm < 6


def test_a_factor_alone_is_compared_with_its_reference() -> None:
    assert caption_of("phase P1") == "Each term: its difference from phase P1."


def test_a_phase_called_like_a_condition_is_not_taken_for_it() -> None:
    terms = ["condition[stress]", "phase[stress]", "condition[stress]:phase[stress]"]
    assert list(names_of_terms(terms).values()) == [
        "condition stress",
        "phase stress",
        "condition stress × phase stress",
    ]
    assert list(names_of_terms(["condition[MD]", "condition[MD]:phase[P2 [b]]"]).values()) == [
        "MD",
        "MD × P2 [b]",
    ]
