"""Heat maps of emotions: which go together in labels and in what is told, and which is told where the label is which."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from affectflow.viz.labels import in_words
from affectflow.viz.style import (
    BLACK,
    GREY,
    PAGE_MM,
    figure_style,
    mark_simulated,
    new_figure,
    words_alone,
)

if TYPE_CHECKING:
    from collections.abc import Iterable

    from matplotlib.axes import Axes
    from matplotlib.colors import Colormap
    from matplotlib.figure import Figure
    from matplotlib.image import AxesImage
    from numpy.typing import NDArray

FIGURES = ("cooccurrence", "confusion")
NO_PICTURE = "#E3E3E3"
LETTERS_PT = 6.0


def plot_emotions(pairs: pl.DataFrame, figure: str, *, source: str, simulated: bool = False) -> Figure:
    """Draw a figure of pairs of emotions.

    Parameters
    ----------
    pairs
        `pictures.evaluate_emotions.EmotionEvaluation.pairs`; of it the labels, and the state `tuned`.
    figure
        cooccurrence: labels and what is told, side by side. confusion: what is told where the label is which,
        and by how much that is more than over all pictures.
    source
        Name of the data set, for the heading.
    simulated
        Mark the figure as simulated data.

    Returns
    -------
    A page wide. An emotion without a picture has a grey row.
    """
    own = pairs.filter((pl.col("state") == "tuned") | pl.col("state").is_null())
    n = own.filter(kind="labels")["emotion"].n_unique()
    with figure_style():
        if not own.filter(kind="labels")["n_emotion"].sum():
            drawn = words_alone(f"{source}: no test picture has any emotion.")
            mark_simulated(drawn, simulated)
            return drawn
        drawn = new_figure(width_mm=PAGE_MM, height_mm=46 + 2.6 * n)
        axes = drawn.subplots(1, 2)
        if figure == "cooccurrence":
            _together(drawn, axes, own)
        else:
            _confused(drawn, axes, own.filter(kind="confusion"))
        drawn.suptitle(f"{source}, test pictures", fontsize=8.5, x=0.01, ha="left")
        mark_simulated(drawn, simulated)
    return drawn


def _together(figure: Figure, axes: NDArray[np.object_], own: pl.DataFrame) -> None:
    for axis, kind, title in zip(
        axes, ("labels", "told"), ("a  Labels", "b  Told by the network"), strict=True
    ):
        names, values = square(own.filter(kind=kind), "share")
        image = _draw(axis, names, values, vmax=1.0, first=kind == "labels")
        axis.set_title(title)
    axes[0].set_ylabel("pictures with this emotion …")
    for axis in axes:
        axis.set_xlabel("… that have this one, too")
    _bar(figure, image, axes, "share of the row's pictures")


def _confused(figure: Figure, axes: NDArray[np.object_], own: pl.DataFrame) -> None:
    from affectflow.viz.diverging import diverging_map

    names, share = square(own, "share")
    _, base = square(own, "base")
    image = _draw(axes[0], names, share, vmax=1.0, first=True)
    axes[0].set_title("a  Told, of the row's pictures")
    axes[0].set_ylabel("label")
    more = share - base
    known = np.abs(more[np.isfinite(more)])
    reach = max(float(np.ceil(10 * known.max()) / 10), 0.1) if known.size else 1.0
    other = _draw(axes[1], names, more, vmin=-reach, vmax=reach, first=False, colours=diverging_map())
    axes[1].set_title("b  The same less the share of all pictures")
    for axis in axes:
        axis.set_xlabel("told")
        _outline_diagonal(axis, len(names))
    _bar(figure, image, axes[0], "share")
    _bar(figure, other, axes[1], "share above all pictures' share")


def square(pairs: pl.DataFrame, column: str) -> tuple[list[str], NDArray[np.float64]]:
    """Return the emotions and one number of each pair as a matrix, rows `emotion`, columns `other`; NaN for null."""
    names = pairs["emotion"].unique(maintain_order=True).to_list()
    values = pairs[column].cast(pl.Float64).fill_null(float("nan")).to_numpy()
    return names, values.reshape(len(names), len(names))


def _draw(
    axis: Axes,
    names: list[str],
    values: NDArray[np.float64],
    *,
    vmax: float,
    first: bool,
    vmin: float = 0.0,
    colours: Colormap | None = None,
) -> AxesImage:
    import matplotlib

    colour_map = matplotlib.colormaps["cividis"] if colours is None else colours
    image = axis.imshow(
        np.ma.masked_invalid(values),
        cmap=colour_map.with_extremes(bad=NO_PICTURE),
        vmin=vmin,
        vmax=vmax,
        interpolation="nearest",
    )
    places, words = range(len(names)), [in_words(name) for name in names]
    axis.set_xticks(places, words, rotation=90, fontsize=LETTERS_PT)
    axis.set_yticks(places, words if first else [""] * len(names), fontsize=LETTERS_PT)
    axis.tick_params(length=0, pad=2)
    for spine in axis.spines.values():
        spine.set_visible(True)
        spine.set_color(GREY)
    return image


def _outline_diagonal(axis: Axes, n: int) -> None:
    from matplotlib.patches import Rectangle

    for i in range(n):
        axis.add_patch(Rectangle((i - 0.5, i - 0.5), 1, 1, fill=False, edgecolor=BLACK, linewidth=0.5))


def _bar(figure: Figure, image: AxesImage, axes: Axes | Iterable[Axes], words: str) -> None:
    bar = figure.colorbar(image, ax=axes, location="bottom", shrink=0.5, aspect=30, pad=0.02)
    bar.ax.tick_params(labelsize=LETTERS_PT)
    bar.set_label(words, fontsize=LETTERS_PT + 0.5)
    bar.outline.set_visible(False)
