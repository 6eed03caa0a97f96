"""The moments along a page: frames or means of neighbouring ones, and holes in the video, which are nobody's."""

from __future__ import annotations

import numpy as np
import polars as pl
from numpy.typing import NDArray

from affectflow.face.holes import after_hole, frame_durations

Array = NDArray[np.float64]

# Moments along a page; beyond it, neighbouring frames are drawn as their mean.
MOST_MOMENTS = 1200


def grouped_moments(table: pl.DataFrame, *columns: pl.Expr) -> tuple[pl.DataFrame, Array, int]:
    """Take neighbouring frames together, none from both sides of a hole; a hole is a moment of its own.

    Parameters
    ----------
    table
        A row per frame, at least one, with ``time_s`` ascending.
    columns
        What is made of the frames of a moment.

    Returns
    -------
    moments
        ``middle`` (mean time of the frames, of a hole where it begins), ``hole``
        (bool), and the columns, null in a hole.
    edges_s
        (n + 1,) where moments begin and the last one ends.
    frames_per_moment
        At most this many frames are taken together.
    """
    rows = -(-table.height // MOST_MOMENTS)
    time_s = table["time_s"].to_numpy()
    anew = after_hole(time_s)
    ends_s = time_s + np.maximum(frame_durations(time_s), 1e-3)
    # Frames have even numbers of stretches, holes the odd ones between them.
    stretch = 2 * np.cumsum(anew)
    holes = pl.DataFrame({"time_s": ends_s[:-1][anew[1:]], "stretch": stretch[1:][anew[1:]] - 1})
    frames = table.with_columns(pl.Series("stretch", stretch))
    moments = (
        pl.concat([frames, holes], how="diagonal")
        .sort("stretch", "time_s", maintain_order=True)
        .with_columns(moment=pl.int_range(pl.len()).over("stretch") // rows)
        .group_by("stretch", "moment", maintain_order=True)
        .agg(
            pl.col("time_s").mean().alias("middle"),
            pl.col("time_s").first(),
            (pl.col("stretch").first() % 2 == 1).alias("hole"),
            *columns,
        )
    )
    edges_s = np.append(moments["time_s"].to_numpy(), ends_s[-1])
    return moments, edges_s, rows
