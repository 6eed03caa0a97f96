"""Where a video goes over to another scene."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Protocol

import cv2
import numpy as np
from numpy.typing import NDArray

# 4 x 4 x 4 parts of hue, saturation and value.
PARTS = 4
# OpenCV's hue of 8-bit pictures has 180 steps, the others 256.
ENDS = (180, 256, 256)
# Colours of a whole picture need no more pixels than these.
SIDE_PX = 128


class Picture(Protocol):
    """What is asked of a video frame; `io.video.VideoFrame` is one."""

    frame_id: int

    @property
    def rgb(self) -> NDArray[np.uint8]:
        """The upright picture, uint8 (height, width, 3)."""


def find_cuts(frames: Iterable[Picture], *, correlation_min: float = 0.5) -> list[int]:
    """Return the frames that begin a new scene: their colours are not those of the frame before.

    Parameters
    ----------
    frames
        In order.
    correlation_min
        A frame whose histogram of colours (64 parts of the HSV space) correlates less than this with that of the
        frame before begins a new scene, -1..1.

    Returns
    -------
    Their frame_ids, in order; the first frame is none.
    """
    cuts: list[int] = []
    before: NDArray[np.float64] | None = None
    for frame in frames:
        now = colour_histogram(frame.rgb)
        if before is not None and float(np.corrcoef(before, now)[0, 1]) < correlation_min:
            cuts.append(frame.frame_id)
        before = now
    return cuts


def colour_histogram(rgb: NDArray[np.uint8]) -> NDArray[np.float64]:
    """Return the share of a picture's pixels in each of 64 parts of the HSV space, (64,); they sum to 1."""
    step = max(1, max(rgb.shape[:2]) // SIDE_PX)
    hsv = cv2.cvtColor(np.ascontiguousarray(rgb[::step, ::step]), cv2.COLOR_RGB2HSV)
    part = [hsv[..., i].astype(np.intp) * PARTS // end for i, end in enumerate(ENDS)]
    counts = np.bincount(((part[0] * PARTS + part[1]) * PARTS + part[2]).ravel(), minlength=PARTS**3)
    return counts / counts.sum()
