"""Pulse from the face: frames and faces of one recording → heart rate, its certainty and the pulse wave."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from affectflow.config.signal import Rppg
from affectflow.errors import ConfigError
from affectflow.face.skin_colour import SkinColour, skin_colour
from affectflow.schema import SIGNALS
from affectflow.signal.rppg import HEART_RATE, SLOWEST_HZ, SNR, WAVE, WAVES, band_pass, heart_rates
from affectflow.signal.stretches import Stretch, median_step, on_regular_clock, split_at_gaps

logger = logging.getLogger(__name__)

# Longest time without skin that is bridged, whatever signal.max_gap_s allows: a quarter of a second is
# a third of a beat, more would be drawn rather than measured.
BRIDGED_S = 0.25

# Red, green and blue of skin lie tens of levels apart; those of a monochrome camera do not.
GREY = 1.0

Array = NDArray[np.float64]
Columns = dict[str, tuple[Array, Array]]


def extract_rppg(
    frames: Iterator[Any],
    faces: Iterable[pl.DataFrame],
    *,
    recording_id: str,
    options: Rppg,
    rate_clock_hz: float,
    max_gap_s: float,
) -> pl.DataFrame:
    """Measure the pulse in the colour of the primary face's skin.

    Parameters
    ----------
    frames
        Decoded frames of the recording, in order, from the first.
    faces
        `schema.FACES` in pieces, in order of frame.
    recording_id
        Goes into the table and the log.
    options
        Method, window and gate.
    rate_clock_hz, max_gap_s
        See `pulse_table`.

    Returns
    -------
    `schema.SIGNALS`; see `pulse_table`.

    Raises
    ------
    ConfigError
        If the method is none.
    TableError
        If the faces are those of another video.
    """
    if options.method == "none":
        raise ConfigError(
            "signal.rppg.method is none, and something asks for the pulse. Choose pos or chrom."
        )
    colour = skin_colour(frames, faces)
    return pulse_table(
        colour, recording_id=recording_id, options=options, rate_clock_hz=rate_clock_hz, max_gap_s=max_gap_s
    )


def pulse_table(
    colour: SkinColour, *, recording_id: str, options: Rppg, rate_clock_hz: float, max_gap_s: float
) -> pl.DataFrame:
    """Turn the colour of the skin over time into heart rate, signal-to-noise ratio and pulse wave.

    Each stretch of frames with skin is put on a regular clock by the frames' own
    times and treated alone. A heart rate stands for the window of
    `options.window_s` around its time; within half a window of a stretch's ends,
    for the first or last whole window. A stretch shorter than one window has none.

    Parameters
    ----------
    colour
        Of every frame.
    recording_id
        Goes into the table and the log.
    options
        Method, window and gate.
    rate_clock_hz
        Heart rates per second.
    max_gap_s
        Longest time without skin that is bridged, seconds, but never above `BRIDGED_S`.

    Returns
    -------
    `schema.SIGNALS` on the video's clock: ``rppg_hr_bpm`` and ``rppg_wave_au``, missing
    where the signal-to-noise ratio is below `options.snr_min_db`, and ``rppg_snr_db``
    itself, missing only where there was nothing to measure.
    """
    seen = np.isfinite(colour.rgb).all(axis=1)
    time, rgb = colour.time_s[seen], colour.rgb[seen]
    step_s = median_step(colour.time_s)
    longest_s = max(min(max_gap_s, BRIDGED_S), 1.5 * step_s) if colour.time_s.size > 1 else BRIDGED_S
    parts: list[Columns] = []
    for run in split_at_gaps(time, longest_s):
        problem = _problem(time[run], rgb[run], step_s, options.window_s)
        if problem:
            message = "recording %s: no pulse from the face from %.1f s to %.1f s: %s"
            logger.warning(message, recording_id, time[run][0], time[run][-1], problem)
            parts.append(_nothing(time[run], rate_clock_hz))
            continue
        channels = [on_regular_clock(time[run], rgb[run, k], step_s=step_s) for k in range(3)]
        parts.append(_pulse(channels, options, rate_clock_hz))
    table = _table(recording_id, parts)
    _say_what_was_kept(table, recording_id, options)
    return table


def _problem(time: Array, rgb: Array, step_s: float, window_s: float) -> str | None:
    if time.size < 2:
        return "a single frame with skin"
    if np.ptp(rgb, axis=1).max() < GREY:
        return "the picture has no colour"
    if 1 / step_s < SLOWEST_HZ:
        return f"{1 / step_s:.3g} frames per second are too few (at least {SLOWEST_HZ:.2g})"
    lasts = time[-1] - time[0] + step_s
    if lasts < window_s - 0.5 * step_s:
        return f"{lasts:.1f} s are shorter than signal.rppg.window_s ({window_s:g} s)"
    return None


def _pulse(channels: list[Stretch], options: Rppg, rate_clock_hz: float) -> Columns:
    """Return the quantities of one stretch that is long enough, name → (times, values)."""
    clock, rate_hz = channels[0].time_s, channels[0].rate_hz
    wave = WAVES[options.method](np.column_stack([c.value for c in channels]), rate_hz=rate_hz)
    length = min(round(options.window_s * rate_hz), wave.size)
    at = _rate_times(clock, rate_clock_hz)
    first = np.round((at - clock[0]) * rate_hz - length / 2).astype(np.int64)
    starts = np.clip(first, 0, wave.size - length)
    found = heart_rates(wave, starts, length=length, rate_hz=rate_hz)
    kept = found.snr_db >= options.snr_min_db
    # The wave is believed where the window nearest to it is.
    near = np.clip(np.round((clock - at[0]) * rate_clock_hz).astype(np.int64), 0, at.size - 1)
    filtered = band_pass(wave, rate_hz=rate_hz)
    return {
        HEART_RATE: (at, np.where(kept, found.hr_bpm, np.nan)),
        SNR: (at, found.snr_db),
        WAVE: (clock, np.where(kept[near], filtered, np.nan)),
    }


def _nothing(time: Array, rate_clock_hz: float) -> Columns:
    at = _rate_times(time, rate_clock_hz)
    return {name: (t, np.full(t.size, np.nan)) for name, t in ((HEART_RATE, at), (SNR, at), (WAVE, time))}


def _rate_times(clock: Array, rate_clock_hz: float) -> Array:
    """Return times every 1 / rate_clock_hz from the stretch's first moment on."""
    n = int(np.floor((clock[-1] - clock[0]) * rate_clock_hz + 1e-6)) + 1
    return clock[0] + np.arange(n) / rate_clock_hz


