"""Lag and drift between a signal and what the video shows: recovered where there is something, refused where not."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from affectflow.signal.align import align
from affectflow.signal.clock import Clock
from affectflow.signal.lags import correlation, independent_samples, lagged_correlation
from tests.support.synth_clocks import Pair, clock_pair

FRAME_S = 1 / 30
LIMITS = {"max_lag_s": 10.0, "max_drift_ppm": 500.0, "max_gap_s": 1.0}


def align_pair(pair: Pair, **changes):
    return align(pair.signal_s, pair.signal, pair.video_s, pair.seen, **{**LIMITS, **changes})


def test_lag_and_drift_are_recovered_in_fifty_random_cases():
    rng = np.random.default_rng(0)
    lag_errors, drift_errors, confidences = [], [], []
    for number in range(50):
        pair = clock_pair("movement" if number % 2 else "pulse", rng)
        found = align_pair(pair)
        lag_errors.append(pair.lag_error_s(found.clock))
        drift_errors.append(abs(found.clock.drift_ppm - pair.clock.drift_ppm))
        confidences.append(found.confidence)
        assert found.problem is None
    assert max(lag_errors) < FRAME_S, lag_errors
    assert max(drift_errors) < 20, drift_errors
    assert min(confidences) > 0.5, confidences


@pytest.mark.parametrize("lag_s", [-5.0, 5.0])
@pytest.mark.parametrize("drift_ppm", [-200.0, 200.0])
def test_the_ends_of_the_range(lag_s, drift_ppm):
    pair = clock_pair("movement", np.random.default_rng(1), lag_s=lag_s, drift_ppm=drift_ppm)
    found = align_pair(pair)
    assert pair.lag_error_s(found.clock) < FRAME_S
    assert found.clock.drift_ppm == pytest.approx(drift_ppm, abs=20)
    assert found.residual_s < FRAME_S


def test_unrelated_signals_are_refused_in_fifty_cases():
    rng = np.random.default_rng(2)
    kinds = ("movement", "pulse", "heart_rate")
    refused = [
        align_pair(
            clock_pair(kinds[n % 3], rng, related=False, seconds=(60, 120, 300, 600)[n % 4])
        ).confidence
        < 0.5
        for n in range(50)
    ]
    assert sum(refused) >= 48


def test_a_heart_rate_tells_the_lag_but_hardly_the_drift():
    """Its waves last seconds: a drift that cannot be told is drawn towards 0, never blown up."""
    rng = np.random.default_rng(3)
    for _ in range(5):
        pair = clock_pair("heart_rate", rng)
        found = align_pair(pair)
        assert found.confidence > 0.5
        assert pair.lag_error_s(found.clock) < 0.1
        assert abs(found.clock.drift_ppm) < 300


def test_a_beat_that_never_changes_is_refused():
    """A metronome fits at every beat: nothing says which."""
    rng = np.random.default_rng(4)
    signal_s, video_s = np.arange(0, 600, 1 / 32), np.arange(0, 600, 1 / 30)
    wave = np.sin(2 * np.pi * 1.2 * signal_s) + 0.5 * rng.standard_normal(signal_s.size)
    seen = np.sin(2 * np.pi * 1.2 * (video_s - 0.3)) + 0.5 * rng.standard_normal(video_s.size)
    assert align(signal_s, wave, video_s, seen, **LIMITS).confidence < 0.2


def test_a_lag_at_the_limit_is_refused():
    pair = clock_pair("movement", np.random.default_rng(5), lag_s=4.0)
    found = align_pair(pair, max_lag_s=3.0)
    assert found.confidence < 0.1
    pair = clock_pair("movement", np.random.default_rng(5), lag_s=3.0, drift_ppm=0)
    found = align_pair(pair, max_lag_s=3.0)
    assert found.confidence == 0
    assert "limit of 3 s" in found.problem


def test_without_drift_only_the_lag_is_looked_for():
    pair = clock_pair("movement", np.random.default_rng(6), drift_ppm=0.0, seconds=120)
    found = align_pair(pair, max_drift_ppm=0.0)
    assert found.clock.drift_ppm == 0
    assert pair.lag_error_s(found.clock) < FRAME_S


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"signal": np.full(19712, np.nan)}, "the signal has 0 s of valid samples; 40 s are needed"),
        ({"seen": np.full(18000, 3.0)}, "the reference does not change"),
    ],
)
def test_nothing_to_compare(change, words):
    pair = clock_pair("movement", np.random.default_rng(7))
    found = align_pair(Pair(**{**pair.__dict__, **change}))
    assert found.problem == words
    assert found.confidence == 0


def test_inputs_are_untouched():
    pair = clock_pair("movement", np.random.default_rng(8), seconds=90)
    before = [a.copy() for a in (pair.signal_s, pair.signal, pair.video_s, pair.seen)]
    align_pair(pair)
    after = (pair.signal_s, pair.signal, pair.video_s, pair.seen)
    assert all(np.array_equal(a, b, equal_nan=True) for a, b in zip(before, after, strict=True))


@settings(max_examples=60, deadline=None)
@given(seed=st.integers(0, 10**6), n=st.integers(12, 60), shift=st.integers(-5, 5))
def test_correlation_at_every_lag_is_that_of_the_samples_that_meet(seed, n, shift):
    rng = np.random.default_rng(seed)
    x, y = rng.standard_normal(n), rng.standard_normal(n)
    x[rng.random(n) < 0.2], y[rng.random(n) < 0.2] = np.nan, np.nan
    curve = lagged_correlation(x, y, max_shift=5)
    met = (x[max(0, -shift) : n - max(0, shift)], y[max(0, shift) : n - max(0, -shift)])
    found = curve[curve.size // 2 + shift]
    if np.isfinite(found):
        assert found == pytest.approx(correlation(*met), abs=1e-9)


def test_independent_samples_of_smoothed_noise():
    rng = np.random.default_rng(9)
    noise = np.convolve(rng.standard_normal(20_010), np.ones(10), "valid")
    other = np.convolve(rng.standard_normal(20_010), np.ones(10), "valid")
    # The autocorrelation is a triangle of 10 samples; its squares sum to 6.7.
    assert independent_samples(noise, other, 50) == pytest.approx(20_000 / 6.7, rel=0.15)


@given(
    offset=st.floats(-100, 100),
    drift=st.floats(-1000, 1000),
    reference=st.floats(-1e4, 1e4),
    t=st.floats(-1e4, 1e4),
)
def test_a_clock_goes_both_ways(offset, drift, reference, t):
    clock = Clock(offset, drift, reference)
    assert clock.to_signal(clock.to_video(np.array([t])))[0] == pytest.approx(t, abs=1e-7)


@pytest.mark.parametrize("seed", [2, 3])
def test_a_rhythm_under_noise_is_refused_though_chance_reaches_less(seed):
    """A steady beat, broken every 20 s: far lags agree little, the next beat nearly as well (seed 3: better)."""
    rng = np.random.default_rng(seed)
    time = np.arange(60_000) / 100
    wave = np.sin(2 * np.pi * 1.2 * time + np.repeat(rng.uniform(0, 2 * np.pi, 30), 2000))
    signal_s, video_s = np.arange(5, 590, 1 / 32), np.arange(5, 590, 1 / 30)
    signal = np.interp(signal_s, time, wave) + 2 * rng.standard_normal(signal_s.size)
    seen = np.interp(video_s - 0.3, time, wave) + 2 * rng.standard_normal(video_s.size)
    limits = {**LIMITS, "max_drift_ppm": 0.0}
    assert align(signal_s, signal, video_s, seen, **limits).confidence < 0.5
