"""POS and CHROM on skin colour of known pulse; spectra with known answers."""

from __future__ import annotations

import numpy as np
import pytest

from affectflow.signal.rppg import WAVES, band_pass, heart_rates
from tests.support.synth_skin import BLOOD, SKIN, skin_course

RATE_HZ = 25.0
methods = pytest.mark.parametrize("method", sorted(WAVES))


def clock(seconds: float, rate_hz: float = RATE_HZ) -> np.ndarray:
    return np.arange(round(seconds * rate_hz)) / rate_hz


def whole(wave: np.ndarray, rate_hz: float = RATE_HZ):
    """The estimate over all of a wave."""
    found = heart_rates(wave, np.array([0]), length=len(wave), rate_hz=rate_hz)
    return found.hr_bpm[0], found.snr_db[0]


@methods
@pytest.mark.parametrize("bpm", [48, 60, 72.3, 100, 150, 200])
def test_the_rate_comes_back_under_changing_light(method, bpm):
    # Light that changes ten times as much as the blood.
    rgb, _ = skin_course(clock(10), bpm=bpm, strength=0.005, brightness=0.05)
    hr, snr = whole(WAVES[method](rgb, rate_hz=RATE_HZ))
    assert hr == pytest.approx(bpm, abs=0.6)
    assert snr > 5


@methods
@pytest.mark.parametrize("rate_hz", [12.0, 29.97, 120.0])
def test_any_frame_rate(method, rate_hz):
    rgb, _ = skin_course(clock(12, rate_hz), bpm=84, brightness=0.03)
    assert whole(WAVES[method](rgb, rate_hz=rate_hz), rate_hz)[0] == pytest.approx(84, abs=0.6)


@methods
def test_the_wave_rises_with_the_blood(method):
    rgb, volume = skin_course(clock(20), bpm=70, brightness=0.02)
    wave = band_pass(WAVES[method](rgb, rate_hz=RATE_HZ), rate_hz=RATE_HZ)
    assert wave.shape == volume.shape
    assert np.corrcoef(wave, volume)[0, 1] > 0.95


@methods
def test_light_alone_is_no_pulse(method):
    rgb, _ = skin_course(clock(20), bpm=70, strength=0.0, brightness=0.05, noise=0.0)
    pulse, _ = skin_course(clock(20), bpm=70, strength=0.005, noise=0.0)
    quiet, loud = (band_pass(WAVES[method](c, rate_hz=RATE_HZ), rate_hz=RATE_HZ) for c in (rgb, pulse))
    assert np.std(quiet) < 0.02 * np.std(loud)


def test_pos_by_hand():
    """One window of three frames, worked out from the paper's formulas."""
    rgb = np.array([[100.0, 100.0, 100.0], [101.0, 103.0, 102.0], [99.0, 97.0, 98.0]])
    one = np.array([0.0, 0.01, -0.01])  # G - B, each divided by its mean of 100
    two = np.array([0.0, 0.03, -0.03])  # G + B - 2R
    expected = -(one + one.std() / two.std() * two) / 3
    np.testing.assert_allclose(WAVES["pos"](rgb, rate_hz=3 / 1.6), expected, atol=1e-12)


@methods
def test_the_colour_given_is_not_changed(method):
    rgb, _ = skin_course(clock(10), bpm=60)
    before = rgb.copy()
    WAVES[method](rgb, rate_hz=RATE_HZ)
    np.testing.assert_array_equal(rgb, before)


@methods
def test_skin_that_never_changes_gives_no_number_that_is_not_one(method):
    wave = WAVES[method](np.tile(SKIN, (250, 1)), rate_hz=RATE_HZ)
    assert np.abs(wave).max() < 1e-9
    hr, snr = whole(np.zeros(250))
    assert np.isnan(hr)
    assert np.isnan(snr)


@pytest.mark.parametrize("bpm", np.linspace(50, 180, 14) + 0.23)
def test_a_rate_between_the_bins(bpm):
    # One bin of 10 s is 6 per minute wide.
    assert whole(np.sin(2 * np.pi * bpm / 60 * clock(10)))[0] == pytest.approx(bpm, abs=0.3)


def test_signal_to_noise_ratio_by_hand():
    t = clock(40)
    pulse, harmonic, other = (np.sin(2 * np.pi * f * t) for f in (1.2, 2.4, 1.9))
    assert whole(1.01 * pulse + other)[1] == pytest.approx(0, abs=0.2)
    assert whole(1.01 * pulse + other + harmonic)[1] == pytest.approx(10 * np.log10(2), abs=0.2)
    assert whole(2 * pulse + other)[1] == pytest.approx(10 * np.log10(4), abs=0.2)
    assert whole(pulse)[1] > 25


def test_a_slow_drift_is_not_taken_for_a_slow_heart():
    drift = np.sin(2 * np.pi * 0.5 * clock(10)) + 0.05 * np.sin(2 * np.pi * 1.5 * clock(10))
    hr, _ = whole(drift)
    assert not hr < 45


@methods
def test_noise_alone_stays_below_the_default_gate(method):
    rng = np.random.default_rng(3)
    starts = np.arange(0, 20 * 250, 125)
    loudest = []
    for kind in ("white", "drifting"):
        noise = rng.normal(0, 0.3, (20 * 250 + 250, 3))
        if kind == "drifting":
            noise += np.cumsum(rng.normal(0, 0.05, noise.shape), axis=0)
        wave = WAVES[method](SKIN + noise, rate_hz=RATE_HZ)
        loudest.append(heart_rates(wave, starts, length=250, rate_hz=RATE_HZ).snr_db)
    assert np.mean(np.concatenate(loudest) > 3) <= 0.01
    assert np.median(np.concatenate(loudest)) < -2


def test_windows_are_where_they_are_asked_for():
    t = clock(40)
    wave = np.where(t < 20, np.sin(2 * np.pi * 1.0 * t), np.sin(2 * np.pi * 2.0 * t))
    found = heart_rates(wave, np.array([0, 250, 500, 750]), length=250, rate_hz=RATE_HZ)
    np.testing.assert_allclose(found.hr_bpm, [60, 60, 120, 120], atol=0.5)


def test_the_made_up_blood_is_what_the_papers_assume():
    assert BLOOD[1] > BLOOD[2] > BLOOD[0]
