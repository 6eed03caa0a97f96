"""The instrument strip below an overlay: head pose, strongest coefficients, measures over time."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import uniform_filter1d

from affectflow.schema import EXP
from affectflow.viz.draw import (
    BLACK,
    DIM,
    GREEN,
    GREY,
    ORANGE,
    PANEL,
    SKY,
    VERMILLION,
    WHITE,
    YELLOW,
    Colour,
    Picture,
    draw_bar,
    draw_line,
    draw_pill,
    draw_text,
)
from affectflow.viz.series import CodeSeries

HEIGHT = 104
N_TOP = 5
ANGLE_FULL_DEG = 45.0
ANGLE_NAMES = ("yaw", "pitch", "roll", "jaw")
# Seconds shown before and after the moment.
TRACE_HALF_S = 4.0
# The order of the strongest coefficients follows their mean over this time, so that names can be read.
RANK_WINDOW_S = 0.4
MISSING = "–"


class Hud:
    """Paints the strip for one recording; what does not change is painted once.

    Parameters
    ----------
    series
        What is shown.
    width_px
        Width of the strip, at least 840 × `zoom`.
    zoom
        Size of everything; 1 makes a strip of `HEIGHT` pixels.
    """

    def __init__(self, series: CodeSeries, *, width_px: int, zoom: float = 1.0) -> None:
        self._series, self._zoom, self._width = series, zoom, width_px
        self._top = strongest(series)
        # Where the first to strongest coefficient rarely goes beyond.
        largest = np.abs(series.exp).max(axis=1)
        self._exp_full = float(np.nanpercentile(largest, 95)) if np.isfinite(largest).any() else 1.0
        self._traces = (
            ("eye aspect", series.ear, SKY, _range(series.ear)),
            ("smile", series.smile, ORANGE, _range(series.smile)),
            ("brow raise", series.brow_raise, GREEN, _range(series.brow_raise)),
        )
        self._still = self._paint_still()

    @property
    def height_px(self) -> int:
        """Height of the strip."""
        return self._px(HEIGHT)

    def paint(self, picture: Picture, row: int) -> None:
        """Paint the strip for one row of the series.

        Parameters
        ----------
        picture
            (height_px, width_px, 3) uint8, overwritten.
        row
            Row of the series.
        """
        picture[:] = self._still
        self._paint_pose(picture, row)
        self._paint_top(picture, row)
        for index in range(len(self._traces)):
            self._paint_trace(picture, index, row)
        if self._series.blink[row]:
            x_right = self._trace_x()[0] - self._px(8)
            draw_pill(picture, "shut", x_right, self._trace_y(0), size=self._px(9), colour=YELLOW, ink=BLACK)

    def _px(self, length: float) -> int:
        return round(length * self._zoom)

    def _text(
        self,
        picture: Picture,
        text: str,
        x: float,
        y: float,
        *,
        size: float = 11,
        colour: Colour = WHITE,
        **how,
    ) -> None:
        draw_text(picture, text, self._px(x), self._px(y), size=self._px(size), colour=colour, **how)

    def _paint_still(self) -> Picture:
        picture = np.empty((self.height_px, self._width, 3), np.uint8)
        picture[:] = PANEL
        picture[: max(self._px(1), 1)] = DIM
        self._text(picture, f"head, bar ±{ANGLE_FULL_DEG:.0f}°", 12, 12, size=10, colour=GREY)
        for i, name in enumerate(ANGLE_NAMES):
            self._text(picture, name, 12, _row_y(i, 4))
        self._text(picture, f"top |exp|, bar ±{self._exp_full:.2g}", 212, 12, size=10, colour=GREY)
        x0, x1 = self._trace_x()
        seconds = f"{TRACE_HALF_S:.0f} s before … {TRACE_HALF_S:.0f} s after"
        draw_text(
            picture, seconds, (x0 + x1) // 2, self._px(12), size=self._px(10), colour=GREY, anchor="middle"
        )
        for i, (name, _, colour, _) in enumerate(self._traces):
            y = self._trace_y(i)
            self._text(picture, name, 416, y / self._zoom, colour=colour)
            half = self._px(11)
            picture[y - half : y + half + 1, x0 : x1 + 1] = (34, 39, 47)
        return picture

    def _paint_pose(self, picture: Picture, row: int) -> None:
        for i, angle in enumerate(self._series.angles_deg[row]):
            y = self._px(_row_y(i, 4))
            self._bar(picture, 52, 138, y, angle / ANGLE_FULL_DEG)
            self._text(picture, signed(angle, 1, "°"), 196, _row_y(i, 4), anchor="right")

    def _paint_top(self, picture: Picture, row: int) -> None:
        for i, index in enumerate(self._top[row]):
            value = self._series.exp[row, index]
            y = _row_y(i, N_TOP)
            known = np.isfinite(value)
            self._text(picture, EXP[index] if known else MISSING, 212, y, colour=WHITE if known else GREY)
            self._bar(picture, 262, 346, self._px(y), value / self._exp_full)
            self._text(picture, signed(value, 2), 394, y, anchor="right")

    def _bar(self, picture: Picture, x0: float, x1: float, y: int, share: float) -> None:
        thickness = max(self._px(6), 3)
        draw_bar(
            picture,
            self._px(x0),
            self._px(x1),
            y,
            share,
            thickness=thickness,
            positive=SKY,
            negative=VERMILLION,
        )

    def _paint_trace(self, picture: Picture, index: int, row: int) -> None:
        _, values, colour, (low, high) = self._traces[index]
        x0, x1 = self._trace_x()
        y, half = self._trace_y(index), self._px(10)
        time = self._series.time_s
        first, last = np.searchsorted(time, [time[row] - TRACE_HALF_S, time[row] + TRACE_HALF_S])
        across = (time[first:last] - time[row]) / (2 * TRACE_HALF_S) + 0.5
        up = np.clip((values[first:last] - low) / (high - low), 0, 1)
        draw_line(picture, x0 + across * (x1 - x0), y + half - up * 2.0 * half, colour)
        middle = (x0 + x1) // 2
        cv2.line(picture, (middle, y - half - 1), (middle, y + half + 1), WHITE, 1)
        text = signed(values[row], 2) if index else plain(values[row], 2)
        draw_text(picture, text, self._width - self._px(12), y, size=self._px(11), anchor="right")

    def _trace_x(self) -> tuple[int, int]:
        return self._px(520), self._width - self._px(60)

    def _trace_y(self, index: int) -> int:
        return self._px(34 + 27 * index)


def strongest(series: CodeSeries) -> NDArray[np.intp]:
    """Return the coefficients of largest size at each frame, (n, N_TOP), largest first.

    Sizes are averaged over `RANK_WINDOW_S`, so that the order does not flicker.
    """
    size = np.nan_to_num(np.abs(series.exp))
    steps = np.diff(series.time_s)
    rows = max(round(RANK_WINDOW_S / float(np.median(steps))), 1) if steps.size else 1
    calm = uniform_filter1d(size, min(rows, max(len(size), 1)), axis=0, mode="nearest") if len(size) else size
    return np.argsort(-calm, axis=1, kind="stable")[:, :N_TOP]


def signed(value: float, digits: int, unit: str = "") -> str:
    """Write a number with its sign (a real minus), or a dash for NaN."""
    return f"{value:+.{digits}f}{unit}".replace("-", "−") if np.isfinite(value) else MISSING


def plain(value: float, digits: int) -> str:
    """Write a number without a plus, or a dash for NaN."""
    return f"{value:.{digits}f}".replace("-", "−") if np.isfinite(value) else MISSING


def _row_y(index: int, n: int) -> float:
    """Middle of one of n rows below the heading."""
    return 20 + (HEIGHT - 24) * (index + 0.5) / n


def _range(values: NDArray[np.float64]) -> tuple[float, float]:
    """Return the range a trace is drawn in: nearly all values, never empty."""
    if not np.isfinite(values).any():
        return 0.0, 1.0
    low, high = np.nanpercentile(values, [0.5, 99.5])
    pad = max(0.06 * (high - low), 0.01)
    return float(low - pad), float(high + pad)
