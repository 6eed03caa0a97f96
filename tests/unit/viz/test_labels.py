"""Columns in a reader's words."""

from __future__ import annotations

import re

import pytest

from affectflow.datasets.empatica_e4.signals import STREAMS
from affectflow.datasets.taamneh.signals import CHANNELS
from affectflow.viz.labels import label_of, p_text


@pytest.mark.parametrize(
    ("column", "label"),
    [
        ("mean_hr_bpm", "heart rate (1/min)"),
        ("speed_hr_bpm", "heart rate, speed"),
        ("sd_exp_07", "expression 07, SD"),
        ("pose_04", "jaw rotation y"),
        ("blink_rate_hz", "blink rate (Hz)"),
        ("mean_au12", "AU12"),
        ("mean_gaze_x_px", "gaze x (px)"),
        ("mean_happy", "happy"),
        ("mean_hr_bvp_bpm", "heart rate, BVP (1/min)"),
        ("speed_hr_ibi_bpm", "heart rate, IBI, speed"),
        ("mean_hrv_bvp_rmssd_ms", "heart rate variability, RMSSD, BVP (ms)"),
        ("mean_eda_left_tonic_usiemens", "skin conductance level, left (µS)"),
        ("mean_pupil_left_mm", "pupil diameter, left (mm)"),
        ("mean_acc_x_g", "acceleration x (g)"),
        ("mean_facs_anger_au", "FACS anger (a.u.)"),
        ("d_hr_bpm", "heart rate, change per second"),
        ("d_prime", "d prime"),
        ("mean_alpha_power_db", "alpha power (dB)"),
    ],
)
def test_labels(column: str, label: str) -> None:
    assert label_of(column) == label


def test_signals_of_all_data_sets_are_in_words() -> None:
    """No figure has a device's or a study's abbreviation beside the words for the same thing."""
    e4 = [name for names in STREAMS.values() for name in names]
    driving = [name for names in CHANNELS.values() for name in names if not name.endswith("_kohm")]
    for name in [*e4, *driving]:
        stem = name.rsplit("_", 1)[0]
        assert not re.search(r"\b(acc|temp|hr|ibi|bvp|eda|rsp|facs|perinasal)\b(?! persp)", label_of(name)), (
            name
        )
        assert label_of(name) != stem.replace("_", " ")


def test_p_is_never_zero() -> None:
    assert p_text(1e-9) == "p < 0.001"
    assert p_text(0.0123, "Holm p") == "Holm p = 0.012"
    assert p_text(0.5) == "p = 0.50"
