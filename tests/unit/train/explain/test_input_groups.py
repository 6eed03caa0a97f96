"""Every input of the workflow has a group in a reader's words."""

import pytest

from affectflow.train.explain.input_groups import group_of, input_groups


@pytest.mark.parametrize(
    ("column", "summary", "group"),
    [
        ("exp_00", False, "expression"),
        ("d_exp_49", False, "expression velocity"),
        ("pose_02", False, "head"),
        ("pose_03", False, "jaw"),
        ("d_pose_05", False, "jaw velocity"),
        ("brow_raise", False, "measures"),
        ("au_12", False, "measures"),
        ("gaze_left_x", False, "gaze"),
        ("hr_bpm", False, "hr_bpm"),
        ("d_hr_bpm", False, "hr_bpm velocity"),
        ("control_slope_exp_03", False, "control_slope"),
        ("mean_pose_00", True, "head"),
        ("sd_pose_00", True, "head"),
        ("speed_pose_00", True, "head velocity"),
        ("mean_eda_tonic_usiemens", True, "eda_tonic_usiemens"),
        ("blink_rate_hz", True, "measures"),
        ("start_s", True, "time"),
        ("since_phase_s", True, "time"),
    ],
)
def test_group_of(column, summary, group):
    assert group_of(column, summary=summary) == group


def test_groups_hold_every_input_once():
    columns = {"face": ("exp_00", "pose_00", "exp_01"), "bio": ("hr_bpm", "gaze_x")}
    assert input_groups(columns) == {
        "expression": {"face": [0, 2]},
        "head": {"face": [1]},
        "hr_bpm": {"bio": [0]},
        "gaze": {"bio": [1]},
    }
