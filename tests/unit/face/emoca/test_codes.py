"""Which number is which code, and which weights are of another model."""

import numpy as np
import pytest

from affectflow.errors import InputError
from affectflow.face.emoca.codes import CODES, N_FLAME, check_widths, has_encoder, split_codes


@pytest.fixture(scope="module")
def golden(shared):
    with np.load(shared / "golden" / "emoca_encoder.npz") as arrays:
        return dict(arrays)


def test_codes_stand_in_the_documented_order():
    raw = np.arange(2 * N_FLAME, dtype=np.float32).reshape(2, N_FLAME)
    codes = split_codes(raw, -raw[:, :50])
    first = {name: int(array[0, 0]) for name, array in codes.items()}
    last = {name: int(array[0, -1]) for name, array in codes.items()}
    assert first == {
        "shape": 0,
        "tex": 100,
        "exp": 0,
        "pose": 200,
        "cam": 206,
        "light": 209,
        "original_exp": 150,
    }
    assert last == {
        "shape": 99, "tex": 149, "exp": -49, "pose": 205, "cam": 208, "light": 235, "original_exp": 199
    }  # fmt: skip
    assert {name: codes[name].shape for name in CODES} == {name: (2, n) for name, n in CODES.items()}


def test_the_reference_decodes_the_same_codes(golden):
    codes = split_codes(golden["raw_flame"], golden["raw_expression"])
    for name in ("shape", "tex", "exp", "pose"):
        np.testing.assert_array_equal(codes[name], golden[f"{name}code"])
    np.testing.assert_array_equal(codes["cam"], golden["cam"])
    np.testing.assert_array_equal(codes["light"].reshape(-1, 9, 3), golden["lightcode"])
    np.testing.assert_array_equal(codes["original_exp"], golden["original_exp"])
    np.testing.assert_array_equal(codes["pose"], golden["original_pose"])
    assert np.abs(codes["exp"] - codes["original_exp"]).max() > 0.1


@pytest.mark.parametrize(
    ("flame", "expression"), [((2, 235), (2, 50)), ((2, 236), (2, 53)), ((2, 236), (3, 50))]
)
def test_outputs_that_do_not_fit_are_refused(flame, expression):
    with pytest.raises(ValueError, match=r"not \(n, 236\) and \(n, 50\)"):
        split_codes(np.zeros(flame), np.zeros(expression))


def biases(**widths):
    return {f"{encoder}.layers.2.bias": np.zeros(n, np.float32) for encoder, n in widths.items()}


def test_the_published_widths_pass():
    check_widths(biases(E_flame=236, E_expression=50, E_detail=128), ("E_flame", "E_expression", "E_detail"))
    check_widths(biases(E_flame=236, E_expression=50), ("E_flame", "E_expression"))


@pytest.mark.parametrize(
    ("widths", "message"),
    [
        ({"E_expression": 53}, r"E_expression gives 53 numbers \(expression and jaw\), not 50.*mse_20"),
        (
            {"E_expression": 56},
            r"E_expression gives 56 numbers \(expression, head rotation and jaw\), not 50",
        ),
        ({"E_expression": 51}, r"E_expression gives 51 numbers, not 50"),
        ({"E_flame": 240}, r"E_flame gives 240 numbers, not 236"),
        ({"E_detail": 53}, r"E_detail gives 53 numbers, not 128"),
    ],
)
def test_another_variant_of_the_model_is_refused(widths, message):
    weights = biases(**{"E_flame": 236, "E_expression": 50, "E_detail": 128, **widths})
    with pytest.raises(InputError, match=message):
        check_widths(weights, ("E_flame", "E_expression", "E_detail"))


def test_a_coarse_checkpoint_has_no_detail():
    weights = biases(E_flame=236, E_expression=50)
    assert not has_encoder(weights, "E_detail")
    with pytest.raises(
        InputError, match=r"hold no E_detail.*coarse.*Take detail out of face\.codes\.parameters"
    ) as error:
        check_widths(weights, ("E_flame", "E_expression", "E_detail"))
    assert "\n" not in str(error.value)


def test_the_original_deca_has_no_expression_encoder():
    with pytest.raises(InputError, match=r"E_expression\.layers\.2\.bias is missing.*convert-weights emoca"):
        check_widths(biases(E_flame=236, E_detail=128), ("E_flame", "E_expression"))
