"""A strip of small pictures of a recording, clear or with all that shows who it is made coarse."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Protocol

import cv2
import numpy as np
import polars as pl
from numpy.typing import NDArray

from affectflow.viz.draw import GREEN, GREY, Picture

N_THUMBNAILS = 6
WIDTH_PX = 240
JPEG_QUALITY = 82
# A frame may come so much of the distance between two thumbnails before its moment: cheap where keyframes are.
NEAR = 0.25
SAME_TIME_S = 1e-3
# Blurred: blocks across the picture, across one in which no face was found (it may hold one), across a face.
BLOCKS, BLOCKS_WITHOUT_FACE, BLOCKS_OF_FACE = 32, 8, 4
# Hair, ears and chin lie outside the landmarks' box: share of its size added on each side.
MARGIN = 0.35
BOX = ("x0_px", "y0_px", "x1_px", "y1_px")
FACE_COLUMNS = ["time_s", "primary", "valid", *BOX]


class Moment(Protocol):
    """What is asked of a video frame; `io.video.VideoFrame` is one."""

    time_s: float

    @property
    def rgb(self) -> NDArray[np.uint8]:
        """The upright picture, uint8 (height, width, 3)."""


@dataclass(frozen=True)
class Thumbnail:
    """A small picture as JPEG, its time since the first frame in seconds, and whether a face was found in it."""

    jpeg: bytes
    time_s: float
    has_face: bool


def moments(time_s: NDArray[np.float64]) -> tuple[list[float], float]:
    """Return the times of the frames to show, and how much earlier each may be, seconds.

    Parameters
    ----------
    time_s
        Times of all frames, increasing, at least one.
    """
    span = float(time_s[-1] - time_s[0])
    middles = time_s[0] + span * (np.arange(N_THUMBNAILS) + 0.5) / N_THUMBNAILS
    rows = np.unique(np.searchsorted(time_s, middles, side="right") - 1)
    return time_s[rows].tolist(), NEAR * span / N_THUMBNAILS


def thumbnails(frames: Iterable[Moment], faces: pl.DataFrame, *, blurred: bool) -> list[Thumbnail]:
    """Make small pictures of frames, with the boxes of faces found in them.

    Parameters
    ----------
    frames
        As `io.video_moments.pictures_near` yields them.
    faces
        `FACE_COLUMNS` of `schema.FACES`.
    blurred
        Make everything coarse, faces most: what is left of one are about twenty mean colours. A picture
        in which the tracker found no face may show one all the same and is made coarse altogether.
    """
    made = []
    for frame in frames:
        seen = faces.filter("valid", (pl.col("time_s") - frame.time_s).abs() < SAME_TIME_S)
        boxes = seen.select(pl.col(BOX).cast(pl.Float64)).to_numpy()
        picture = hide_faces(frame.rgb, boxes) if blurred else frame.rgb
        small = _small(picture, boxes, seen["primary"].to_list())
        made.append(Thumbnail(_jpeg(small), frame.time_s, seen.height > 0))
    return made


def hide_faces(rgb: Picture, boxes: NDArray[np.float64]) -> Picture:
    """Return a picture of which only large shapes and colours are left; this cannot be undone.

    Parameters
    ----------
    rgb
        uint8 (height, width, 3); not changed.
    boxes
        Faces as left, top, right, bottom, pixels, shape (k, 4).
    """
    out = _mosaic(rgb, BLOCKS if len(boxes) else BLOCKS_WITHOUT_FACE)
    height, width = rgb.shape[:2]
    for x0, y0, x1, y1 in boxes:
        more_x, more_y = MARGIN * (x1 - x0), MARGIN * (y1 - y0)
        left, right = (int(np.clip(v, 0, width)) for v in (np.floor(x0 - more_x), np.ceil(x1 + more_x)))
        top, bottom = (int(np.clip(v, 0, height)) for v in (np.floor(y0 - more_y), np.ceil(y1 + more_y)))
        if right > left and bottom > top:
            out[top:bottom, left:right] = _mosaic(rgb[top:bottom, left:right], BLOCKS_OF_FACE)
    return out


def _mosaic(rgb: Picture, blocks: int) -> Picture:
    height, width = rgb.shape[:2]
    size = min(blocks, width), min(max(round(blocks * height / width), 1), height)
    means = cv2.resize(rgb, size, interpolation=cv2.INTER_AREA)
    return np.asarray(cv2.resize(means, (width, height), interpolation=cv2.INTER_NEAREST), dtype=np.uint8)


def _small(rgb: Picture, boxes: NDArray[np.float64], primary: Sequence[bool]) -> Picture:
    scale = WIDTH_PX / rgb.shape[1]
    size = WIDTH_PX, max(round(rgb.shape[0] * scale), 1)
    small = cv2.resize(rgb, size, interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC)
    for box, is_primary in zip(boxes, primary, strict=True):
        x0, y0, x1, y1 = (round(v * scale) for v in box)
        cv2.rectangle(small, (x0, y0), (x1, y1), GREEN if is_primary else GREY, 1, cv2.LINE_AA)
    return np.asarray(small, dtype=np.uint8)


def _jpeg(rgb: Picture) -> bytes:
    done, data = cv2.imencode(".jpg", rgb[:, :, ::-1], [cv2.IMWRITE_JPEG_QUALITY, JPEG_QUALITY])
    assert done, "OpenCV cannot write JPEG"
    return data.tobytes()
