"""What can be said of a clip's tracks only when all of it has been seen: which last, their order, who it is about, gaps."""

from __future__ import annotations

import numpy as np
import polars as pl
from numpy.typing import NDArray

from affectflow.clips.link_boxes import BOX, NO_TRACK, ROUNDING_S


def number_lasting(
    faces: pl.DataFrame, track_n: NDArray[np.int32], *, min_frames: int = 5, min_s: float = 0.3
) -> NDArray[np.int32]:
    """Leave out short tracks, and number the others by their first frame, in it by area, the largest first.

    Parameters
    ----------
    faces
        As of `link_boxes.link_boxes`.
    track_n
        (rows,) what it returned.
    min_frames, min_s
        A track that was seen in fewer frames, or whose last frame comes sooner after its first, is left out; in a
        recording shorter than that, one that was not seen all the time.

    Returns
    -------
    (rows,) int32, from 0 on; -1 where a row is in no track that lasts.
    """
    time_n = faces["time_s"].to_numpy()
    span_s = float(np.ptp(time_n)) if len(time_n) else 0.0
    x0, y0, x1, y1 = (pl.col(c).cast(pl.Float64) for c in BOX)
    tracks = (
        faces.with_columns(track=pl.Series(track_n, dtype=pl.Int32), area=(x1 - x0) * (y1 - y0))
        .filter(pl.col("track") != NO_TRACK)
        .group_by("track")
        .agg(
            n=pl.len(),
            first=pl.col("frame_id").first(),
            s=pl.col("time_s").last() - pl.col("time_s").first(),
            area=pl.col("area").first(),
        )
        .filter(
            pl.col("n") >= min(min_frames, faces["frame_id"].n_unique()),
            pl.col("s") >= min(min_s, span_s) - ROUNDING_S,
        )
        .sort("first", "area", "track", descending=[False, True, False])
    )
    number = np.full(int(track_n.max(initial=NO_TRACK)) + 2, NO_TRACK, np.int32)
    number[tracks["track"].to_numpy()] = np.arange(tracks.height, dtype=np.int32)
    # Row -1 is the last one, and stays "none".
    return number[track_n]


def primary_track(faces: pl.DataFrame, track_n: NDArray[np.int32]) -> int:
    """Return the track with the largest sum of box area × score; of equal ones the first; -1 without any."""
    x0, y0, x1, y1 = (pl.col(c).cast(pl.Float64) for c in BOX)
    sums = (
        faces.select(
            track=pl.Series(track_n, dtype=pl.Int32),
            weight=(x1 - x0) * (y1 - y0) * pl.col("score").cast(pl.Float64),
        )
        .filter(pl.col("track") != NO_TRACK)
        .group_by("track")
        .agg(pl.col("weight").sum())
        .sort("weight", "track", descending=[True, False])
    )
    return int(sums["track"][0]) if sums.height else NO_TRACK


def bridge_gaps(tracks: pl.DataFrame, frames: pl.DataFrame) -> pl.DataFrame:
    """Lay boxes into the gaps of tracks, on the straight line between both ends.

    Parameters
    ----------
    tracks
        ``track_id``, ``frame_id``, ``time_s`` and boxes; other columns are null in what is laid.
    frames
        ``frame_id`` and ``time_s`` of all frames, once each.

    Returns
    -------
    The same in order of track and frame, with ``interpolated``.
    """
    spans = tracks.group_by("track_id").agg(first=pl.col("frame_id").min(), last=pl.col("frame_id").max())
    grid = (
        spans.join(frames.select("frame_id", "time_s"), how="cross")
        .filter(pl.col("frame_id").is_between("first", "last"))
        .drop("first", "last")
        .sort("track_id", "frame_id")
    )
    laid = grid.join(
        tracks.drop("time_s").with_columns(interpolated=pl.lit(False)),
        on=["track_id", "frame_id"],
        how="left",
        maintain_order="left",
    )
    between = [
        pl.col(c).cast(pl.Float64).interpolate_by("time_s").over("track_id").cast(pl.Float32) for c in BOX
    ]
    return laid.with_columns(*between, pl.col("interpolated").fill_null(True))
