"""The biosignals: what is drawn is what a listener finds."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest
from scipy.signal import find_peaks

from affectflow.datasets.simulated.design import draw_levels
from affectflow.datasets.simulated.recording import simulate_recording
from affectflow.datasets.simulated.signals import LEAD_S, TAIL_S, heart_rate_bpm, simulate_signals

LEVELS = draw_levels(subject_id="S01", recording_id="a", stressed=False, effect=1, seed=1)


def simulate(duration_s=10.0, seed=1, recording_id="a", **levels):
    return simulate_signals({**LEVELS, **levels}, duration_s=duration_s, recording_id=recording_id, seed=seed)


def test_clock_and_rates():
    table = simulate().table
    assert table.columns == ["time_s", "eda_usiemens", "ppg_au", "rsp_au"]
    assert table["time_s"][0] == -LEAD_S
    assert table["time_s"][-1] == 10 + TAIL_S
    np.testing.assert_allclose(np.diff(table["time_s"]), 0.01, atol=1e-9)
    assert table["ppg_au"].null_count() == 0
    for name in ("eda_usiemens", "rsp_au"):
        own = table.drop_nulls(name)["time_s"].to_numpy()
        np.testing.assert_allclose(np.diff(own), 0.04, atol=1e-9)
    # Empty cells are nulls: NaN would be written as a word.
    assert not table.select(pl.selectors.float().is_nan().any()).row(0).count(True)


@pytest.mark.parametrize("hr_bpm", [50.0, 72.5, 96.0, 120.0])
def test_heart_rate_of_the_wave_is_the_true_one(hr_bpm):
    signals = simulate(hr_bpm=hr_bpm)
    inside = np.arange(0, 10, 0.04)
    true = heart_rate_bpm(inside, signals.beat_s)
    assert true.mean() == pytest.approx(hr_bpm, abs=2.0)
    wave = signals.table["ppg_au"].to_numpy()
    peaks, _ = find_peaks(wave, prominence=0.6, distance=30)
    found = heart_rate_bpm(inside, signals.table["time_s"].to_numpy()[peaks])
    assert np.abs(found - true).mean() < 1.5
    assert abs(found.mean() - true.mean()) < 0.3


def test_heart_rate_of_regular_beats():
    np.testing.assert_allclose(heart_rate_bpm(np.array([0.0, 1.0]), np.arange(-2, 4, 0.75)), 80.0)


def test_skin_responses_come_at_the_rate_drawn():
    for rate_bpm in (4.0, 12.0, 20.0):
        signals = simulate(duration_s=60.0, scr_rate_bpm=rate_bpm)
        assert len(signals.scr_s) == pytest.approx(rate_bpm * 75 / 60, abs=2)
        eda = signals.table.drop_nulls("eda_usiemens")
        smooth = np.convolve(eda["eda_usiemens"].to_numpy(), np.ones(5) / 5, "same")[5:-5]
        peaks, _ = find_peaks(smooth, prominence=0.08)
        found = eda["time_s"].to_numpy()[5:-5][peaks]
        assert len(found) == pytest.approx(len(signals.scr_s), abs=1)
        assert np.abs(found[:, None] - signals.scr_s).min(axis=1).max() < 0.2


def test_skin_level_and_breathing_rate_follow_the_levels():
    low, high = simulate(eda_tonic_usiemens=2.0), simulate(eda_tonic_usiemens=5.0)
    difference = high.table["eda_usiemens"].median() - low.table["eda_usiemens"].median()
    assert difference == pytest.approx(3.0, abs=0.01)
    for rate_bpm in (12.0, 22.0):
        wave = simulate(duration_s=100.0, rsp_rate_bpm=rate_bpm).table["rsp_au"].drop_nulls().to_numpy()
        peaks, _ = find_peaks(wave, prominence=0.4, distance=25)
        assert len(peaks) / 115 * 60 == pytest.approx(rate_bpm, abs=2.5)


@pytest.mark.parametrize("duration_s", [1.0, 2.0, 10.04])
def test_short_recordings_have_whole_signals(duration_s):
    table = simulate(duration_s=duration_s).table
    assert table["time_s"][-1] == pytest.approx(duration_s + TAIL_S, abs=0.011)
    assert table.drop_nulls("rsp_au").height == pytest.approx((15 + duration_s) * 25 + 1, abs=1)
    assert np.isfinite(table.drop_nulls().to_numpy()).all()


def test_same_seed_same_numbers_other_names_others():
    assert simulate().table.equals(simulate().table)
    assert not simulate().table.equals(simulate(seed=2).table)
    assert not simulate().table.equals(simulate(recording_id="b").table)


def test_skin_conductance_follows_the_smile_only_when_asked_to():
    names = {"recording_id": "S01_a", "subject_id": "S01", "condition": "baseline", "duration_s": 30.0}
    plain, follows = (simulate_recording(**names, eda_follows=what) for what in ("none", "smile"))
    smile = plain.truth["smile"].to_numpy()
    assert np.array_equal(smile, follows.truth["smile"])

    def r(recording):
        known = recording.signals.drop_nulls("eda_usiemens")
        eda = np.interp(recording.truth["time_s"], known["time_s"], known["eda_usiemens"])
        return np.corrcoef(eda, smile)[0, 1]

    assert r(follows) > 0.99
    assert abs(r(plain)) < 0.6
    others = ["time_s", "ppg_au", "rsp_au"]
    assert follows.signals.select(others).equals(plain.signals.select(others))
    assert not follows.truth["scr_peak"].any()
