"""The source resnet50: torchvision's files, whichever, without their last layer."""

from __future__ import annotations

import numpy as np
import pytest

from affectflow.errors import InputError
from affectflow.io.files import sha256_of
from affectflow.weights.convert_weights import convert_weights
from affectflow.weights.open_model import open_model
from tests.support.pseudo_weights import pseudo_resnet50, write_resnet50, write_state_dict


def test_all_but_the_last_layer_is_stored(resnet50_weights):
    # Of torchvision's 320 tensors the two of fc are not.
    assert len(pseudo_resnet50()) == 320
    assert len(resnet50_weights) == 318
    for name in ("conv1.weight", "layer1.0.downsample.1.running_mean", "layer4.2.bn3.num_batches_tracked"):
        np.testing.assert_array_equal(resnet50_weights[f"trunk.{name}"], pseudo_resnet50()[name])


def test_a_name_that_says_another_digest_is_noted_and_the_right_one_is_not(tmp_path):
    notes = convert_weights("resnet50", write_resnet50(tmp_path)).manifest["notes"]
    assert len(notes) == 1
    assert "another sha256 than its name says" in notes[0]
    path = tmp_path / "resnet50-0676ba61.pth"
    path.rename(tmp_path / f"resnet50-{sha256_of(path)[:8]}.pth")
    assert convert_weights("resnet50", tmp_path).manifest["notes"] == []


def test_an_old_file_without_counters_and_one_without_a_last_layer(tmp_path):
    arrays = {
        name: array
        for name, array in pseudo_resnet50().items()
        if not name.endswith("num_batches_tracked") and not name.startswith("fc.")
    }
    write_state_dict(tmp_path / "resnet50-19c8e357.pth", arrays, new_form=False)
    convert_weights("resnet50", tmp_path)
    weights = open_model("resnet50", tmp_path)
    assert weights is not None
    assert len(weights) == 265
    assert "trunk.bn1.num_batches_tracked" not in weights


def test_another_network_is_one_line(tmp_path):
    arrays = dict(pseudo_resnet50())
    del arrays["layer3.5.conv2.weight"]
    arrays["layer1.0.conv1.weight"] = np.zeros((64, 64, 3, 3), np.float32)
    write_state_dict(tmp_path / "resnet50-x.pth", arrays, new_form=False)
    with pytest.raises(InputError, match=r"resnet50-x\.pth: is not a ResNet-50") as error:
        convert_weights("resnet50", tmp_path)
    said = str(error.value)
    assert "1 missing: layer3.5.conv2.weight" in said
    assert "layer1.0.conv1.weight (64, 64, 3, 3) instead of (64, 64, 1, 1)" in said
    assert "\n" not in said


def test_of_two_files_one_is_taken_and_said(tmp_path):
    write_resnet50(tmp_path / "a")
    (tmp_path / "b").mkdir()
    (tmp_path / "b" / "resnet50-11ad3fa6.pth").write_bytes(b"")
    notes = convert_weights("resnet50", tmp_path).manifest["notes"]
    assert notes[0] == "trunk: 2 files fit, a/resnet50-0676ba61.pth is taken"
