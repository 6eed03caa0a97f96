"""What a video shows of each frame: intensities of the action units, scores of the expressions."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from affectflow.errors import TableError
from affectflow.viz.expression_series import ExpressionSeries

Array = NDArray[np.float64]

# The scale of FACS, A to E.
FACS_MAX = 5.0


@dataclass(frozen=True)
class ExpressionFrames:
    """Numbers of one recording, a row per frame; NaN, None where they are not known.

    Attributes
    ----------
    frame_id, time_s
        (n,) as in the tables.
    has_face
        (n,) bool, whether the primary face was seen.
    unit_numbers
        Numbers of the action units, ascending.
    units
        (n, units) intensities, 0..5.
    method
        What estimated the action units.
    names
        Expressions, in the order in which they are listed.
    scores
        (n, names + 1) smoothed scores 0..1, the last column neutral.
    label
        n names or None: the highest of them.
    threshold
        Below it a face is neutral; NaN without any face.
    """

    frame_id: NDArray[np.int32]
    time_s: Array
    has_face: NDArray[np.bool_]
    unit_numbers: list[int]
    units: Array
    method: str
    names: list[str]
    scores: Array
    label: list[str | None]
    threshold: float


def expression_frames(
    units: pl.DataFrame, expressions: pl.DataFrame, series: ExpressionSeries
) -> ExpressionFrames:
    """Take what is listed beside the frames out of two tables of one recording.

    Parameters
    ----------
    units
        `schema.ACTION_UNITS`.
    expressions
        `schema.EXPRESSIONS`, made from them.
    series
        What the timing diagram shows of the same expressions.

    Raises
    ------
    TableError
        If the tables are not of the same frames.
    """
    units, expressions = units.sort("frame_id"), expressions.sort("frame_id")
    if not units.select("frame_id", "time_s").equals(expressions.select("frame_id", "time_s")):
        raise TableError(
            f"recording {units['recording_id'].first()!s}: action units and expressions are not of the same frames "
            f"({units.height} and {expressions.height} rows). Re-run: snakemake -R extract_units"
        )
    columns = sorted(c for c in units.columns if c.startswith("au_"))
    listed = [*(f"score_{name}" for name in series.names), "neutral"]
    return ExpressionFrames(
        frame_id=units["frame_id"].to_numpy(),
        time_s=units["time_s"].to_numpy(),
        has_face=units["valid"].to_numpy(),
        unit_numbers=[int(c.removeprefix("au_")) for c in columns],
        units=FACS_MAX * units.select(pl.col(columns).cast(pl.Float64)).to_numpy(),
        method=str(units["method"].first()),
        names=series.names,
        scores=expressions.select(pl.col(listed).cast(pl.Float64)).to_numpy(),
        label=expressions["label"].to_list(),
        threshold=series.threshold,
    )
