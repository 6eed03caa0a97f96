"""Expressions while a face is being watched: scores are those of the stage, frame by frame."""

from __future__ import annotations

import numpy as np

from affectflow.config.expressions import Expressions
from affectflow.face.expressions.mapping import UNITS
from affectflow.face.map_expressions import map_expressions
from affectflow.live.expressions import FaceExpressions, RunningExpressions
from tests.support.synth_units import told

OPEN = {unit: 0.0 for unit in UNITS[:-1]}


def live(table) -> list[FaceExpressions | None]:
    """What is said of each row of a table of action units."""
    running = RunningExpressions(Expressions())
    shown = []
    for row in table.iter_rows(named=True):
        units = {u: row[f"au_{u:02d}"] for u in UNITS[:-1]} if row["valid"] else {}
        shown.append(running.step(units, eyes_closed=row["eyes_closed"], time_s=row["time_s"]))
    return shown


def test_scores_are_those_of_the_stage():
    units = told([("neutral", 2), ("happy", 2), ("gone", 1), ("sad", 2), ("surprised", 1)], noise=0.02)
    stage, _ = map_expressions(units, options=Expressions())
    shown = live(units)
    assert [s is not None for s in shown] == stage["valid"].to_list()
    for name in Expressions().names:
        expected = stage[f"score_{name}"].fill_null(np.nan).to_numpy()
        found = [np.nan if s is None else s.scores[name] for s in shown]
        np.testing.assert_allclose(found, expected, atol=1e-6)


def test_the_label_follows_the_face():
    shown = live(told([("neutral", 6), ("happy", 2), ("neutral", 2), ("surprised", 2)], noise=0.02))
    assert [shown[round(25 * t)].label for t in (5, 7.5, 9.5, 11.5)] == [
        "peaceful",
        "happy",
        "peaceful",
        "surprised",
    ]
    assert shown[round(25 * 7.5)].rough_valence > shown[(25 * 5)].rough_valence


def test_a_face_on_which_nothing_shows_is_neutral():
    assert live(told([("neutral", 0.2)]))[-1].label == "peaceful"


def test_lids_that_cannot_be_seen_keep_their_last_value_for_a_moment():
    running = RunningExpressions(Expressions())
    wide = {**OPEN, 5: 1.0}
    first = running.step(wide, eyes_closed=False, time_s=0.0)
    unseen = {**OPEN, 5: np.nan}
    held = running.step(unseen, eyes_closed=False, time_s=0.5)
    assert abs(held.scores["threatened"] - first.scores["threatened"]) < 1e-9
    assert running.step(unseen, eyes_closed=False, time_s=1.0) is None
    assert running.step(unseen, eyes_closed=True, time_s=1.1).scores["threatened"] < 0.1
