"""Rough valence of real people: the London set's portraits, from neutral to smiling."""

from __future__ import annotations

import numpy as np

from affectflow.config.expressions import Expressions
from affectflow.face.extract_units import extract_units
from affectflow.face.map_expressions import map_expressions
from affectflow.face.units.geometric import GeometricUnits
from tests.support.portraits import london_portraits
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
