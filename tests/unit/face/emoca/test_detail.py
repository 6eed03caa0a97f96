"""The decoder of wrinkles against the golden vectors."""

import numpy as np
import pytest
import torch

from affectflow.errors import InputError
from affectflow.face.emoca.detail import DetailDecoder
from tests.support.golden_networks import decoder_shapes, pseudo_network


@pytest.fixture(scope="module")
def golden(shared):
    with np.load(shared / "golden" / "emoca_encoder.npz") as arrays:
        return dict(arrays)


@pytest.fixture(scope="module")
def decoder():
    return DetailDecoder.from_arrays(pseudo_network("D_detail"))


def golden_codes(golden):
    return golden["posecode"][:, 3:], golden["expcode"], golden["detailcode"]


def sub(displacements):
    return displacements[:, ::16, ::16]


def test_tensors_have_the_official_names_and_shapes():
    with torch.device("meta"):
        decoder = DetailDecoder()
    found = {f"D_detail.{name}": tuple(t.shape) for name, t in decoder.state_dict().items()}
    assert found == decoder_shapes()
    assert len(found) == 44


def test_displacements_are_the_references(golden, decoder):
    found = decoder.displacements(*golden_codes(golden))
    assert (found.shape, found.dtype) == ((4, 256, 256), np.float32)
    np.testing.assert_allclose(sub(found), golden["uv_z_sub"], rtol=0, atol=1e-7)
    x = found.astype(np.float64)
    stats = np.stack([x.mean((1, 2)), x.std((1, 2)), np.abs(x).max((1, 2))], axis=1)
    np.testing.assert_allclose(stats, golden["uv_z_stats"], rtol=1e-4)


def without_own_eps(decoder):
    for module in decoder.modules():
        if isinstance(module, torch.nn.BatchNorm2d):
            module.eps = 1e-5


def corners_kept(decoder):
    for module in decoder.modules():
        if isinstance(module, torch.nn.Upsample):
            module.align_corners = True


@pytest.mark.parametrize("mistake", [without_own_eps, corners_kept])
def test_the_golden_numbers_see_the_known_mistakes(golden, mistake):
    """Else the test above could pass by chance."""
    decoder = DetailDecoder.from_arrays(pseudo_network("D_detail"))
    mistake(decoder)
    found = decoder.displacements(*golden_codes(golden))
    assert np.abs(sub(found) - golden["uv_z_sub"]).max() > 1e-4


def test_jaw_comes_before_expression_before_detail(golden, decoder):
    jaw, exp, detail = golden_codes(golden)
    assert np.abs(sub(decoder.displacements(jaw, exp[::-1], detail)) - golden["uv_z_sub"]).max() > 1e-5
    x = torch.from_numpy(np.concatenate([jaw, exp, detail], axis=1))
    with torch.inference_mode():
        found = decoder(x)
    assert found.shape == (4, 1, 256, 256)
    np.testing.assert_array_equal(found[:, 0].numpy(), decoder.displacements(jaw, exp, detail))


def test_displacements_stay_below_a_centimetre(decoder):
    found = decoder.displacements(np.full((1, 3), 9.0), np.full((1, 50), 9.0), np.full((1, 128), 9.0))
    assert np.abs(found).max() <= 0.01 + 1e-9


def test_no_pictures_give_no_maps(decoder):
    assert decoder.displacements(np.empty((0, 3)), np.empty((0, 50)), np.empty((0, 128))).shape == (
        0,
        256,
        256,
    )


def test_a_missing_tensor_is_named():
    weights = dict(pseudo_network("D_detail"))
    del weights["D_detail.conv_blocks.21.bias"]
    with pytest.raises(
        InputError, match=r"D_detail\.conv_blocks\.21\.bias is missing.*convert-weights emoca"
    ):
        DetailDecoder.from_arrays(weights)
