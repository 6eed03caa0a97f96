"""The two lists beside the frame of an expression video: action units and expressions, painted frame by frame."""

from __future__ import annotations

import cv2
import numpy as np

from affectflow.face.expressions.mapping import NEUTRAL
from affectflow.viz.draw import Colour, Picture, draw_text, text_width
from affectflow.viz.expression_frames import FACS_MAX, ExpressionFrames
from affectflow.viz.expression_series import ExpressionSeries, colour_of
from affectflow.viz.hud import MISSING, plain
from affectflow.viz.labels import in_words
from affectflow.viz.style import takes_white

PAPER: Colour = (255, 255, 255)
INK: Colour = (20, 22, 26)
SOFT: Colour = (104, 110, 118)
TRACK: Colour = (231, 233, 236)
NEUTRAL_BAR: Colour = (150, 154, 160)

# What the muscles do, in the words of FACS (Ekman and Friesen 1978).
UNIT_NAMES = {
    1: "inner brow raiser",
    2: "outer brow raiser",
    4: "brow lowerer",
    5: "upper lid raiser",
    6: "cheek raiser",
    7: "lid tightener",
    9: "nose wrinkler",
    10: "upper lip raiser",
    12: "lip corner puller",
    14: "dimpler",
    15: "lip corner depressor",
    17: "chin raiser",
    18: "lip pucker",
    20: "lip stretcher",
    23: "lip tightener",
    24: "lip pressor",
    25: "lips part",
    26: "jaw drop",
    28: "lip suck",
    43: "eyes closed",
}
# At zoom 1: the heading, and rows of the lists; more expressions than fit are counted.
HEAD_PX, ROW_MAX_PX, ROW_MIN_PX = 26, 20, 15


class _List:
    """Rows of names, bars and numbers; what never changes is painted once."""

    def __init__(self, width_px: int, height_px: int, zoom: float, n_rows: int, heading: str) -> None:
        self.zoom, self.n_rows = zoom, n_rows
        self.row_px = min((height_px - (HEAD_PX + 4) * zoom) / max(n_rows, 1), ROW_MAX_PX * zoom)
        self.letters_px = max(round(min(0.66 * self.row_px, 11.5 * zoom)), 6)
        self.still = np.empty((height_px, width_px, 3), np.uint8)
        self.still[:] = PAPER
        draw_text(self.still, heading, self.px(10), self.px(13), size=self.px(11), colour=INK, bold=True)

    def px(self, length: float) -> int:
        return round(length * self.zoom)

    def y(self, row: int) -> int:
        return round(HEAD_PX * self.zoom + (row + 0.5) * self.row_px)

    def text(self, picture: Picture, text: str, x: int, row: int, colour: Colour, **how) -> None:
        draw_text(picture, text, x, self.y(row), size=self.letters_px, colour=colour, **how)

    def bar(self, picture: Picture, x0: int, x1: int, row: int, share: float, colour: Colour) -> None:
        half = max(round(0.24 * self.row_px), 2)
        y = self.y(row)
        cv2.rectangle(picture, (x0, y - half), (x1, y + half), TRACK, -1)
        end = x0 + round(float(np.clip(np.nan_to_num(share), 0, 1)) * (x1 - x0))
        if end > x0:
            cv2.rectangle(picture, (x0, y - half), (end, y + half), colour, -1)


class UnitList:
    """Action units of one recording: name, 0..5 rounded and with one decimal, a bar.

    Parameters
    ----------
    frames
        What is listed.
    width_px, height_px, zoom
        Size of the list and of its letters.
    """

    def __init__(self, frames: ExpressionFrames, *, width_px: int, height_px: int, zoom: float = 1.0) -> None:
        self._frames, self._colours = frames, intensity_colours()
        heading = f"action units ({frames.method}), 0–5"
        self._list = _List(width_px, height_px, zoom, len(frames.unit_numbers), heading)
        self._right = width_px
        for row, number in enumerate(frames.unit_numbers):
            self._list.text(self._list.still, f"AU{number}", self._list.px(10), row, INK, bold=True)
            self._list.text(self._list.still, UNIT_NAMES.get(number, ""), self._list.px(50), row, SOFT)

    def paint(self, picture: Picture, row: int) -> None:
        """Paint the list for one frame's row; `picture` (height_px, width_px, 3) is overwritten."""
        rows, px = self._list, self._list.px
        picture[:] = rows.still
        for i, value in enumerate(self._frames.units[row]):
            known = np.isfinite(value)
            colour = self._colours[round(255 * value / FACS_MAX)] if known else SOFT
            rows.bar(picture, px(228), self._right - px(8), i, value / FACS_MAX, colour)
            rows.text(picture, plain(value, 0), px(189), i, INK, bold=True, anchor="right")
            rows.text(picture, plain(value, 1), px(219), i, INK, anchor="right")


