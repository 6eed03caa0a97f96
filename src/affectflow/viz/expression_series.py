"""What a figure shows of a recording's expressions: which names, in which colours, at how many moments."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from affectflow.face.expressions.labels import ranked
from affectflow.face.expressions.mapping import NEUTRAL
from affectflow.face.holes import frame_durations
from affectflow.viz.moments import grouped_moments
from affectflow.viz.style import BLUE, GREEN, ORANGE, PINK, SKY, VERMILLION

Array = NDArray[np.float64]

# As many names as there are colours that everybody tells apart; the others are grey.
COLOURS = (ORANGE, BLUE, VERMILLION, SKY, PINK, GREEN)
# Areas of a face at rest, and of the names without a colour of their own.
NEUTRAL_GREY, OTHERS_GREY = "#E3E3E3", "#A6A6A6"
# The same in every figure, while nobody who shows more has taken it.
_USUAL = dict(zip(("happy", "sad", "angry", "surprised", "fearful", "disgusted"), COLOURS, strict=True))


@dataclass(frozen=True)
class ExpressionSeries:
    """Moments of one recording; NaN, None where there is no face and in a hole of the video.

    Attributes
    ----------
    time_s
        (n,) seconds, the middle of each moment.
    edges_s
        (n + 1,) where moments begin and the last one ends.
    hole
        (n,) moments that are a hole in the video.
    names
        All expressions, those with a colour first, the most often seen first.
    raw, score
        (n, names) before and after smoothing, 0..1.
    top
        (n, names) bool: among the three highest after smoothing.
    colours
        Name → colour, of at most six names.
    label, cumulative_label
        n names or None, the most frequent of each moment.
    valence, arousal
        (n,) rough estimates, -1..1.
    threshold
        Below it a face is neutral; NaN without any face.
    frames_per_moment
        1, or how many frames one moment stands for.
    time_constant_s, cumulative_s
        Of the smoothing, and over how long the cumulative label looks back; seconds.
    """

    time_s: Array
    edges_s: Array
    hole: NDArray[np.bool_]
    names: list[str]
    raw: Array
    score: Array
    top: NDArray[np.bool_]
    colours: dict[str, str]
    label: list[str | None]
    cumulative_label: list[str | None]
    valence: Array
    arousal: Array
    threshold: float
    frames_per_moment: int
    time_constant_s: float
    cumulative_s: float


def expression_series(
    table: pl.DataFrame, *, time_constant_s: float, cumulative_s: float
) -> ExpressionSeries:
    """Choose what is drawn of `schema.EXPRESSIONS` of one recording, which has at least one row.

    Parameters
    ----------
    table
        The expressions.
    time_constant_s, cumulative_s
        With which they were smoothed and labelled (`face.expressions`), seconds; they are written beside what is drawn.
    """
    names, n_coloured = _by_importance(table)
    moments, edges_s, rows = grouped_moments(
        table,
        pl.col("^(raw|score)_.*$", "rough_valence", "rough_arousal").mean(),
        pl.col("label", "cumulative_label").mode().sort().first(),
    )
    score = moments.select(f"score_{n}" for n in names).cast(pl.Float64).to_numpy()
    first = ranked(score, 3)
    top = np.zeros(score.shape, bool)
    seen = np.flatnonzero(first[:, 0] >= 0)
    top[seen[:, None], first[seen]] = True
    threshold = table["neutral_threshold"][0]
    return ExpressionSeries(
        time_s=moments["middle"].to_numpy(),
        edges_s=edges_s,
        hole=moments["hole"].to_numpy(),
        names=names,
        raw=moments.select(f"raw_{n}" for n in names).cast(pl.Float64).to_numpy(),
        score=score,
        top=top,
        colours=_colours(names[:n_coloured]),
        label=moments["label"].to_list(),
        cumulative_label=moments["cumulative_label"].to_list(),
        valence=moments["rough_valence"].cast(pl.Float64).to_numpy(),
        arousal=moments["rough_arousal"].cast(pl.Float64).to_numpy(),
        threshold=float("nan") if threshold is None else float(threshold),
        frames_per_moment=rows,
        time_constant_s=time_constant_s,
        cumulative_s=cumulative_s,
    )


def _by_importance(table: pl.DataFrame) -> tuple[list[str], int]:
    """Names by how long they are the label, then by how high they reach; and how many get a colour."""
    names = [c.removeprefix("score_") for c in table.columns if c.startswith("score_")]
    time_s = table["time_s"].to_numpy()
    label = table["label"].to_numpy()
    stands_s = frame_durations(time_s)
    long_s = {name: round(float(stands_s[label == name].sum()), 6) for name in names}
    peak = {name: float(np.nan_to_num(table[f"score_{name}"].to_numpy()).max()) for name in names}
    return sorted(names, key=lambda n: (-long_s[n], -peak[n], n)), min(len(names), len(COLOURS))


def _colours(names: list[str]) -> dict[str, str]:
    """The usual colours where a name has one, the free ones for the others, in order."""
    taken = {name: _USUAL[name] for name in names if name in _USUAL}
    free = iter([c for c in COLOURS if c not in taken.values()])
    return {name: taken.get(name) or next(free) for name in names}


def colour_of(series: ExpressionSeries, name: str) -> str:
    """Return the colour of a name: its own, light grey for neutral, grey for the others."""
    return NEUTRAL_GREY if name == NEUTRAL.name else series.colours.get(name, OTHERS_GREY)
