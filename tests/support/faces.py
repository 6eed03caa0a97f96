"""Pictures and frames with a face in them, made on the spot from scikit-image's public-domain portrait."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import cv2
import numpy as np
import skimage.data

# The head of the portrait, 300 pixels square; the face in it is about 106 pixels high.
HEAD = (slice(0, 300), slice(80, 380))
FACE_SHARE = 106 / 300


@dataclass(frozen=True)
class StillFrame:
    """A frame of a made-up video."""

    frame_id: int
    time_s: float
    rgb: np.ndarray


def background(width: int = 640, height: int = 360) -> np.ndarray:
    """A picture without a face: a soft gradient, uint8 (height, width, 3)."""
    across = np.linspace(60, 160, width)[None, :, None]
    down = np.linspace(0, 40, height)[:, None, None]
    return np.repeat((across + down).astype(np.uint8), 3, axis=2)


def paste_face(picture: np.ndarray, *, x: int, y: int, face_px: int, roll_deg: float = 0.0) -> np.ndarray:
    """Return the picture with a face of about `face_px` pixels height; x, y is the patch's upper left corner."""
    head = skimage.data.astronaut()[HEAD]
    if roll_deg:
        turn = cv2.getRotationMatrix2D((150, 150), roll_deg, 1.0)
        head = cv2.warpAffine(head, turn, (300, 300), borderMode=cv2.BORDER_REPLICATE)
    side = round(face_px / FACE_SHARE)
    head = cv2.resize(head, (side, side), interpolation=cv2.INTER_AREA)
    result = picture.copy()
    rows, columns = min(side, result.shape[0] - y), min(side, result.shape[1] - x)
    result[y : y + rows, x : x + columns] = head[:rows, :columns]
    return result


def as_frames(pictures: Iterable[np.ndarray], *, fps: float = 25.0) -> Iterator[StillFrame]:
    """Number pictures and give them times."""
    for i, picture in enumerate(pictures):
        yield StillFrame(i, i / fps, picture)
