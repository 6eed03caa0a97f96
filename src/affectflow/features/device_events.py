"""Phases that a device marked on its own clock, put onto the recording's frames."""

from __future__ import annotations

import numpy as np
import polars as pl

from affectflow.errors import InputError
from affectflow.features.align_clock import apply_clock
from affectflow.signal.stretches import median_step

# Shorter than any frame: what is left of a phase that ends with the first frame.
LEAST_S = 1e-6


def place_events(
    events: pl.DataFrame,
    *,
    offset_s: float,
    clock: pl.DataFrame | None,
    frame_s: np.ndarray,
    where: str,
) -> pl.DataFrame:
    """Put phases from a device's clock onto the video's, and cut them to the recording.

    A wristband is worn for hours, a video shows minutes of them: phases outside
    are left out, those that reach out are cut.

    Parameters
    ----------
    events
        `schema.EVENTS_SCHEMA` in order of time, seconds since the device's start.
    offset_s
        Added to reach the video's clock; see `signal.raw.device_offset_s`.
    clock
        `schema.CLOCKS` of the recording's signals, which are from the same device; or None.
    frame_s
        Times of the frames, in order, seconds.
    where
        File name for messages.

    Returns
    -------
    `schema.EVENTS_SCHEMA` with every duration known.

    Raises
    ------
    InputError
        If no phase lies within the recording.
    """
    start_s = float(frame_s[0])
    end_s = float(frame_s[-1]) + (median_step(frame_s) if frame_s.size > 1 else 0.0)
    until = (pl.col("onset_s") + pl.col("duration_s")).fill_null(pl.col("onset_s").shift(-1))
    placed = events.select(
        _on_video(events.select(time_s="onset_s"), offset_s, clock).alias("onset_s"),
        # The last phase has no end of its own.
        _on_video(events.select(time_s=until), offset_s, clock)
        .fill_nan(None)
        .fill_null(end_s)
        .alias("end_s"),
        "phase",
        "label",
    )
    first, last = placed["onset_s"][0], placed["end_s"][-1]
    cut = placed.with_columns(
        onset_s=pl.col("onset_s").clip(lower_bound=start_s), end_s=pl.col("end_s").clip(upper_bound=end_s)
    ).filter(pl.col("end_s") - pl.col("onset_s") > LEAST_S)
    if cut.is_empty():
        raise InputError(
            f"{where}: its phases lie from {first:.1f} s to {last:.1f} s, the recording from {start_s:.1f} s to "
            f"{end_s:.1f} s. Check video_start and its time zone in the sheet, or the path of the events."
        )
    return cut.select("onset_s", (pl.col("end_s") - pl.col("onset_s")).alias("duration_s"), "phase", "label")


def _on_video(times: pl.DataFrame, offset_s: float, clock: pl.DataFrame | None) -> pl.Series:
    return apply_clock(times.select(pl.col("time_s") + offset_s), clock)["time_s"]
