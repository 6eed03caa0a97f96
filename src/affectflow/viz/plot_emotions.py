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
    wrapped,
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
# Told of so large a share of all pictures, an emotion is told whatever the label is.
NEARLY_ALL = 0.9
LETTERS_PT = 6.0


def plot_emotions(pairs: pl.DataFrame, figure: str, *, source: str, simulated: bool = False) -> Figure:
    """Draw a figure of pairs of emotions.

    Parameters
    ----------
    pairs
        `pictures.evaluate_emotions.EmotionEvaluation.pairs`; of it the labels, and the state `tuned`.
    figure
        cooccurrence: labels and what is told, side by side. confusion: by how much more or less often an emotion is told
        where the label is which than over all pictures, and how often it is told there. Beside each row the number
        of its pictures, below each column the share of all pictures that have it.
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
        drawn = new_figure(width_mm=PAGE_MM, height_mm=60 + 2.6 * n)
        axes = drawn.subplots(1, 2)
        if figure == "cooccurrence":
            _together(drawn, axes, own)
        else:
            _confused(drawn, axes, own.filter(kind="confusion"))
        drawn.suptitle(_heading(own, figure, source), fontsize=7.5, x=0.01, ha="left")
        mark_simulated(drawn, simulated)
    return drawn


def _heading(own: pl.DataFrame, figure: str, source: str) -> str:
    """What each cell is, and which columns are full whatever the label is."""
    if figure == "cooccurrence":
        return (
            f"{source}, test pictures: of those with the row's emotion (their number in brackets), the share that also has the "
            "column's"
        )
    head = (
        f"{source}, test pictures: what the network tells (columns) of those whose labels have the row's emotion (their number in "
        "brackets).\nA picture has several emotions: rows do not add up to 1."
    )
    told = own.filter(kind="confusion").unique("other", maintain_order=True)
    always = told.filter(pl.col("base") >= NEARLY_ALL)["other"].to_list()
    if not always:
        return head
    names = ", ".join(in_words(name) for name in always)
    lines = wrapped(
        f"Told of {100 * NEARLY_ALL:.0f} % of all pictures or more, so that b is full there whatever the label: {names}.",
        PAGE_MM - 6, 7.5,
    )  # fmt: skip
    return "\n".join([head, *lines])


def _together(figure: Figure, axes: NDArray[np.object_], own: pl.DataFrame) -> None:
    for axis, kind, title in zip(
        axes, ("labels", "told"), ("a  Labels", "b  Told by the network"), strict=True
    ):
        pairs = own.filter(kind=kind)
        _, values = square(pairs, "share")
        rows = _rows(pairs, named=kind == "labels")
        image = _draw(axis, values, rows=rows, columns=_columns(pairs), vmax=1.0)
        axis.set_title(title)
    axes[0].set_ylabel("pictures with this emotion …")
    for axis in axes:
        axis.set_xlabel("… that have this one, too; and of all test pictures")
    _bar(figure, image, axes, "share of the row's pictures")


def _confused(figure: Figure, axes: NDArray[np.object_], pairs: pl.DataFrame) -> None:
    from affectflow.viz.diverging import diverging_map

    names, share = square(pairs, "share")
    _, base = square(pairs, "base")
    more = share - base
    known = np.abs(more[np.isfinite(more)])
    reach = max(float(np.ceil(10 * known.max()) / 10), 0.1) if known.size else 1.0
    columns = _columns(pairs)
    rows = _rows(pairs, named=True)
    first = _draw(axes[0], more, rows=rows, columns=columns, vmin=-reach, vmax=reach, colours=diverging_map())
    other = _draw(axes[1], share, rows=[""] * len(names), columns=columns, vmax=1.0)
    axes[0].set_title("a  Told more or less than of all")
    axes[1].set_title("b  Told, as a share of the row")
    axes[0].set_ylabel("label")
    for axis in axes:
        axis.set_xlabel("told; and of all test pictures")
        _outline_diagonal(axis, len(names))
    _bar(figure, first, axes[0], "share of the row's pictures less share of all")
    _bar(figure, other, axes[1], "share of the row's pictures")


def _columns(pairs: pl.DataFrame) -> list[str]:
    """What stands below the columns: how often each is there at all, which a full column is no more than."""
    counted = pairs.unique("other", maintain_order=True).select("other", "base").rows()
    return [
        in_words(name) if base is None else f"{in_words(name)} {100 * base:.0f} %" for name, base in counted
    ]


def _rows(pairs: pl.DataFrame, *, named: bool) -> list[str]:
    """What stands beside the rows: how many pictures each is of, with or without its name."""
    counted = pairs.unique("emotion", maintain_order=True).select("emotion", "n_emotion").rows()
    return [f"{in_words(name)} ({n})" if named else f"({n})" for name, n in counted]


def square(pairs: pl.DataFrame, column: str) -> tuple[list[str], NDArray[np.float64]]:
    """Return the emotions and one number of each pair as a matrix, rows `emotion`, columns `other`; NaN for null."""
    names = pairs["emotion"].unique(maintain_order=True).to_list()
    values = pairs[column].cast(pl.Float64).fill_null(float("nan")).to_numpy()
    return names, values.reshape(len(names), len(names))


def _draw(
    axis: Axes,
    values: NDArray[np.float64],
    *,
    rows: list[str],
    columns: list[str],
    vmax: float,
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
    places = range(len(rows))
    axis.set_xticks(places, columns, rotation=90, fontsize=LETTERS_PT)
    axis.set_yticks(places, rows, fontsize=LETTERS_PT)
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
