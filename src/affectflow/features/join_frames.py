"""Codes, signals and phases of one recording, joined on the time of each video frame."""

from __future__ import annotations

import logging

import numpy as np
import polars as pl

from affectflow.errors import DesignError, InputError, TableError
from affectflow.features.align_clock import apply_clock
from affectflow.features.events import check_events_end, fill_durations, phase_at
from affectflow.schema import (
    EXP_COLUMNS,
    FRAMES,
    MEASURE_COLUMNS,
    POSE_COLUMNS,
    VIDEO_FRAMES,
    is_further_face,
)
from affectflow.signal.resample import rate_of, resample_at
from affectflow.signal.rppg import HEART_RATE
from affectflow.signal.stretches import median_step

logger = logging.getLogger(__name__)

# Both tables carry the same container's times; anything above rounding is another file.
SAME_TIME_S = 1e-6
FACE_COLUMNS = [c.name for c in (*EXP_COLUMNS, *POSE_COLUMNS, *MEASURE_COLUMNS)]


def join_frames(
    video_frames: pl.DataFrame,
    codes: pl.DataFrame | None,
    signals: pl.DataFrame | None,
    events: pl.DataFrame | None,
    *,
    clock: pl.DataFrame | None = None,
    rppg: pl.DataFrame | None = None,
    subject_id: str,
    condition: str | None,
    pair: str | None,
    max_gap_s: float,
    events_name: str = "events",
) -> pl.DataFrame:
    """Join what is known about each frame of one recording.

    The rows are the decoded frames, all of them and no others. Codes belong to
    a frame by its number *and* must have its time. Signals are interpolated
    linearly at the frame's time between two valid samples that are next to each
    other and no further apart than `max_gap_s`; elsewhere they are null. A signal with
    more samples than frames is low-passed before, so that no frame holds a wave that is
    not there (`signal.resample`). Nothing is joined on a row number.

    Parameters
    ----------
    video_frames
        `schema.VIDEO_FRAMES` of one recording; for a recording without video
        `signal_frames`.
    codes
        `schema.CODES`, or None without a video.
    signals
        `schema.SIGNALS` on the video's clock, or None.
    clock
        `schema.CLOCKS`, when the signals' clock has still to be brought onto the video's; or None.
    rppg
        `schema.SIGNALS` of `extract_rppg`, or None. Its heart rate is joined, by the video's own clock;
        wave and signal-to-noise ratio are no features.
    events
        `schema.EVENTS_SCHEMA` from a reader of `datasets.EVENT_FORMATS`; None = one phase ``whole``.
    subject_id, condition, pair
        From the sheet.
    max_gap_s
        Longest step between two samples that is interpolated, seconds; a signal
        that is slower by nature may bridge one and a half of its usual steps.
    events_name
        File name for messages.

    Returns
    -------
    `schema.FRAMES`, in order of time.

    Raises
    ------
    TableError
        If codes belong to other frames than the video's.
    InputError
        If a phase ends after the video, or the clock leaves no signal beside it.
    """
    frames = video_frames.select("recording_id", "frame_id", "time_s").sort("frame_id")
    name = frames["recording_id"][0] if frames.height else "?"
    time = frames["time_s"].to_numpy()
    if events is not None and frames.height:
        step = median_step(time) if time.size > 1 else 0.0
        events = fill_durations(events, end_s=float(time.max()) + step, where=events_name)
        check_events_end(
            events,
            end_s=float(time.max()) + step,
            tolerance_s=step,
            where=events_name,
            what="recording" if codes is None else "video",
        )
    frames = frames.with_columns(
        pl.lit(subject_id, pl.String).alias("subject_id"),
        pl.lit(condition, pl.String).alias("condition"),
        pl.lit(pair, pl.String).alias("pair"),
        phase_at(events, time),
    )
    frames = _with_codes(frames, codes, name)
    if signals is not None:
        signals = apply_clock(signals, clock)
        _check_clock(signals, clock, time, name)
    signals = _with_pulse(signals, rppg, name)
    columns = [] if signals is None else signal_columns(signals, time, max_gap_s=max_gap_s)
    doubled = [c.name for c in columns if c.name in frames.columns]
    if doubled:
        raise InputError(
            f"recording {name}: {', '.join(doubled)} is in its signals and in its face codes. Rename it in the signals."
        )
    joined = frames.with_columns(columns)
    return joined.select(*FRAMES.names, *sorted(c for c in joined.columns if c not in FRAMES.names))


