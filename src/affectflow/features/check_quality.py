"""What one recording is worth, and whether the study's limits leave it out."""

from __future__ import annotations

import logging
from collections.abc import Iterable

import numpy as np
import polars as pl

from affectflow.config.features import Exclude
from affectflow.errors import DesignError
from affectflow.features.coverage import (
    coverage_of_signals,
    find_gaps,
    irregular_share,
    longest_gap_s,
    pose_jitter,
    share_with_all_signals,
)
from affectflow.schema import FRAMES, POSE, RECORDING_QUALITY, is_further_face
from affectflow.signal.rppg import SNR
from affectflow.signal.stretches import median_step

logger = logging.getLogger(__name__)

LOW_COVERAGE = 0.5
# Rounding: what equals its limit passes.
TIES = 1e-9
HEAD = POSE[:3]


def columns_of(available: Iterable[str]) -> list[str]:
    """Return what `check_quality` needs of a frames table: time, phase, validity, head rotation, signals."""
    kept = {"recording_id", "frame_id", "time_s", "phase", "valid", *HEAD}
    return [c for c in available if c in kept or not (c in FRAMES.names or is_further_face(c))]


def check_quality(
    frames: pl.DataFrame,
    video: pl.DataFrame | None,
    *,
    recording_id: str,
    subject_id: str,
    condition: str | None,
    limits: Exclude,
    max_gap_s: float,
    has_signals: bool,
    clock: pl.DataFrame | None = None,
    rppg: pl.DataFrame | None = None,
) -> pl.DataFrame:
    """Put into one row what a recording's video, face, signals and clocks are worth.

    Parameters
    ----------
    frames
        `schema.FRAMES` of the recording; `columns_of` of it is enough.
    video
        `schema.VIDEO_QUALITY`, one row; None without a video.
    recording_id, subject_id, condition
        From the sheet; a recording may have no frames.
    limits
        `features.exclude`. A limit on the face asks nothing of a recording
        without video, one on signals nothing of a recording without signals.
    max_gap_s
        Longest time without a face that preprocessing bridges, seconds.
    has_signals
        Whether the sheet names signals.
    clock
        `schema.CLOCKS`, where the signals' clock was looked for.
    rppg
        `schema.SIGNALS` of `extract_rppg`, where the pulse was looked for.

    Returns
    -------
    `schema.RECORDING_QUALITY`, one row; `n_windows` is still null.
    """
    time = frames["time_s"].to_numpy()
    signals = coverage_of_signals(frames, max_gap_s=max_gap_s)
    row: dict[str, object] = {"recording_id": recording_id, "subject_id": subject_id, "condition": condition}
    if video is not None:
        row |= {k: v for k, v in video.row(0, named=True).items() if k != "recording_id"}
        row |= {"irregular_share": irregular_share(time), **_face(frames, max_gap_s)}
    elif time.size:
        row["duration_s"] = float(time[-1] - time[0])
    if has_signals:
        # Signals of which nothing can be used are no reason to say nothing.
        row["signal_coverage"] = share_with_all_signals(frames) or 0.0
    if clock is not None:
        found = clock.row(0, named=True)
        row |= {f"clock_{k}": found[k] for k in ("offset_s", "drift_ppm", "confidence")}
    if rppg is not None:
        row["rppg_snr_db"] = rppg.filter(pl.col("signal") == SNR)["value"].median()
    reasons = reasons_to_exclude(row, limits, step_s=median_step(time) if time.size > 1 else 0.0)
    row["note"] = "; ".join(_notes(row)) or None
    row["excluded"] = "; ".join(reasons) or None
    for reason in reasons:
        logger.warning("recording %s is left out: %s", recording_id, reason)
    coverage = {f"coverage_{r['signal']}": r["coverage"] for r in signals.iter_rows(named=True)}
    whole = {c.name: row.get(c.name) for c in RECORDING_QUALITY.columns} | coverage
    types = {c.name: c.dtype for c in RECORDING_QUALITY.columns} | {name: pl.Float64 for name in coverage}
    return pl.DataFrame([whole], schema=types)


def reasons_to_exclude(row: dict[str, object], limits: Exclude, *, step_s: float = 0.0) -> list[str]:
    """Return in words which limits of `features.exclude` a row of `schema.RECORDING_QUALITY` fails.

    The last frame is shown for a step (`step_s`, seconds) after it begins: a video of 250 frames at
    25 per second lasts 10 s, although its last frame comes at 9.96 s.
    """
    checks = (
        ("face_coverage", "is below", "face_coverage_min", limits.face_coverage_min),
        ("signal_coverage", "is below", "signal_coverage_min", limits.signal_coverage_min),
        ("duration_s", "is below", "duration_min_s", limits.duration_min_s),
        ("step_max_s", "is above", "step_max_s", limits.step_max_s),
    )
    reasons = []
    for column, verdict, key, limit in checks:
        value = row.get(column)
        if value is None and column == "duration_s":
            value = 0.0
        if limit is None or not isinstance(value, (int, float)):
            continue
        room = step_s if key == "duration_min_s" else 0.0
        if value + room < limit - TIES if verdict == "is below" else value > limit + TIES:
            reasons.append(f"{column} {_short(value, limit)} {verdict} features.exclude.{key} {limit:g}")
    if limits.truncated and row.get("truncated"):
        reasons.append("part of its video does not decode (features.exclude.truncated)")
    return reasons


def taking_part(
    paths: Iterable[str], quality: Iterable[pl.DataFrame], *, at_least_one: bool = False
) -> list[str]:
    """Return the files of those recordings that no limit leaves out.

    Parameters
    ----------
    paths
        A file per recording.
    quality
        The table that `check_quality` made of each, in the same order.
    at_least_one
        Whether nothing can be done without any.

    Raises
    ------
    DesignError
        If none remains and one is needed.
    """
    kept = [p for p, q in zip(paths, quality, strict=True) if q.item(0, "excluded") is None]
    if at_least_one and not kept:
        raise DesignError(
            "every recording is left out by features.exclude; quality.parquet says why. Loosen its limits."
        )
    return kept


def _short(value: float, limit: float) -> str:
    """Write a value with as many digits as it takes to tell it from the limit."""
    return next((t for n in (3, 4, 6, 9) if float(t := f"{value:.{n}g}") != limit), repr(value))


def _face(frames: pl.DataFrame, max_gap_s: float) -> dict[str, object]:
    time, valid = frames["time_s"].to_numpy(), frames["valid"].to_numpy()
    pose = frames.select(pl.col(HEAD).cast(pl.Float64).fill_null(np.nan)).to_numpy()
    return {
        "face_coverage": float(valid.mean()) if valid.size else None,
        "n_face_gaps": len(find_gaps(time, valid, max_gap_s=max_gap_s)),
        "face_gap_max_s": longest_gap_s(time, valid),
        "pose_jitter_rad": pose_jitter(time, pose, max_gap_s=max_gap_s),
    }


def _notes(row: dict[str, object]) -> list[str]:
    notes = [str(row["note"])] if row.get("note") else []
    face = row.get("face_coverage")
    if face == 0:
        notes.append("no face in any frame")
    elif isinstance(face, float) and face < LOW_COVERAGE:
        notes.append(f"face in only {100 * face:.0f} % of the frames")
    if row.get("signal_coverage") == 0:
        notes.append("no frame with every signal")
    return notes
