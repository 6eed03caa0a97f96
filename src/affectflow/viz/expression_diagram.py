"""The timing diagram below an expression video: drawn once, with a cursor laid over it at any time."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import polars as pl
from numpy.typing import NDArray

from affectflow.viz.draw import Picture
from affectflow.viz.expression_bands import bands_title, draw_bands
from affectflow.viz.expression_panels import (
    axis_words,
    draw_lines,
    draw_threshold,
    shade_gaps,
    smoothing_words,
)
from affectflow.viz.expression_series import ExpressionSeries
from affectflow.viz.style import MM, figure_style, new_figure, settle

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

# Shares of the height.
PANELS = {"smoothed": 26.0, "bands": 27.0}
# Width of the cursor and of the white beside it, at zoom 1.
CURSOR_PX, HALO_PX = 2.0, 1.0


class Diagram:
    """The timing diagram as a picture, and where a time lies on it.

    Parameters
    ----------
    series, intervals
        What is drawn: `expression_series` of a recording and its `schema.EXPRESSION_INTERVALS`.
    size_px
        Width and height.
    dpi
        Dots per inch: decides how large letters and lines are.
    zoom
        Size of the cursor.

    Attributes
    ----------
    picture
        (height, width, 3) uint8, without a cursor.
    """

    def __init__(
        self,
        series: ExpressionSeries,
        intervals: pl.DataFrame,
        *,
        size_px: tuple[int, int],
        dpi: float,
        zoom: float = 1.0,
    ) -> None:
        with figure_style():
            figure, axes = _drawn(series, intervals, size_px=size_px, dpi=dpi)
            self.picture = _pixels(figure)
        # From the diagram's corner: figures count from the lower edge, pictures from the upper one.
        boxes = [axis.get_window_extent() for axis in axes.values()]
        self._rows = [slice(size_px[1] - round(b.y1), size_px[1] - round(b.y0)) for b in boxes]
        self._x0, self._x1 = boxes[0].x0, boxes[0].x1
        self._span_s = axes["smoothed"].get_xlim()
        self._half = CURSOR_PX * zoom / 2
        self._halo = self._half + HALO_PX * zoom

    def x_of(self, time_s: float) -> float:
        """Return where a time lies, pixels from the left edge (0 = the outer edge of the first pixel)."""
        first, last = self._span_s
        return self._x0 + (time_s - first) / (last - first) * (self._x1 - self._x0)

    def paint_cursor(self, picture: Picture, time_s: float) -> None:
        """Lay the cursor over a copy of the diagram, exact to a fraction of a pixel."""
        x = self.x_of(time_s)
        first = max(int(x - self._halo) - 1, 0)
        columns = slice(first, min(int(x + self._halo) + 2, picture.shape[1]))
        at = np.arange(columns.start, columns.stop)
        for rows in self._rows:
            strip = picture[rows, columns]
            for half, grey in ((self._halo, 255.0), (self._half, 0.0)):
                cover = np.clip(np.minimum(at + 1, x + half) - np.maximum(at, x - half), 0, 1)
                strip[:] = np.rint(strip + (grey - strip) * cover[None, :, None])


def _drawn(
    series: ExpressionSeries, intervals: pl.DataFrame, *, size_px: tuple[int, int], dpi: float
) -> tuple[Figure, dict[str, Axes]]:
    """The figure, laid out; its panels share the time."""
    # A hundredth of a pixel more: the canvas rounds down.
    width_mm, height_mm = ((px + 0.01) / dpi / MM for px in size_px)
    figure = new_figure(width_mm=width_mm, height_mm=height_mm)
    figure.set_dpi(dpi)
    grid = figure.add_gridspec(len(PANELS), 1, height_ratios=list(PANELS.values()))
    titles = {
        "smoothed": f"scores, {smoothing_words(series)}; dashed: neutral below",
        "bands": bands_title(series),
    }
    axes: dict[str, Axes] = {}
    for i, name in enumerate(PANELS):
        axes[name] = figure.add_subplot(grid[i], sharex=axes.get("smoothed"))
        axes[name].set_title(titles[name], pad=3)
    draw_lines(axes["smoothed"], series, series.score)
    draw_threshold(axes["smoothed"], series)
    draw_bands(axes["bands"], series, intervals)
    for axis in axes.values():
        shade_gaps(axis, series.score[:, 0], series.edges_s)
    axes["smoothed"].tick_params(labelbottom=False)
    axes["bands"].set_xlabel(axis_words(series))
    axes["bands"].set_xlim(series.edges_s[0], series.edges_s[-1])
    settle(figure)
    return figure, axes


def _pixels(figure: Figure) -> NDArray[np.uint8]:
    from matplotlib.backends.backend_agg import FigureCanvasAgg

    canvas = FigureCanvasAgg(figure)
    canvas.draw()
    return np.ascontiguousarray(np.asarray(canvas.buffer_rgba())[:, :, :3])
