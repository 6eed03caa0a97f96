"""What a model said of one recording over its time."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from affectflow.signal.stretches import median_step
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

HEIGHT_MM = 68.0
# Moments that are told apart along the page.
MOST_MOMENTS = 2000
# Letters of phases' names that fit across the axis.
LETTERS = 100


def plot_predictions(
    predictions: pl.DataFrame,
    features: pl.DataFrame,
    *,
    threshold: float,
    positive: str,
    model: str,
    face: bool = True,
    simulated: bool = False,
) -> Figure:
    """Draw the score of one recording over time, with its phases and the threshold.

    At each moment the line is the mean score of the windows around it, so it
    moves as slowly as windows are long. Where frames show no face it is left
    out, unless the model does not look at the face.

    Parameters
    ----------
    predictions
        Windows of one recording: start_s, end_s, score, score_low, score_high, decision.
    features
        time_s, phase, valid of the recording's frames.
    threshold
        From which score on a window is decided for the positive class.
    positive
        What a high score stands for, in words.
    model
        Name of the model.
    face
        Whether the model looks at the face.
    simulated
        Mark the figure as simulated data.
    """
    time, edges = _moments(features["time_s"].to_numpy())
    shown = _shown(features, edges) if face else np.ones(time.size, bool)
    lines = {
        name: np.where(shown, _mean_at(time, predictions, name), np.nan)
        for name in ("score", "score_low", "score_high")
    }
    with figure_style():
        figure = new_figure(width_mm=PAGE_MM, height_mm=HEIGHT_MM)
        axes = figure.subplots()
        _draw_phases(axes, features)
        axes.axhline(
            threshold,
            color=BLACK,
            linestyle="--",
            linewidth=0.8,
            zorder=1,
            label=f"threshold {threshold:.2f}",
        )
        axes.plot(time, lines["score"], color=BLUE, linewidth=1.2, label="mean of the windows around")
        if predictions["score_low"].null_count() < predictions.height:
            axes.fill_between(
                time, lines["score_low"], lines["score_high"], color=SKY, alpha=0.5, linewidth=0,
                label="its seeds, least to greatest",
            )  # fmt: skip
        _draw_windows(axes, predictions)
        axes.set(xlim=(edges[0], edges[-1]), ylim=(0, 1.0), xlabel="time, s", ylabel=f"score\n({positive})")
        axes.yaxis.label.set_parse_math(False)
        title = f"{predictions['recording_id'][0]}: {model}"
        axes.set_title(title, pad=12, parse_math=False)
        figure.legend(loc="outside lower left", ncols=3, fontsize=6.5)
        mark_simulated(figure, simulated)
    return figure


def _moments(time_f: Array) -> tuple[Array, Array]:
    """Return the middles and edges of equal stretches of time, no more of them than frames."""
    step = median_step(time_f) if time_f.size > 1 else 1.0
    edges = np.linspace(time_f[0], time_f[-1] + step, min(time_f.size, MOST_MOMENTS) + 1)
    return (edges[1:] + edges[:-1]) / 2, edges


def _shown(features: pl.DataFrame, edges: Array) -> NDArray[np.bool_]:
    """Whether the frames of each stretch show a face: at least half of them; one without a frame is as the one before."""
    place = np.searchsorted(edges, features["time_s"].to_numpy() + 1e-9, side="right") - 1
    place = np.clip(place, 0, edges.size - 2)
    valid = features["valid"].to_numpy()
    total = np.bincount(place, minlength=edges.size - 1)
    seen = np.bincount(place[valid], minlength=edges.size - 1)
    last = np.maximum.accumulate(np.where(total > 0, np.arange(total.size), 0))
    return (seen >= total / 2)[last]


def _mean_at(time: Array, predictions: pl.DataFrame, column: str) -> Array:
    """Return the mean of a column over the windows around each moment; NaN where there is none."""
    value = predictions[column].cast(pl.Float64).fill_null(float("nan")).to_numpy()
    first = np.searchsorted(time, predictions["start_s"].to_numpy(), side="left")
    last = np.searchsorted(time, predictions["end_s"].to_numpy(), side="left")
    total, count = (np.zeros(time.size + 1) for _ in range(2))
    for into, what in ((total, value), (count, np.ones(value.size))):
        np.add.at(into, first, what)
        np.add.at(into, last, -what)
    count = np.rint(np.cumsum(count)[:-1])
    mean = np.cumsum(total)[:-1] / np.maximum(count, 1)
    return np.where(count > 0, mean, np.nan)


def _draw_windows(axes: Axes, predictions: pl.DataFrame) -> None:
    """A point at the middle of each window, filled where the decision is the positive one."""
    middle = (predictions["start_s"] + predictions["end_s"]).to_numpy() / 2
    score, on = predictions["score"].to_numpy(), predictions["decision"].to_numpy() == 1
    size: dict[str, Any] = {"s": 9, "linewidths": 0.7, "zorder": 3, "clip_on": False}
    axes.scatter(middle[on], score[on], color=VERMILLION, label="window at or above it", **size)
    axes.scatter(
        middle[~on], score[~on], facecolors="white", edgecolors=GREY, label="window below it", **size
    )


def _draw_phases(axes: Axes, features: pl.DataFrame) -> None:
    time, phase = features["time_s"].to_numpy(), features["phase"].to_list()
    bands = phase_bands(time, phase, end_s=time[-1], letters=LETTERS)
    if {band.name for band in bands} == {"whole"}:
        return
    for number, band in enumerate(bands):
        axes.axvspan(
            band.start_s, band.end_s, color="#E3E3E3" if number % 2 else "#F2F2F2", linewidth=0, zorder=0
        )
        if band.shown is not None:
            axes.text(
                (band.start_s + band.end_s) / 2, 1.02, band.shown,
                transform=axes.get_xaxis_transform(), ha="center", va="bottom", fontsize=7, parse_math=False,
            )  # fmt: skip
