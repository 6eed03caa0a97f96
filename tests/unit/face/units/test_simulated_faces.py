"""Action units of faces that are drawn, tracked and measured as any video is."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from affectflow.datasets.simulated.face import FaceRenderer
from affectflow.datasets.simulated.person import make_person
from affectflow.face.extract_units import extract_units
from affectflow.face.networks import FaceDetector, MeshNetwork
from affectflow.face.tracker import FaceTracker
from affectflow.face.units.geometric import GeometricUnits
from tests.support.portraits import TRACKING
from tests.support.synth_faces import faces_of

REST = {"blink": 0.0, "brow": 0.0, "smile": 0.0, "lip_press": 0.0}
ACTS = {
    "rest": {},
    "smile": {"smile": 1.0},
    "frown": {"smile": -1.0},
    "brows up": {"brow": 1.0},
    "brows down": {"brow": -1.0},
    "lips pressed": {"lip_press": 1.0},
    "blink": {"blink": 1.0},
    "rest again": {},
}
FRAMES_EACH = 5
SIZE = {"width_px": 480, "height_px": 360}


@pytest.fixture(scope="module", params=["S01", "S03"])
def units(request) -> pl.DataFrame:
    """Act → the median of its frames' units, a row each."""
    renderer = FaceRenderer(make_person(request.param, seed=1, scale=1.6), **SIZE)
    rng = np.random.default_rng(0)
    detector, mesh = FaceDetector(score_min=0.4), MeshNetwork()
    tracker, found = FaceTracker(detector, mesh, **TRACKING), []
    try:
        for act in [a for a in ACTS.values() for _ in range(FRAMES_EACH)]:
            rotation = np.deg2rad(rng.normal(0, 0.7, 3))
            picture = renderer.draw(**{**REST, **act}, rotation=rotation)
            faces = tracker.step(np.clip(picture, 0, 255).astype(np.uint8), len(found) / 25)
            found.append(faces[0].landmarks_px)
    finally:
        detector.close()
        mesh.close()
    rest_s = np.array([[0.0, FRAMES_EACH / 25 - 0.01]])
    table, _ = extract_units([faces_of(np.stack(found))], GeometricUnits.load(), rest_s=rest_s)
    acts = pl.Series("act", [name for name in ACTS for _ in range(FRAMES_EACH)])
    numbers = pl.col("^au_.*$", "ear_sum")
    return table.with_columns(acts).group_by("act", maintain_order=True).agg(numbers.median())


def of(units: pl.DataFrame, act: str) -> dict[str, float]:
    return units.row(by_predicate=pl.col("act") == act, named=True)


def test_a_smile_raises_12_and_parts_the_lips(units):
    smile, frown = of(units, "smile"), of(units, "frown")
    assert smile["au_12"] > 0.5
    assert smile["au_25"] > 0.5
    assert smile["au_15"] == 0
    assert frown["au_12"] == 0
    assert frown["au_15"] > 0.3


def test_brows_by_sign(units):
    up, down = of(units, "brows up"), of(units, "brows down")
    assert up["au_01"] > 0.3
    assert up["au_02"] > 0.3
    assert up["au_04"] == 0
    # The mesh network sees little of it: a third of how far the brows really come down.
    assert down["au_04"] > 0.05
    assert down["au_01"] == down["au_02"] == 0


def test_pressed_lips_are_thin(units):
    assert of(units, "lips pressed")["au_23"] > 0.3


def test_a_blink_is_43(units):
    shut = {name: of(units, name)["au_43"] for name in ACTS}
    assert shut == {name: float(name == "blink") for name in ACTS}


def test_rest_is_rest(units):
    for name in ("rest", "rest again"):
        row = of(units, name)
        for column in ("au_01", "au_02", "au_04", "au_12", "au_15", "au_20", "au_25", "au_26"):
            assert row[column] < 0.2, (name, column)
