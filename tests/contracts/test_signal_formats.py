"""Every registered signals format, cleaner and smoother keeps the same promises."""

from __future__ import annotations

import re

import numpy as np
import pytest

from affectflow.config.features import Smoothing
from affectflow.config.signal import Signal
from affectflow.datasets import SIGNAL_FORMATS
from affectflow.datasets.taamneh.layout import DRIVES
from affectflow.errors import InputError
from affectflow.features import SMOOTH
from affectflow.io.tables import check_table
from affectflow.registry import load
from affectflow.schema import _SIGNAL_EXTRA
from affectflow.signal import CLEANERS, SCREENS
from affectflow.signal.clean_signals import clean_signals
from affectflow.signal.quality import is_continuous
from affectflow.signal.ranges import split_name
from affectflow.signal.stretches import Stretch
from tests.support.synth_e4 import write_session
from tests.support.synth_edf import write_edf
from tests.support.synth_frames import frame_times
from tests.support.synth_signals import beat_times, clock, pulse_wave, skin_conductance, study_signals
from tests.support.synth_taamneh import write_drive, write_r
from tests.support.synth_ubfc_phys import write_task


def write_csv(folder):
    study_signals().write_csv(folder / "signals.csv")
    return folder / "signals.csv"


# A new format brings a function that writes a small recording in its layout (a study_signals() table).
EXAMPLES = {
    "csv": write_csv,
    "empatica_e4": lambda folder: write_session(folder / "S1"),
    "ubfc_phys": write_task,
    "edf": lambda folder: write_edf(folder / "a.edf"),
    "taamneh": write_drive,
    "taamneh_unscreened": write_drive,
    **{f"taamneh_r_{code.lower()}": lambda folder: write_r(folder / "T001.csv") for code in DRIVES},
}
WAVES = {
    "eda": lambda t: skin_conductance(t, [5, 20, 40]),
    "ppg": lambda t: pulse_wave(t, beat_times(0, 60, bpm=70)),
    "bvp": lambda t: pulse_wave(t, beat_times(0, 60, bpm=70)),
    "ecg": lambda t: np.exp(-0.5 * (((t % 0.8) - 0.4) / 0.012) ** 2),
    "rsp": lambda t: np.sin(2 * np.pi * 0.25 * t),
}
SAMPLES = {
    "ibi_ms": lambda t: 850 + 30 * np.sin(t),
    "rr_ms": lambda t: 850 + 30 * np.sin(t),
    "gaze_px": lambda t: 500 + 200 * np.sin(t),
    "pupil_mm": lambda t: 3.5 + 0.3 * np.sin(t),
    "perinasal_degc2": lambda t: 0.005 + 0.001 * np.sin(t),
}


def test_everything_registered_is_tested_here():
    assert set(EXAMPLES) == set(SIGNAL_FORMATS)
    assert set(WAVES) == set(CLEANERS)
    assert set(SAMPLES) == set(SCREENS)


@pytest.mark.parametrize("name", sorted(SIGNAL_FORMATS))
def test_a_format_gives_signals_on_their_own_clocks_that_can_be_cleaned(name, tmp_path):
    read = load(SIGNAL_FORMATS, name, "signals_format")
    path = EXAMPLES[name](tmp_path)
    recording, again = read(path), read(path)
    assert len({s.name for s in recording.signals}) == len(recording.signals) > 0
    for one, two in zip(recording.signals, again.signals, strict=True):
        assert one.time_s.dtype == one.value.dtype == np.float64
        assert one.time_s.shape == one.value.shape
        assert np.all(np.diff(one.time_s) > 0)
        assert split_name(one.name)
        assert np.array_equal(one.time_s, two.time_s)
        assert np.array_equal(one.value, two.value, equal_nan=True)
    cleaned = check_table(clean_signals(recording.signals, recording_id="a"), "signals", name)
    assert cleaned["valid"].mean() > 0.8


