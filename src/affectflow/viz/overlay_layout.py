"""Where the parts of an overlay picture lie."""

from __future__ import annotations

from dataclasses import dataclass

from affectflow.viz.frame_pane import NOMINAL_HEIGHT_PX, FramePlace
from affectflow.viz.hud import HEIGHT as HUD_HEIGHT

# The strip below needs so much beside the mesh pane.
LEFT_MIN = 480


@dataclass(frozen=True)
class OverlayLayout(FramePlace):
    """Where things lie in an overlay picture, pixels; all sizes even, as H.264 wants them.

    The mesh pane is a square of side `pane_px` right of the frame's part.
    """

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


def overlay_layout(width_px: int, height_px: int, *, pane_px: int = NOMINAL_HEIGHT_PX) -> OverlayLayout:
    """Plan the picture for source frames of a size; see `frame_pane.FramePlace.planned`."""
    return OverlayLayout.planned(width_px, height_px, pane_px=pane_px, left_min=LEFT_MIN)
