"""Where the parts of an expression video lie."""

from __future__ import annotations

from dataclasses import dataclass

from affectflow.viz.frame_pane import NOMINAL_HEIGHT_PX, FramePlace
from affectflow.viz.style import MM, PAGE_MM

# Widths of the lists and least width of the frame's part, at zoom 1.
UNITS_PX, SCORES_PX, FRAME_MIN = 284, 244, 480
# Height of the timing diagram when the picture is as wide as a page.
DIAGRAM_MM = 60.0


@dataclass(frozen=True)
class ExpressionLayout(FramePlace):
    """Where things lie in an expression video, pixels; all sizes even.

    Action units, then the frame, then expressions, side by side; below them the
    timing diagram, as wide as all three.
    """

    @property
    def units_px(self) -> int:
        """Width of the list of action units."""
        return 2 * round(UNITS_PX * self.zoom / 2)

    @property
    def scores_px(self) -> int:
        """Width of the list of expressions."""
        return 2 * round(SCORES_PX * self.zoom / 2)

    @property
    def width_px(self) -> int:
        """Width of the whole picture."""
        return self.units_px + self.left_px + self.scores_px

    @property
    def diagram_dpi(self) -> float:
        """Dots per inch at which a page of a figure is as wide as the picture."""
        return self.width_px / (PAGE_MM * MM)

    @property
    def diagram_px(self) -> int:
        """Height of the diagram."""
        return 2 * round(DIAGRAM_MM * MM * self.diagram_dpi / 2)

    @property
    def height_px(self) -> int:
        """Height of the whole picture."""
        return self.pane_px + self.diagram_px


def expression_layout(width_px: int, height_px: int, *, pane_px: int = NOMINAL_HEIGHT_PX) -> ExpressionLayout:
    """Plan the picture for source frames of a size; see `frame_pane.FramePlace.planned`."""
    return ExpressionLayout.planned(width_px, height_px, pane_px=pane_px, left_min=FRAME_MIN)
