"""What waves are worth: clean ones near 1, noise and artefacts low; and per window."""

import numpy as np
import pytest

from affectflow.config.signal import Signal
from affectflow.features.make_windows import make_windows
from affectflow.features.preprocess_frames import preprocess_frames
from affectflow.signal.breathing import clean_rsp
from affectflow.signal.eda import clean_eda
from affectflow.signal.heart import clean_ecg, clean_ppg
from affectflow.signal.quality import eda_artefacts, is_continuous, quality_column, shape_quality
from affectflow.signal.stretches import Stretch
from tests.support.synth_frames import frame_times, frames_table
from tests.support.synth_signals import beat_times, clock, pulse_wave, skin_conductance


def quality_of(cleaner, value, rate):
    stretch = Stretch(np.arange(value.size) / rate, value, rate)
    found = {q.name: q for q in cleaner(stretch, Signal()).quantities}
    (name,) = [n for n in found if n.startswith("quality_")]
    assert np.nanmin(found[name].value) >= 0
    assert np.nanmax(found[name].value) <= 1
    return found[name]


@pytest.fixture
def noise():
    return np.random.default_rng(5).standard_normal(64 * 120)


def test_a_clean_pulse_is_near_1_and_noise_is_not(noise):
    time = np.arange(noise.size) / 64
    wave = pulse_wave(time, beat_times(0, 120, bpm=70, swing=4))
    clean = quality_of(clean_ppg, wave + 0.02 * noise, 64.0)
    nothing = quality_of(clean_ppg, noise, 64.0)
    assert np.median(clean.value) > 0.97
    assert np.median(nothing.value) < 0.75
    half = quality_of(clean_ppg, np.where(time < 60, wave + 0.02 * noise, 1.5 * noise), 64.0)
    assert np.median(half.value[half.time_s < 58]) > 0.95
    assert np.median(half.value[half.time_s > 62]) < 0.7


def test_an_ecg_and_breaths_too(noise):
    import neurokit2 as nk

    ecg = np.asarray(nk.ecg_simulate(duration=30, sampling_rate=250, heart_rate=70, random_state=1))
    assert np.median(quality_of(clean_ecg, ecg, 250.0).value) > 0.9
    time = np.arange(noise.size) / 64
    breaths = np.sin(2 * np.pi * 0.25 * time)
    assert np.median(quality_of(clean_rsp, breaths + 0.05 * noise, 64.0).value) > 0.97


def test_far_from_any_beat_there_is_no_quality():
    time = np.arange(0, 60, 0.01)
    beats = np.arange(0.5, 30, 0.8)
    wave = pulse_wave(time, beats)
    quality = shape_quality(wave, beats / 0.01, np.arange(time.size))
    assert quality[1000:2500].min() > 0.9
    assert (quality[3200:] == 0).all()
    assert (shape_quality(wave, beats[:2] / 0.01, np.arange(10)) == 0).all()
    assert (shape_quality(np.zeros(100), np.arange(5, 100, 20.0), np.arange(100)) == 0).all()


def test_jumps_and_stuck_sensors_are_artefacts_of_skin_conductance():
    time = clock(0, 120, 4)
    value = skin_conductance(time, [20, 90])
    assert not eda_artefacts(value, rate_hz=4.0).any()
    jump = value + np.where(time >= 60, 3.0, 0.0)  # 3 µS from one sample to the next: 12 µS/s
    marked = time[eda_artefacts(jump, rate_hz=4.0)]
    assert marked.min() == pytest.approx(60 - 5.25)
    assert marked.max() == pytest.approx(60 + 5.0)
    stuck = np.where((time >= 50) & (time < 70), value[200], value)
    marked = time[eda_artefacts(stuck, rate_hz=4.0)]
    assert (marked.min(), marked.max()) == (50.0, 69.75)


def test_a_jump_is_no_response():
    time = clock(0, 120, 4)
    value = skin_conductance(time, [20, 90]) + np.where((time >= 60) & (time < 62), 4.0, 0.0)
    found = {
        q.name: q.value for q in clean_eda(Stretch(time, value, 4.0), Signal(scr_window_s=500.0)).quantities
    }
    assert found["scr_rate_hz"][0] * 119.75 == pytest.approx(2)


@pytest.mark.parametrize(
    ("signal", "quality"),
    [
        ("hr_bpm", "quality_hr"),
        ("hr_bvp_bpm", "quality_hr_bvp"),
        ("scr_rate_hz", "quality_eda"),
        ("eda_tonic_usiemens", "quality_eda"),
        ("scr_left_rate_hz", "quality_eda_left"),
        ("temp_degc", None),
        ("hrv_rmssd_ms", None),
    ],
)
def test_each_signal_finds_its_quality(signal, quality):
    there = {"quality_hr", "quality_hr_bvp", "quality_eda", "quality_eda_left", "hr_bpm"}
    assert quality_column(signal, there) == quality


def test_what_is_occasional_by_nature():
    assert all(is_continuous(n) for n in ("hr_bpm", "eda_tonic_usiemens", "scr_rate_hz", "perinasal_degc2"))
    occasional = (
        "quality_hr",
        "ibi_ms",
        "rr_left_ms",
        "hrv_bvp_rmssd_ms",
        "scr_left_amplitude_usiemens",
        "perinasal_trend_degc2",
    )
    assert not any(is_continuous(n) for n in occasional)


def test_a_windows_quality_is_share_present_times_quality():
    time = frame_times(100, fps=10)
    signals = {
        "hr_bpm": np.where(time >= 1.99, 70.0, np.nan),
        "quality_hr": np.where(time >= 1.99, 0.5, np.nan),
        "temp_degc": np.where(time < 7.49, 33.0, np.nan),
    }
    features = preprocess_frames(frames_table(time, signals=signals), max_gap_s=0.2)
    assert "d_quality_hr" not in features.columns
    windows = make_windows([features], length_s=5, stride_s=5, min_coverage=0.0, max_gap_s=0.5)
    assert windows["quality_hr_bpm"].to_list() == pytest.approx([0.3, 0.5])
    assert windows["quality_temp_degc"].to_list() == pytest.approx([1.0, 0.5])
    assert not any(c.endswith("quality_hr") for c in windows.columns)
