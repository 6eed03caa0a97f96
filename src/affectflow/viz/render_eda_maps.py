"""A video of where a network looks: the face as the network saw it, the map over it, what is told and what was measured."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

import cv2
import numpy as np
from numpy.typing import NDArray

from affectflow.viz.draw import (
    BLACK,
    GREY,
    ORANGE,
    SKY,
    VERMILLION,
    WHITE,
    YELLOW,
    Picture,
    draw_pill,
    draw_text,
    text_width,
)

# Height of a line of words, of the strip below, and side of the margin; pixels at a pane of 360.
LINE_PX, STRIP_PX, EDGE_PX = 24, 96, 10
NOMINAL_PX = 360
# The end of the colours: the strongest but for this share of the values, of at most so many maps.
END, LOOKED_AT = 0.995, 200
# How much of a colour covers the face where a map is strongest.
COVER = 0.75
LEGEND = "raises what is told"
Array = NDArray[np.float64]


class Rows(Protocol):
    """A file of arrays; `io.weights.WeightsFile` is one."""

    def __getitem__(self, name: str) -> np.ndarray:
        """Return an array."""

    def rows(self, name: str, first: int, last: int) -> np.ndarray:
        """Return rows of an array."""

    def shape(self, name: str) -> tuple[int, ...]:
        """Return the shape of an array."""


@dataclass(frozen=True)
class MapLayout:
    """Sizes of the video, pixels, all even: two panes side by side, words above and below them, a strip of courses."""

    pane_px: int
    zoom: float

    @property
    def width_px(self) -> int:
        """Width of the whole picture."""
        return 2 * self.pane_px

    @property
    def line_px(self) -> int:
        """Height of a line of words."""
        return 2 * round(LINE_PX * self.zoom / 2)

    @property
    def strip_px(self) -> int:
        """Height of the courses."""
        return 2 * round(STRIP_PX * self.zoom / 2)

    @property
    def height_px(self) -> int:
        """Height of the whole picture."""
        return self.pane_px + 2 * self.line_px + self.strip_px


def map_layout(pane_px: int) -> MapLayout:
    """Return the sizes for panes of about `pane_px`."""
    pane = pane_px + pane_px % 2
    return MapLayout(pane, pane / NOMINAL_PX)


def render_eda_maps(
    crops: Rows, maps: Rows, *, layout: MapLayout, recording_id: str, network: str, simulated: bool = False
) -> Iterator[tuple[Picture, float]]:
    """Draw each sample of a recording: left the face as the network saw it, right the same with the map over it.

    Below: the course that was told and the one that was measured, in standard
    deviations, with a line at the sample's time. The colours (viridis, told
    apart with the common kinds of colour blindness) are on one scale for the
    whole recording and cover the more of the face the stronger the map is.

    Parameters
    ----------
    crops
        Of crop_faces.
    maps
        Of explain_eda, of the same recording.
    layout
        Sizes.
    recording_id, network
        Written above.
    simulated
        Write SIMULATED on every picture.

    Yields
    ------
    Picture (layout.height_px, layout.width_px, 3) uint8 RGB, and the sample's time, seconds, not less than 0.
    """
    painter = _Painter(crops, maps, layout, recording_id, network, simulated)
    time_s = np.maximum(crops["time_s"], 0.0)
    # Of samples before the video's first frame, which all would be at 0, only the last is shown.
    for t in range(max(int((time_s == 0).sum()) - 1, 0), len(time_s)):
        yield painter.paint(t), float(time_s[t])


class _Painter:
    """Puts panes, words and courses together."""

    def __init__(
        self, crops: Rows, maps: Rows, layout: MapLayout, recording_id: str, network: str, simulated: bool
    ) -> None:
        import matplotlib

        self._crops, self._maps, self._layout = crops, maps, layout
        self._title = f"{recording_id} · {network}", simulated
        self._time_s, self._valid, self._explained = maps["time_s"], crops["valid"], maps["explained"]
        self._told, self._measured = maps["predicted"], maps["measured"]
        self._colours = (matplotlib.colormaps["viridis"](np.linspace(0, 1, 256))[:, :3] * 255).astype(
            np.float32
        )
        self._end = _end_of_scale(maps, self._explained)
        self._strip = _Strip(self._time_s, self._told, self._measured, layout)

    def paint(self, t: int) -> Picture:
        """Return the picture of a sample."""
        layout = self._layout
        picture = np.empty((layout.height_px, layout.width_px, 3), np.uint8)
        picture[:] = BLACK
        self._paint_title(picture[: layout.line_px], t)
        panes = picture[layout.line_px : layout.line_px + layout.pane_px]
        self._paint_panes(panes[:, : layout.pane_px], panes[:, layout.pane_px :], t)
        below = layout.line_px + layout.pane_px
        self._paint_legend(picture[below : below + layout.line_px])
        self._strip.paint(picture[below + layout.line_px :], t)
        return picture

    def _paint_panes(self, left: Picture, right: Picture, t: int) -> None:
        side, zoom = self._layout.pane_px, self._layout.zoom
        if not self._valid[t]:
            draw_pill(left, "no face", round(80 * zoom), side - round(14 * zoom), size=round(11 * zoom), colour=VERMILLION, ink=BLACK)  # fmt: skip
            return
        crop = self._crops.rows("crops", t, t + 1)[0]
        seen = cv2.resize(crop, (side, side), interpolation=cv2.INTER_CUBIC)
        left[:] = right[:] = seen
        if not self._explained[t]:
            words = "in no whole clip: nothing told"
            draw_text(right, words, side // 2, side - round(14 * zoom), size=round(11 * zoom), colour=ORANGE, anchor="middle")  # fmt: skip
            return
        strength = np.clip(self._maps.rows("maps", t, t + 1)[0] / self._end, 0, 1)
        strength = np.clip(cv2.resize(strength, (side, side), interpolation=cv2.INTER_LINEAR), 0, 1)[
            :, :, None
        ]
        colour = self._colours[np.rint(strength[:, :, 0] * 255).astype(np.int64)]
        right[:] = seen + (colour - seen) * (COVER * strength) + 0.5

    def _paint_title(self, part: Picture, t: int) -> None:
        layout, (title, simulated) = self._layout, self._title
        size, y = round(12 * layout.zoom), layout.line_px // 2
        edge = round(EDGE_PX * layout.zoom)
        draw_text(part, title, edge, y, size=size, bold=True)
        x = layout.width_px - edge
        if simulated:
            draw_pill(part, "SIMULATED", x, y, size=round(10 * layout.zoom), colour=YELLOW, ink=BLACK)
            x -= text_width("SIMULATED", round(10 * layout.zoom), bold=True) + round(20 * layout.zoom)
        draw_text(part, f"{self._time_s[t]:.2f} s", x, y, size=size, anchor="right")

    def _paint_legend(self, part: Picture) -> None:
        layout = self._layout
        size, y = round(10 * layout.zoom), layout.line_px // 2
        edge = round(EDGE_PX * layout.zoom)
        draw_text(part, "as the network saw it", edge, y, size=size, colour=GREY)
        x, width = layout.pane_px + edge, round(90 * layout.zoom)
        draw_text(part, "0", x, y, size=size)
        x += text_width("0", size) + round(5 * layout.zoom)
        bar = self._colours[np.linspace(0, 255, width).astype(np.int64)]
        part[y - size // 2 : y + size // 2, x : x + width] = bar
        draw_text(part, f"most · Grad-CAM: {LEGEND}", x + width + round(5 * layout.zoom), y, size=size)


class _Strip:
    """The courses, drawn once, with a line at a time."""

    def __init__(self, time_s: Array, told: Array, measured: Array, layout: MapLayout) -> None:
        self._told, self._measured, self._layout = told, measured, layout
        height, width = layout.strip_px, layout.width_px
        edge, words = round(EDGE_PX * layout.zoom), layout.line_px
        known = np.concatenate([told, measured])
        known = known[np.isfinite(known)]
        low, high = (float(known.min()), float(known.max())) if known.size else (0.0, 1.0)
        span = max(high - low, 1e-9)
        self._x = edge + (time_s - time_s[0]) / max(float(np.ptp(time_s)), 1e-9) * (width - 2 * edge)
        self._picture = np.empty((height, width, 3), np.uint8)
        self._picture[:] = BLACK
        for values, colour in ((measured, SKY), (told, ORANGE)):
            y = height - edge - (values - low) / span * (height - edge - words - round(4 * layout.zoom))
            self._draw(np.column_stack([self._x, y]), colour)

    def _draw(self, points: Array, colour: tuple[int, int, int]) -> None:
        """Draw a course, broken where it is not known."""
        known = np.isfinite(points).all(axis=1)
        for own in np.split(points, np.flatnonzero(~known)):
            own = own[np.isfinite(own).all(axis=1)]
            if len(own) > 1:
                line = [np.round(own * 16).astype(np.int32)]
                cv2.polylines(
                    self._picture, line, False, colour, max(round(self._layout.zoom), 1), cv2.LINE_AA, 4
                )

    def paint(self, part: Picture, t: int) -> None:
        """Paint the courses with a line at a sample and both numbers of it."""
        part[:] = self._picture
        zoom, x = self._layout.zoom, round(self._x[t])
        cv2.line(part, (x, self._layout.line_px), (x, part.shape[0]), WHITE, 1)
        size, left = round(10 * zoom), round(EDGE_PX * zoom)
        for name, value, colour in (("told", self._told[t], ORANGE), ("measured", self._measured[t], SKY)):
            words = f"{name} {value:+.2f} SD".replace("-", "−") if np.isfinite(value) else f"{name} –"
            draw_text(part, words, left, self._layout.line_px // 2, size=size, colour=colour)
            left += round(120 * zoom)


def _end_of_scale(maps: Rows, explained: NDArray[np.bool_]) -> float:
    """The value at the end of the colours, above 0."""
    places = np.flatnonzero(explained)
    step = max(len(places) // LOOKED_AT, 1)
    values = [maps.rows("maps", int(t), int(t) + 1) for t in places[::step]]
    end = float(np.quantile(np.concatenate(values), END)) if values else 0.0
    return max(end, 1e-30)