class ScoreList:
    """Expressions of one recording: name, bar, score; those that count now on a ground of their colour.

    Each name begins with a stripe of its colour, which makes the list the key of
    the timing diagram. What counts is what reaches the neutral threshold.

    Parameters
    ----------
    frames, series
        What is listed, and in which colours.
    width_px, height_px, zoom
        Size of the list and of its letters.
    """

    def __init__(
        self,
        frames: ExpressionFrames,
        series: ExpressionSeries,
        *,
        width_px: int,
        height_px: int,
        zoom: float = 1.0,
    ) -> None:
        self._frames, self._right = frames, width_px
        n = len(frames.names)
        room = int((height_px / zoom - HEAD_PX - 4) // ROW_MIN_PX)
        # One row for neutral, and one that counts what is left out.
        shown = n if n + 1 <= room else room - 2
        self._columns = [*range(shown), n]
        names = [*frames.names[:shown], NEUTRAL.name]
        self._words = [in_words(name) for name in names]
        self._words[-1] = f"{NEUTRAL.name} (neutral)"
        self._labels = names
        self._colours = [_rgb(colour_of(series, name)) for name in names]
        rows = self._list = _List(
            width_px, height_px, zoom, len(names) + (shown < n), "expressions, score 0–1"
        )
        self._name_px = max(text_width(w, rows.letters_px, bold=True) for w in self._words) + rows.px(10)
        for row, colour in enumerate(self._colours):
            half = round(0.42 * rows.row_px)
            x, y = rows.px(8), rows.y(row)
            cv2.rectangle(rows.still, (x, y - half), (x + rows.px(4), y + half), colour, -1)
        if shown < n:
            rows.text(rows.still, f"and {n - shown} others, seen less", rows.px(16), len(names), SOFT)

    def paint(self, picture: Picture, row: int) -> None:
        """Paint the list for one frame's row; `picture` (height_px, width_px, 3) is overwritten."""
        rows, px, frames = self._list, self._list.px, self._frames
        picture[:] = rows.still
        x0, half = px(12), round(0.42 * rows.row_px)
        for i, (column, words) in enumerate(zip(self._columns, self._words, strict=True)):
            score, colour = frames.scores[row, column], self._colours[i]
            leads = frames.label[row] == self._labels[i]
            counts = leads or (column < len(frames.names) and score >= frames.threshold)
            ink = SOFT
            if counts:
                ink, y = ink_on(colour), rows.y(i)
                cv2.rectangle(picture, (x0, y - half), (x0 + self._name_px, y + half), colour, -1)
            rows.text(picture, words, x0 + px(6), i, ink, bold=leads)
            # The ground of neutral is as light as what lies below a bar.
            bar = NEUTRAL_BAR if column == len(frames.names) else colour
            rows.bar(picture, x0 + self._name_px + px(6), self._right - px(42), i, score, bar)
            ink = INK if counts else SOFT
            text = plain(score, 2) if np.isfinite(score) else MISSING
            rows.text(picture, text, self._right - px(8), i, ink, bold=leads, anchor="right")


def intensity_colours() -> list[Colour]:
    """Return 256 colours of intensities, the weakest first: lightness alone tells how much."""
    import matplotlib

    table = matplotlib.colormaps["cividis_r"](np.linspace(0, 1, 256), bytes=True)[:, :3]
    return [(int(r), int(g), int(b)) for r, g, b in table]


def ink_on(ground: Colour) -> Colour:
    """Return black or white, whichever stands out more from a ground."""
    red, green, blue = (value / 255 for value in ground)
    return PAPER if takes_white((red, green, blue)) else INK


def _rgb(colour: str) -> Colour:
    from matplotlib.colors import to_rgb

    red, green, blue = (round(255 * share) for share in to_rgb(colour))
    return red, green, blue
