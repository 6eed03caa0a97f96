"""What is trained where the settings say auto."""

import re

import pytest

from affectflow.config.base import read_settings
from affectflow.config.sheet import Recording
from affectflow.config.study import Study
from affectflow.errors import ConfigError
from affectflow.train.protocol.auto_models import learnt_conditions, resolve_auto


def sheet(people=4, *, conditions=("baseline", "stressor"), video="v.mp4", signals="s.csv"):
    return [
        Recording(f"p{n}_{c}", f"p{n}", c, video=video, signals=signals)
        for n in range(people)
        for c in conditions
    ]


def resolved(recordings, **sections):
    return resolve_auto(read_settings(Study, sections, "config"), recordings)


@pytest.mark.parametrize(
    ("columns", "models", "controls"),
    [
        (
            {},
            ["logistic", "bio_transformer", "face_transformer", "cross_modal"],
            ["pose_only", "time_only", "shuffled_labels"],
        ),
        ({"signals": None}, ["logistic", "face_transformer"], ["pose_only", "time_only", "shuffled_labels"]),
        ({"video": None}, ["logistic", "bio_transformer"], ["time_only", "shuffled_labels"]),
    ],
)
def test_models_go_by_what_the_sheet_has(columns, models, controls):
    study, note = resolved(sheet(**columns))
    assert (study.train.models, study.train.controls, note) == (models, controls, "")
    assert study.train.main == models[-1]


def test_pulse_from_the_video_is_a_biosignal():
    study, _ = resolved(sheet(signals=None), signal={"rppg": {"method": "pos"}})
    assert study.train.models[-1] == "cross_modal"


def test_a_modality_of_a_condition_that_is_not_learnt_counts_for_nothing():
    rest = [Recording("p0_rest", "p0", "rest", signals="s.csv")]
    study, _ = resolved([*sheet(signals=None), *rest])
    assert study.train.models == ["logistic", "face_transformer"]


@pytest.mark.parametrize(
    ("recordings", "sections", "why"),
    [
        (sheet(2), {}, "2 people are too few .* 3 or more"),
        (sheet(4), {"train": {"folds": 5}}, "4 people are too few .* 5 or more"),
        (sheet(2), {"train": {"split": "leave_one_subject_out", "folds": 5}}, "2 people .* 3 or more"),
        (
            [*sheet(4, conditions=("baseline",)), *sheet(2, conditions=("stressor",))],
            {},
            "2 people in condition stressor are too few",
        ),
        (sheet(4, conditions=("baseline", "other")), {}, "no recording of condition stressor"),
        (sheet(4, conditions=(None,)), {}, "condition baseline and none of stressor"),
        (sheet(4), {"stats": {"contrast": "phases", "baseline": "P1", "stressor": "P2"}}, "contrast: phases"),
    ],
)
def test_a_study_that_cannot_be_divided_has_no_models_and_says_why(recordings, sections, why):
    study, note = resolved(recordings, **sections)
    assert (study.train.models, study.train.controls, study.train.main, study.train.explained) == (
        [],
        [],
        "",
        [],
    )
    assert re.search(why, note)


def test_names_beside_auto_stay_and_none_is_trained_twice():
    study, _ = resolved(
        sheet(), train={"models": ["boosting", "auto", "logistic"], "controls": ["auto", "gaze_only"]}
    )
    assert study.train.models == [
        "boosting",
        "logistic",
        "bio_transformer",
        "face_transformer",
        "cross_modal",
    ]
    assert study.train.controls == ["pose_only", "time_only", "shuffled_labels", "gaze_only"]
    beside, _ = resolved(sheet(), train={"models": ["auto", "boosting"]})
    assert (beside.train.models[-1], beside.train.main) == ("boosting", "cross_modal")


def test_names_written_out_are_left_alone():
    written = {"models": ["logistic"], "controls": []}
    study, note = resolved(sheet(2), train=written)
    assert (study.train.models, study.train.controls, note) == (["logistic"], [], "")


def test_a_model_of_summaries_is_compared_with_the_pose_where_there_are_faces():
    assert "pose_only" in resolved(sheet(), train={"models": ["logistic"]})[0].train.controls
    assert "pose_only" not in resolved(sheet(video=None), train={"models": ["logistic"]})[0].train.controls


def test_a_main_model_that_is_not_trained_is_refused_once_auto_is_filled_in():
    with pytest.raises(ConfigError, match=r"main_model: 'cross_modal' is none of models \(logistic, face"):
        resolved(sheet(signals=None), train={"main_model": "cross_modal"})


def test_with_phases_only_the_stressor_is_learnt_from():
    train = {"label": "phase", "positive_phases": ["P2"]}
    study, _ = resolved(sheet(4, conditions=("stressor",)), train=train)
    assert learnt_conditions(study) == ("stressor",)
    assert study.train.main == "cross_modal"
