"""Values that look like another unit are refused in one line; right ones never are."""

import numpy as np
import pytest

from affectflow.errors import InputError
from affectflow.signal.clean_signals import clean_signals
from affectflow.signal.raw import RawSignal
from affectflow.signal.unit_checks import suspected_unit
from tests.support.synth_signals import beat_times, clock, pulse_wave, skin_conductance

TIME = clock(0, 120, 25)
EDA = skin_conductance(TIME, [10, 30, 60])
ECG = np.exp(-0.5 * (((TIME % 0.8) - 0.4) / 0.02) ** 2)
BEATS = beat_times(0, 120, bpm=70)
GAZE = 500 + 300 * np.sin(TIME)
WRONG = [
    ("eda_usiemens", 1000 / EDA, "kilohms"),
    ("eda_palm_usiemens", 1000 / EDA, "kilohms"),
    ("eda_usiemens", 1000 * EDA, "kilohms or nanosiemens"),
    ("eda_usiemens", 1e6 / EDA, "ohms"),
    ("eda_usiemens", 1e-6 * EDA, "siemens"),
    ("temp_degc", 92 + 0.01 * TIME, "Fahrenheit"),
    ("temp_degc", 306 + 0.01 * TIME, "kelvin"),
    ("hr_bpm", 1.2 + 0.1 * np.sin(TIME), "Hz"),
    ("hr_bpm", 830 + 20 * np.sin(TIME), "name it ibi_ms"),
    ("rsp_rate_bpm", 0.25 + 0.02 * np.sin(TIME), "Hz"),
    ("ibi_ms", np.diff(BEATS), "seconds"),
    ("ibi_ms", 60 / np.diff(BEATS), "beats per minute"),
    ("ecg_mv", ECG / 1000, "volts"),
    ("ecg_mv", ECG * 1000, "microvolts"),
    ("pupil_left_mm", 40 + np.sin(TIME), "pixels"),
    ("pupil_left_mm", 0.0035 + 0.0001 * np.sin(TIME), "metres"),
    ("gaze_x_px", 0.5 + 0.3 * np.sin(TIME), "shares of the screen"),
    ("acc_z_g", np.full(TIME.size, -9.8), "m/s²"),
    ("acc_x_g", np.full(TIME.size, 45.0), "counts"),
]
RIGHT = [
    ("eda_usiemens", EDA),
    ("eda_usiemens", 0.08 + 0 * EDA),  # a dry wrist
    ("eda_palm_usiemens", 30 + EDA),  # a wet palm
    ("eda_usiemens", 0 * EDA),  # an electrode that fell off
    ("temp_degc", 33 + 0 * TIME),
    ("hr_bpm", 45 + 0 * TIME),
    ("hr_bpm", 190 + 0 * TIME),
    ("rsp_rate_bpm", 6 + 0 * TIME),
    ("ibi_ms", 1000 * np.diff(BEATS)),
    ("ibi_ms", np.full(50, 320.0)),
    ("ecg_mv", ECG),
    ("ecg_mv", 0 * ECG),
    ("ecg_au", 1000 * ECG),
    ("ppg_au", pulse_wave(TIME, BEATS)),
    ("pupil_left_mm", 3 + 0 * TIME),
    ("gaze_x_px", GAZE),
    ("gaze_x_px", np.full(TIME.size, 512.0)),  # eyes that hold still
    ("acc_z_g", np.full(TIME.size, 1.0)),
]


def raw(name, value):
    return [RawSignal(name, np.arange(value.size) / 25.0, np.asarray(value, dtype=np.float64))]


@pytest.mark.parametrize(("name", "value", "words"), WRONG, ids=[f"{n}-{w}" for n, _, w in WRONG])
def test_another_unit_is_refused_in_one_line(name, value, words):
    with pytest.raises(InputError, match="Nothing is converted by itself") as error:
        clean_signals(raw(name, value), recording_id="S07")
    message = str(error.value)
    assert words in message
    assert name in message
    assert "S07" in message
    assert "\n" not in message


@pytest.mark.parametrize(("name", "value"), RIGHT)
def test_what_a_body_can_show_is_not_refused(name, value):
    clean_signals(raw(name, value), recording_id="S07")


def test_single_spikes_and_missing_samples_do_not_decide():
    value = EDA.copy()
    value[::10] = 900.0
    value[1::10] = np.nan
    assert suspected_unit("eda", "usiemens", value) is None
    assert suspected_unit("eda", "usiemens", np.full(9, 500.0)) is None
    assert suspected_unit("eda", "usiemens", np.full(3, np.nan)) is None


def test_electrodes_that_came_off_are_missing_by_site():
    value = np.where(TIME < 60, EDA, 0.03)
    for name, off in (
        ("eda_palm_usiemens", True),
        ("eda_finger_left_usiemens", True),
        ("eda_usiemens", False),
    ):
        table = clean_signals(raw(name, value), recording_id="a")
        tonic = table.filter(table["signal"].str.contains("tonic"))
        assert tonic.filter(tonic["time_s"] > 61)["valid"].any() != off
