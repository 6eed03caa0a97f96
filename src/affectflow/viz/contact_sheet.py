"""One recording on one page: evenly spaced frames with landmarks, and what was measured over time."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

import cv2
import numpy as np
from numpy.typing import NDArray

from affectflow.errors import TableError
from affectflow.viz.draw import Picture, draw_landmarks
from affectflow.viz.series import CodeSeries, Frame, row_of
from affectflow.viz.style import (
    BLACK,
    BLUE,
    GREEN,
    GREY,
    ORANGE,
    PAGE_MM,
    PINK,
    SKY,
    VERMILLION,
    figure_style,
    mark_simulated,
    new_figure,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure, FigureBase

COLUMNS = 4
# Frames are kept no larger than they are printed: 1/4 page at 300 dots per inch.
THUMBNAIL_WIDTH_PX = 510
# Together with three lines of upright pictures no higher than a page.
TRACES_MM = 74.0
# Tall pictures would push the traces off the page.
LEAST_ASPECT = 0.9


def contact_sheet(
    frames: Iterable[Frame],
    series: CodeSeries,
    *,
    recording_id: str,
    n_frames: int = 12,
    simulated: bool = False,
) -> Figure:
    """Draw the sheet of one recording.

    The video is decoded once, in order; only the frames shown are turned into
    pictures and kept, scaled down.

    Parameters
    ----------
    frames
        Frames in order, as `io.video.read_frames` yields them.
    series
        The recording's codes, as `viz.series.code_series` reads them.
    recording_id
        Title, and name in errors.
    n_frames
        Frames shown; fewer when the recording has fewer.
    simulated
        Mark the sheet as simulated data.

    Returns
    -------
    matplotlib Figure; write it with `viz.style.write_figure`.

    Raises
    ------
    TableError
        If a frame shown has no row in the codes, or another time than its row.
    """
    rows = evenly_spaced(series.time_s, n_frames)
    pictures = _pick(frames, series, rows, recording_id)
    n_lines = -(-len(pictures) // COLUMNS)
    aspect = max(pictures[0].shape[1] / pictures[0].shape[0], LEAST_ASPECT)
    grid_mm = n_lines * ((PAGE_MM - 8) / COLUMNS / aspect + 5)
    with figure_style():
        figure = new_figure(width_mm=PAGE_MM, height_mm=grid_mm + TRACES_MM + 8)
        parts = figure.add_gridspec(2, 1, height_ratios=[grid_mm + 8, TRACES_MM])
        top, bottom = figure.add_subfigure(parts[0]), figure.add_subfigure(parts[1])
        _draw_grid(top, pictures, series, rows, n_lines)
        top.suptitle(_title(recording_id, series), x=0.012, ha="left", fontsize=9, fontweight="bold")
        _draw_traces(bottom, series, series.time_s[rows])
        mark_simulated(figure, simulated)
    return figure


def evenly_spaced(time_s: NDArray[np.float64], n: int) -> NDArray[np.intp]:
    """Return the rows nearest to the middles of n equal parts of the time, each once, in order."""
    start, end = time_s[0], time_s[-1]
    wanted = start + (end - start) * (np.arange(n) + 0.5) / n
    after = np.searchsorted(time_s, wanted).clip(1, max(len(time_s) - 1, 1))
    before = after - 1
    after = np.minimum(after, len(time_s) - 1)
    nearer = np.where(wanted - time_s[before] <= time_s[after] - wanted, before, after)
    return np.unique(nearer)


def _title(recording_id: str, series: CodeSeries) -> str:
    share = series.valid.mean()
    face = "no face found" if share == 0 else f"face in {share:.1%} of {series.n_frames} frames"
    return f"{recording_id} · {series.time_s[-1]:.2f} s · {face}"


def _pick(
    frames: Iterable[Frame], series: CodeSeries, rows: NDArray[np.intp], recording_id: str
) -> list[Picture]:
    wanted = set(series.frame_id[rows].tolist())
    pictures = []
    for frame in frames:
        if frame.frame_id in wanted:
            pictures.append(_thumbnail(frame.rgb, series, row_of(frame, series, recording_id)))
            if len(pictures) == len(wanted):
                break
    if len(pictures) != len(wanted):
        raise TableError(
            f"recording {recording_id}: the video ends before frame {series.frame_id[rows[len(pictures)]]}, which has "
            f"a row in the codes. Re-run: snakemake -R track_faces"
        )
    return pictures


def _thumbnail(rgb: NDArray[np.uint8], series: CodeSeries, row: int) -> Picture:
    scale = THUMBNAIL_WIDTH_PX / rgb.shape[1]
    size = THUMBNAIL_WIDTH_PX, max(round(rgb.shape[0] * scale), 1)
    picture = cv2.resize(rgb, size, interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC)
    if series.valid[row]:
        draw_landmarks(
            picture, series.landmarks_68[row] * scale - 0.5, series.landmarks_105[row] * scale - 0.5
        )
    return picture


def _draw_grid(
    figure: FigureBase, pictures: list[Picture], series: CodeSeries, rows: NDArray[np.intp], n_lines: int
) -> None:
    axes = figure.subplots(n_lines, COLUMNS, squeeze=False).ravel()
    for axis in axes:
        axis.set_axis_off()
    for axis, picture, row in zip(axes, pictures, rows, strict=False):
        axis.imshow(picture)
        valid = series.valid[row]
        axis.set_title(
            f"{series.time_s[row]:.2f} s" + ("" if valid else "   no face"),
            fontsize=7,
            fontweight="normal",
            color=BLACK if valid else VERMILLION,
            pad=2,
        )


def _draw_traces(figure: FigureBase, series: CodeSeries, shown_s: NDArray[np.float64]) -> None:
    face, eyes, head, rest = figure.subplots(4, 1, sharex=True, height_ratios=[0.16, 1, 1, 1])
    time = series.time_s
    end = max(float(time[-1]), 1e-3)
    _draw_spans(face, time, series.valid, GREEN)
    _draw_spans(face, time, ~series.valid, VERMILLION)
    face.set(yticks=[], ylim=(0, 1), xlim=(0, end))
    face.spines[["left", "bottom"]].set_visible(False)
    face.tick_params(bottom=False)
    face.set_title("face measured (green), no face (orange)")
    _draw_spans(eyes, time, series.blink, "#D9D9D9")
    eyes.plot(time, series.ear, color=BLUE)
    eyes.set_title("eye aspect ratio (grey: eyes count as shut)")
    for i, (name, colour) in enumerate((("yaw", BLUE), ("pitch", VERMILLION), ("roll", GREEN))):
        head.plot(time, series.angles_deg[:, i], color=colour, label=name)
    head.plot(time, series.angles_deg[:, 3], color=PINK, label="jaw")
    head.set_title("head and jaw, degrees")
    measures = (
        ("smile", series.smile, ORANGE),
        ("brow raise", series.brow_raise, GREEN),
        ("mouth open", series.mouth_open, SKY),
    )
    for name, values, colour in measures:
        level = np.nanmedian(values) if series.valid.any() else 0.0
        rest.plot(time, values - level, color=colour, label=name)
    rest.set_title("measures, change from their median, outer-eye distances")
    rest.set_xlabel("time, s")
    for axis in (eyes, head, rest):
        for moment in shown_s:
            axis.axvline(moment, color=GREY, linewidth=0.5, linestyle=":", zorder=0)
        if not series.valid.any():
            axis.set_yticks([])
            axis.text(0.5, 0.5, "no face", transform=axis.transAxes, ha="center", va="center", color=GREY)
    for axis in (head, rest):
        axis.legend(ncols=4, loc="lower right", bbox_to_anchor=(1, 0.97), borderaxespad=0.2)


def _draw_spans(axis: Axes, time_s: NDArray[np.float64], shown: NDArray[np.bool_], colour: str) -> None:
    """Shade the frames for which `shown` is true, each until the next frame begins."""
    edges = np.flatnonzero(np.diff(shown.astype(np.int8), prepend=0, append=0))
    ends = np.append(time_s, time_s[-1] + (np.median(np.diff(time_s)) if len(time_s) > 1 else 1.0))
    for first, last in zip(edges[::2], edges[1::2], strict=True):
        axis.axvspan(ends[first], ends[last], color=colour, linewidth=0, zorder=0)