def _table(recording_id: str, parts: list[Columns]) -> pl.DataFrame:
    tables = [
        pl.DataFrame(
            {
                "recording_id": pl.repeat(recording_id, time.size, eager=True, dtype=pl.String),
                "signal": pl.repeat(name, time.size, eager=True, dtype=pl.String),
                "time_s": time,
                "value": pl.Series(value, dtype=pl.Float64, nan_to_null=True),
                "valid": ~np.isnan(value),
            }
        )
        for part in parts
        for name, (time, value) in part.items()
    ]
    if not tables:
        return SIGNALS.empty()
    return pl.concat(tables).sort("signal", "time_s", maintain_order=True)


def _say_what_was_kept(table: pl.DataFrame, recording_id: str, options: Rppg) -> None:
    rates = table.filter(pl.col("signal") == HEART_RATE)
    kept = int(rates["valid"].sum())
    snr = table.filter(pl.col("signal") == SNR)["value"].drop_nulls().to_numpy()
    logger.info(
        "recording %s: heart rate from the face by %s: %d of %d estimates kept (%.0f%%), "
        "median signal-to-noise ratio %s, limit %g dB",
        *(recording_id, options.method, kept, rates.height, 100 * kept / max(rates.height, 1)),
        f"{np.median(snr):.1f} dB" if snr.size else "not known",
        options.snr_min_db,
    )
