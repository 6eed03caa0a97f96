"""Figure of how much of a face the pictures of a data set show."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from affectflow.viz.style import BLUE, COLUMN_MM, GREY, figure_style, mark_simulated, new_figure, words_alone

if TYPE_CHECKING:
    from matplotlib.figure import Figure

BIN_PERCENT = 5


def plot_visibility(visibility: pl.DataFrame, *, source: str, simulated: bool = False) -> Figure:
    """Draw a histogram of the visible share of faces; pictures without a face stand apart.

    Parameters
    ----------
    visibility
        `schema.FACE_VISIBILITY`.
    source
        Name of the data set, for the heading.
    simulated
        Mark the figure as simulated data.

    Returns
    -------
    A column wide.
    """
    seen = visibility.filter(pl.col("has_face"))["visible_percent"].to_numpy()
    n_without = int((~visibility["has_face"]).sum())
    n = len(seen) + n_without
    with figure_style():
        if not n:
            figure = words_alone(f"{source}: none of {visibility.height} pictures could be read.")
            mark_simulated(figure, simulated)
            return figure
        figure = new_figure(width_mm=COLUMN_MM, height_mm=62)
        axis = figure.subplots()
        axis.hist(seen, list(range(0, 100 + BIN_PERCENT, BIN_PERCENT)), color=BLUE, label="a face")
        axis.bar(-10, n_without, width=8, color=GREY, label="none found")
        axis.set_xticks([-10, *range(0, 101, 25)], ["no\nface", *(str(x) for x in range(0, 101, 25))])
        axis.set_xlim(-16, 102)
        axis.set_xlabel("points of the face inside the picture, %")
        axis.set_ylabel("pictures")
        axis.set_title(f"{source}: a face in {len(seen)} of {n} pictures ({100 * len(seen) / n:.0f} %)")
        words = [f"{int((seen >= 99.99).sum())} faces lie inside whole"]
        if unread := visibility["has_face"].null_count():
            words.append(f"{unread} more pictures could not be read")
        axis.text(0.03, 0.97, "\n".join(words), transform=axis.transAxes, va="top", fontsize=7)
        axis.set_ylim(0, axis.get_ylim()[1] * 1.25)
        mark_simulated(figure, simulated)
    return figure
