"""What was measured on the skin while the video was taken: skin conductance on its own clock, the pulse beside it.

Axes: t = sample of the skin conductance.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import polars as pl
from numpy.typing import NDArray

from affectflow.errors import InputError, did_you_mean
from affectflow.features.align_clock import apply_clock, found_clock
from affectflow.signal.naming import with_rest
from affectflow.signal.ranges import plausible_range, split_name
from affectflow.signal.raw import RawSignal
from affectflow.signal.resample import FASTER_THAN, rate_of, resample_at, resample_regular

PULSE_KINDS = ("bvp", "ppg")
# Times are stored in decimals or as multiples of a step: below this they are the same.
ROUNDING_S = 1e-6
Array = NDArray[np.float64]


@dataclass(frozen=True)
class Samples:
    """A recording's skin conductance and what goes with it, NaN = missing.

    Attributes
    ----------
    time_s
        Of the samples, on the video's clock, (t,).
    eda, tonic, phasic
        The conductance as measured, its level and its responses, microsiemens, (t,).
    pulse
        Mean of the pulse wave from each sample to the next, in the sensor's unit, (t,).
    names
        The signals these are.
    """

    time_s: Array
    eda: Array
    tonic: Array
    phasic: Array
    pulse: Array
    names: dict[str, str | None]

    def between(self, first_s: float, last_s: float) -> Samples:
        """Return the samples from a moment to another, both included."""
        inside = (self.time_s >= first_s) & (self.time_s <= last_s)
        parts = ("time_s", "eda", "tonic", "phasic", "pulse")
        return replace(self, **{name: getattr(self, name)[inside] for name in parts})


def eda_samples(
    raw: Sequence[RawSignal],
    cleaned: pl.DataFrame,
    *,
    recording_id: str,
    signal: str,
    pulse: str,
    offset_s: float,
    clock: pl.DataFrame | None,
    rate_hz: float,
    max_gap_s: float,
) -> Samples:
    """Put a recording's skin conductance, its parts and its pulse on one clock.

    A conductance of at most `rate_hz` keeps its own samples. A faster one is
    low-passed (`signal.resample`) and has its values at multiples of 1 / rate_hz.

    Parameters
    ----------
    raw
        As the data set's reader returns them.
    cleaned
        `schema.SIGNALS` of the same recording: where level and responses come from.
    recording_id
        For messages.
    signal
        Name of the raw conductance.
    pulse
        Name of the raw pulse wave; auto = the first that is named like one, or none.
    offset_s
        What clean_signals added to the raw signals' times, seconds.
    clock
        `schema.CLOCKS`, when their clock has still to be brought onto the video's; or None.
    rate_hz
        Most samples per second.
    max_gap_s
        Longest step between samples that is interpolated, seconds.

    Raises
    ------
    InputError
        If a signal is not there.
    """
    found = _named(raw, signal, recording_id, "eda.signal")
    runs = found_clock(clock)
    cleaned = apply_clock(cleaned, clock)
    time, value = runs.to_video(found.time_s + offset_s), _plausible(found)
    if rate_of(time) > FASTER_THAN * rate_hz:
        time, value = resample_regular(time, value, rate_hz=rate_hz, max_gap_s=max_gap_s)
    parts = {}
    for part in ("tonic", "phasic"):
        name = with_rest(f"eda_{part}_usiemens", split_name(signal)[1])  # type: ignore[index]
        table = cleaned.filter(pl.col("signal") == name).sort("time_s")
        of_part = table["value"].set(~table["valid"], None).fill_null(np.nan).to_numpy()
        parts[part] = resample_at(
            table["time_s"].to_numpy(), of_part, time, rate_hz=rate_hz, max_gap_s=max_gap_s
        )
    wave = _pulse(raw, pulse, recording_id)
    means = np.full(time.shape, np.nan)
    if wave is not None:
        means = block_means(runs.to_video(wave.time_s + offset_s), _plausible(wave), time)
    return Samples(
        time, value, **parts, pulse=means, names={"eda": signal, "pulse": wave.name if wave else None}
    )


def block_means(time_s: Array, value: Array, at_s: Array) -> Array:
    """Return the mean of a faster signal from each moment to the next.

    Parameters
    ----------
    time_s, value
        The signal, increasing in time; NaN = missing.
    at_s
        Moments, increasing; the last block is as long as the moments' usual step.

    Returns
    -------
    (t,): mean of the samples that are there, also where a block is not full; NaN where there is none.
    """
    if not at_s.size:
        return np.empty(0)
    step = float(np.median(np.diff(at_s))) if at_s.size > 1 else np.inf
    known = np.isfinite(value)
    time_s, value = time_s[known], value[known]
    # A block never reaches past its usual length: behind a gap of the moments lies nobody's pulse.
    ends = np.minimum(np.append(at_s[1:], np.inf), at_s + step)
    first, last = (np.searchsorted(time_s, edge - ROUNDING_S) for edge in (at_s, ends))
    sums = np.concatenate([[0.0], np.cumsum(value)])
    n = last - first
    return np.where(n > 0, (sums[last] - sums[first]) / np.maximum(n, 1), np.nan)


def _named(raw: Sequence[RawSignal], name: str, recording_id: str, key: str) -> RawSignal:
    by_name = {each.name: each for each in raw}
    if name not in by_name or not by_name[name].time_s.size:
        there = [each.name for each in raw if each.time_s.size]
        raise InputError(
            f"recording {recording_id}: there is no signal {name} ({key}).{did_you_mean(name, there)} "
            f"There is: {', '.join(there) or 'nothing'}."
        )
    return by_name[name]


def _pulse(raw: Sequence[RawSignal], name: str, recording_id: str) -> RawSignal | None:
    if name != "auto":
        return _named(raw, name, recording_id, "eda.pulse")
    return next((s for s in raw if s.name.split("_")[0] in PULSE_KINDS and s.time_s.size), None)


def _plausible(signal: RawSignal) -> Array:
    """Values that a sensor can have; others are missing."""
    named = split_name(signal.name)
    low, high = plausible_range(named[0], named[2], named[1]) if named else (-np.inf, np.inf)
    value = np.asarray(signal.value, np.float64)
    return np.where((value > low) & (value <= high), value, np.nan)
