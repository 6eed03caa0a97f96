"""Paint text, boxes and landmarks onto a picture.

Every function here paints into the array it is given: the caller owns a copy.
Colours are RGB, 0..255; positions are pixels from the top left corner.
"""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

Picture = NDArray[np.uint8]
Colour = tuple[int, int, int]

# Okabe and Ito (2008), bright enough for a dark ground.
ORANGE: Colour = (230, 159, 0)
SKY: Colour = (86, 180, 233)
GREEN: Colour = (0, 178, 130)
VERMILLION: Colour = (233, 110, 30)
YELLOW: Colour = (240, 228, 66)
WHITE: Colour = (236, 239, 242)
GREY: Colour = (152, 161, 172)
DIM: Colour = (66, 73, 84)
PANEL: Colour = (27, 31, 38)
BLACK: Colour = (12, 14, 17)

# The lines between the 68 points (iBUG order): jaw, brows, nose, eyes, lips; True = closed.
CONTOURS_68 = (
    (range(0, 17), False),
    (range(17, 22), False),
    (range(22, 27), False),
    (range(27, 31), False),
    (range(31, 36), False),
    (range(36, 42), True),
    (range(42, 48), True),
    (range(48, 60), True),
    (range(60, 68), True),
)
# Sub-pixel positions: OpenCV takes whole numbers of 1/16 pixel.
SHIFT = 4


@lru_cache(maxsize=8)
def _font(size: int, bold: bool):
    import matplotlib
    from PIL import ImageFont

    # The font that matplotlib carries: the same letters on every machine.
    name = "DejaVuSans-Bold.ttf" if bold else "DejaVuSans.ttf"
    return ImageFont.truetype(str(Path(matplotlib.get_data_path(), "fonts", "ttf", name)), size)


@lru_cache(maxsize=8192)
def _text_mask(text: str, size: int, bold: bool) -> tuple[NDArray[np.float32], int]:
    """Return the coverage of a line of text, (height, width, 1) in 0..1, and its advance."""
    from PIL import Image, ImageDraw

    font = _font(size, bold)
    ascent, descent = font.getmetrics()
    advance = int(np.ceil(font.getlength(text)))
    image = Image.new("L", (advance + 2, ascent + descent))
    ImageDraw.Draw(image).text((1, 0), text, fill=255, font=font)
    return np.asarray(image, np.float32)[:, :, None] / 255, advance


def text_width(text: str, size: int, *, bold: bool = False) -> int:
    """Return how many pixels a line of text takes."""
    return _text_mask(text, size, bold)[1]


