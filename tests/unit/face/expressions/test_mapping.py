"""Scores of expressions, worked by hand."""

from __future__ import annotations

import numpy as np
import pytest

from affectflow.errors import ConfigError
from affectflow.face.expressions.mapping import (
    EXPRESSIONS,
    NEUTRAL,
    UNITS,
    chosen_expressions,
    needed_units,
    neutral_scores,
    neutral_threshold,
    score_expressions,
)


def face(**units: float) -> np.ndarray:
    """One frame with these action units, as au12=0.5."""
    given = {int(name.removeprefix("au")): value for name, value in units.items()}
    return np.array([[given.get(unit, 0.0) for unit in UNITS]])


def score(name: str, *, legacy_au43: bool = False, **units: float) -> float:
    expressions = chosen_expressions([name])
    return float(score_expressions(face(**units), expressions, legacy_au43=legacy_au43)[0, 0])


def test_there_are_32_names_and_their_signs_are_signs():
    assert len(EXPRESSIONS) + 1 == 32
    every = [*EXPRESSIONS.values(), NEUTRAL]
    assert {e.valence for e in every} | {e.arousal for e in every} == {-1, 0, 1}
    assert all(set(e.weights) <= set(UNITS) and min(e.weights.values()) > 0 for e in EXPRESSIONS.values())


def test_the_weighted_mean_of_the_units():
    assert score("surprised", au1=1, au2=1, au5=1, au25=1, au26=1) == pytest.approx(1)
    assert score("surprised", au1=0.5) == pytest.approx(0.5 / 4.66)
    assert score("happy", au12=1) == pytest.approx(1 / 2.51)


def test_the_corners_of_the_mouth_contradict():
    assert score("happy", au12=1, au15=1) == pytest.approx(0.5 / 2.51)
    assert score("angry", au4=1, au12=0.4) == pytest.approx(0.8 / 1.78)
    assert score("surprised", au1=1, au12=1, au15=1) == pytest.approx(1 / 4.66)


def test_domineering_asks_for_outer_brows_without_inner_ones():
    assert score("domineering", au2=1) == 1
    assert score("domineering", au2=1, au1=0.75) == pytest.approx(0.25)


def test_closed_eyes_count_as_closed():
    assert score("painful", au43=1) == pytest.approx(0.2)
    assert score("painful", au43=0) == 0
    assert score("painful", au43=1, legacy_au43=True) == 0
    assert score("painful", au43=0, legacy_au43=True) == pytest.approx(0.2)


@pytest.mark.parametrize("closed", [0, 1])
def test_contempt_is_weaker_beside_anything_else_but_not_by_the_eyes(closed):
    assert score("contempt", au14=0.5, au43=closed) == pytest.approx(0.25)
    assert score("contempt", au14=0.5, au12=0.8, au43=closed) == pytest.approx(0.1)
    # Open eyes wiped it out in the original.
    assert score("contempt", au14=0.5, au43=closed, legacy_au43=True) == pytest.approx(0.25 * closed)


def test_what_is_missing_stays_missing_and_only_where_it_matters():
    happy_sad = chosen_expressions(["happy", "sad"])
    scores = score_expressions(face(au12=1, au4=np.nan), happy_sad)
    assert scores[0, 0] == pytest.approx(1 / 2.51)
    assert np.isnan(scores[0, 1])


@pytest.mark.parametrize("name", EXPRESSIONS)
def test_needed_units_are_those_that_change_the_score(name):
    expressions = chosen_expressions([name])
    seen = {
        unit
        for unit in UNITS
        if np.isnan(score_expressions(face(**{f"au{unit}": np.nan}), expressions)).any()
    }
    assert needed_units(expressions) == sorted(seen)


def test_neutral_is_what_stays_below_the_threshold():
    scores = np.array([[0.1, 0.2], [0.3, 0.1], [np.nan, np.nan], [0.1, 0.3]])
    # Six numbers: 0.1 0.1 0.1 0.2 0.3 0.3; the 60th percentile is the fourth.
    threshold = neutral_threshold(scores, 60)
    assert threshold == pytest.approx(0.2)
    np.testing.assert_array_equal(neutral_scores(scores, 0.25), [0.25, 0, np.nan, 0])
    assert np.isnan(neutral_threshold(np.full((3, 2), np.nan), 90))


def test_scores_stay_within_0_and_1_and_the_input_as_it_was():
    units = np.random.default_rng(1).uniform(size=(50, len(UNITS)))
    before = units.copy()
    scores = score_expressions(units, chosen_expressions(list(EXPRESSIONS)), legacy_au43=True)
    assert scores.min() >= 0
    assert scores.max() <= 1
    np.testing.assert_array_equal(units, before)
    assert score_expressions(units[:0], chosen_expressions(["sad"])).shape == (0, 1)


@pytest.mark.parametrize(
    ("names", "words"),
    [(["hapy"], "Did you mean happy?"), ([], "at least one"), (["sad", "sad"], "only once")],
)
def test_wrong_names_are_named(names, words):
    with pytest.raises(ConfigError, match=r"face\.expressions\.names") as told:
        chosen_expressions(names)
    assert words in str(told.value)
    assert "\n" not in str(told.value)
