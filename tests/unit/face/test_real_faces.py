"""What the codes and measures say of real portraits: 8 people, neutral and smiling."""

from __future__ import annotations

import numpy as np
import pytest

from affectflow.face.backends.facemesh import FaceMeshBackend
from affectflow.face.measures import measure_faces
from tests.support.portraits import london_portraits


@pytest.fixture(scope="module")
def portraits(shared) -> dict[str, np.ndarray]:
    """Label → (8, 478, 3) landmarks, the same people in the same order."""
    labels, points = london_portraits(shared)
    return {label: points[(labels["label"] == label).to_numpy()] for label in ("neutral", "smiling")}


def test_everybody_smiles_more_in_the_smiling_picture(portraits):
    backend = FaceMeshBackend.load()
    smile = {label: measure_faces(backend.encode(points)[0])["smile"] for label, points in portraits.items()}
    gain = smile["smiling"] - smile["neutral"]
    assert gain.shape == (8,)
    assert (gain > 0).all()
    assert np.median(gain) > 0.05


def test_frontal_portraits_are_frontal(portraits):
    _, _, pose = FaceMeshBackend.load().encode(portraits["neutral"])
    degrees = np.degrees(pose[:, :3])
    assert np.abs(degrees[:, 1:]).max() < 6, "yaw and roll"
    assert np.abs(degrees[:, 0]).max() < 12, "pitch: heads are held and formed differently"


def test_fifty_numbers_hold_a_smile(portraits):
    backend = FaceMeshBackend.load()
    seen, drawn = {}, {}
    for label, points in portraits.items():
        aligned, exp, pose = backend.encode(points)
        pose[:, :3] = 0
        seen[label], drawn[label] = aligned.astype(np.float64), backend.mesh(exp, pose).astype(np.float64)
    movement = seen["smiling"] - seen["neutral"]
    rest = movement - (drawn["smiling"] - drawn["neutral"])
    explained = 1 - (rest**2).sum() / (movement**2).sum()
    assert explained > 0.9