def draw_text(
    picture: Picture,
    text: str,
    x: int,
    y: int,
    *,
    size: int,
    colour: Colour = WHITE,
    bold: bool = False,
    anchor: str = "left",
) -> None:
    """Write one line.

    Parameters
    ----------
    picture
        (height, width, 3) uint8; text that reaches past the edge is cut.
    text
        What to write.
    x, y
        Where: y is the middle of the line, x its left end, middle or right end
        by `anchor` ("left", "middle", "right").
    size
        Size of the letters, pixels.
    colour, bold
        Of the letters.
    """
    if not text:
        return
    mask, advance = _text_mask(text, size, bold)
    height, width = mask.shape[:2]
    left = x - {"left": 0, "middle": advance // 2, "right": advance}[anchor] - 1
    top = y - height // 2
    y0, y1 = max(top, 0), min(top + height, picture.shape[0])
    x0, x1 = max(left, 0), min(left + width, picture.shape[1])
    if y0 >= y1 or x0 >= x1:
        return
    part = picture[y0:y1, x0:x1]
    cover = mask[y0 - top : y1 - top, x0 - left : x1 - left]
    part[:] = part + (np.array(colour, np.float32) - part) * cover + 0.5


def draw_pill(
    picture: Picture, text: str, x_right: int, y: int, *, size: int, colour: Colour, ink: Colour
) -> None:
    """Write a word on a rounded coloured ground; `x_right` is its right end, `y` its middle."""
    half, width = int(size * 0.78), text_width(text, size, bold=True) + size
    x0 = x_right - width
    for x in (x0 + half, x_right - half):
        cv2.circle(picture, (x, y), half, colour, -1, cv2.LINE_AA)
    cv2.rectangle(picture, (x0 + half, y - half), (x_right - half, y + half), colour, -1)
    draw_text(picture, text, (x0 + x_right) // 2, y, size=size, colour=ink, bold=True, anchor="middle")


def darken(picture: Picture, x0: int, y0: int, x1: int, y1: int, *, keep: float = 0.35) -> None:
    """Darken a rectangle so that text on it can be read; `keep` is the share of light that stays."""
    part = picture[y0:y1, x0:x1]
    part[:] = cv2.convertScaleAbs(part, alpha=keep)


def draw_bar(
    picture: Picture,
    x0: int,
    x1: int,
    y: int,
    share: float,
    *,
    thickness: int,
    positive: Colour,
    negative: Colour,
) -> None:
    """Draw a bar from the middle of x0..x1; `share` -1..1 is how far it reaches (cut there), NaN = none."""
    middle, half = (x0 + x1) // 2, (x1 - x0) // 2
    top, bottom = y - thickness // 2, y - thickness // 2 + thickness - 1
    cv2.rectangle(picture, (x0, top), (x1, bottom), DIM, -1)
    if np.isfinite(share):
        end = middle + round(float(np.clip(share, -1, 1)) * half)
        colour = positive if share >= 0 else negative
        cv2.rectangle(picture, (min(middle, end), top), (max(middle, end), bottom), colour, -1)
    cv2.line(picture, (middle, top - 1), (middle, bottom + 1), GREY, 1)


def draw_landmarks(picture: Picture, points_68: NDArray[np.float32], points_105: NDArray[np.float32]) -> None:
    """Draw both landmark views of one face: 68 points as lines and dots, 105 as dots.

    Parameters
    ----------
    picture
        (height, width, 3) uint8.
    points_68, points_105
        (68, 2) and (105, 2), pixels of this picture; points that are not finite are left out.
    """
    finite = np.isfinite(points_68).all(axis=1)
    if not finite.any():
        return
    size_px = np.ptp(points_68[finite], axis=0).max()
    # A face of 200 pixels takes dots of 1.4 pixels.
    radius = float(np.clip(size_px / 140, 0.7, 3.0))
    width = 2 if size_px > 420 else 1
    for indices, closed in CONTOURS_68:
        if finite[list(indices)].all():
            cv2.polylines(
                picture, [_fixed(points_68[list(indices)])], closed, ORANGE, width, cv2.LINE_AA, SHIFT
            )
    _dots(picture, points_68, radius, ORANGE)
    _dots(picture, points_105, radius, SKY)


def draw_box(picture: Picture, box: NDArray[np.floating], colour: Colour, *, thickness: int = 1) -> None:
    """Mark the corners of a box x0, y0, x1, y1, which hides less of a face than a frame."""
    x0, y0, x1, y1 = box.tolist()
    arm = 0.16 * min(x1 - x0, y1 - y0)
    for x, dx in ((x0, arm), (x1, -arm)):
        for y, dy in ((y0, arm), (y1, -arm)):
            path = np.array([(x + dx, y), (x, y), (x, y + dy)], np.float32)
            cv2.polylines(picture, [_fixed(path)], False, colour, thickness, cv2.LINE_AA, SHIFT)


def draw_line(picture: Picture, x: NDArray[np.floating], y: NDArray[np.floating], colour: Colour) -> None:
    """Draw a curve through points, with a gap wherever one is NaN."""
    finite = np.isfinite(x) & np.isfinite(y)
    edges = np.flatnonzero(np.diff(finite.astype(np.int8), prepend=0, append=0))
    curves = [_fixed(np.column_stack([x[a:b], y[a:b]])) for a, b in zip(edges[::2], edges[1::2], strict=True)]
    if curves:
        cv2.polylines(picture, curves, False, colour, 1, cv2.LINE_AA, SHIFT)


def _dots(picture: Picture, points: NDArray[np.float32], radius: float, colour: Colour) -> None:
    size = round(radius * 2**SHIFT)
    for x, y in _fixed(points[np.isfinite(points).all(axis=1)]).tolist():
        cv2.circle(picture, (x, y), size, colour, -1, cv2.LINE_AA, SHIFT)


def _fixed(points: NDArray[np.floating]) -> NDArray[np.int32]:
    # Far outside the picture OpenCV's fixed numbers would overflow.
    return np.round(np.clip(points, -20000, 20000) * 2**SHIFT).astype(np.int32)
