"""Rough valence and arousal: signs, range and zero."""

from __future__ import annotations

import numpy as np
import pytest

from affectflow.face.expressions.mapping import chosen_expressions
from affectflow.face.expressions.rough_affect import from_expressions

NAMES = ["happy", "sad", "angry", "surprised"]


def estimate(*scores: float) -> tuple[float, float]:
    """Valence and arousal of one frame: happy, sad, angry, surprised, neutral."""
    valence, arousal = from_expressions(np.array([scores]), chosen_expressions(NAMES))
    return float(valence[0]), float(arousal[0])


def test_by_hand():
    # Pleasant: happy. Unpleasant: sad, angry. Excited: happy, angry, surprised. Calm: neutral.
    assert estimate(0.6, 0.2, 0.4, 0.5, 0.3) == pytest.approx((0.6 - 0.3, 0.5 - 0.3))


def test_the_zero_does_not_hang_on_how_many_names_are_unpleasant():
    assert estimate(0.4, 0.4, 0.4, 0.4, 0.4) == pytest.approx((0, 0))


def test_extremes_and_missing():
    assert estimate(1, 0, 0, 0, 0)[0] == 1
    assert estimate(0, 1, 1, 0, 0)[0] == -1
    assert estimate(0, 0, 0, 0, 1) == (0, -1)
    assert np.isnan(estimate(*[np.nan] * 5)).all()


def test_names_of_one_side_only():
    valence, arousal = from_expressions(np.array([[0.5, 0.1], [np.nan, np.nan]]), chosen_expressions(["sad"]))
    np.testing.assert_array_equal(valence, [-0.5, np.nan])
    np.testing.assert_array_equal(arousal, [-0.1, np.nan])
