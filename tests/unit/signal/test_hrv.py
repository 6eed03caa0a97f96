"""Heart rate variability against numbers worked by hand, and against NeuroKit2."""

import numpy as np
import polars as pl
import pytest

from affectflow.config.signal import Hrv, Signal
from affectflow.signal.clean_signals import clean_signals
from affectflow.signal.event_rates import Intervals, plausible_intervals
from affectflow.signal.heart import screen_beats
from affectflow.signal.hrv import heart_rate_variability
from affectflow.signal.raw import RawSignal
from tests.support.synth_signals import beat_times, clock, pulse_wave

# Ten intervals, ms. Differences: 60, -60, 20, 60, -20, -60, 10, 40, 0.
TEN = np.array([800.0, 860, 800, 820, 880, 860, 800, 810, 850, 850])
ALL_BEATS = {"lowest": 30.0, "highest": 220.0, "max_change": 0.25}


def variability(length_ms, *, start_s=0.0, gap_s=1.0, **options):
    ends = start_s + np.cumsum(length_ms) / 1000
    intervals = Intervals(ends - length_ms / 1000, np.asarray(length_ms) / 1000)
    return {q.name: q for q in heart_rate_variability(intervals, Hrv(**options), max_gap_s=gap_s)}


def test_ten_intervals_by_hand():
    found = variability(TEN, window_s=20.0, coverage_min=0.3)
    middle = np.searchsorted(found["hrv_rmssd_ms"].time_s, 4.0)
    # Squares: 3600 + 3600 + 400 + 3600 + 400 + 3600 + 100 + 1600 + 0 = 16900, over 9.
    assert found["hrv_rmssd_ms"].value[middle] == pytest.approx(np.sqrt(16900 / 9), abs=1e-9)
    # Mean 833; squared deviations add up to 8210, over 9.
    assert found["hrv_sdnn_ms"].value[middle] == pytest.approx(np.sqrt(8210 / 9), abs=1e-6)
    # 4 of 9 differences are above 50 ms.
    assert found["hrv_pnn50_percent"].value[middle] == pytest.approx(100 * 4 / 9)
    assert found["quality_hrv"].value[middle] == pytest.approx(8.33 / 20)


def test_a_difference_of_just_50_ms_does_not_count():
    found = variability(np.array([800.0, 850] * 8), window_s=10.0)
    assert np.nanmax(found["hrv_pnn50_percent"].value) == 0
    assert np.nanmin(variability(np.array([800.0, 851] * 8), window_s=10.0)["hrv_pnn50_percent"].value) == 100


def test_as_neurokit2():
    import neurokit2 as nk

    rng = np.random.default_rng(3)
    length = 800 + 40 * np.sin(np.arange(90) / 3) + 15 * rng.standard_normal(90)
    theirs = nk.hrv_time(np.round(np.concatenate([[0], np.cumsum(length)])).astype(int), sampling_rate=1000)
    length = np.diff(np.round(np.concatenate([[0], np.cumsum(length)])))
    found = variability(length, window_s=length.sum() / 1000, coverage_min=0.95)
    best = int(np.nanargmax(found["quality_hrv"].value))
    inside = found["quality_hrv"].value[best]
    assert inside > 0.98
    # The window sits on whole seconds and may lose one interval at each end.
    assert found["hrv_rmssd_ms"].value[best] == pytest.approx(theirs["HRV_RMSSD"][0], rel=0.03)
    assert found["hrv_sdnn_ms"].value[best] == pytest.approx(theirs["HRV_SDNN"][0], rel=0.03)
    # NeuroKit2 divides by the number of intervals, here by the number of differences.
    assert found["hrv_pnn50_percent"].value[best] == pytest.approx(theirs["HRV_pNN50"][0], abs=2)


def test_a_missed_beat_is_no_variability():
    beats = np.cumsum(np.tile([0.8, 0.82], 60))
    whole = plausible_intervals(beats, **ALL_BEATS)
    missed = plausible_intervals(np.delete(beats, [40, 41, 75]), **ALL_BEATS)
    for intervals in (whole, missed):
        found = {q.name: q.value for q in heart_rate_variability(intervals, Hrv(), max_gap_s=1.0)}
        assert np.nanmax(found["hrv_rmssd_ms"]) == pytest.approx(20.0, abs=1e-6)
        assert np.nanmin(found["hrv_rmssd_ms"]) == pytest.approx(20.0, abs=1e-6)


def test_what_is_covered_too_thinly_is_missing():
    long = np.full(150, 800.0)
    found = variability(long, window_s=60.0, coverage_min=0.9)
    time, value = found["hrv_rmssd_ms"].time_s, found["hrv_rmssd_ms"].value
    # At the ends the window reaches beyond the recording: less than 24 s in, it is covered by less than 54 s.
    assert np.isnan(value[(time < 24) | (time > 96)]).all()
    assert np.isfinite(value[(time > 25) & (time < 95)]).all()
    assert variability(np.full(20, 800.0)) == {}
    assert variability(np.full(1, 800.0)) == {}
    hole = Intervals(np.concatenate([np.arange(75) * 0.8, 68 + np.arange(75) * 0.8]), np.full(150, 0.8))
    found = {q.name: q for q in heart_rate_variability(hole, Hrv(coverage_min=0.7), max_gap_s=1.0)}
    time, value = found["hrv_rmssd_ms"].time_s, found["hrv_rmssd_ms"].value
    assert np.isnan(value[(time > 60) & (time < 68)]).all()
    assert np.isfinite(value[(time > 50) & (time < 59)]).all()


