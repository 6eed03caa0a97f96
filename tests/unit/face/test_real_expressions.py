"""Expressions of real people: the London set's portraits from neutral to smiling, and a clip that is sad and then happy."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from affectflow.config.expressions import Expressions
from affectflow.face.extract_units import extract_units
from affectflow.face.map_expressions import map_expressions
from affectflow.face.units.geometric import GeometricUnits
from tests.support.portraits import london_portraits, tracked_clip
from tests.support.synth_faces import faces_of


def test_the_rough_valence_rises_in_everybody_who_smiles(shared):
    pictures, landmarks = london_portraits(shared)
    assert pictures["label"].to_list() == ["neutral", "smiling"] * 8
    for both in landmarks.reshape(8, 2, 478, 3):
        units, _ = extract_units([faces_of(both)], GeometricUnits.load(), rest_s=np.array([[0.0, 0.01]]))
        # Two pictures are no course of time: nothing to smooth.
        expressions, _ = map_expressions(units, options=Expressions(time_constant_s=0))
        neutral, smiling = expressions["rough_valence"].to_list()
        assert smiling > neutral + 0.05


@pytest.fixture(scope="module")
def woman(shared) -> pl.DataFrame:
    """Expressions of the clip: a woman in tears, who wipes them away and laughs."""
    units, _ = extract_units([tracked_clip(shared, "woman_emotions_360p24.mp4")], GeometricUnits.load())
    return map_expressions(units, options=Expressions())[0]


def between(expressions: pl.DataFrame, start: float, end: float) -> pl.DataFrame:
    return expressions.filter(pl.col("time_s").is_between(start, end))


def test_the_clip_is_happy_near_14_s(woman):
    around = between(woman, 13, 15)
    assert (around["label"] == "happy").all()
    assert around["score_happy"].mean() > 0.7
    assert around["score_sad"].mean() < 0.01
    assert around["rough_valence"].min() > 0.2


def test_the_clip_is_sad_in_its_first_seconds(woman):
    """Visible from 2.5 s, behind expressions that share its units: the landmarks show little of her lowered brows.

    Before that, shut eyes and raised cheeks under a head that bends down look like pain, which is what leads then.
    """
    tears = between(woman, 2.5, 5.5)
    scores = {name: tears[name].mean() for name in tears.columns if name.startswith("score_")}
    assert scores["score_sad"] > 0.3
    leading = sorted(scores, key=scores.__getitem__, reverse=True)[:3]
    assert set(leading) == {"score_sad", "score_painful", "score_whined"}
    assert scores["score_happy"] < 0.2
    assert between(woman, 3, 5.5)["rough_valence"].mean() < 0
