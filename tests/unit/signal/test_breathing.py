"""Breathing rate against known breaths."""

import numpy as np
import pytest

from affectflow.config.signal import Signal
from affectflow.signal.breathing import clean_rsp
from affectflow.signal.stretches import Stretch
from tests.support.synth_signals import clock


@pytest.mark.parametrize("breaths", [8, 15, 25])
@pytest.mark.parametrize("rate", [4.0, 25.0, 100.0])
def test_steady_breaths(breaths, rate):
    time = clock(-10, 50, rate)
    noise = 0.02 * np.random.default_rng(0).standard_normal(time.size)
    wave = np.sin(2 * np.pi * breaths / 60 * time) + 0.1 * time / 50 + noise
    result = clean_rsp(Stretch(time, wave, rate), Signal())
    found = result.quantities[0]
    known = np.isfinite(found.value)
    assert found.name == "rsp_rate_bpm"
    assert known.mean() > 0.7
    assert abs(np.mean(found.value[known]) - breaths) < 0.3
    assert np.percentile(np.abs(found.value[known] - breaths), 90) < 1.5


@pytest.mark.parametrize(
    ("seconds", "rate", "wave", "words"),
    [(5, 25.0, np.sin, "too short"), (60, 1.0, np.sin, "too slow"), (60, 25.0, np.zeros_like, "flat")],
)
def test_what_cannot_be_told_is_said(seconds, rate, wave, words):
    time = clock(0, seconds, rate)
    result = clean_rsp(Stretch(time, wave(time), rate), Signal())
    assert np.isnan(result.quantities[0].value).all()
    assert words in result.notes[0]
