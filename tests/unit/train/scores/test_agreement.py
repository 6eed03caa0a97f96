"""Measures of agreement, by hand and against the golden vectors."""

import numpy as np
import pytest

from affectflow.train.scores.agreement import (
    concordance_correlation,
    intraclass_correlation,
    pearson,
    root_mean_square_error,
    sign_agreement,
)

ALL = (pearson, concordance_correlation, root_mean_square_error, sign_agreement, intraclass_correlation)
LABEL = np.array([-1.0, 0.0, 1.0, 2.0])


def test_by_hand_for_predictions_with_a_shift():
    shifted = LABEL + 1
    assert pearson(LABEL, shifted) == pytest.approx(1)
    # Variance 1.25 each: 2 · 1.25 / (1.25 + 1.25 + 1).
    assert concordance_correlation(LABEL, shifted) == pytest.approx(2.5 / 3.5)
    assert root_mean_square_error(LABEL, shifted) == pytest.approx(1)
    # Signs -, 0, +, + against 0, +, +, +.
    assert sign_agreement(LABEL, shifted) == 0.5
    assert intraclass_correlation(LABEL, shifted) == pytest.approx(1)


def test_by_hand_for_predictions_of_half_the_scale():
    half = LABEL / 2
    assert pearson(LABEL, half) == pytest.approx(1)
    # Covariance 0.625, variances 1.25 and 0.3125, means 0.5 and 0.25.
    assert concordance_correlation(LABEL, half) == pytest.approx(1.25 / (1.25 + 0.3125 + 0.0625))
    # Deviations of rows and within: 4 a² : a² for a line of slope 1/2 (r = 1): 2 s_xy / (s_x² + s_y²).
    assert intraclass_correlation(LABEL, half) == pytest.approx(1.25 / (1.25 + 0.3125))


def test_turned_round_they_are_negative():
    for measure in (pearson, concordance_correlation, intraclass_correlation):
        assert measure(LABEL - LABEL.mean(), LABEL.mean() - LABEL) == pytest.approx(-1)


def test_a_constant_prediction_concords_with_nothing():
    constant = np.full(4, 0.3)
    assert concordance_correlation(LABEL, constant) == 0
    assert np.isnan(pearson(LABEL, constant))
    assert np.isnan(concordance_correlation(constant, constant))
    assert np.isnan(intraclass_correlation(constant, constant))


@pytest.mark.parametrize("value", [0.1, -0.3, 1e-9, 7e5, 0.0])
@pytest.mark.parametrize("n", [3, 12, 100])
def test_what_rounding_leaves_of_a_constant_is_no_variance(value, n):
    """The mean of twelve times 0.1 is not 0.1 to the last digit."""
    constant, rising = np.full(n, value), np.arange(n) * 1.0
    assert np.isnan(concordance_correlation(constant, constant))
    assert np.isnan(pearson(constant, rising))
    assert np.isnan(pearson(rising, constant))
    assert np.isnan(intraclass_correlation(constant, constant + 0.2))
    assert concordance_correlation(constant, constant + 0.2) == 0
    # What differs by little is no constant.
    near = value + 1e-6 * (abs(value) + 1e-9) * rising
    assert pearson(near, rising) == pytest.approx(1, abs=1e-4)


@pytest.mark.parametrize("measure", ALL)
def test_nothing_gives_nan_and_other_shapes_are_refused(measure):
    assert np.isnan(measure([], []))
    with pytest.raises(ValueError, match=r"labels \(4,\) and predictions \(3,\)"):
        measure(LABEL, LABEL[:3])


def test_they_are_the_references(shared):
    with np.load(shared / "golden" / "emonet.npz") as golden:
        pair = golden["metric_gt"], golden["metric_pred"]
        found = [m(*pair) for m in (concordance_correlation, pearson, root_mean_square_error, sign_agreement)]
        np.testing.assert_allclose(found, golden["metric_CCC_PCC_RMSE_SAGR"], atol=1e-10)
        columns = zip(golden["icc_labels"].T, golden["icc_pred"].T, strict=True)
        found = [intraclass_correlation(label, predicted) for label, predicted in columns]
        np.testing.assert_allclose(found, golden["icc_31"], atol=1e-10)
