"""Which channels a network sees, and the slope against a control recording."""

import numpy as np
import polars as pl
import pytest

from affectflow.config.train import Train
from affectflow.errors import DesignError
from affectflow.schema import CODES_COLUMNS, EXP, MEASURES, POSE
from affectflow.train.windows.inputs import add_modalities, choose_columns
from affectflow.train.windows.label_windows import label_windows
from affectflow.train.windows.window_set import summary_set
from tests.support.models import make_grids
from tests.support.synth_windows import SIGNALS, make_study


@pytest.fixture(scope="module")
def names():
    table = make_study(n_people=1, duration_s=5).features["P00_baseline"]
    return [*table.columns, "d_hr_bpm", "gaze_x_px", "quality_hr_bpm"]


def chosen(names, *parts, **how):
    return choose_columns([names], emoca_mode=parts, **how)


def test_parts_of_the_face(names):
    assert chosen(names, "pose")["face"] == POSE
    assert chosen(names, "jaw")["face"] == POSE[3:]
    assert chosen(names, "jaw", "pose", "velocities")["face"] == (*POSE, *(f"d_{c}" for c in POSE))
    assert chosen(names, "expression", "velocities")["face"] == (*EXP, *(f"d_{c}" for c in EXP))
    moving = (*CODES_COLUMNS, *MEASURES)
    assert chosen(names, "velocities")["face"] == tuple(f"d_{c}" for c in moving)
    every = Train(emoca_mode="all").emoca_mode
    assert chosen(names, *every)["face"] == (*moving, *(f"d_{c}" for c in moving))


def test_biosignals_and_gaze(names):
    found = chosen(names, "pose", modalities=("bio", "gaze"), bio_mode=("level", "velocity"))
    assert found == {"bio": (*SIGNALS, "d_hr_bpm"), "gaze": ("gaze_x_px",)}
    assert chosen(names, "pose", signals=["hr_bpm"])["bio"] == ("hr_bpm",)
    assert chosen(names, "pose", signals=["hr_bpm"], bio_mode=("velocity",))["bio"] == ("d_hr_bpm",)
    with pytest.raises(DesignError, match=r"train.signals: no recording has a signal 'gsr'.*hr_bpm"):
        chosen(names, "pose", signals=["gsr"])
    with pytest.raises(DesignError, match="no recording has a biosignal"):
        chosen(CODES_COLUMNS, "pose")
    with pytest.raises(DesignError, match="no recording has a gaze or pupil column"):
        chosen(SIGNALS, "pose", modalities=("gaze",))


def test_further_measures_of_the_face_come_with_the_measures(names):
    assert chosen([*names, "au_06"], "measures")["face"] == (*MEASURES, "au_06")


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"label": "phase"}, "label: phase needs positive_phases"),
        ({"emoca_mode": ["pose", "control_slope"]}, "would give the answer away"),
        (
            {"label": "phase", "positive_phases": ["P2"], "emoca_mode": ["control_slope"]},
            "stands beside parts of the face",
        ),
        ({"modalities": ["face", "face"]}, "each but once"),
    ],
)
def test_settings_that_contradict_each_other(settings, words):
    with pytest.raises(ValueError, match=words):
        Train(**settings)


def test_modalities_are_added_with_the_slopes_at_the_end():
    study = make_study(n_people=2, duration_s=5)
    windows = study.windows.with_columns(slope_pose_00=pl.lit(0.5), slope_hr_bpm=pl.lit(1.5))
    examples = label_windows(windows, baseline="baseline", stressor="stressor")
    how = {"modalities": ["face", "bio"], "bio_mode": ["level"], "signals": ["hr_bpm"]}
    how |= {"control": "baseline", "stride_s": 2.0}
    grids = make_grids(study)
    plain = add_modalities(summary_set(windows, examples), windows, grids, emoca_mode=["pose"], **how)
    assert plain.columns["face"] == POSE
    assert plain.arrays["face"].shape == (4, 20, 6)
    with_slope = add_modalities(
        summary_set(windows, examples), windows, grids, emoca_mode=["pose", "control_slope"], **how
    )
    assert with_slope.columns["face"] == (*POSE, "control_slope_pose_00", "control_slope_hr_bpm")
    values = with_slope.arrays["face"][:]
    assert values.shape == (4, 20, 8)
    np.testing.assert_array_equal(values[:, :, 6:], 0)
    np.testing.assert_array_equal(values[:, :, :6], plain.arrays["face"][:])
