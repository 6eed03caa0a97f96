"""The sources emonet and resnet_au: what is found, taken, noted and refused."""

from __future__ import annotations

import shutil

import numpy as np
import pytest

from affectflow.errors import InputError, MissingDependencyError
from affectflow.io.files import sha256_of
from affectflow.weights import emonet
from affectflow.weights.convert_weights import convert_weights
from tests.support.pseudo_weights import (
    pseudo_emonet,
    pseudo_units,
    write_emonet,
    write_resnet_au,
    write_state_dict,
)


def test_both_emonets_are_stored_under_their_own_names(emonet_weights):
    assert len(emonet_weights) == 2 * 682
    for n_classes in (8, 5):
        for name in ("conv1.weight", "emo_fc_2.3.bias", "bn1.num_batches_tracked"):
            found = emonet_weights[f"emonet_{n_classes}.{name}"]
            np.testing.assert_array_equal(found, pseudo_emonet(n_classes)[name])


def test_both_networks_of_action_units_are_stored_under_their_own_names(resnet_au_weights):
    assert len(resnet_au_weights) == 600 + 376
    for role in ("disfa", "bp4d"):
        name = "spa_attn.4.grp2_bn2.running_var"
        np.testing.assert_array_equal(resnet_au_weights[f"{role}.{name}"], pseudo_units(role)[name])


def test_files_of_other_bytes_are_noted_and_taken(tmp_path, monkeypatch):
    write_emonet(tmp_path)
    notes = convert_weights("emonet", tmp_path).manifest["notes"]
    assert len(notes) == 2
    assert notes[0].startswith("emonet_8.pth is other than the published file")
    monkeypatch.setitem(emonet.PUBLISHED, 8, sha256_of(tmp_path / "pretrained" / "emonet_8.pth"))
    notes = convert_weights("emonet", tmp_path, force=True).manifest["notes"]
    assert [note.split()[0] for note in notes] == ["emonet_5.pth"]


def test_the_small_one_may_be_absent_and_the_large_one_not(tmp_path):
    write_emonet(tmp_path)
    (tmp_path / "pretrained" / "emonet_5.pth").unlink()
    assert list(convert_weights("emonet", tmp_path).manifest["absent"]) == ["emonet_5."]
    shutil.rmtree(tmp_path / "pretrained")
    write_emonet(tmp_path / "b", classes=(5,))
    with pytest.raises(MissingDependencyError, match=r"misses: pretrained/emonet_8\.pth"):
        convert_weights("emonet", tmp_path / "b")


def test_another_number_of_classes_is_one_line(tmp_path):
    write_state_dict(tmp_path / "emonet_8.pth", pseudo_emonet(5), prefix="module.", new_form=False)
    with pytest.raises(InputError, match=r"emonet_8\.pth: is not EmoNet for 8 expressions") as error:
        convert_weights("emonet", tmp_path)
    assert "2 of another shape: emo_fc_2.3.weight (7, 128) instead of (10, 128)" in str(error.value)
    assert "\n" not in str(error.value)


def test_the_two_networks_of_action_units_are_not_taken_for_each_other(tmp_path):
    write_resnet_au(tmp_path)
    (tmp_path / "disfa_model.pt").unlink()
    shutil.copy(tmp_path / "bp4d_model.pt", tmp_path / "disfa_model.pt")
    with pytest.raises(
        InputError, match=r"disfa_model\.pt for 12 action units, which has 600 tensors; 224 missing"
    ):
        convert_weights("resnet_au", tmp_path)


def test_half_a_network_is_one_line(tmp_path):
    half = dict(list(pseudo_emonet(8).items())[:300])
    write_state_dict(tmp_path / "emonet_8.pth", half)
    with pytest.raises(InputError, match="which has 682 tensors; 382 missing: "):
        convert_weights("emonet", tmp_path)
