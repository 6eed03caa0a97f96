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
from affectflow.signal import CLEANERS, WAVE_UNITS
from affectflow.signal.ranges import plausible_range, split_name
from affectflow.signal.raw import RawSignal
from affectflow.signal.stretches import (
    Cleaned,
    Cleaner,
    Result,
    Stretch,
    longest_step,
    median_step,
    on_regular_clock,
    split_at_gaps,
)

logger = logging.getLogger(__name__)

# When several signals tell the same quantity, the first of these kinds keeps its plain name:
# what the device itself computed, then the sensor that sees the quantity most directly.
PREFERRED = ("hr", "ecg", "ppg", "bvp")
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

    Skin conductance becomes level, responses and their frequency; pulse waves and
    electrocardiograms become heart rate; breathing waves become breathing rate.
    Every other signal (a heart rate the device computed, gaze, temperature) is
    passed on. Values a sensor cannot have are missing. Missing pieces up to
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
        If a name does not end in a known unit, or two signals would get the same name.
    """
    options = options or Signal()
    parts: list[tuple[str, Cleaned]] = []
    for raw in signals:
        cleaned = _clean_one(raw.name, raw.time_s + offset_s, raw.value, recording_id, options)
        parts += [(raw.name, part) for part in cleaned]
    if not parts:
        logger.warning("recording %s: no signal has a single value", recording_id)
        return SIGNALS.empty()
    names = _final_names(parts, recording_id)
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
    good = _in_range(column, kind, unit, value, recording_id)
    is_wave = kind in CLEANERS and unit in WAVE_UNITS and rest not in SPLIT_ALREADY
    if not is_wave or time.size < 2:
        return [_passed_on(column, time, np.where(good, value, np.nan), options)]
    # The rate is that of the samples as they came; those out of range leave gaps.
    step, longest = median_step(time), longest_step(time, options.max_gap_s)
    problem = None if good.any() else "no value is within what can be measured"
    if good.any():
        time, value = time[good], value[good]
    cleaner = load(CLEANERS, kind, "signal kind")
    out = []
    for run in split_at_gaps(time, longest):
        stretch = on_regular_clock(time[run], value[run], step_s=step)
        result = _run(cleaner, stretch, options, problem)
        for note in result.notes:
            span = f"{stretch.time_s[0]:.1f} s to {stretch.time_s[-1]:.1f} s"
            logger.warning("recording %s: %s from %s: %s", recording_id, column, span, note)
        out += [replace(q, name=_with_rest(q.name, rest)) for q in result.quantities]
    return out


def _named(column: str, recording_id: str) -> tuple[str, str, str]:
    found = split_name(column)
    if found is None:
        raise InputError(
            f"recording {recording_id}: signal {column!r} does not end in a unit. "
            f"Name it like eda_usiemens; units: {', '.join(SIGNAL_UNITS)}."
        )
    return found


def _in_range(column: str, kind: str, unit: str, value: np.ndarray, recording_id: str) -> np.ndarray:
    low, high = plausible_range(kind, unit)
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


def _passed_on(column: str, time: np.ndarray, value: np.ndarray, options: Signal) -> Cleaned:
    """Keep the samples; interpolate missing ones between good ones that are near enough."""
    good = np.flatnonzero(~np.isnan(value))
    filled = value.copy()
    if good.size > 1:
        limit = longest_step(time, options.max_gap_s)
        for run in split_at_gaps(time[good], limit):
            first, last = good[run][0], good[run][-1] + 1
            filled[first:last] = np.interp(time[first:last], time[good[run]], value[good[run]])
    return Cleaned(column, time, filled)


def _with_rest(quantity: str, rest: str) -> str:
    """Name of a quantity from a signal with more words: eda_left_usiemens → eda_left_tonic_usiemens."""
    first, _, others = quantity.partition("_")
    return f"{first}{rest}_{others}"


def _final_names(parts: list[tuple[str, Cleaned]], recording_id: str) -> dict[tuple[str, str], str]:
    """Give each quantity of each raw signal its name; of two with the same, one is called after its source."""
    sources: dict[str, list[str]] = {}
    for column, part in parts:
        if column not in sources.setdefault(part.name, []):
            sources[part.name].append(column)
    names = {}
    for quantity, columns in sources.items():
        for rank, column in enumerate(sorted(columns, key=_preference)):
            kind = split_name(column)[0]  # type: ignore[index]
            names[column, quantity] = quantity if rank == 0 else _with_rest(quantity, f"_{kind}")
            if rank:
                message = "recording %s: %s from %s is called %s"
                logger.info(message, recording_id, quantity, column, names[column, quantity])
    if len(set(names.values())) < len(names):
        double = sorted({n for n in names.values() if list(names.values()).count(n) > 1})
        raise InputError(
            f"recording {recording_id}: {', '.join(double)} comes from more than one signal. "
            "Give the signals different names, such as ppg_left_au and ppg_right_au."
        )
    return names


def _preference(column: str) -> tuple[int, str]:
    kind = split_name(column)[0]  # type: ignore[index]
    return (PREFERRED.index(kind) if kind in PREFERRED else len(PREFERRED)), column


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
