"""One row per recording: what its video, face and signals are worth."""

from __future__ import annotations

from collections.abc import Iterable

import polars as pl

from affectflow.schema import FRAMES, RECORDING_QUALITY, VIDEO_QUALITY
from affectflow.signal.quality import is_continuous

LOW_COVERAGE = 0.5


def summarise_quality(
    quality: Iterable[pl.DataFrame], frames: Iterable[pl.DataFrame], windows: pl.DataFrame
) -> pl.DataFrame:
    """Put video quality beside the coverage of face and signals.

    Parameters
    ----------
    quality
        `schema.VIDEO_QUALITY` of recordings with video.
    frames
        `schema.FRAMES` of all recordings, read one at a time.
    windows
        `schema.WINDOWS` of all recordings.

    Returns
    -------
    `schema.RECORDING_QUALITY`, sorted by recording_id. Signals-only
    recordings have a coverage of signals and no description of a video.
    """
    coverage = pl.concat([_coverage(table) for table in frames])
    videos = pl.concat([VIDEO_QUALITY.empty(), *quality]).rename({"note": "video_note"})
    counts = windows.group_by("recording_id").agg(n_windows=pl.len())
    table = coverage.join(videos, on="recording_id", how="left").join(counts, on="recording_id", how="left")
    table = table.with_columns(pl.col("n_windows").fill_null(0)).sort("recording_id")
    notes = pl.concat_str(
        pl.col("video_note"),
        pl.when(pl.col("face_coverage") == 0).then(pl.lit("no face in any frame")),
        pl.when(pl.col("face_coverage").is_between(0, LOW_COVERAGE, closed="none")).then(
            pl.format(
                "face in only {} % of the frames", (pl.col("face_coverage") * 100).round().cast(pl.Int32)
            )
        ),
        pl.when((pl.col("n_windows") == 0) & (pl.col("face_coverage") > 0)).then(
            pl.lit("not in statistics and models: too short for a window of features.windows.length_s")
        ),
        separator="; ",
        ignore_nulls=True,
    )
    return (
        table.with_columns(
            note=pl.when(notes != "").then(notes),
            truncated=pl.col("truncated").fill_null(False),
            variable_rate=pl.col("variable_rate").fill_null(False),
            n_frames=pl.col("n_frames").fill_null(0),
        )
        .select(RECORDING_QUALITY.names)
        .cast({c.name: c.dtype for c in RECORDING_QUALITY.columns})
    )


def _coverage(frames: pl.DataFrame) -> pl.DataFrame:
    signals = [c for c in frames.columns if c not in FRAMES.names and is_continuous(c)]
    present = pl.all_horizontal(pl.col(signals).is_not_null()).mean() if signals else pl.lit(None, pl.Float64)
    return frames.group_by("recording_id", "subject_id", "condition").agg(
        face_coverage=pl.col("valid").mean(),
        signal_coverage=present,
    )
