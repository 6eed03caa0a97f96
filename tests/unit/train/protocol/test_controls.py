"""Entries of the comparison: models, and controls made of the main one."""

import pytest

from affectflow.errors import ConfigError
from affectflow.train.protocol.controls import CONTROLS, entries


def test_models_come_first_then_controls_made_of_the_main_one():
    found = entries(["cross_modal", "logistic"], ["shuffled_labels", "time_only"], main="cross_modal")
    assert list(found) == ["cross_modal", "logistic", "shuffled_labels", "time_only"]
    assert (found["shuffled_labels"].model, found["shuffled_labels"].shuffled) == ("cross_modal", True)
    assert (found["time_only"].model, found["time_only"].needs_frames) == ("logistic", False)
    assert found["cross_modal"].needs_frames
    assert not found["cross_modal"].control
    assert found["time_only"].control.endswith("?")
    assert entries(["logistic"], ["shuffled_labels"], main="logistic")["shuffled_labels"].model == "logistic"


def test_unknown_names_and_controls_without_a_model_are_refused():
    with pytest.raises(ConfigError, match=r"'pose' is no control.*pose_only"):
        entries(["logistic"], ["pose"], main="logistic")
    with pytest.raises(ConfigError, match="controls need a model"):
        entries([], ["time_only"], main="")
    with pytest.raises(ConfigError, match="is no model"):
        entries(["nothing"], [], main="nothing")


def test_every_control_is_made_of_something_else_than_the_main_model():
    for name, control in CONTROLS.items():
        different = (
            control.model,
            control.emoca_mode,
            control.shuffled,
            control.time,
            control.without_control_drive,
        )
        assert different != (None, None, False, False, False), name
