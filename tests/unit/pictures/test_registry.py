"""The registry of networks for pictures: each reads settings that exist, and those that it says."""

from __future__ import annotations

import pytest

from affectflow.config.pictures import Pictures
from affectflow.pictures import MODEL_SETTINGS, PICTURE_MODELS, TELL_EMOTIONS
from affectflow.registry import load
from affectflow.weights import WEIGHTS


@pytest.mark.parametrize("name", sorted(PICTURE_MODELS))
def test_a_network_has_its_settings_and_weights(name):
    assert set(MODEL_SETTINGS[name]) <= set(Pictures.model_fields)
    model = load(PICTURE_MODELS, name, "network")({n: getattr(Pictures(), n) for n in MODEL_SETTINGS[name]})
    assert model.name == name
    assert name in WEIGHTS
    assert model.licence
    assert model.columns


def test_every_name_is_a_network():
    assert set(MODEL_SETTINGS) == set(PICTURE_MODELS)
    assert set(TELL_EMOTIONS) <= set(PICTURE_MODELS)
