"""Raw biosignals of one recording → cleaned signals with validity, on the video's clock."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import polars as pl

from affectflow.config.signal import Signal
from affectflow.errors import InputError
from affectflow.registry import load
from affectflow.schema import SIGNAL_UNITS, SIGNALS
from affectflow.signal import CLEANERS, SCREENS, WAVE_UNITS
from affectflow.signal.event_rates import join_intervals
from affectflow.signal.hrv import QUANTITIES, heart_rate_variability
from affectflow.signal.naming import final_names, with_rest
from affectflow.signal.ranges import plausible_range, split_name
from affectflow.signal.raw import RawSignal
from affectflow.signal.stretches import (
    Cleaned,
    Cleaner,
    Intervals,
    Result,
    Screen,
    Stretch,
    fill_short_gaps,
    longest_step,
    median_step,
    on_regular_clock,
    split_at_gaps,
)
from affectflow.signal.time_checks import check_times
from affectflow.signal.unit_checks import suspected_unit

logger = logging.getLogger(__name__)

# What is split into these already is not split again.
SPLIT_ALREADY = frozenset({"_tonic", "_phasic"})


def clean_signals(
    signals: Sequence[RawSignal],
    *,
    recording_id: str,
    offset_s: float = 0.0,
    options: Signal | None = None,
) -> pl.DataFrame:
    """Clean every signal of a recording, stretch by stretch, each on its own clock.

    Skin conductance becomes level, responses, their frequency and height; pulse waves,
    electrocardiograms and lists of beats become heart rate and its variability;
    breathing waves become breathing rate. Gaze, pupil and perspiration are screened.
    Every other signal (a heart rate the device computed, temperature) is passed on.
    What waves are worth goes along as ``quality_*``, 0..1. Values a sensor cannot have are missing. Missing pieces up to
    `options.max_gap_s` are interpolated, longer ones split the signal: nothing
    is filtered, interpolated or counted across them, and no samples are
    invented inside them.

    Parameters
    ----------
    signals
        The raw signals, each with its own samples; see `signal.raw`.
    recording_id
        Goes into the table and the log.
    offset_s
        Added to the times to reach the video's clock, seconds.
    options
        See `config.signal.Signal`.

    Returns
    -------
    `schema.SIGNALS`. A sample that cannot be trusted has a null value and
    ``valid = false``; the log says why.

    Raises
    ------
    InputError
        If a name does not end in a known unit, if values look like another unit
        (`unit_checks`), if times cannot be seconds of one recording (`time_checks`), or if
        two signals would get the same name.
    """
    options = options or Signal()
    check_times(signals, recording_id=recording_id, max_gap_s=options.max_gap_s, offset_s=offset_s)
    parts: list[tuple[str, Cleaned]] = []
    for raw in signals:
        cleaned = _clean_one(raw.name, raw.time_s + offset_s, raw.value, recording_id, options)
        parts += [(raw.name, part) for part in cleaned]
    if not parts:
        logger.warning("recording %s: no signal has a single value", recording_id)
        return SIGNALS.empty()
    names = final_names([(column, part.name) for column, part in parts], recording_id)
    tables = [_table(recording_id, names[column, part.name], part) for column, part in parts]
    return pl.concat(tables).sort("signal", "time_s", maintain_order=True)


def _clean_one(
    column: str, time: np.ndarray, value: np.ndarray, recording_id: str, options: Signal
) -> list[Cleaned]:
    kind, rest, unit = _named(column, recording_id)
    own = ~np.isnan(value)
    time, value = time[own], value[own]
    if time.size == 0:
        logger.warning("recording %s: %s has no values; it is left out", recording_id, column)
        return []
    _check_unit(column, value, recording_id)
    good = _in_range(column, value, recording_id)
    is_wave = kind in CLEANERS and unit in WAVE_UNITS and rest not in SPLIT_ALREADY
    if is_wave and time.size > 1:
        found, notes = _clean_wave(kind, time, value, good, options)
    elif f"{kind}_{unit}" in SCREENS:
        screen: Screen = load(SCREENS, f"{kind}_{unit}", "signal kind")
        found = screen(time, np.where(good, value, np.nan), options)
        notes = found.notes
    else:
        kept = fill_short_gaps(time, np.where(good, value, np.nan), max_gap_s=options.max_gap_s)
        return [Cleaned(column, time, kept)]
    for note in notes:
        logger.warning("recording %s: %s %s", recording_id, column, note)
    quantities = [*found.quantities, *_variability(found.beats, column, recording_id, options)]
    return [replace(q, name=with_rest(q.name, rest)) for q in quantities]


def _clean_wave(
    kind: str, time: np.ndarray, value: np.ndarray, good: np.ndarray, options: Signal
) -> tuple[Result, list[str]]:
    """Clean a wave stretch by stretch; its beats are laid together, since variability looks across gaps."""
    # The rate is that of the samples as they came; those out of range leave gaps.
    step, longest = median_step(time), longest_step(time, options.max_gap_s)
    problem = None if good.any() else "no value is within what can be measured"
    if good.any():
        time, value = time[good], value[good]
    cleaner: Cleaner = load(CLEANERS, kind, "signal kind")
    results, notes = [], []
    for run in split_at_gaps(time, longest):
        stretch = on_regular_clock(time[run], value[run], step_s=step)
        results.append(_run(cleaner, stretch, options, problem))
        span = f"from {stretch.time_s[0]:.1f} s to {stretch.time_s[-1]:.1f} s"
        notes += [f"{span}: {note}" for note in results[-1].notes]
    beats = [r.beats for r in results if r.beats is not None]
    quantities = [q for r in results for q in r.quantities]
    return Result(quantities, [], join_intervals(beats) if beats else None), notes


def _variability(beats: Intervals | None, column: str, recording_id: str, options: Signal) -> list[Cleaned]:
    if beats is None:
        return []
    found = heart_rate_variability(beats, options.hrv, max_gap_s=options.max_gap_s)
    if not found:
        logger.info(
            "recording %s: %s gives no heart rate variability: nowhere do accepted beats fill %.0f %% of %g s "
            "(signal.hrv.coverage_min, signal.hrv.window_s)",
            *(recording_id, column, 100 * options.hrv.coverage_min, options.hrv.window_s),
        )
    # Without samples the rest still takes part in naming: a quantity from a second sensor has the
    # same name in all recordings, whether or not the first one worked.
    nothing, told = np.empty(0), {q.name for q in found}
    return found + [Cleaned(name, nothing, nothing) for name in QUANTITIES if name not in told]


def _named(column: str, recording_id: str) -> tuple[str, str, str]:
    found = split_name(column)
    if found is None:
        raise InputError(
            f"recording {recording_id}: signal {column!r} does not end in a unit. "
            f"Name it like eda_usiemens; units: {', '.join(SIGNAL_UNITS)}."
        )
    return found


def _check_unit(column: str, value: np.ndarray, recording_id: str) -> None:
    kind, _, unit = _named(column, recording_id)
    suspicion = suspected_unit(kind, unit, value)
    if suspicion:
        raise InputError(
            f"recording {recording_id}: the values of {column} {suspicion}. "
            "Nothing is converted by itself: convert or rename the column, or take it out of the file."
        )


def _in_range(column: str, value: np.ndarray, recording_id: str) -> np.ndarray:
    kind, rest, unit = _named(column, recording_id)
    low, high = plausible_range(kind, unit, rest)
    good = np.isfinite(value) & (value > low) & (value <= high)
    if not good.all():
        logger.warning(
            "recording %s: %s: %d of %d values are not within what can be measured (%g to %g); "
            "they count as missing",
            *(recording_id, column, (~good).sum(), good.size, low, high),
        )
    return good


def _run(cleaner: Cleaner, stretch: Stretch, options: Signal, problem: str | None) -> Result:
    """Run a cleaner; a stretch on which a library gives up is a stretch without a valid value."""
    try:
        return cleaner(stretch, options, problem=problem)
    except (ValueError, IndexError, TypeError, ZeroDivisionError, np.linalg.LinAlgError) as error:
        logger.debug("a stretch could not be processed", exc_info=True)
        return cleaner(stretch, options, problem=f"the signal could not be processed ({error})")


def _table(recording_id: str, name: str, part: Cleaned) -> pl.DataFrame:
    value = np.where(np.isfinite(part.value), part.value, np.nan)
    return pl.DataFrame(
        {
            "recording_id": pl.repeat(recording_id, part.time_s.size, eager=True, dtype=pl.String),
            "signal": pl.repeat(name, part.time_s.size, eager=True, dtype=pl.String),
            "time_s": part.time_s,
            "value": pl.Series(value, dtype=pl.Float64, nan_to_null=True),
            "valid": ~np.isnan(value),
        }
    )
