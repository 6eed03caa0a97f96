"""Action units while a face is being watched: what the stage says of the same frames, as far as it can be known by then."""

from __future__ import annotations

import math

import numpy as np
import polars as pl
import pytest

from affectflow.config.features import Blink
from affectflow.config.units import Units
from affectflow.face.units.geometric import GeometricUnits
from affectflow.live.units import NEUTRAL_S, REST_WINDOW_S, RunningUnits
from tests.support.live import smiling, watched

FPS = 10.0


def story(*parts: tuple[float, float]) -> np.ndarray:
    """How much a face smiles: (0.0, 3.0) for three seconds without."""
    return np.concatenate([np.full(round(length * FPS), smile) for smile, length in parts])


def test_a_smile_is_seen_against_the_face_of_the_last_minute():
    frames = watched(smiling(story((0, 5), (1, 2), (0, 2))))
    smile = np.array([f.units.units[12] for f in frames])
    assert smile[:50].max() < 0.05
    assert smile[50:70].min() > 0.9
    assert smile[70:].max() < 0.05


def test_the_first_frames_have_units_already():
    frames = watched(smiling(story((0, 0.5))))
    assert all(math.isfinite(f.units.units[12]) for f in frames)


def test_with_a_neutral_face_the_units_are_those_of_the_stage():
    # Smiles from the beginning: only the person knows that this is not the face at rest.
    faces = smiling(story((0.6, 3), (0, 3), (1, 2), (0.3, 2)))
    start = round(3.5 * FPS)
    frames = watched(faces, neutral_at=start)
    onset = faces["time_s"][start]
    rest_s = np.array([[onset + 1e-6, onset + NEUTRAL_S - 1e-6]])
    stage = pl.concat(GeometricUnits(Units(), Blink()).extract([faces], rest_s=rest_s))
    after = start + round(NEUTRAL_S * FPS) + 1
    for unit in (1, 4, 6, 12, 20, 25):
        live = [f.units.units[unit] for f in frames[after:]]
        np.testing.assert_allclose(live, stage[f"au_{unit:02d}"].to_numpy()[after:], atol=1e-6)
    assert frames[70].units.units[12] > 0.9


def test_nobody_in_the_picture_is_no_neutral_face():
    units = RunningUnits(Units(), Blink())
    faces = smiling(story((0, 5)), gone=tuple(range(10, 40)))
    for i, row in enumerate(faces.iter_slices(1)):
        units.step(row)
        if i == 10:
            units.take_rest(row["time_s"][0])
            assert units.rest == "taking"
    assert units.rest == "running"


def test_a_neutral_face_can_be_forgotten():
    units = RunningUnits(Units(), Blink())
    for i, row in enumerate(smiling(story((0, 4))).iter_slices(1)):
        units.step(row)
        if i == 5:
            units.take_rest(row["time_s"][0])
    assert units.rest == "yours"
    units.forget_rest()
    assert units.rest == "running"


def test_a_frame_without_a_face_has_no_units():
    frames = watched(smiling(story((0, 2)), gone=(10,)))
    assert frames[10].units.units == {}
    assert frames[10].units.eyes_closed is None
    assert frames[11].units.units[12] < 0.05


def test_eyes_are_seen_shut_and_hide_the_lids():
    shut = np.zeros(60)
    shut[40:45] = 1
    frames = watched(smiling(story((0, 6)), shut=shut))
    assert [f.units.eyes_closed for f in frames[38:47]] == [False] * 2 + [True] * 5 + [False] * 2
    assert math.isnan(frames[42].units.units[5])


def test_memory_does_not_grow():
    units = RunningUnits(Units(), Blink())
    faces = smiling(np.zeros(200), fps=1.0)
    sizes = []
    for row in faces.iter_slices(1):
        units.step(row)
        sizes.append((len(units._window), len(units._times), len(units._ears)))
    assert sizes[-1] == sizes[80]
    assert sizes[-1][0] <= REST_WINDOW_S + 1


@pytest.mark.parametrize("degrees", [20, 50])
def test_a_face_turned_away_has_no_units(degrees):
    turn = np.deg2rad(degrees)
    faces = smiling(story((0, 1)))
    points = np.stack([p.to_numpy().reshape(478, 3) for p in faces["landmarks_px"]]).astype(float)
    middle = points.mean(axis=1, keepdims=True)
    spin = np.array([[np.cos(turn), 0, np.sin(turn)], [0, 1, 0], [-np.sin(turn), 0, np.cos(turn)]])
    points = ((points - middle) @ spin.T + middle).astype(np.float32)
    column = pl.Series("landmarks_px", points.reshape(len(points), -1), dtype=faces["landmarks_px"].dtype)
    units = watched(faces.with_columns(column))[-1].units.units
    assert math.isnan(units[12]) == (degrees > Units().yaw_max_deg)
