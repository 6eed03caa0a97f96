"""A video that shows what a face is said to show: the frame, its action units, its expressions, and both over time."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np
import polars as pl
from numpy.typing import NDArray

from affectflow.errors import TableError
from affectflow.face.anatomy import EMOCA105, IBUG68
from affectflow.face.emoca.crop_frames import face_frames
from affectflow.face.extract_codes import primary_pieces
from affectflow.viz.draw import BLACK, VERMILLION, Picture, darken, draw_landmarks, draw_pill
from affectflow.viz.expression_diagram import Diagram
from affectflow.viz.expression_frames import ExpressionFrames, expression_frames
from affectflow.viz.expression_layout import ExpressionLayout
from affectflow.viz.expression_lists import ScoreList, UnitList
from affectflow.viz.expression_series import ExpressionSeries, expression_series
from affectflow.viz.frame_pane import FramePane
from affectflow.viz.series import Frame, row_of


def render_expressions(
    frames: Iterable[Frame],
    units: pl.DataFrame,
    expressions: pl.DataFrame,
    intervals: pl.DataFrame,
    boxes: pl.DataFrame,
    *,
    layout: ExpressionLayout,
    recording_id: str,
    time_constant_s: float,
    cumulative_s: float,
    faces: Iterable[pl.DataFrame] | None = None,
    simulated: bool = False,
) -> Iterator[tuple[Picture, float]]:
    """Draw the frames of one recording between lists of its action units and expressions, above its timing diagram.

    Left the action units, 0..5 as in FACS; in the middle the frame with the box
    of the face; right the expressions, on their colour of the diagram where they
    reach the neutral threshold; below, drawn once, smoothed scores and analyses
    of the whole recording with a cursor at the frame's own time. Memory does not
    grow with the length of the video, but by the numbers of the tables.

    Parameters
    ----------
    frames
        Frames in order, as `io.video.read_frames` yields them.
    units, expressions, intervals
        `schema.ACTION_UNITS`, `schema.EXPRESSIONS` and `schema.EXPRESSION_INTERVALS` of the recording.
    boxes
        `frame_pane.BOX_COLUMNS` of the faces table, all faces.
    layout
        Sizes; see `expression_layout`.
    recording_id
        Shown, and named in errors.
    time_constant_s, cumulative_s
        See `plot_expressions`.
    faces
        `schema.FACES` in pieces, in order of frame, to draw the primary face's
        68 and 105 points; None = draw none.
    simulated
        Write SIMULATED on every frame.

    Yields
    ------
    Picture (layout.height_px, layout.width_px, 3) uint8 RGB, and its time in seconds.

    Raises
    ------
    TableError
        If a frame has no row in a table, or another time than its row.
    """
    if expressions.is_empty():
        raise TableError(
            f"recording {recording_id}: its expressions have no row. Re-run: snakemake -R probe_video"
        )
    series = expression_series(expressions, time_constant_s=time_constant_s, cumulative_s=cumulative_s)
    shown = expression_frames(units, expressions, series)
    painter = _Painter(shown, series, intervals, layout)
    pane = FramePane(layout, boxes, recording_id=recording_id, simulated=simulated)
    for frame, points in _with_points(frames, faces):
        row = row_of(frame, shown, recording_id, table="expressions")
        picture = painter.paint(row)
        middle = picture[: layout.pane_px, layout.units_px : layout.units_px + layout.left_px]
        drawn = pane.paint_frame(middle, frame.rgb, frame.frame_id)
        if points is not None:
            # Positions are edges of pixels in the table, centres of pixels when drawing.
            scaled = points[:, :2] * layout.scale - np.float32(0.5)
            draw_landmarks(drawn, scaled[list(IBUG68)], scaled[list(EMOCA105)])
        pane.paint_head(middle, time_s=frame.time_s, frame_id=frame.frame_id)
        if not shown.has_face[row]:
            _say_no_face(middle, layout.zoom)
        yield picture, frame.time_s


def _with_points(
    frames: Iterable[Frame], faces: Iterable[pl.DataFrame] | None
) -> Iterator[tuple[Frame, NDArray[np.float32] | None]]:
    """Each frame with the points of its primary face, or None."""
    if faces is None:
        yield from ((frame, None) for frame in frames)
        return
    for item in face_frames(primary_pieces(faces), frames):
        if not isinstance(item, pl.DataFrame):
            yield item.frame, item.landmarks_px


class _Painter:
    """Puts lists and diagram together; the frame's part stays free."""

    def __init__(
        self,
        shown: ExpressionFrames,
        series: ExpressionSeries,
        intervals: pl.DataFrame,
        layout: ExpressionLayout,
    ) -> None:
        self._shown, self._layout = shown, layout
        self._units = UnitList(shown, width_px=layout.units_px, height_px=layout.pane_px, zoom=layout.zoom)
        self._scores = ScoreList(
            shown, series, width_px=layout.scores_px, height_px=layout.pane_px, zoom=layout.zoom
        )
        self._diagram = Diagram(
            series,
            intervals,
            size_px=(layout.width_px, layout.diagram_px),
            dpi=layout.diagram_dpi,
            zoom=layout.zoom,
        )
        self._still = np.empty((layout.height_px, layout.width_px, 3), np.uint8)
        self._still[: layout.pane_px] = BLACK
        self._still[layout.pane_px :] = self._diagram.picture

    def paint(self, row: int) -> Picture:
        """Return the picture of a row, still without its frame."""
        layout = self._layout
        picture = self._still.copy()
        self._units.paint(picture[: layout.pane_px, : layout.units_px], row)
        self._scores.paint(picture[: layout.pane_px, -layout.scores_px :], row)
        self._diagram.paint_cursor(picture[layout.pane_px :], self._shown.time_s[row])
        return picture


def _say_no_face(part: Picture, zoom: float) -> None:
    height, width = part.shape[:2]
    darken(part, 0, height - round(20 * zoom), width, height)
    draw_pill(
        part, "no face", round(70 * zoom), height - round(10 * zoom), size=round(11 * zoom), colour=VERMILLION, ink=BLACK
    )  # fmt: skip
