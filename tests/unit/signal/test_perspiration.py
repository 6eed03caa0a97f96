"""Perinasal perspiration: readings that stand alone, and the slow trend."""

import numpy as np
import pytest

from affectflow.config.signal import Signal
from affectflow.signal.perspiration import screen_perspiration
from tests.support.synth_signals import clock


def perspiration(time):
    noise = 2e-4 * np.random.default_rng(0).standard_normal(time.size)
    return 0.005 + 0.002 * np.tanh((time - 60) / 15) + noise


def screened(time, value, **options):
    result = screen_perspiration(time, value, Signal(**options))
    return {q.name: q.value for q in result.quantities}, result.notes


def test_single_readings_go_and_the_rest_is_untouched():
    time = clock(0, 120, 7.5)
    value = perspiration(time)
    spiked = value.copy()
    spiked[[100, 101, 500]] = 0.05
    found, notes = screened(time, spiked)
    same = np.ones(time.size, dtype=bool)
    same[[100, 101, 500]] = False
    assert np.mean(found["perinasal_degc2"][same] == value[same]) > 0.99
    assert np.max(np.abs(found["perinasal_degc2"][~same] - value[~same])) < 1e-3
    assert "stand alone" in notes[0]


def test_the_trend_follows_the_truth():
    time = clock(0, 120, 7.5)
    found, _ = screened(time, perspiration(time))
    truth = 0.005 + 0.002 * np.tanh((time - 60) / 15)
    assert np.max(np.abs(found["perinasal_trend_degc2"] - truth)) < 4e-4
    assert np.std(np.diff(found["perinasal_trend_degc2"])) < 0.05 * np.std(np.diff(found["perinasal_degc2"]))


def test_nothing_is_made_up_in_a_gap():
    time = clock(0, 120, 7.5)
    value = np.where((time > 40) & (time < 50), np.nan, perspiration(time))
    found, _ = screened(time, value)
    for name in ("perinasal_degc2", "perinasal_trend_degc2"):
        assert np.isnan(found[name][(time > 40) & (time < 50)]).all()
        assert np.isfinite(found[name][(time < 40) | (time > 50)]).all()


@pytest.mark.parametrize(("seconds", "rate"), [(15, 7.5), (80, 0.25), (0.2, 7.5)])
def test_without_a_trend_when_it_cannot_be_told(seconds, rate):
    time = clock(0, seconds, rate)
    found, notes = screened(time, perspiration(time))
    assert list(found) == ["perinasal_degc2"]
    assert np.isfinite(found["perinasal_degc2"]).all()
    assert notes == []
