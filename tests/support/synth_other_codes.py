"""Small files in the layouts of py-feat and OpenFace."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import polars as pl

from affectflow.datasets.codes.openface import EYES
from affectflow.datasets.codes.openface import UNITS as OPENFACE_UNITS
from affectflow.datasets.codes.other_codes import POINTS
from affectflow.datasets.codes.pyfeat import UNITS as PYFEAT_UNITS

EMOTIONS = ("Neutral", "Happy", "Sad", "Surprise", "Fear", "Disgust", "Anger")


def points(n: int, rng: np.random.Generator) -> dict[str, np.ndarray]:
    """68 points around (120, 90), 80 pixels wide."""
    return {name: 80 + 40 * rng.uniform(size=n) + (40 if name.startswith("x") else 10) for name in POINTS}


def pyfeat_table(frames: Sequence[int], **changes: Sequence[float]) -> pl.DataFrame:
    """Rows as `Fex.to_csv` of the second detector writes them; frames count from 0."""
    n, rng = len(frames), np.random.default_rng(7)
    columns: dict[str, np.ndarray | Sequence[float]] = {
        "": np.arange(n),
        "FaceRectX": np.full(n, 100.0),
        "FaceScore": np.full(n, 0.99),
        **points(n, rng),
        **{f"AU{u:02d}": rng.uniform(size=n) for u in PYFEAT_UNITS},
        **{name: rng.uniform(size=n) for name in EMOTIONS},
        "valence": rng.uniform(-1, 1, n),
        "arousal": rng.uniform(0, 1, n),
        "Pitch": rng.uniform(-0.2, 0.2, n),
        "Roll": rng.uniform(-0.2, 0.2, n),
        "Yaw": rng.uniform(-0.2, 0.2, n),
        "input": ["video.mp4"] * n,
        "frame": np.asarray(frames),
    }
    return pl.DataFrame({**columns, **changes})


def openface_table(frames: Sequence[int], **changes: Sequence[float]) -> pl.DataFrame:
    """Rows as FeatureExtraction writes them; frames count from 1."""
    n, rng = len(frames), np.random.default_rng(8)
    columns: dict[str, np.ndarray | Sequence[float]] = {
        "frame": np.asarray(frames),
        "face_id": np.zeros(n, int),
        "timestamp": (np.asarray(frames) - 1) / 25,
        "confidence": np.full(n, 0.98),
        "success": np.ones(n, int),
        **{name: np.full(n, -1.0 if name.endswith("z") else 0.0) for name in EYES},
        **{f"pose_{name}": rng.uniform(-0.2, 0.2, n) for name in ("Tx", "Ty", "Tz", "Rx", "Ry", "Rz")},
        **points(n, rng),
        **{f"AU{u:02d}_r": 5 * rng.uniform(size=n) for u in OPENFACE_UNITS},
        **{f"AU{u:02d}_c": rng.integers(0, 2, n) for u in (*OPENFACE_UNITS, 28)},
    }
    return pl.DataFrame({**columns, **changes})


def write_openface(path: Path, table: pl.DataFrame) -> Path:
    """Write as OpenFace does: a blank after each comma of the header."""
    path.write_text(", ".join(table.columns) + "\n" + table.write_csv(include_header=False))
    return path


def write_pyfeat(path: Path, table: pl.DataFrame) -> Path:
    table.write_csv(path)
    return path


def constant(n: int, values: Mapping[str, float]) -> dict[str, list[float]]:
    """Columns of one value each."""
    return {name: [value] * n for name, value in values.items()}
