"""Where the parts of an overlay picture lie."""

from __future__ import annotations

from dataclasses import dataclass

from affectflow.viz.hud import HEIGHT as HUD_HEIGHT

# The height at which letters have their nominal size.
NOMINAL_HEIGHT_PX = 360
# Left part: wide enough for the strip below it, and not wider than a cinema picture.
LEFT_MIN, LEFT_MAX = 480, 960


@dataclass(frozen=True)
class OverlayLayout:
    """Where things lie in an overlay picture, pixels; all sizes even, as H.264 wants them.

    Attributes
    ----------
    pane_px
        Height of the upper part and side of the mesh pane.
    left_px
        Width of the left part.
    frame_px
        Width and height of the source frame as drawn, centred in the left part.
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
    def hud_px(self) -> int:
        """Height of the strip."""
        return round(HUD_HEIGHT * self.zoom)

    @property
    def width_px(self) -> int:
        """Width of the whole picture."""
        return self.left_px + self.pane_px

    @property
    def height_px(self) -> int:
        """Height of the whole picture."""
        return self.pane_px + self.hud_px + self.hud_px % 2

    @property
    def offset_px(self) -> tuple[int, int]:
        """Top left corner of the frame."""
        return (self.left_px - self.frame_px[0]) // 2, (self.pane_px - self.frame_px[1]) // 2


def overlay_layout(width_px: int, height_px: int, *, pane_px: int = NOMINAL_HEIGHT_PX) -> OverlayLayout:
    """Plan the picture for source frames of a size.

    Frames are scaled to the height of the mesh pane, very wide ones to the
    greatest width instead; narrow ones get dark margins.

    Parameters
    ----------
    width_px, height_px
        Size of the source frames.
    pane_px
        Height of the upper part; an odd number is raised by one.
    """
    pane = pane_px + pane_px % 2
    zoom = pane / NOMINAL_HEIGHT_PX
    scale = min(pane / height_px, LEFT_MAX * zoom / width_px)
    frame = max(round(width_px * scale), 1), max(round(height_px * scale), 1)
    left = max(frame[0], round(LEFT_MIN * zoom))
    return OverlayLayout(pane, left + left % 2, frame, scale, zoom)
