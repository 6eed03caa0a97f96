"""Logistic regression on window summaries."""

import numpy as np
import pytest
from scipy.special import expit

from affectflow.train.models.logistic import _pipeline, fit_logistic
from tests.support.models import make_windows, people


@pytest.fixture(scope="module")
def windows():
    return make_windows(n_people=5, effect=2.0)[0]


def fit(windows, strengths):
    parts = people(windows, "P00", "P01", "P02"), people(windows, "P03")
    return fit_logistic(*parts, options={"strengths": strengths}, seed=0)


def test_it_finds_the_effect_in_a_new_person(windows):
    new = people(windows, "P04")
    score = fit(windows, [0.01, 0.1, 1.0]).score(new)
    assert score[new.label_n == 1].min() > score[new.label_n == 0].max()


def test_the_weights_file_says_how_to_score(windows):
    """Anyone can compute the score from the file alone."""
    fitted, new = fit(windows, [0.1]), people(windows, "P04")
    w = fitted.weights
    x = (new.arrays["summary"] - w["scaler.mean"]) / w["scaler.scale"]
    np.testing.assert_allclose(
        fitted.score(new), expit(x @ w["logistic.weight"] + w["logistic.bias"]), atol=1e-6
    )


def test_the_strength_with_the_least_validation_loss_is_taken(windows):
    fitted = fit(windows, [1.0, 0.0001, 0.1])
    assert fitted.log["c"].to_list() == [0.0001, 0.1, 1.0]
    assert fitted.facts["c"] == fitted.log.sort("validation_loss")["c"][0]
    assert fitted.log["validation_loss"].n_unique() == 3


def test_a_column_nobody_in_training_has_is_no_obstacle(windows):
    values = windows.arrays["summary"].copy()
    values[:, 0] = np.nan
    values[(windows.keys["subject_id"] == "P01").to_numpy(), 1] = np.nan
    fitted = fit(windows.replace({"summary": values}), [0.1])
    assert fitted.weights["scaler.mean"].shape == (values.shape[1],)
    assert np.isfinite(fitted.score(windows.replace({"summary": values}))).all()


def test_stored_weights_score_as_scikit_learn_does(windows):
    """The same pipeline fitted here, with holes in the summaries, says the same to 1e-12."""
    values = windows.arrays["summary"].copy()
    values[np.random.default_rng(0).random(values.shape) < 0.2] = np.nan
    holed = windows.replace({"summary": values})
    fitted, new, train = fit(holed, [0.1]), people(holed, "P04"), people(holed, "P00", "P01", "P02")
    model = _pipeline(0.1).fit(train.arrays["summary"].astype(float), train.label_n)
    expected = model.predict_proba(new.arrays["summary"].astype(float))[:, 1]
    np.testing.assert_allclose(fitted.score(new), expected, rtol=0, atol=1e-12)
    assert np.isnan(new.arrays["summary"]).any()
