"""Checkpoints of rPPG-Toolbox: made-up weights of the true names and shapes, from the file to the network."""

from __future__ import annotations

import numpy as np
import pytest

from affectflow.errors import InputError
from affectflow.weights.convert_weights import convert_weights
from affectflow.weights.open_model import open_model
from affectflow.weights.toolbox import deepphys_shapes, physnet_shapes
from tests.support.pseudo_weights import pseudo_weight, write_state_dict

# Numbers of the real files: entries and their sum (../shared/reference/physnets.md).
SHAPES = {"physnet": physnet_shapes(), "deepphys": deepphys_shapes(256), "tscan": deepphys_shapes(256)}
FILES = {
    "physnet": "UBFC-rPPG_PhysNet_DiffNormalized.pth", "deepphys": "PURE_DeepPhys.pth", "tscan": "PURE_TSCAN.pth",
}  # fmt: skip


def write(folder, name, *, shapes=None, prefix="", new_form=True):
    arrays = {k: pseudo_weight(k, s, gain=0.7) for k, s in (shapes or SHAPES[name]).items()}
    write_state_dict(folder / "final_model_release" / FILES[name], arrays, prefix=prefix, new_form=new_form)
    return arrays


def test_shapes_are_those_of_the_published_files():
    sizes = {name: sum(int(np.prod(s)) for s in shapes.values()) for name, shapes in SHAPES.items()}
    assert len(SHAPES["physnet"]) == 79
    assert sizes["physnet"] == 769_836
    assert len(SHAPES["deepphys"]) == 24
    assert sizes["deepphys"] == 2_228_643
    assert sum(int(np.prod(s)) for s in deepphys_shapes(49).values()) == 532_899


@pytest.mark.parametrize("name", sorted(FILES))
@pytest.mark.parametrize(("prefix", "new_form"), [("", True), ("module.", True), ("module.", False)])
def test_a_file_is_taken_with_and_without_the_prefix_of_several_cards(name, prefix, new_form, tmp_path):
    arrays = write(tmp_path, name, prefix=prefix, new_form=new_form)
    convert_weights(name, tmp_path)
    weights = open_model(name, tmp_path)
    assert set(weights) == {f"network.{key}" for key in arrays}
    for key, array in arrays.items():
        np.testing.assert_array_equal(weights[f"network.{key}"], array)


@pytest.mark.parametrize("n_places", [49, 484])
def test_any_size_of_pictures_is_told_by_the_file(n_places, tmp_path):
    write(tmp_path, "deepphys", shapes=deepphys_shapes(n_places))
    convert_weights("deepphys", tmp_path)
    assert open_model("deepphys", tmp_path)["network.final_dense_1.weight"].shape == (128, 64 * n_places)


def test_another_network_is_one_line(tmp_path):
    write(tmp_path, "deepphys", shapes=physnet_shapes())
    with pytest.raises(
        InputError, match=r"is not DeepPhys of rPPG-Toolbox, which has 24 tensors; 24 missing"
    ):
        convert_weights("deepphys", tmp_path)
    odd = {**deepphys_shapes(49), "final_dense_1.weight": (128, 64 * 50)}
    write(tmp_path, "tscan", shapes=odd)
    with pytest.raises(InputError, match="reads 3200 numbers, which no square picture has"):
        convert_weights("tscan", tmp_path)
