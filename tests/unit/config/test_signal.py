"""Settings of the signals' clock."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from affectflow.config.signal import Alignment


@pytest.mark.parametrize(
    ("signal", "reference", "says"),
    [
        (
            "hr_bmp",
            "rppg_hr_bpm",
            r"signal 'hr_bmp' does not end in a unit, such as hr_bpm\. Did you mean bpm\?",
        ),
        ("hr_bpm", "mouth_opne", r"reference 'mouth_opne' is not a column of codes.*Did you mean mouth_open"),
        ("", "mouth_open", "needs signal and reference"),
    ],
)
def test_names_that_no_table_has(signal, reference, says):
    with pytest.raises(ValidationError, match=says):
        Alignment(method="correlation", signal=signal, reference=reference)


def test_names_are_asked_of_the_correlation_alone():
    assert Alignment(method="correlation", signal="acc_x_g", reference="d_pose_01").signal == "acc_x_g"
    assert Alignment(signal="anything").signal == "anything"
