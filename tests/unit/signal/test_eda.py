"""Skin conductance: level, responses, their number."""

import numpy as np
import pytest

from affectflow.config.signal import Signal
from affectflow.signal.eda import clean_eda, find_responses
from affectflow.signal.stretches import Stretch
from tests.support.synth_signals import clock, skin_conductance


def cleaned(time, value, rate, **options):
    result = clean_eda(Stretch(time, value, rate), Signal(**options))
    return {q.name: q.value for q in result.quantities}, result.notes


@pytest.mark.parametrize("rate", [4.0, 8.0, 25.0, 64.0])
def test_responses_are_counted_at_every_rate(rate):
    onsets = [10, 22, 30, 41, 55, 70, 83]
    time = clock(0, 100, rate)
    noise = 0.002 * np.random.default_rng(0).standard_normal(time.size)
    found, notes = cleaned(time, skin_conductance(time, onsets) + noise, rate, scr_window_s=200.0)
    assert notes == []
    assert found["scr_rate_hz"] * 100 == pytest.approx(len(onsets), rel=0.02)


def test_level_and_responses_add_up_and_follow_the_truth():
    time = clock(0, 200, 25)
    value = skin_conductance(time, [40, 100, 150])
    found, _ = cleaned(time, value, 25.0)
    total = found["eda_tonic_usiemens"] + found["eda_phasic_usiemens"]
    assert np.max(np.abs(total - value)[250:-250]) < 0.05
    assert found["eda_tonic_usiemens"][1500] == pytest.approx(4.5, abs=0.3)
    for onset in (40, 100, 150):
        around = (time > onset - 5) & (time < onset + 10)
        assert time[around][np.argmax(found["eda_phasic_usiemens"][around])] == pytest.approx(
            onset + 1.3, abs=0.5
        )


def test_noise_is_not_a_response():
    time = clock(0, 120, 25)
    noise = 0.01 * np.random.default_rng(1).standard_normal(time.size)
    found, _ = cleaned(time, 5 + noise, 25.0)
    assert np.all(found["scr_rate_hz"] == 0)
    assert find_responses(np.zeros(100), rate_hz=4.0, min_rise=0.05).size == 0


def test_a_slow_return_of_the_level_is_not_a_response():
    time = clock(0, 120, 4)
    slow = 0.3 * np.sin(2 * np.pi * time / 60)
    assert find_responses(slow, rate_hz=4.0, min_rise=0.05).size == 0
    wiggle = 0.3 * time / 120 + 0.01 * np.sin(2 * np.pi * time / 7)
    assert find_responses(wiggle, rate_hz=4.0, min_rise=0.05).size == 0


def test_a_larger_limit_counts_fewer():
    time = clock(0, 100, 25)
    value = skin_conductance(time, [10, 50], size=0.3) + skin_conductance(time, [30, 70], size=0.15, level=0)
    many, _ = cleaned(time, value, 25.0, scr_window_s=300.0)
    few, _ = cleaned(time, value, 25.0, scr_window_s=300.0, scr_min_usiemens=0.12)
    assert many["scr_rate_hz"][0] * 100 == pytest.approx(4, rel=0.02)
    assert few["scr_rate_hz"][0] * 100 == pytest.approx(2, rel=0.02)


def test_a_short_stretch_has_no_valid_value_and_says_so():
    time = clock(0, 3, 25)
    found, notes = cleaned(time, skin_conductance(time, [1]), 25.0)
    assert all(np.isnan(v).all() and v.size == time.size for v in found.values())
    assert "too short" in notes[0]


def test_a_slow_signal_keeps_its_level_only():
    time = clock(0, 100, 1)
    found, notes = cleaned(time, 5 + 0.01 * time, 1.0)
    assert np.allclose(found["eda_tonic_usiemens"], 5 + 0.01 * time)
    assert np.isnan(found["eda_phasic_usiemens"]).all()
    assert "too slow" in notes[0]


@pytest.mark.parametrize("rate", [4.0, 25.0])
def test_heights_are_those_from_onset_to_peak(rate):
    time = clock(0, 120, rate)
    onsets, sizes = [20.0, 50.0, 80.0], [0.3, 0.6, 1.2]
    value = 4 + sum(skin_conductance(time, [o], size=s, level=0) for o, s in zip(onsets, sizes, strict=True))
    value -= 3 * 0.01 * time  # without the trend of each
    found, _ = cleaned(time, value, rate, scr_window_s=10.0)
    true = [np.ptp(value[(time >= o) & (time < o + 5)]) for o in onsets]
    for onset, height in zip(onsets, true, strict=True):
        at = np.argmin(np.abs(time - onset - 1))
        assert found["scr_amplitude_usiemens"][at] == pytest.approx(height, rel=0.08)
        assert found["scr_rate_hz"][at] == pytest.approx(0.1, rel=0.02)
    quiet = np.abs(time[:, None] - np.array(onsets) - 1.3).min(axis=1) > 6.5
    assert np.isnan(found["scr_amplitude_usiemens"][quiet]).all()
    assert (found["scr_rate_hz"][quiet] == 0).all()


@pytest.mark.parametrize("rate", [4.0, 25.0])
def test_the_filters_are_neurokits(rate):
    import neurokit2 as nk

    time = clock(0, 200, rate)
    value = skin_conductance(time, [40, 100]) + 0.01 * np.random.default_rng(0).standard_normal(time.size)
    found, _ = cleaned(time, value, rate)
    theirs = value if rate < 7 else nk.eda_clean(value, sampling_rate=rate, method="neurokit")
    theirs = nk.eda_phasic(theirs, sampling_rate=rate, method="highpass")
    # Only the padding at the ends differs.
    inner = (time > 30) & (time < 170)
    assert np.allclose(found["eda_phasic_usiemens"][inner], theirs["EDA_Phasic"][inner], atol=1e-3)
    assert np.allclose(found["eda_tonic_usiemens"][inner], theirs["EDA_Tonic"][inner], atol=1e-3)
