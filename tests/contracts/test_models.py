"""What every registered model must do."""

import numpy as np
import polars as pl
import pytest

from affectflow.errors import ConfigError, DesignError
from affectflow.registry import load
from affectflow.train.models import FACTS, MODELS, RESTORE, check_models, facts_of
from affectflow.train.models.base import Fitted
from tests.support.models import LOOP, SMALL, make_windows, people


@pytest.fixture(scope="module")
def windows():
    return make_windows(n_people=5, effect=2.0)[0]


def fit(name, windows, *, seed=0, loop=LOOP, threads=1):
    parts = people(windows, "P00", "P01", "P02"), people(windows, "P03")
    return load(MODELS, name, "model")(
        *parts, options=SMALL[name], loop=loop, seed=seed, threads=threads, device="cpu", granted_gpus=0
    )


@pytest.fixture(scope="module", params=sorted(MODELS))
def name(request):
    return request.param


@pytest.fixture(scope="module")
def fitted(name, windows):
    return fit(name, windows)


def test_registry_and_facts_name_the_same_models():
    assert set(MODELS) == set(RESTORE) == set(FACTS) == set(SMALL)
    assert facts_of("logistic").needs_frames is False
    assert facts_of("cross_modal").needs_frames is True
    with pytest.raises(ConfigError, match=r"'logistics' is no model. Did you mean logistic"):
        facts_of("logistics")


def test_scores_are_probabilities_of_every_window(fitted, windows):
    assert isinstance(fitted, Fitted)
    score = fitted.score(windows)
    assert score.shape == (len(windows),)
    assert ((score >= 0) & (score <= 1)).all()
    assert fitted.score(windows.take(np.zeros(0, int))).shape == (0,)


def test_it_learns(fitted, windows):
    """On the windows it was trained on, the two conditions come apart."""
    train = people(windows, "P00", "P01", "P02")
    score = fitted.score(train)
    assert score[train.label_n == 1].mean() > score[train.label_n == 0].mean() + 0.1


def test_training_lowers_the_loss(fitted):
    log = fitted.log
    assert isinstance(log, pl.DataFrame)
    assert log.height >= 1
    column = "train_loss" if "train_loss" in log.columns else "validation_loss"
    assert log[column][-1] < log[column][0]


def test_same_seed_same_bytes(name, fitted, windows):
    again = fit(name, windows)
    assert again.weights.keys() == fitted.weights.keys()
    assert all(again.weights[k].tobytes() == fitted.weights[k].tobytes() for k in fitted.weights)
    assert (again.score(windows) == fitted.score(windows)).all()
    assert again.log.equals(fitted.log)


def test_missing_values_are_tolerated_and_inputs_untouched(name, windows):
    rng = np.random.default_rng(0)
    arrays = {}
    for key, array in windows.arrays.items():
        hole = rng.random(array.shape) < 0.2
        hole[0], hole[..., 0] = True, True  # a window without anything, a channel nobody has
        arrays[key] = np.where(hole, np.nan, array).astype(np.float32)
    holed = windows.replace(arrays)
    kept = {k: v.copy() for k, v in holed.arrays.items()}
    score = fit(name, holed).score(holed)
    assert np.isfinite(score).all()
    assert all(np.array_equal(kept[k], holed.arrays[k], equal_nan=True) for k in kept)


def test_scores_depend_on_the_window_alone(fitted, windows):
    """Scoring in another company, or one by one, changes nothing: no statistic of the test people is used."""
    together = fitted.score(windows)
    reverse = fitted.score(windows.take(np.arange(len(windows))[::-1]))[::-1]
    alone = fitted.score(windows.take(np.array([3])))
    np.testing.assert_allclose(reverse, together, atol=1e-5)
    np.testing.assert_allclose(alone, together[3:4], atol=1e-5)


def test_only_the_inputs_it_declares_are_read(name, windows):
    kept = {k: v for k, v in windows.arrays.items() if k in FACTS[name].inputs}
    fewer = type(windows)(windows.keys, windows.label_n, kept, {k: windows.columns[k] for k in kept})
    assert fit(name, fewer).score(fewer).shape == (len(fewer),)


def test_weights_and_facts_can_be_written(fitted, tmp_path):
    from affectflow.io.weights import read_weights, write_weights

    write_weights(fitted.weights, tmp_path / "w.safetensors", facts=fitted.facts)
    arrays, facts = read_weights(tmp_path / "w.safetensors")
    assert facts == fitted.facts
    assert all(np.array_equal(arrays[k], fitted.weights[k], equal_nan=True) for k in fitted.weights)


def test_the_file_alone_scores_as_the_model_did(name, fitted, windows, tmp_path):
    """Weights and facts that went through a file give the same scores, in bytes, and refuse other columns."""
    from affectflow.io.weights import read_weights, write_weights

    write_weights(fitted.weights, tmp_path / "w.safetensors", facts=fitted.facts)
    score = load(RESTORE, name, "model")(*read_weights(tmp_path / "w.safetensors"))
    assert score(windows).tobytes() == fitted.score(windows).tobytes()
    assert score(windows.take(np.zeros(0, int))).shape == (0,)
    array = next(iter(fitted.facts["columns"]))
    turned = {**windows.columns, array: windows.columns[array][::-1]}
    other = type(windows)(windows.keys, windows.label_n, windows.arrays, turned)
    with pytest.raises(
        DesignError, match=f"{array} has other columns than the model was trained on .in another order"
    ):
        score(other)


def test_what_a_model_reads_and_how_many_modalities_it_takes():
    three = ("face", "bio", "gaze")
    assert facts_of("tcn").reads(three) == three
    assert facts_of("logistic").reads(three) == ("summary",)
    assert facts_of("face_transformer").reads(three) == ("face",)
    check_models(["logistic", "tcn", "late_fusion", "gaze_transformer"], modalities=three)
    check_models(["cross_modal"], modalities=("face", "gaze"))
    with pytest.raises(ConfigError, match=r"cross_modal takes 2 modalities .found face, bio, gaze"):
        check_models(["logistic", "cross_modal"], modalities=three)