@pytest.mark.parametrize("name", sorted(SIGNAL_FORMATS))
def test_a_missing_file_is_one_line(name, tmp_path):
    with pytest.raises(InputError, match="absent") as error:
        load(SIGNAL_FORMATS, name, "signals_format")(tmp_path / "absent.csv")
    assert "\n" not in str(error.value)


@pytest.mark.parametrize("kind", sorted(CLEANERS))
def test_a_cleaner_names_units_keeps_clocks_and_says_what_is_wrong(kind):
    clean = load(CLEANERS, kind, "signal kind")
    time = clock(0, 60, 128)
    stretch = Stretch(time, WAVES[kind](time), 128.0)
    before = stretch.value.copy()
    result, again = clean(stretch, Signal()), clean(stretch, Signal())
    assert np.array_equal(stretch.value, before)
    assert result.notes == []
    for one, two in zip(result.quantities, again.quantities, strict=True):
        assert re.fullmatch(_SIGNAL_EXTRA, one.name)
        assert one.time_s.shape == one.value.shape
        assert np.all(np.diff(one.time_s) > 0)
        assert one.time_s[0] >= time[0] - 1e-9
        assert one.time_s[-1] <= time[-1] + 1e-9
        assert np.isfinite(one.value).mean() > 0.8 or not is_continuous(one.name)
        assert np.array_equal(one.value, two.value, equal_nan=True)
    for bad in (
        clean(stretch, Signal(), problem="the belt fell off"),
        clean(Stretch(time[:100], stretch.value[:100], 128.0), Signal()),
        clean(Stretch(time[:1], stretch.value[:1], 128.0), Signal()),
    ):
        assert {q.name for q in bad.quantities} == {q.name for q in result.quantities}
        assert all(np.isnan(q.value).all() for q in bad.quantities)
        assert len(bad.notes) == 1


@pytest.mark.parametrize("name", sorted(SCREENS))
def test_a_screen_keeps_the_signals_own_samples_and_takes_anything(name):
    screen = load(SCREENS, name, "signal kind")
    time = clock(0, 60, 30)
    value = SAMPLES[name](time)
    if name.endswith("_ms"):  # a list of beats: times and values tell the same
        value = value[:80]
        time = np.cumsum(value) / 1000
    value[20:24] = np.nan
    before = value.copy()
    result, again = screen(time, value, Signal()), screen(time, value, Signal())
    assert np.array_equal(value, before, equal_nan=True)
    own = result.quantities[0]
    assert own.name.rpartition("_")[2] == name.rpartition("_")[2]
    assert np.array_equal(own.time_s, time)
    kept = ~np.isnan(value)
    assert np.mean(own.value[kept] == value[kept]) > 0.95
    for one, two in zip(result.quantities, again.quantities, strict=True):
        assert re.fullmatch(_SIGNAL_EXTRA, one.name)
        assert np.array_equal(one.value, two.value, equal_nan=True)
    for n in (1, 2, 3):
        assert np.isnan(screen(time[:n], np.full(n, np.nan), Signal()).quantities[0].value).all()


@pytest.mark.parametrize("name", sorted(SMOOTH))
@pytest.mark.parametrize("irregular", [0.0, 0.4])
def test_a_smoother_keeps_shape_level_and_input(name, irregular):
    smooth = load(SMOOTH, name, "preset")
    rng = np.random.default_rng(0)
    time = frame_times(120, irregular=irregular)
    values = 3 + rng.standard_normal((120, 4))
    before = values.copy()
    found = smooth(values, time, Smoothing())
    assert found.shape == values.shape
    assert np.isfinite(found).all()
    assert np.array_equal(values, before)
    assert np.array_equal(found, smooth(values, time, Smoothing()))
    assert np.allclose(smooth(np.full((120, 2), 0.7), time, Smoothing()), 0.7)
    assert np.allclose(smooth(values[:, :1], time, Smoothing()), found[:, :1])
    for n in (1, 2, 3):
        assert smooth(values[:n], time[:n], Smoothing()).shape == (n, 4)
