"""For every kind of signal, from the raw samples to the frames: nothing is made up where there was no sample.

Irregular clocks, gaps of any length at any place (also at the ends), single samples amid gaps, missing samples
written down as missing: no valid value lies strictly inside a gap longer than the limit, none before the first or
after the last sample.
"""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from affectflow.config.signal import Signal
from affectflow.features.join_frames import signal_columns
from affectflow.signal import CLEANERS, SCREENS
from affectflow.signal.clean_signals import clean_signals
from affectflow.signal.raw import RawSignal
from tests.support.synth_signals import beat_times, pulse_wave, skin_conductance

SECONDS = 40.0
LIMIT_S = 1.0
# Values arrive on clocks that are multiples of a rate or rounded; this is rounding, no gap.
ROUNDING_S = 1e-6


def r_waves(time_s):
    """Sharp peaks at 72 beats per minute."""
    wave = 0.05 * np.sin(2 * np.pi * 0.3 * time_s)
    for beat in beat_times(0, SECONDS, bpm=72):
        wave = wave + np.exp(-0.5 * ((time_s - beat) / 0.012) ** 2)
    return wave


def pulse(time_s):
    return pulse_wave(time_s, beat_times(0, SECONDS, bpm=72, swing=4))


# Raw name → samples per second and values at any time.
KINDS = {
    "eda_usiemens": (8, lambda t: skin_conductance(t, [3, 12, 25, 31])),
    "ppg_au": (64, pulse),
    "bvp_au": (50, pulse),
    "ecg_mv": (250, r_waves),
    "rsp_au": (25, lambda t: np.sin(2 * np.pi * 0.25 * t)),
    "gaze_x_px": (60, lambda t: 500 + 50 * np.sin(t)),
    "pupil_mm": (60, lambda t: 3.5 + 0.3 * np.sin(t)),
    "perinasal_degc2": (7.5, lambda t: 0.004 + 0.001 * np.sin(t / 3)),
    "hr_bpm": (1, lambda t: 70 + 5 * np.sin(t / 4)),
    "temp_degc": (4, lambda t: 33 + 0.1 * np.sin(t / 9)),
    "steering_rad": (128, lambda t: 0.1 * np.sin(t)),
    "lane_position_m": (0.4, lambda t: 1 + 0.1 * np.sin(t / 9)),
}
BEATS = ("ibi_ms", "rr_ms")


def test_every_kind_that_is_cleaned_is_tested_here():
    kinds = {name.partition("_")[0] for name in KINDS}
    pairs = {f"{n.partition('_')[0]}_{n.rpartition('_')[2]}" for n in (*KINDS, *BEATS)}
    assert set(CLEANERS) <= kinds
    assert set(SCREENS) <= pairs


@st.composite
def holes(draw):
    """Gaps as (start, length); single samples amid some of them; how irregular the clock is; written as missing."""
    n = draw(st.integers(0, 4))
    gaps = [(draw(st.floats(-2, SECONDS)), draw(st.floats(0.05, 15))) for _ in range(n)]
    islands = [start + length / 2 for start, length in gaps if draw(st.booleans())]
    return (
        gaps,
        islands,
        draw(st.sampled_from([0.0, 0.005, 0.3])),
        draw(st.booleans()),
        draw(st.integers(0, 999)),
    )


def with_holes(rate_hz, shape):
    """Times of the samples, and which of them are there."""
    gaps, islands, irregular, _, seed = shape
    rng = np.random.default_rng(seed)
    time = np.arange(round(SECONDS * rate_hz)) / rate_hz
    time = time + rng.uniform(0, irregular, time.size) / rate_hz
    there = np.ones(time.size, bool)
    for start, length in gaps:
        there &= (time < start) | (time > start + length)
    for island in islands:
        if time[0] <= island <= time[-1]:
            there[np.argmin(np.abs(time - island))] = True
    return time, there


def made_up(times, begins, ends, limit_s):
    """Those of `times` that no neighbourhood of samples speaks for: between spans too far apart, or outside.

    Spans begin and end where something was measured; a sample is a span without length.
    """
    reach = np.maximum.accumulate(ends)
    left = np.searchsorted(begins, times + ROUNDING_S, side="right") - 1
    right = np.searchsorted(begins, times - ROUNDING_S, side="left")
    wrong = []
    for t, a, b in zip(times, left, right, strict=True):
        inside = a >= 0 and t <= reach[a] + ROUNDING_S
        bridged = a >= 0 and b < begins.size and begins[b] - reach[a] <= limit_s + ROUNDING_S
        if not (inside or bridged):
            wrong.append(float(t))
    return wrong


def check(name, time, value, begins, ends):
    """Clean, join, and look at every valid value of every quantity."""
    steps = np.diff(time[np.isfinite(value)])
    limit = max(LIMIT_S, 1.5 * float(np.median(steps))) if steps.size else LIMIT_S
    table = clean_signals([RawSignal(name, time, value)], recording_id="a", options=Signal(max_gap_s=LIMIT_S))
    frames = np.sort(np.concatenate([np.arange(-3, SECONDS + 3, 1 / 30), time]))
    for (quantity,), part in table.group_by("signal"):
        valid = part.filter("valid")["time_s"].to_numpy()
        assert made_up(valid, begins, ends, limit) == [], f"{quantity} of {name}, cleaned"
    for column in signal_columns(table, frames, max_gap_s=LIMIT_S):
        valid = frames[column.is_not_null().to_numpy()]
        assert made_up(valid, begins, ends, limit) == [], f"{column.name} of {name}, joined"
    return table


@pytest.mark.parametrize("name", KINDS)
@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.too_slow], derandomize=True)
@given(shape=holes())
def test_no_sample_is_made_up(name, shape):
    rate, truth = KINDS[name]
    time, there = with_holes(rate, shape)
    value = truth(time)
    if shape[3]:
        value = np.where(there, value, np.nan)
    else:
        time, value = time[there], value[there]
    if np.isfinite(value).any():
        seen = time[np.isfinite(value)]
        check(name, time, value, seen, seen)


@pytest.mark.parametrize("name", BEATS)
@settings(max_examples=20, deadline=None, derandomize=True)
@given(shape=holes())
def test_no_beat_is_made_up(name, shape):
    """A beat's interval reaches back to the beat before."""
    beats = beat_times(0, SECONDS, bpm=72, swing=4)
    interval = np.diff(beats)
    there = np.ones(interval.size, bool)
    for start, length in shape[0]:
        there &= (beats[1:] < start) | (beats[1:] > start + length)
    if there.any():
        time, length = beats[1:][there], interval[there]
        check(name, time, 1000 * length, time - length, time)


def test_without_gaps_there_are_values():
    """The property is no excuse for empty tables."""
    for name, (rate, truth) in KINDS.items():
        time = np.arange(0, SECONDS, 1 / rate)
        table = check(name, time, truth(time), time, time)
        assert table["valid"].mean() > 0.5, name


def test_the_check_sees_a_value_in_a_gap():
    samples = np.array([0.0, 0.5, 1.0, 5.0, 5.5])
    assert made_up(np.array([-0.1, 0.0, 0.7, 1.2, 3.0, 5.0, 5.2, 5.6]), samples, samples, 1.0) == [
        -0.1,
        1.2,
        3.0,
        5.6,
    ]
