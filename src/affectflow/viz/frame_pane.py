"""The part of a rendered video that shows the source frame: where it lies, the faces' boxes, the line of text above."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeVar

import cv2
import numpy as np
import polars as pl
from numpy.typing import NDArray

from affectflow.viz.draw import (
    BLACK,
    GREY,
    WHITE,
    YELLOW,
    Picture,
    darken,
    draw_box,
    draw_pill,
    draw_text,
    text_width,
)

# The height at which letters have their nominal size.
NOMINAL_HEIGHT_PX = 360
# Not wider than a cinema picture.
LEFT_MAX = 960
BOX_COLUMNS = ["frame_id", "track_id", "primary", "valid", "x0_px", "y0_px", "x1_px", "y1_px"]

Place = TypeVar("Place", bound="FramePlace")


@dataclass(frozen=True)
class FramePlace:
    """Where the frame lies in its part of the picture, pixels; sizes of the part are even, as H.264 wants them.

    Attributes
    ----------
    pane_px
        Height of the part.
    left_px
        Its width.
    frame_px
        Width and height of the source frame as drawn, centred in the part.
    scale
        Drawn size over source size.
    zoom
        Size of letters; 1 at 360 pixels height.
    """

    pane_px: int
    left_px: int
    frame_px: tuple[int, int]
    scale: float
    zoom: float

    @property
    def offset_px(self) -> tuple[int, int]:
        """Top left corner of the frame in its part."""
        return (self.left_px - self.frame_px[0]) // 2, (self.pane_px - self.frame_px[1]) // 2

    @classmethod
    def planned(cls: type[Place], width_px: int, height_px: int, *, pane_px: int, left_min: float) -> Place:
        """Plan the part for source frames of a size.

        Frames are scaled to the height of the part, very wide ones to the
        greatest width instead; narrow ones get margins.

        Parameters
        ----------
        width_px, height_px
            Size of the source frames.
        pane_px
            Height of the part; an odd number is raised by one.
        left_min
            Least width of the part at zoom 1.
        """
        pane = pane_px + pane_px % 2
        zoom = pane / NOMINAL_HEIGHT_PX
        scale = min(pane / height_px, LEFT_MAX * zoom / width_px)
        frame = max(round(width_px * scale), 1), max(round(height_px * scale), 1)
        left = max(frame[0], round(left_min * zoom))
        return cls(pane, left + left % 2, frame, scale, zoom)


class FramePane:
    """Paints the frames of one recording, the boxes of all faces, and which frame it is.

    Parameters
    ----------
    place
        Where the frame lies.
    boxes
        `BOX_COLUMNS` of the faces table, all faces.
    recording_id
        Written above the frame.
    simulated
        Write SIMULATED on every frame.
    """

    def __init__(self, place: FramePlace, boxes: pl.DataFrame, *, recording_id: str, simulated: bool) -> None:
        self._place, self._recording_id, self._simulated = place, recording_id, simulated
        found = boxes.select(BOX_COLUMNS).filter(pl.col("valid")).sort("frame_id", "track_id")
        self._box_frame = found["frame_id"].to_numpy()
        self._box_primary = found["primary"].to_numpy()
        self._box_px = found.select("x0_px", "y0_px", "x1_px", "y1_px").to_numpy()

    def paint_frame(self, part: Picture, rgb: NDArray[np.uint8], frame_id: int) -> Picture:
        """Paint a frame with its boxes.

        Parameters
        ----------
        part
            (place.pane_px, place.left_px, 3) uint8.
        rgb
            The source frame.
        frame_id
            Its number, by which its boxes are found.

        Returns
        -------
        The frame as drawn, a view into `part`.
        """
        (x, y), (width, height) = self._place.offset_px, self._place.frame_px
        frame = part[y : y + height, x : x + width]
        if rgb.shape[:2] == (height, width):
            frame[:] = rgb
        else:
            smooth = cv2.INTER_AREA if self._place.scale < 1 else cv2.INTER_CUBIC
            frame[:] = cv2.resize(rgb, (width, height), interpolation=smooth)
        here = slice(*np.searchsorted(self._box_frame, [frame_id, frame_id + 1]))
        for box, primary in zip(self._box_px[here], self._box_primary[here], strict=True):
            draw_box(frame, box * self._place.scale, WHITE if primary else GREY)
        return frame

    def paint_head(self, part: Picture, *, time_s: float, frame_id: int) -> None:
        """Write the recording, the time and the number of the frame on the part's upper edge."""
        zoom, width = self._place.zoom, part.shape[1]

        def px(length: float) -> int:
            return round(length * zoom)

        darken(part, 0, 0, width, px(22))
        draw_text(part, self._recording_id, px(10), px(11), size=px(12), bold=True)
        x_right = width - px(8)
        if self._simulated:
            draw_pill(part, "SIMULATED", x_right, px(11), size=px(10), colour=YELLOW, ink=BLACK)
            x_right -= text_width("SIMULATED", px(10), bold=True) + px(20)
        moment = f"{time_s:.3f} s · frame {frame_id}"
        draw_text(part, moment, x_right, px(11), size=px(11), anchor="right")
