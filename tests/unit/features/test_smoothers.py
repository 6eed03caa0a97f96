"""Smoothers against published values, SciPy, and what smoothing must not do."""

import numpy as np
import pytest
from scipy.signal import savgol_filter

from affectflow.config.features import Smoothing
from affectflow.features.smoothers import odd_count, smooth_one_euro, smooth_savgol
from tests.support.synth_frames import frame_times


@pytest.mark.parametrize(
    ("beta", "expected"),
    [
        (0.0, [0, 0.017317, 0.014318, 0.046473, 0.211596, 0.365441, 0.475328, 0.600820]),
        (0.5, [0, 0.020876, 0.017128, 0.060451, 0.456339, 0.719756, 0.819740, 0.962883]),
    ],
)
def test_one_euro_has_the_published_values(beta, expected):
    values = np.array([0, 0.1, 0, 0.2, 1, 1.1, 1, 1.2])
    settings = Smoothing(min_cutoff_hz=1.0, beta=beta, d_cutoff_hz=1.0)
    found = smooth_one_euro(np.stack([values, -values], axis=1), np.arange(8) / 30, settings)
    assert np.allclose(found[:, 0], expected, atol=5e-7)
    assert np.allclose(found[:, 1], -np.array(expected), atol=5e-7)


def test_one_euro_does_not_know_the_future():
    rng = np.random.default_rng(0)
    time, values = frame_times(100, irregular=0.5), rng.standard_normal((100, 3))
    whole = smooth_one_euro(values, time, Smoothing())
    part = smooth_one_euro(values[:60], time[:60], Smoothing())
    assert np.array_equal(whole[:60], part)


def test_savgol_is_scipys_and_has_the_sheets_coefficients():
    time = frame_times(200, fps=30.0)
    values = np.random.default_rng(0).standard_normal((200, 4))
    found = smooth_savgol(values, time, Smoothing(window_s=7 / 30, order=2))
    assert np.allclose(found, savgol_filter(values, 7, 2, axis=0))
    kernel = np.array([-2, 3, 6, 7, 6, 3, -2]) / 21
    assert found[100, 0] == pytest.approx(values[97:104, 0] @ kernel)


@pytest.mark.parametrize("irregular", [0.0, 0.4])
def test_savgol_keeps_parabolas_and_removes_noise_at_any_rate(irregular):
    time = frame_times(500, irregular=irregular)
    rng = np.random.default_rng(1)
    curve = (time - 10) ** 2 / 20
    noise = 0.1 * rng.standard_normal(500)
    assert np.max(np.abs(smooth_savgol(curve[:, None], time, Smoothing())[:, 0] - curve)) < 1e-3
    left = smooth_savgol((curve + noise)[:, None], time, Smoothing())[:, 0] - curve
    assert np.std(left) < 0.75 * np.std(noise)


def test_savgol_on_a_stalling_camera_keeps_time():
    """A third of the frames missing: what is left is smoothed where it is, not squeezed together."""
    time = np.delete(frame_times(300), np.arange(100, 300, 3))
    wave = np.sin(2 * np.pi * 0.5 * time)
    smooth = smooth_savgol(wave[:, None], time, Smoothing())[:, 0]
    assert np.max(np.abs(smooth - wave)) < 0.02


def test_too_short_to_smooth_stays():
    values = np.random.default_rng(0).standard_normal((4, 2))
    assert np.array_equal(smooth_savgol(values, frame_times(4), Smoothing()), values)
    assert np.array_equal(smooth_savgol(values[:1], frame_times(4)[:1], Smoothing()), values[:1])


def test_odd_counts():
    assert [odd_count(x, least=5) for x in (1, 4, 6.25, 7.5, 8.1)] == [5, 5, 7, 7, 9]
    assert odd_count(2, least=4) == 5
