"""Heart rate against the beats the wave was made from."""

import numpy as np
import pytest

from affectflow.config.signal import Signal
from affectflow.signal.heart import clean_ecg, clean_ppg
from affectflow.signal.stretches import Stretch
from tests.support.synth_signals import beat_times, clock, pulse_wave


def rate_of(cleaner, time, value, rate):
    result = cleaner(Stretch(time, value, rate), Signal())
    quantity = result.quantities[0]
    assert quantity.name == "hr_bpm"
    return quantity.time_s, quantity.value, result.notes


@pytest.mark.parametrize("bpm", [52, 75, 110])
@pytest.mark.parametrize("rate", [25.0, 64.0, 100.0])
def test_within_2_bpm_of_the_true_beats_at_every_moment(bpm, rate):
    time = clock(-10, 30, rate)
    beats = beat_times(-10, 30, bpm=bpm, swing=5)
    noise = 0.03 * np.random.default_rng(bpm).standard_normal(time.size)
    at, found, notes = rate_of(clean_ppg, time, pulse_wave(time, beats) + noise, rate)
    true = np.interp(at, beats[:-1] + np.diff(beats) / 2, 60 / np.diff(beats))
    known = np.isfinite(found)
    assert notes == []
    assert known.mean() > 0.85
    assert abs(np.mean(found[known] - true[known])) < 0.5
    assert np.percentile(np.abs(found[known] - true[known]), 95) < 2.0


def test_within_2_bpm_of_neurokits_own_ecg():
    import neurokit2 as nk

    ecg = nk.ecg_simulate(duration=30, sampling_rate=250, heart_rate=83, random_state=3)
    _, found, _ = rate_of(clean_ecg, clock(0, 30, 250), np.asarray(ecg), 250.0)
    assert abs(np.nanmean(found) - 83) < 2
    assert np.isfinite(found).mean() > 0.9


def test_what_is_no_pulse_gives_no_rate():
    time = clock(0, 30, 64)
    at, found, notes = rate_of(clean_ppg, time, np.full(time.size, 3.0), 64.0)
    assert np.isnan(found).all()
    assert "flat" in notes[0]
    assert at.size == found.size


@pytest.mark.parametrize(
    ("cleaner", "seconds", "rate", "words"),
    [(clean_ppg, 3, 64.0, "too short"), (clean_ppg, 30, 8.0, "too slow"), (clean_ecg, 30, 50.0, "too slow")],
)
def test_what_cannot_be_told_is_said(cleaner, seconds, rate, words):
    time = clock(0, seconds, rate)
    _, found, notes = rate_of(cleaner, time, pulse_wave(time, beat_times(0, seconds, bpm=70)), rate)
    assert np.isnan(found).all()
    assert words in notes[0]
