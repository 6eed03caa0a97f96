from __future__ import annotations

import numpy as np
import pytest

from affectflow.face.backends.facemesh import FaceMeshBackend
from affectflow.face.explained_motion import explained_motion
from affectflow.face.track_faces import track_faces
from affectflow.io.video import read_frames
from tests.support.synth_faces import landmarks_of, random_codes


@pytest.fixture(scope="module")
def backend() -> FaceMeshBackend:
    return FaceMeshBackend.load()


def clip_landmarks(path) -> np.ndarray:
    pieces = track_faces(read_frames(path), recording_id="clip")
    rows = [row for piece in pieces for row in piece.filter("valid")["landmarks_px"].to_list()]
    return np.array(rows, np.float32).reshape(-1, 478, 3)


def test_movement_within_the_modes_is_explained_wholly_and_noise_hardly(backend):
    landmarks = landmarks_of(backend.mesh(*random_codes(40)))
    assert explained_motion(landmarks, backend)["all"] == pytest.approx(1, abs=1e-3)
    noise = landmarks[:1] + np.random.default_rng(0).normal(0, 3, (200, 478, 3)).astype(np.float32)
    assert explained_motion(noise, backend)["all"] < 0.4


@pytest.mark.parametrize(
    ("clip", "least"), [("woman_emotions_360p24.mp4", 0.80), ("man_frontal_360p30.mp4", 0.85)]
)
def test_real_movement(shared, backend, clip, least):
    landmarks = clip_landmarks(shared / "data/media" / clip)
    assert explained_motion(landmarks, backend)["all"] > least
    assert explained_motion(landmarks, backend, align="all")["all"] > least
