"""Columns in a reader's words."""

from __future__ import annotations

import pytest

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
    ],
)
def test_labels(column: str, label: str) -> None:
    assert label_of(column) == label


def test_p_is_never_zero() -> None:
    assert p_text(1e-9) == "p < 0.001"
    assert p_text(0.0123, "Holm p") == "Holm p = 0.012"
    assert p_text(0.5) == "p = 0.50"
