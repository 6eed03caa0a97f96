"""What a figure shows of a recording's valence and arousal: at how many moments, and which expressions beside them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from affectflow.face.affect import NEEDS_VIDEO
from affectflow.face.holes import frame_durations
from affectflow.viz.moments import grouped_moments

Array = NDArray[np.float64]


@dataclass(frozen=True)
class AffectSeries:
    """Moments of one recording; NaN where there is no face and in a hole of the video.

    Attributes
    ----------
    time_s
        (n,) seconds, the middle of each moment.
    edges_s
        (n + 1,) where moments begin and the last one ends.
    valence, arousal
        (n,) -1..1.
    names
        Expressions that have a probability, those probable for longest first; may be none.
    probability
        (n, names) 0..1.
    frames_per_moment
        1, or how many frames one moment stands for.
    method
        What estimated them.
    rough
        Whether that is a rough estimate without a network, in a scale of its own.
    """

    time_s: Array
    edges_s: Array
    valence: Array
    arousal: Array
    names: list[str]
    probability: Array
    frames_per_moment: int
    method: str
    rough: bool


def affect_series(table: pl.DataFrame) -> AffectSeries:
    """Choose what is drawn of `schema.AFFECT` of one recording, which has at least one row.

    A recording of more than 1200 frames is drawn in means of neighbouring ones.
    """
    moments, edges_s, rows = grouped_moments(
        table, pl.col("valence", "arousal", "^p_.*$").cast(pl.Float64).mean()
    )
    stands_s = frame_durations(table["time_s"].to_numpy())
    weight = {name: table[name].fill_null(0).to_numpy() @ stands_s for name in _classes(table)}
    names = sorted(weight, key=lambda name: (-round(float(weight[name]), 6), name))
    method = str(table["method"][0])
    return AffectSeries(
        time_s=moments["middle"].to_numpy(),
        edges_s=edges_s,
        valence=moments["valence"].to_numpy(),
        arousal=moments["arousal"].to_numpy(),
        names=[name.removeprefix("p_") for name in names],
        probability=moments.select(names).to_numpy() if names else np.empty((moments.height, 0)),
        frames_per_moment=rows,
        method=method,
        rough=method not in NEEDS_VIDEO,
    )


def _classes(table: pl.DataFrame) -> list[str]:
    return [name for name in table.columns if name.startswith("p_")]
