"""Faces tables made from known codes: no picture, no network."""

from __future__ import annotations

import numpy as np
import polars as pl

from affectflow.face.anatomy import EYE_INNER, EYE_OUTER, mirrored
from affectflow.face.backends.facemesh import FaceMeshBackend
from affectflow.schema import FACES, N_LANDMARKS

PX_PER_CM = 20.0
CENTRE_PX = (320.0, 180.0, 0.0)


def random_codes(n: int, *, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Codes within what faces do: exp (n, 50), pose (n, 6) with at most about 0.3 rad each."""
    rng = np.random.default_rng(seed)
    exp = rng.normal(0, 0.5, (n, 50))
    pose = rng.uniform(-0.3, 0.3, (n, 6))
    pose[:, 3:] = rng.uniform((0, -0.05, -0.05), (0.3, 0.05, 0.05), (n, 3))
    return exp, pose


def landmarks_of(vertices_cm: np.ndarray) -> np.ndarray:
    """The 478 landmarks (n, 478, 3) float32, pixels, that a camera would see of meshes (n, 468, 3)."""
    eyes = [[EYE_OUTER, EYE_INNER], mirrored([EYE_OUTER, EYE_INNER])]
    irises = [np.repeat(vertices_cm[:, eye].mean(axis=1, keepdims=True), 5, axis=1) for eye in eyes]
    points = np.concatenate([vertices_cm, *irises], axis=1)
    return (points * (1, -1, -1) * PX_PER_CM + CENTRE_PX).astype(np.float32)


def faces_of(landmarks: np.ndarray, *, gaps: tuple[int, ...] = (), recording_id: str = "rec") -> pl.DataFrame:
    """A faces table with one row per frame; frames in `gaps` have no face."""
    n = len(landmarks)
    valid = np.ones(n, bool)
    valid[list(gaps)] = False
    low, high = landmarks[:, :, :2].min(axis=1), landmarks[:, :, :2].max(axis=1)
    score = np.linspace(0.8, 1.0, n, dtype=np.float32)
    table = pl.DataFrame(
        {
            "recording_id": pl.Series([recording_id] * n, dtype=pl.String),
            "frame_id": pl.Series(range(n), dtype=pl.Int32),
            "time_s": pl.Series(np.arange(n) / 25),
            "track_id": pl.Series(np.where(valid, 0, -1), dtype=pl.Int32),
            "primary": pl.Series(valid, dtype=pl.Boolean),
            "valid": pl.Series(valid, dtype=pl.Boolean),
            "score": score,
            "detection_score": score,
            "x0_px": low[:, 0],
            "y0_px": low[:, 1],
            "x1_px": high[:, 0],
            "y1_px": high[:, 1],
            "landmarks_px": pl.Series(
                landmarks.reshape(n, N_LANDMARKS * 3), dtype=pl.Array(pl.Float32, N_LANDMARKS * 3)
            ),
        }
    )
    measured = [c.name for c in FACES.columns if c.nullable]
    return table.with_columns(pl.when("valid").then(c).otherwise(None).alias(c) for c in measured)


def faces_from_codes(
    exp: np.ndarray, pose: np.ndarray, *, gaps: tuple[int, ...] = (), recording_id: str = "rec"
) -> pl.DataFrame:
    """A faces table of the meshes that facemesh codes stand for."""
    vertices = FaceMeshBackend.load().mesh(exp, pose)
    return faces_of(landmarks_of(vertices), gaps=gaps, recording_id=recording_id)