@pytest.mark.parametrize(("hz", "amplitude", "band"), [(0.25, 30.0, "hrv_hf_ms2"), (0.1, 40.0, "hrv_lf_ms2")])
def test_a_swing_of_the_interval_has_its_power_in_its_band(hz, amplitude, band):
    beats = [0.0]
    while beats[-1] < 400:
        beats.append(beats[-1] + 0.8 + amplitude / 1000 * np.sin(2 * np.pi * hz * beats[-1]))
    length = np.diff(beats) * 1000
    found = variability(length, window_s=120.0)
    # A sine of amplitude A has the power A² / 2.
    assert np.nanmedian(found[band].value) == pytest.approx(amplitude**2 / 2, rel=0.1)
    other = "hrv_lf_ms2" if band == "hrv_hf_ms2" else "hrv_hf_ms2"
    assert np.nanmedian(found[other].value) < 0.05 * amplitude**2 / 2


def test_bands_need_their_time_and_no_hole():
    length = np.tile([800.0, 830.0], 200)
    assert "hrv_hf_ms2" not in variability(length, window_s=59.0)
    assert "hrv_lf_ms2" not in variability(length, window_s=60.0)
    assert "hrv_hf_ms2" in variability(length, window_s=60.0)
    ends = np.cumsum(length) / 1000
    keep = np.ones(400, dtype=bool)
    keep[200:204] = False  # 3.2 s
    broken = Intervals((ends - length / 1000)[keep], length[keep] / 1000)
    found = {q.name: q for q in heart_rate_variability(broken, Hrv(), max_gap_s=1.0)}
    time = found["hrv_hf_ms2"].time_s
    near = np.abs(time - ends[202]) < 29
    assert np.isnan(found["hrv_hf_ms2"].value[near]).all()
    assert np.isfinite(found["hrv_rmssd_ms"].value[near & (np.abs(time - ends[202]) > 4)]).all()


def test_variability_of_a_pulse_wave_follows_its_beats():
    time = clock(0, 150, 64)
    beats = beat_times(0, 150, bpm=70, swing=6, swing_hz=0.1)
    noise = 0.02 * np.random.default_rng(0).standard_normal(time.size)
    raw = [RawSignal("bvp_au", time, pulse_wave(time, beats) + noise)]
    table = clean_signals(raw, recording_id="a")
    found = table.filter((pl.col("signal") == "hrv_sdnn_ms") & pl.col("valid"))
    truth = [
        1000 * np.std(np.diff(beats)[(beats[:-1] >= t - 30) & (beats[1:] <= t + 30)], ddof=1)
        for t in found["time_s"]
    ]
    assert found.height > 80
    assert np.max(np.abs(found["value"].to_numpy() - truth)) < 5


def test_a_devices_list_of_beats_is_taken_as_it_is():
    beats = beat_times(0, 120, bpm=66, swing=3)
    time, value = beats[1:], 1000 * np.diff(beats)
    wrong = value.copy()
    wrong[30] = 2000.0  # longer than its neighbours by far, and than the time since the beat before
    result = screen_beats(time, wrong, Signal())
    quantities = {q.name: q for q in result.quantities}
    kept = quantities["ibi_ms"]
    assert np.array_equal(kept.time_s, time)
    assert np.isnan(kept.value[30])
    assert np.array_equal(np.delete(kept.value, 30), np.delete(value, 30))
    assert "1 of" in result.notes[0]
    rate = quantities["hr_bpm"]
    known = np.isfinite(rate.value)
    assert known.mean() > 0.95
    assert np.max(np.abs(rate.value[known] - 66)) < 3.5


def test_device_beats_and_wave_beats_keep_their_names():
    time = clock(0, 100, 64)
    beats = beat_times(0, 100, bpm=70)
    raw = [
        RawSignal("bvp_au", time, pulse_wave(time, beats)),
        RawSignal("hr_bpm", np.arange(100.0), np.full(100, 70.0)),
        RawSignal("ibi_ms", beats[1:], 1000 * np.diff(beats)),
    ]
    names = set(clean_signals(raw, recording_id="a")["signal"].unique())
    assert {"hr_bpm", "hr_ibi_bpm", "hr_bvp_bpm", "quality_hr_bvp", "ibi_ms"} <= names
    assert {"hrv_rmssd_ms", "hrv_bvp_rmssd_ms", "quality_hrv", "quality_hrv_bvp"} <= names
    assert "quality_hr" not in names
