"""Action units from MediaPipe's blendshape scores, where the user has the FaceLandmarker task file.

Blendshapes are controls of a drawn face, not a coder's units; the table below
is the customary reading of their names. cheekSquint and noseSneer (6, 9) stay
near zero in practice. The network looks at the face alone: no face at rest is needed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from affectflow.errors import InputError, MissingDependencyError
from affectflow.face.extract_codes import frames_of
from affectflow.face.units import TASK_FILE
from affectflow.face.units.base import UnitBackend

# Unit → the scores whose mean it is; 23 and 24 cannot be told apart by them.
SCORES: dict[int, tuple[str, ...]] = {
    1: ("browInnerUp",),
    2: ("browOuterUpLeft", "browOuterUpRight"),
    4: ("browDownLeft", "browDownRight"),
    5: ("eyeWideLeft", "eyeWideRight"),
    6: ("cheekSquintLeft", "cheekSquintRight"),
    7: ("eyeSquintLeft", "eyeSquintRight"),
    9: ("noseSneerLeft", "noseSneerRight"),
    10: ("mouthUpperUpLeft", "mouthUpperUpRight"),
    12: ("mouthSmileLeft", "mouthSmileRight"),
    14: ("mouthDimpleLeft", "mouthDimpleRight"),
    15: ("mouthFrownLeft", "mouthFrownRight"),
    17: ("mouthShrugLower",),
    18: ("mouthPucker",),
    20: ("mouthStretchLeft", "mouthStretchRight"),
    23: ("mouthPressLeft", "mouthPressRight"),
    24: ("mouthPressLeft", "mouthPressRight"),
    25: ("mouthLowerDownLeft", "mouthLowerDownRight"),
    26: ("jawOpen",),
    28: ("mouthRollLower", "mouthRollUpper"),
}
# Of the face's box, to every side: what the landmarker's own detector wants around a face.
MARGIN = 0.4
Scorer = Callable[[NDArray[np.uint8]], Mapping[str, float] | None]


def units_of_scores(scores: Mapping[str, float]) -> dict[str, float]:
    """Read blendshape scores as action units.

    Parameters
    ----------
    scores
        Name of each blendshape → 0..1.

    Returns
    -------
    Column → intensity 0..1. Lips are apart (25) where the lower one is drawn
    down, or as far as the jaw is open without the lips being closed over it.
    """
    units = {unit: float(np.mean([scores[name] for name in names])) for unit, names in SCORES.items()}
    units[25] = max(units[25], scores["jawOpen"] * (1 - scores["mouthClose"]))
    return {f"au_{unit:02d}": float(np.clip(value, 0, 1)) for unit, value in units.items()}


class BlendshapeUnits(UnitBackend):
    """Action units from blendshapes.

    Parameters
    ----------
    score
        Picture of one face (h, w, 3) uint8 RGB → name of each blendshape → 0..1, or None without a face.
    """

    name = "blendshapes"
    columns = tuple(f"au_{unit:02d}" for unit in SCORES)
    needs_video = True

    def __init__(self, score: Scorer) -> None:
        self._score = score

    @classmethod
    def load(
        cls,
        weights: Mapping[str, NDArray[Any]] | None = None,
        *,
        device: str = "cpu",
        options: Mapping[str, Any] | None = None,
    ) -> BlendshapeUnits:
        """Open the task file in ``options["folder"]``; it runs on the CPU whatever the device.

        Raises
        ------
        MissingDependencyError
            If the file is not there.
        InputError
            If it is no task file with blendshapes.
        """
        path = Path((options or {}).get("folder", "resources/models/blendshapes")) / TASK_FILE
        if not path.is_file():
            raise MissingDependencyError(
                f"{path}: not found. The estimator blendshapes needs MediaPipe's FaceLandmarker task file (Google, Apache-2.0); "
                "put it there (see docs/weights.md), or set face.units.backend: geometric."
            )
        return cls(_landmarker(path))

    def extract(
        self,
        faces: Iterable[pl.DataFrame],
        frames: Iterable[Any] | None = None,
        *,
        rest_s: NDArray[np.float64] | None = None,
    ) -> Iterator[pl.DataFrame]:
        """Score the primary face of every frame; see `UnitBackend.extract`."""
        following = iter(frames or ())
        empty = dict.fromkeys(self.columns)
        for piece in faces:
            rows: list[Mapping[str, float | None]] = []
            boxes = piece.select("x0_px", "y0_px", "x1_px", "y1_px").to_numpy()
            for valid, box, frame in zip(piece["valid"], boxes, frames_of(piece, following), strict=True):
                scores = self._score(_crop(frame.rgb, box)) if valid and np.isfinite(box).all() else None
                rows.append(units_of_scores(scores) if scores else empty)
            yield pl.DataFrame(rows, schema=dict.fromkeys(self.columns, pl.Float32))


def _crop(rgb: NDArray[np.uint8], box: NDArray[np.floating]) -> NDArray[np.uint8]:
    """Cut out the face with a margin, as far as the picture goes; never empty."""
    x0, y0, x1, y1 = box
    margin = MARGIN * max(x1 - x0, y1 - y0)
    height, width = rgb.shape[:2]
    left, top = (int(np.clip(v - margin, 0, n - 1)) for v, n in ((x0, width), (y0, height)))
    right, bottom = (int(np.clip(np.ceil(v + margin), 1, n)) for v, n in ((x1, width), (y1, height)))
    return np.ascontiguousarray(rgb[top : max(bottom, top + 1), left : max(right, left + 1)])


def _landmarker(path: Path) -> Scorer:
    """Return MediaPipe's FaceLandmarker as a function of a picture."""
    import mediapipe as mp
    from mediapipe.tasks.python import BaseOptions, vision

    options = vision.FaceLandmarkerOptions(
        base_options=BaseOptions(model_asset_buffer=path.read_bytes()),
        running_mode=vision.RunningMode.IMAGE,
        num_faces=1,
        output_face_blendshapes=True,
    )
    try:
        landmarker = vision.FaceLandmarker.create_from_options(options)
    except (RuntimeError, ValueError) as error:
        said = str(error).splitlines()[0]
        raise InputError(
            f"{path}: is no FaceLandmarker task file with blendshapes ({said}). Get it anew; see docs/weights.md."
        ) from None

    def score(rgb: NDArray[np.uint8]) -> Mapping[str, float] | None:
        found = landmarker.detect(mp.Image(image_format=mp.ImageFormat.SRGB, data=rgb)).face_blendshapes
        return {c.category_name: c.score for c in found[0]} if found else None

    return score
