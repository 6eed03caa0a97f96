"""From tracked faces and decoded frames to what the networks see: one crop for each face."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import polars as pl
from numpy.typing import NDArray

from affectflow.face.aligned import usable_faces
from affectflow.face.emoca.points68 import FaceAlignmentPoints, tracked_points68
from affectflow.face.emoca.warp import FaceCrop, crop_face
from affectflow.face.extract_codes import frames_of
from affectflow.schema import N_LANDMARKS

BOX = ("x0_px", "y0_px", "x1_px", "y1_px")


@dataclass(frozen=True)
class FaceFrame:
    """One frame and the face in it.

    Attributes
    ----------
    frame
        As decoded; its pixels are not asked for when there is no face.
    landmarks_px
        (478, 3) landmarks of track_faces; None = no face that can be coded.
    box_px
        (4,) left, top, right, bottom of the tracked face.
    """

    frame: Any
    landmarks_px: NDArray[np.float32] | None
    box_px: NDArray[np.float32]


def usable_landmarks(faces: pl.DataFrame) -> tuple[NDArray[np.bool_], NDArray[np.float32]]:
    """Return which rows (n,) of a faces table hold a face that can be coded, and their landmarks (m, 478, 3)."""
    present = (faces["valid"] & faces["landmarks_px"].is_not_null()).to_numpy().copy()
    landmarks = faces["landmarks_px"].filter(pl.Series(present)).to_numpy().reshape(-1, N_LANDMARKS, 3)
    usable = usable_faces(landmarks)
    present[present] = usable
    return present, landmarks[usable]


def face_frames(faces: Iterable[pl.DataFrame], frames: Iterable[Any]) -> Iterator[FaceFrame | pl.DataFrame]:
    """Go through the frames of faces tables.

    Parameters
    ----------
    faces
        `schema.FACES` in pieces, one row per frame.
    frames
        The frames of those rows.

    Yields
    ------
    The frames of a piece with their faces, then the piece itself, and so on.

    Raises
    ------
    TableError
        If frames and rows do not belong together.
    """
    coming = iter(frames)
    for piece in faces:
        present, landmarks = usable_landmarks(piece)
        boxes = piece.select(BOX).to_numpy()
        of_face = iter(landmarks)
        for i, frame in enumerate(frames_of(piece, coming)):
            yield FaceFrame(frame, next(of_face) if present[i] else None, boxes[i])
        yield piece


class Cropper:
    """Cuts faces out of their frames; may be called from several threads at once.

    Parameters
    ----------
    points
        Where the 68 points come from (`face.emoca.points`).
    method
        How pixels are resampled (`face.emoca.crop`).
    device
        Where face-alignment runs, if it is asked for.
    """

    def __init__(
        self,
        *,
        points: Literal["track_faces", "face_alignment"] = "track_faces",
        method: Literal["fast", "exact"] = "fast",
        device: str = "cpu",
    ) -> None:
        self._method = method
        self._finder = FaceAlignmentPoints(device=device) if points == "face_alignment" else None
        self._finder_is_free = threading.Lock()

    def __call__(self, item: FaceFrame | pl.DataFrame) -> FaceCrop | pl.DataFrame | None:
        """Return the crop of a frame's face, or None without one; the end of a piece passes through."""
        if isinstance(item, pl.DataFrame):
            return item
        if item.landmarks_px is None:
            return None
        rgb = item.frame.rgb
        if self._finder is None:
            return crop_face(rgb, tracked_points68(item.landmarks_px), method=self._method)
        with self._finder_is_free:
            points = self._finder.find(rgb, item.box_px)
        return None if points is None else crop_face(rgb, points, method=self._method)
