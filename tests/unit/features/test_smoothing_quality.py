"""Jitter, lag and kept variance against filters whose answer is known by hand."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.signal import butter, sosfilt, sosfreqz

from affectflow.features.smoothing_quality import second_difference, smoothing_quality


def noise(n: int, columns: int = 2, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=(n, columns))


def movement(time: np.ndarray, seed: int = 0) -> np.ndarray:
    rng = np.random.default_rng(seed)
    return np.stack(
        [sum(np.sin(2 * np.pi * (hz * time + rng.uniform())) for hz in (0.5, 1.1, 2.3)) for _ in range(2)],
        axis=1,
    )


def one_run(time: np.ndarray) -> np.ndarray:
    return np.zeros(time.size, dtype=int)


def test_second_differences_are_those_of_a_parabola_at_any_steps() -> None:
    time = np.cumsum(np.random.default_rng(0).uniform(0.01, 0.1, 50))
    values = np.stack([3 * time**2 + time, np.full(50, 7.0)], axis=1)
    np.testing.assert_allclose(second_difference(values, time), np.tile([6.0, 0.0], (48, 1)), atol=1e-9)


def test_jitter_of_white_noise_and_of_its_moving_mean() -> None:
    time = np.arange(20_000) / 25
    raw = noise(time.size)
    smooth = np.stack([np.convolve(c, np.ones(3) / 3, mode="same") for c in raw.T], axis=1)
    quality = smoothing_quality(raw, smooth, time, one_run(time), max_gap_s=0.2)
    # The second difference of the mean of three is (x2 - x1 - x-1 + x-2) / 3 h²: variance 4 / 9 h⁴; of noise itself 6 / h⁴.
    np.testing.assert_allclose(quality.jitter, 25**2 * np.sqrt(4 / 9), rtol=0.03)
    itself = smoothing_quality(raw, raw, time, one_run(time), max_gap_s=0.2)
    np.testing.assert_allclose(itself.jitter, 25**2 * np.sqrt(6), rtol=0.03)
    assert (itself.lag_s == 0).all()
    np.testing.assert_allclose(itself.kept, 1)


@pytest.mark.parametrize("delay_s", [0.0, 0.013, 0.055, -0.02, 0.21])
@pytest.mark.parametrize("fps", [15.0, 25.0, 60.0])
def test_a_delay_is_found_finer_than_a_frame(delay_s: float, fps: float) -> None:
    time = np.arange(round(20 * fps)) / fps
    shared = 0.2 * noise(time.size)
    quality = smoothing_quality(
        movement(time) + shared, movement(time - delay_s), time, one_run(time), max_gap_s=0.2
    )
    np.testing.assert_allclose(quality.lag_s, delay_s, atol=0.004)


def test_noise_that_both_share_does_not_hide_the_lag_of_a_causal_filter() -> None:
    fps, n = 25.0, 6000
    time = np.arange(n) / fps
    raw = movement(time) + noise(n)
    sos = butter(1, 1.5, fs=fps, output="sos")
    quality = smoothing_quality(raw, sosfilt(sos, raw, axis=0), time, one_run(time), max_gap_s=0.2)
    hz = np.array([0.5, 1.1, 2.3])
    response = sosfreqz(sos, hz, fs=fps)[1]
    delay = -np.angle(response) / (2 * np.pi * hz)
    assert (quality.lag_s > delay.min() - 0.01).all()
    assert (quality.lag_s < delay.max() + 0.01).all()
    assert (quality.lag_s > 0.05).all()


def test_kept_is_the_gain_below_3_hz_and_noise_above_does_not_count() -> None:
    time = np.arange(3000) / 25
    fast = np.sin(2 * np.pi * 8 * time)[:, None]
    raw = movement(time) + fast
    quality = smoothing_quality(raw, 0.8 * movement(time), time, one_run(time), max_gap_s=0.2)
    np.testing.assert_allclose(quality.kept, 0.64, rtol=0.01)


def test_runs_and_gaps_stay_apart_and_short_stretches_say_nothing() -> None:
    time = np.arange(500) / 25
    runs = np.repeat([0, 1, 2], [200, 275, 25])
    raw = movement(time)
    raw[300:320] = np.nan
    smooth = raw.copy()
    smooth[runs == 1] *= 0.5
    quality = smoothing_quality(raw, smooth, time, runs, max_gap_s=0.2)
    alone = smoothing_quality(raw[:200], smooth[:200], time[:200], one_run(time[:200]), max_gap_s=0.2)
    np.testing.assert_allclose(quality.jitter[0], alone.jitter[0])
    np.testing.assert_allclose(quality.kept[:2].T, [[1, 0.25], [1, 0.25]])
    # One second: jitter can be told, lag and kept variance cannot.
    assert np.isfinite(quality.jitter[2]).all()
    assert np.isnan(quality.lag_s[2]).all()
    assert np.isnan(quality.kept[2]).all()
    hole = smoothing_quality(
        np.full((50, 1), np.nan), np.full((50, 1), np.nan), time[:50], one_run(time[:50]), max_gap_s=0.2
    )
    assert np.isnan(hole.jitter).all()
    assert np.isnan(hole.lag_s).all()