def _check_clock(signals: pl.DataFrame, clock: pl.DataFrame | None, time: np.ndarray, name: str) -> None:
    """Refuse a clock by which no signal was recorded while the frames were."""
    if clock is None or signals.is_empty() or not time.size:
        return
    first, last = float(signals["time_s"].min()), float(signals["time_s"].max())  # type: ignore[arg-type]
    if last < time[0] or first > time[-1]:
        row = clock.row(0, named=True)
        raise InputError(
            f"recording {name}: by its clock ({row['method']}: {row['offset_s']:+.3f} s, {row['drift_ppm']:+.0f} ppm) the "
            f"signals last from {first:.1f} s to {last:.1f} s, the video from {time[0]:.1f} s to {time[-1]:.1f} s. Check "
            "the markers (are video_s and signal_s swapped?) and signal_offset_s in the sheet."
        )


def _with_pulse(signals: pl.DataFrame | None, rppg: pl.DataFrame | None, name: str) -> pl.DataFrame | None:
    """Add the heart rate seen in the face to the signals, which are on the video's clock by now."""
    if rppg is None:
        return signals
    pulse = rppg.filter(pl.col("signal") == HEART_RATE)
    if signals is None:
        return pulse
    if (signals["signal"] == HEART_RATE).any():
        raise InputError(
            f"recording {name}: its signals have {HEART_RATE}, which signal.rppg.method makes too. "
            "Rename the column, or set signal.rppg.method: none."
        )
    return pl.concat([signals, pulse])


def _with_codes(frames: pl.DataFrame, codes: pl.DataFrame | None, name: str) -> pl.DataFrame:
    empty = [pl.lit(None, pl.Float32).alias(c) for c in FACE_COLUMNS]
    if codes is None:
        return frames.with_columns(pl.lit(False).alias("valid"), *empty)
    columns = [*FACE_COLUMNS, *(c for c in codes.columns if is_further_face(c))]
    picked = codes.select("frame_id", pl.col("time_s").alias("code_time_s"), "valid", *columns)
    strangers = picked.join(frames, on="frame_id", how="anti").height
    joined = frames.join(picked, on="frame_id", how="left", maintain_order="left")
    apart = np.nanmax(
        np.abs((joined["code_time_s"] - joined["time_s"]).fill_null(0.0).to_numpy()), initial=0.0
    )
    if strangers or apart > SAME_TIME_S:
        what = (
            f"{strangers} frames of the codes are not in the video"
            if strangers
            else f"frame times of codes and video differ by up to {apart:.6g} s"
        )
        raise TableError(f"recording {name}: {what}. Re-run: snakemake --forcerun extract_codes")
    missing = joined["code_time_s"].null_count()
    if missing:
        message = "recording %s: %d of %d frames have no code; they count as frames without a face"
        logger.warning(message, name, missing, frames.height)
    # A number of a frame that is not valid is a leftover of the backend, not a measurement.
    return joined.drop("code_time_s").with_columns(
        pl.col("valid").fill_null(False),
        *(pl.when(pl.col("valid").fill_null(False)).then(pl.col(c)).alias(c) for c in columns),
    )


def signal_columns(signals: pl.DataFrame, time_s: np.ndarray, *, max_gap_s: float) -> list[pl.Series]:
    """Return each signal at the given times; see `join_frames`.

    Parameters
    ----------
    signals
        `schema.SIGNALS` of one recording.
    time_s
        Times at which values are wanted, increasing, seconds; their usual rate is what signals are
        low-passed for.
    max_gap_s
        See `join_frames`.
    """
    columns = []
    rate = rate_of(time_s)
    for (name,), table in signals.sort("signal", "time_s").group_by("signal", maintain_order=True):
        value = table["value"].set(~table["valid"], None).fill_null(np.nan).to_numpy()
        at = resample_at(table["time_s"].to_numpy(), value, time_s, rate_hz=rate, max_gap_s=max_gap_s)
        columns.append(pl.Series(name, at, dtype=pl.Float64, nan_to_null=True))
    return columns


def signal_frames(signals: pl.DataFrame, *, recording_id: str, rate_hz: float) -> pl.DataFrame:
    """Return a regular clock in place of video frames, for a recording without video.

    Times are multiples of 1 / rate_hz from the first to the last valid sample of any signal.

    Returns
    -------
    ``recording_id, frame_id, time_s`` as in `schema.VIDEO_FRAMES`.

    Raises
    ------
    DesignError
        If no signal has a valid sample: the recording then has neither face nor signals.
    """
    good = signals.filter("valid")["time_s"].to_numpy()
    if good.size == 0:
        raise DesignError(
            f"recording {recording_id}: has no video and no valid signal sample. "
            "See the log of clean_signals, or exclude it in the sheet."
        )
    first = int(np.ceil(good.min() * rate_hz - 1e-6))
    last = int(np.floor(good.max() * rate_hz + 1e-6))
    number = np.arange(first, max(last, first) + 1)
    table = pl.DataFrame({"frame_id": np.arange(number.size), "time_s": number / rate_hz})
    return table.select(
        pl.lit(recording_id).alias("recording_id"),
        pl.col("frame_id").cast(VIDEO_FRAMES.columns[1].dtype),
        "time_s",
    )
