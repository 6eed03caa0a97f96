"""When a recording's face and signals were there, over time, and how regular its frames are."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import polars as pl
from numpy.typing import NDArray

from affectflow.features.coverage import find_gaps, signal_names
from affectflow.signal.stretches import longest_step, median_step
from affectflow.viz.labels import label_of
from affectflow.viz.phase_bands import phase_bands
from affectflow.viz.style import (
    BLACK,
    BLUE,
    GREY,
    PAGE_MM,
    SKY,
    VERMILLION,
    figure_style,
    mark_simulated,
    new_figure,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

Array = NDArray[np.float64]

# Moments told apart along a page: an hour is drawn no heavier than a minute.
MOST_BINS = 600
# Of each row's pixels: the bar, the marks of gaps below it, and white.
BAR, MARK, SPACE = 6, 2, 2
ROW_MM, STEPS_MM, PHASES_MM = 4.2, 26.0, 7.0
# Letters of a phase's name that fit across the whole axis.
LETTERS = 90
# A step so many times the usual one would press the others onto the axis.
LONG = 10


def plot_quality(
    frames: pl.DataFrame, *, max_gap_s: float, has_video: bool, simulated: bool = False
) -> Figure:
    """Draw coverage of face and signals, gaps, phases and steps between frames over a recording's time.

    Parameters
    ----------
    frames
        `schema.FRAMES` of one recording (`check_quality.columns_of` is enough); may be empty.
    max_gap_s
        Longer times without data are marked as gaps, seconds.
    has_video
        Whether the rows are frames of a video; else neither face nor steps are drawn.
    simulated
        Mark the figure as simulated data.
    """
    time = frames["time_s"].to_numpy()
    rows = {"face": frames["valid"].to_numpy()} if has_video else {}
    rows |= {label_of(name): frames[name].is_not_null().to_numpy() for name in signal_names(frames)}
    phases = [p for p in frames["phase"].unique().to_list() if p not in (None, "whole")]
    parts = {"phases": PHASES_MM} if phases else {}
    parts |= {"rows": max(len(rows), 1) * ROW_MM + 8}
    parts |= {"steps": STEPS_MM} if has_video else {}
    with figure_style():
        figure = new_figure(width_mm=PAGE_MM, height_mm=sum(parts.values()) + 14)
        axes = figure.subplots(
            len(parts), 1, sharex=True, squeeze=False, height_ratios=list(parts.values())
        ).ravel()
        drawn = dict(zip(parts, axes, strict=True))
        edges = _bins(time)
        if phases:
            _draw_phases(drawn["phases"], time, frames["phase"].to_list())
        _draw_rows(drawn["rows"], time, rows, edges, max_gap_s)
        if has_video:
            _draw_steps(drawn["steps"], time, edges)
        axes[-1].set_xlabel("time, s")
        axes[-1].set_xlim(edges[0], edges[-1])
        mark_simulated(figure, simulated)
    return figure


def _bins(time: Array) -> Array:
    """Return edges of equal times, no more of them than rows; the last row is shown for one more step."""
    if time.size == 0:
        return np.array([0.0, 1.0])
    step = median_step(time) if time.size > 1 else 1.0
    return np.linspace(time[0], time[-1] + step, min(time.size, MOST_BINS) + 1)


def coverage_picture(
    time: Array, have: NDArray[np.bool_], edges: Array, max_gap_s: float
) -> NDArray[np.uint8]:
    """Return one row as pixels (BAR + MARK + SPACE, bins, 3): the darker, the more is there; gaps below.

    Parameters
    ----------
    time, have
        Times of all rows, seconds, and whether they hold data, shape (n,).
    edges
        Of the bins, shape (k + 1,).
    max_gap_s
        See `find_gaps`.
    """
    n = edges.size - 1
    # Rounding must not push a row out of the bin that begins with it.
    place = np.clip(np.searchsorted(edges, time + 1e-9, side="right") - 1, 0, n - 1)
    total = np.bincount(place, minlength=n)
    share = np.bincount(place[have], minlength=n) / np.maximum(total, 1)
    # A bin between two rows of an irregular recording is as the row before it, which stands until the next.
    before = np.searchsorted(time, (edges[:-1] + edges[1:]) / 2) - 1
    shown = longest_step(time, max_gap_s) + 1e-9
    between = (total == 0) & (before >= 0) & (np.diff(time, append=np.inf)[before] <= shown)
    share[between] = have[before[between]]
    picture = np.full((BAR + MARK + SPACE, n, 3), 255.0)
    picture[:BAR] += share[None, :, None] * (_rgb(BLUE) - 255.0)
    for start, end in find_gaps(time, have, max_gap_s=max_gap_s):
        first = int(np.clip(np.searchsorted(edges, start, side="right") - 1, 0, n - 1))
        last = int(np.clip(np.searchsorted(edges, end, side="left"), first + 1, n))
        picture[BAR : BAR + MARK, first:last] = _rgb(VERMILLION)
    return np.round(picture).astype(np.uint8)


def _rgb(colour: str) -> Array:
    return np.array([int(colour[i : i + 2], 16) for i in (1, 3, 5)], dtype=np.float64)


def _draw_rows(
    axis: Axes, time: Array, rows: dict[str, NDArray[np.bool_]], edges: Array, max_gap_s: float
) -> None:
    axis.set_title("measured (blue), gaps that nothing bridges (orange)")
    axis.spines[["left", "bottom"]].set_visible(False)
    axis.tick_params(left=False, bottom=False)
    if not rows or time.size == 0:
        axis.set_yticks([])
        axis.text(0.5, 0.5, "nothing was measured", transform=axis.transAxes, ha="center", color=VERMILLION)
        return
    pictures = [coverage_picture(time, have, edges, max_gap_s) for have in rows.values()]
    extent = (edges[0], edges[-1], len(rows), 0)
    axis.imshow(np.concatenate(pictures), extent=extent, aspect="auto", interpolation="none")
    middle = BAR / (BAR + MARK + SPACE) / 2
    axis.set_yticks(np.arange(len(rows)) + middle, list(rows))


def _draw_steps(axis: Axes, time: Array, edges: Array) -> None:
    """Draw the range of steps within each bin, and their median: single long steps stay visible in an hour."""
    axis.set_title("time from frame to frame, ms (line: median; band: shortest to longest)")
    if time.size < 2:
        axis.set_yticks([])
        axis.text(0.5, 0.5, "a single frame", transform=axis.transAxes, ha="center", color=GREY)
        return
    steps = pl.DataFrame(
        {
            "bin": np.clip(np.searchsorted(edges, time[1:] + 1e-9, side="right") - 1, 0, edges.size - 2),
            "step": 1000 * np.diff(time),
        }
    )
    ranges = steps.group_by("bin").agg(
        low=pl.col("step").min(), middle=pl.col("step").median(), high=pl.col("step").max()
    )
    ranges = ranges.sort("bin")
    at = ((edges[:-1] + edges[1:]) / 2)[ranges["bin"].to_numpy()]
    low, middle, high = (ranges[c].to_numpy() for c in ("low", "middle", "high"))
    axis.vlines(at, low, high, color=SKY, linewidth=1.2)
    axis.plot(at, middle, color=BLUE, linewidth=0.8)
    longest, usual = max(float(high.max()), 1e-3), float(np.median(middle))
    if longest > LONG * usual > 0 and low.min() > 0:
        axis.set_yscale("log")
        axis.set_ylim(0.7 * float(low.min()), 1.4 * longest)
    else:
        axis.set_ylim(min(0.0, 1.15 * float(low.min())), 1.15 * longest)


def _draw_phases(axis: Axes, time: Array, phase: list[str | None]) -> None:
    axis.set(yticks=[], ylim=(0, 1))
    axis.spines[["left", "bottom"]].set_visible(False)
    axis.tick_params(bottom=False)
    axis.set_title("phases")
    end_s = time[-1] + (median_step(time) if time.size > 1 else 1.0)
    for number, band in enumerate(phase_bands(time, phase, end_s=end_s, letters=LETTERS)):
        axis.axvspan(band.start_s, band.end_s, color="#D9D9D9" if number % 2 else "#EFEFEF", linewidth=0)
        if band.shown is not None:
            # Names are the user's: a dollar sign is no formula.
            axis.text(
                (band.start_s + band.end_s) / 2, 0.45, band.shown, ha="center", va="center", fontsize=7, color=BLACK,
                parse_math=False, clip_on=True,
            )  # fmt: skip
