"""Whether a signal's times can be seconds of one recording, before any clock is laid over them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from affectflow.errors import InputError
from affectflow.signal.raw import RawSignal
from affectflow.signal.stretches import longest_step, median_step, split_at_gaps

# Longer than anybody wears a sensor without a break.
LONGEST_RECORDING_S = 14 * 86400.0
# Beyond it, years from the video, times are no seconds since its first frame.
LARGEST_TIME_S = 1e8
# No biosignal is sampled more often.
SHORTEST_STEP_S = 0.9e-6
# No biosignal of a frame is sampled more rarely; times in milliseconds look like it.
LONGEST_STEP_S = 10.0
# A regular clock of a signal's usual step may have so many times its samples.
MOST_BURST = 10.0


def check_times(
    signals: Sequence[RawSignal], *, recording_id: str, max_gap_s: float, offset_s: float = 0.0
) -> None:
    """Refuse times that cannot be those of samples.

    Parameters
    ----------
    signals
        Raw signals, each on its own clock.
    recording_id
        For the message.
    max_gap_s
        Longest step that is no gap; see `stretches.longest_step`.
    offset_s
        What is added to their times, seconds.

    Raises
    ------
    InputError
        If a signal lasts more than 14 days, a time on the video's clock is years away from its start,
        steps are shorter than a microsecond or longer than ten seconds, or samples come in bursts: packets whose
        times are those of their arrival, so that a clock of the usual step would be mostly invented.
    """
    for signal in signals:
        if not signal.time_s.size:
            continue
        first, last = float(signal.time_s[0]), float(signal.time_s[-1])
        where = f"recording {recording_id}: the times of {signal.name} run from {first:g} s to {last:g} s"
        if not last - first <= LONGEST_RECORDING_S:
            raise InputError(
                f"{where}; a recording lasts at most {LONGEST_RECORDING_S / 86400:g} days. Are they milliseconds, or "
                "is one of them wrong? Times are seconds."
            )
        if not max(abs(first + offset_s), abs(last + offset_s)) <= LARGEST_TIME_S:
            raise InputError(
                f"{where}, {offset_s:+g} s: years from the video's first frame. Times are seconds from there; name a "
                "column of Unix seconds time_unix_s, and correct signal_offset_s in the sheet."
            )
        _check_steps(signal, where, max_gap_s)


def _check_steps(signal: RawSignal, where: str, max_gap_s: float) -> None:
    time, step = signal.time_s, median_step(signal.time_s)
    if time.size < 2:
        return
    if step < SHORTEST_STEP_S:
        raise InputError(
            f"{where} in {time.size} samples, half of them within {step:.3g} s of the one before: {ADVICE}"
        )
    if time.size > 2 and step > LONGEST_STEP_S:
        raise InputError(
            f"{where}, and half of its {time.size} samples lie {step:g} s or more apart; {LONGEST_STEP_S:g} s is the most. "
            "Are the times milliseconds? Times are seconds. Leave out a signal that was taken so rarely."
        )
    runs = split_at_gaps(time, longest_step(time, max_gap_s))
    n_regular = sum(float(time[r][-1] - time[r][0]) / step + 1 for r in runs)
    if n_regular > MOST_BURST * time.size:
        typical = float(np.sum([time[r][-1] - time[r][0] for r in runs])) / time.size
        raise InputError(
            f"{where} in bursts: half of the {time.size} steps are at most {step:.3g} s, the mean is {typical:.3g} s: {ADVICE}"
        )


ADVICE = "these are times of arrival, not of samples. Spread each packet over its time, or give # rate_hz in place of times."
