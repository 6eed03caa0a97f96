"""The clock of a recording's signals against its video: from markers, or from what both show."""

from __future__ import annotations

import logging

import numpy as np
import polars as pl

from affectflow.config.signal import FACE_COLUMNS, Alignment, without_change
from affectflow.errors import DesignError, InputError, did_you_mean
from affectflow.schema import CLOCKS
from affectflow.signal.align import FASTEST_HZ, align
from affectflow.signal.clock import Clock
from affectflow.signal.markers import fit_markers
from affectflow.signal.resample import low_pass

logger = logging.getLogger(__name__)


def clock_from_markers(
    markers: pl.DataFrame, *, recording_id: str, where: str, applied_s: float, options: Alignment
) -> pl.DataFrame:
    """Find the signals' clock from moments that were marked on both clocks; see `signal.markers`.

    Parameters
    ----------
    markers
        From `clock_markers.read_markers`: row, video_s, signal_s (as written in the signals file).
    where
        File name for messages.
    applied_s
        What clean_signals added to the signals' times already, seconds.
    options
        `max_drift_ppm` and `tolerance_s` are used.

    Returns
    -------
    `schema.CLOCKS`, one row.

    Raises
    ------
    InputError
        If a marker lies further than `tolerance_s` off the line through all; names the worst.
    """
    signal_s, video_s = markers["signal_s"].to_numpy() + applied_s, markers["video_s"].to_numpy()
    fit = fit_markers(signal_s, video_s, max_drift_ppm=options.max_drift_ppm, tolerance_s=options.tolerance_s)
    off = np.abs(fit.residual_s)
    if off.max() > options.tolerance_s:
        row = markers.row(int(np.argmax(off)), named=True)
        which = f"row {row['row']}: the marker at video_s {row['video_s']:g}, signal_s {row['signal_s']:g}"
        hint = f" ({fit.note})" if fit.note else ""
        raise InputError(
            f"{where}: {which} is {off.max():.3f} s off the line through all {off.size}{hint}. Correct or remove it, "
            f"or raise signal.alignment.tolerance_s (now {options.tolerance_s:g})."
        )
    return _table(
        recording_id,
        "markers",
        fit.clock,
        confidence=None,
        n_markers=off.size,
        residual_s=float(np.sqrt(np.mean(off**2))),
        note=fit.note,
    )


def clock_from_correlation(
    signals: pl.DataFrame,
    reference: pl.DataFrame,
    *,
    recording_id: str,
    options: Alignment,
    max_gap_s: float,
) -> pl.DataFrame:
    """Find the signals' clock at which a signal and something seen in the video agree best; see `signal.align`.

    Parameters
    ----------
    signals
        `schema.SIGNALS` of the recording.
    reference
        `schema.CODES`, or `schema.SIGNALS` on the video's clock when `options.reference` is a pulse from the face.
    options
        What is compared, and the limits.
    max_gap_s
        Longest gap interpolated, seconds.

    Returns
    -------
    `schema.CLOCKS`, one row.

    Raises
    ------
    DesignError
        If a name is not there, or the estimate is less sure than `options.confidence_min`.
    """
    signal_s, signal = _series(signals, options.signal, recording_id, "signal", max_gap_s)
    video_s, seen = _series(reference, options.reference, recording_id, "reference", max_gap_s)
    found = align(
        signal_s,
        signal,
        video_s,
        seen,
        max_lag_s=options.max_lag_s,
        max_drift_ppm=options.max_drift_ppm,
        max_gap_s=max_gap_s,
    )
    pair = f"{options.signal} and {options.reference}"
    if found.confidence < options.confidence_min or found.problem:
        reason = found.problem or (
            f"the best lag is {found.clock.offset_s:+.2f} s with a confidence of {found.confidence:.2f} "
            f"(correlation {found.correlation:.2f}, elsewhere up to {found.rival:.2f}), less than "
            f"signal.alignment.confidence_min {options.confidence_min:g}"
        )
        raise DesignError(
            f"recording {recording_id}: no clock from {pair}: {reason}. Compare something else, give markers or "
            "signal_offset_s in the sheet, or exclude the recording."
        )
    logger.info(
        "recording %s: %s agree best at %+.3f s, drift %+.0f ppm (correlation %.2f, elsewhere up to %.2f)",
        *(recording_id, pair, found.clock.offset_s, found.clock.drift_ppm, found.correlation, found.rival),
    )
    residual = None if np.isnan(found.residual_s) else found.residual_s
    return _table(
        recording_id,
        "correlation",
        found.clock,
        confidence=found.confidence,
        n_markers=None,
        residual_s=residual,
        note=f"{pair}: correlation {found.correlation:.2f}, elsewhere up to {found.rival:.2f}",
    )


def apply_clock(signals: pl.DataFrame, clock: pl.DataFrame | None) -> pl.DataFrame:
    """Put signals onto the video's clock.

    Parameters
    ----------
    signals
        `schema.SIGNALS`.
    clock
        `schema.CLOCKS` of the same recording, or None: nothing changes.
    """
    if clock is None:
        return signals
    return signals.with_columns(time_s=pl.Series(found_clock(clock).to_video(signals["time_s"].to_numpy())))


def found_clock(clock: pl.DataFrame | None) -> Clock:
    """Return the clock that `schema.CLOCKS` holds, or one that changes nothing."""
    if clock is None:
        return Clock(0.0)
    row = clock.row(0, named=True)
    return Clock(row["offset_s"], row["drift_ppm"], row["reference_s"])


def _series(
    table: pl.DataFrame, name: str, recording_id: str, setting: str, max_gap_s: float
) -> tuple[np.ndarray, np.ndarray]:
    """Times and values (NaN = missing) of a signal or of a column of codes, or of its change."""
    if "signal" in table.columns:
        there = table["signal"].unique().sort().to_list()
        exact = name if name in there else without_change(name)
        table = table.filter(pl.col("signal") == exact).sort("time_s").rename({"value": exact})
    else:
        there, exact = list(FACE_COLUMNS), without_change(name)
    if exact not in there:
        raise DesignError(
            f"recording {recording_id}: there is no {exact} (signal.alignment.{setting}).{did_you_mean(exact, there)} "
            f"There is: {', '.join(there) or 'nothing'}."
        )
    time = table["time_s"].to_numpy()
    value = table[exact].cast(pl.Float64).set(~table["valid"], None).fill_null(np.nan).to_numpy()
    if exact == name or time.size < 2:
        return time, value
    smooth = low_pass(time, value, rate_hz=FASTEST_HZ, max_gap_s=max_gap_s)
    change = np.diff(smooth) / np.diff(time)
    return (time[1:] + time[:-1]) / 2, np.abs(change) if name.startswith("speed_") else change


def _table(
    recording_id: str,
    method: str,
    clock: Clock,
    *,
    confidence: float | None,
    n_markers: int | None,
    residual_s: float | None,
    note: str | None,
) -> pl.DataFrame:
    row = {
        "recording_id": recording_id,
        "method": method,
        "offset_s": clock.offset_s,
        "drift_ppm": clock.drift_ppm,
        "reference_s": clock.reference_s,
        "confidence": confidence,
        "n_markers": n_markers,
        "residual_s": residual_s,
        "note": note,
    }
    return pl.DataFrame([row], schema={c.name: c.dtype for c in CLOCKS.columns})
