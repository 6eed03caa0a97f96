"""The look of all figures: sizes, colours, the mark on simulated data, and writing without dates.

Figures are drawn with `matplotlib.figure.Figure` directly (no pyplot), so
drawing needs no display and leaves no state behind.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from importlib.resources import as_file, files
from pathlib import Path
from typing import TYPE_CHECKING

from affectflow.io.files import whole_file

if TYPE_CHECKING:
    import numpy as np
    from matplotlib.figure import Figure
    from numpy.typing import NDArray

MM = 1 / 25.4
# Figures are drawn at the size they are printed: one column, or both, and the height of a page.
COLUMN_MM = 85.0
PAGE_MM = 180.0
PAGE_HEIGHT_MM = 240.0
# Smallest letters of any figure, points.
SMALLEST_PT = 6.0

# Okabe and Ito (2008): told apart with the common kinds of colour blindness, and in grey.
BLUE, VERMILLION, GREEN, PINK = "#0072B2", "#D55E00", "#009E73", "#CC79A7"
ORANGE, SKY, BLACK, GREY = "#E69F00", "#56B4E9", "#000000", "#8C8C8C"
BASELINE_COLOUR, STRESSOR_COLOUR = BLUE, VERMILLION
CYCLE = (BLUE, VERMILLION, GREEN, PINK, ORANGE, SKY, BLACK)


@contextmanager
def figure_style() -> Iterator[None]:
    """Draw with the project's style; the settings of the caller come back afterwards."""
    import matplotlib.style

    with (
        as_file(files("affectflow.viz") / "affectflow.mplstyle") as path,
        matplotlib.style.context(str(path)),
    ):
        yield


def new_figure(*, width_mm: float = COLUMN_MM, height_mm: float = 70.0) -> Figure:
    """Return an empty figure; `COLUMN_MM` and `PAGE_MM` are the usual widths of a journal."""
    from matplotlib.figure import Figure

    return Figure(figsize=(width_mm * MM, height_mm * MM))


@lru_cache(maxsize=4096)
def text_width_mm(text: str, size_pt: float) -> float:
    """Return how wide a line of text is in the figures' font, mm."""
    from matplotlib.textpath import TextPath

    return float(TextPath((0, 0), text, size=size_pt).get_extents().width) / 72 / MM if text.strip() else 0.0


def takes_white(ground: tuple[float, float, float]) -> bool:
    """Tell whether white letters stand out more than black ones from a ground, RGB 0..1 (contrast of WCAG 2)."""
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in ground]
    luminance = 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
    return (luminance + 0.05) ** 2 < 1.05 * 0.05


def wrapped(text: str, width_mm: float, size_pt: float) -> list[str]:
    """Break a text between words into lines no wider than `width_mm`; a word that is wider stands alone."""
    lines: list[str] = []
    for word in text.split():
        longer = f"{lines[-1]} {word}" if lines else word
        if lines and text_width_mm(longer, size_pt) <= width_mm:
            lines[-1] = longer
        else:
            lines.append(word)
    return lines


def words_alone(words: str) -> Figure:
    """Return a figure that says why there is nothing to draw."""
    figure = new_figure(height_mm=30)
    figure.text(0.5, 0.5, words, ha="center", va="center", wrap=True)
    return figure


def mark_simulated(figure: Figure, simulated: bool) -> None:
    """Write "simulated data" below the figure, so that no one takes it for a finding.

    A strip of 4 mm is kept free for it when the figure lays itself out.
    """
    from matplotlib.layout_engine import ConstrainedLayoutEngine

    if simulated:
        strip = 4 * MM / figure.get_size_inches()[1]
        engine = figure.get_layout_engine()
        # A figure that was laid out by hand keeps the strip free itself.
        if isinstance(engine, ConstrainedLayoutEngine):
            engine.set(rect=(0, strip, 1, 1 - strip))
        figure.text(
            0.995,
            0.005,
            "simulated data",
            ha="right",
            va="bottom",
            fontsize=7,
            color=VERMILLION,
            style="italic",
        ).set_in_layout(False)


def write_figure(figure: Figure, path: str | Path, *, palette: bool = False) -> None:
    """Write a figure as SVG or PNG (by suffix), whole, with the same bytes for the same figure.

    Parameters
    ----------
    figure
        What to write.
    path
        Ends in .svg or .png.
    palette
        Reduce a PNG to its 256 best colours: a page of photographs takes a
        third of the space, and reports hold many.
    """
    suffix = Path(path).suffix
    metadata = {".svg": {"Date": None, "Creator": "affectflow"}, ".png": {"Software": "affectflow"}}[suffix]
    with figure_style(), whole_file(path) as temporary:
        settle(figure)
        figure.savefig(temporary, metadata=metadata)
        if palette:
            from PIL import Image

            with Image.open(temporary) as picture:
                reduced = picture.convert("RGB").quantize(256, dither=Image.Dither.FLOYDSTEINBERG)
            reduced.save(temporary, optimize=True)


def write_picture(picture: NDArray[np.uint8], path: str | Path) -> None:
    """Write pixels (height, width, 3), RGB, as PNG, whole, without loss."""
    from PIL import Image

    with whole_file(path) as temporary:
        Image.fromarray(picture).save(temporary, optimize=True)


def settle(figure: Figure) -> None:
    """Lay a figure out once and round the places of its axes.

    The solver behind the constrained layout adds numbers in an order that
    differs from run to run, so that places differ in the last digit; the SVG
    writer makes names from those digits.
    """
    if figure.get_layout_engine() is None:
        return
    figure.draw_without_rendering()
    figure.set_layout_engine("none")
    for axis in figure.axes:
        left, bottom, width, height = (round(v, 6) for v in axis.get_position(original=True).bounds)
        axis.set_position((left, bottom, width, height))
