"""The pictures of a recording's codes on one page: a row per frame, a column per kind."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from affectflow.viz.render_vis import VisFrame
from affectflow.viz.style import BLACK, PAGE_MM, VERMILLION, figure_style, mark_simulated, new_figure

if TYPE_CHECKING:
    from matplotlib.figure import Figure

TITLE_MM, LABELS_MM = 12.0, 20.0
EMPTY_MM = 30.0


def vis_sheet(frames: Sequence[VisFrame], *, recording_id: str, simulated: bool = False) -> Figure:
    """Lay the pictures out on a page.

    Parameters
    ----------
    frames
        What `render_vis` yields; all have the same kinds of pictures.
    recording_id
        Title.
    simulated
        Mark the page as simulated data.

    Returns
    -------
    matplotlib Figure; write it with `viz.style.write_figure`.
    """
    with figure_style():
        if not frames:
            figure = new_figure(width_mm=PAGE_MM, height_mm=EMPTY_MM)
            figure.text(0.5, 0.4, "no face in any frame", ha="center", color=VERMILLION)
        else:
            kinds = list(frames[0].pictures)
            side = (PAGE_MM - LABELS_MM) / len(kinds)
            figure = new_figure(width_mm=PAGE_MM, height_mm=len(frames) * (side + 1) + TITLE_MM)
            axes = figure.subplots(len(frames), len(kinds), squeeze=False)
            for line, frame in zip(axes, frames, strict=True):
                for axis, kind in zip(line, kinds, strict=True):
                    axis.imshow(frame.pictures[kind], interpolation="lanczos")
                    axis.set(xticks=[], yticks=[])
                    axis.spines[:].set_visible(False)
                line[0].set_ylabel(f"{frame.time_s:.2f} s\nframe {frame.frame_id}", fontsize=7)
            for axis, kind in zip(axes[0], kinds, strict=True):
                axis.set_title(kind, fontsize=7, fontweight="normal", color=BLACK, pad=2)
        figure.suptitle(
            f"{recording_id} · pictures of the codes", x=0.012, ha="left", fontsize=9, fontweight="bold"
        )
        mark_simulated(figure, simulated)
    return figure
