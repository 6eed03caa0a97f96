"""Late fusion: what is learnt on whom, and what a missing modality says."""

import numpy as np
import pytest
from scipy.special import expit, logit
from sklearn.linear_model import LogisticRegression

from affectflow.io.weights import Checkpoint
from affectflow.train.models.late_fusion import fit_late_fusion
from affectflow.train.models.unimodal import fit_unimodal
from tests.support.models import LOOP, SMALL, make_windows, people

HOW = {"options": SMALL["late_fusion"], "loop": {**LOOP, "epochs": 4}, "seed": 0}


@pytest.fixture(scope="module")
def windows():
    return make_windows(n_people=5, effect=1.5)[0]


def parts(windows):
    return people(windows, "P00", "P01", "P02"), people(windows, "P03")


@pytest.fixture(scope="module")
def fitted(windows):
    return fit_late_fusion(*parts(windows), **HOW)


def test_its_parts_are_networks_trained_alone(windows, fitted):
    for name in ("face", "bio"):
        alone = fit_unimodal(*parts(windows), modality=name, **HOW)
        own = {k.removeprefix(f"{name}."): v for k, v in fitted.weights.items() if k.startswith(f"{name}.")}
        assert all(own[k].tobytes() == alone.weights[k].tobytes() for k in alone.weights)
        assert fitted.facts["parts"][name] == alone.facts


def test_the_combination_is_learnt_on_validation_people(windows, fitted):
    held, new = people(windows, "P03"), people(windows, "P04")
    alone = [fit_unimodal(*parts(windows), modality=name, **HOW) for name in ("face", "bio")]
    held_nm, new_nm = (np.stack([logit(a.score(w)) for a in alone], axis=1) for w in (held, new))
    model = LogisticRegression(C=1.0, max_iter=2000, tol=1e-6).fit(held_nm, held.label_n)
    np.testing.assert_allclose(fitted.score(new), model.predict_proba(new_nm)[:, 1], atol=1e-9)
    assert set(fitted.log["modality"]) == {"face", "bio"}


def test_a_missing_modality_says_nothing(windows, fitted):
    new = people(windows, "P04")
    arrays = {k: v[:].copy() for k, v in new.arrays.items()}
    arrays["bio"][0], arrays["face"][1] = np.nan, np.nan
    arrays["face"][2], arrays["bio"][2] = np.nan, np.nan
    whole, holed = fitted.score(new), fitted.score(new.replace(arrays))
    weight, bias = fitted.weights["combination.weight"], fitted.weights["combination.bias"]
    assert (whole[:3] != holed[:3]).all()
    assert holed[2] == pytest.approx(expit(bias[0]))
    np.testing.assert_array_equal(whole[3:], holed[3:])
    # What the other modality alone says is left: the two parts add up to the whole.
    only_face, only_bio = (
        logit(holed[0]) - bias[0],
        logit(fitted.score(new.replace({"face": arrays["face"] * np.nan})))[0] - bias[0],
    )
    assert only_face + only_bio + bias[0] == pytest.approx(logit(whole[0]), abs=1e-5)
    assert weight.shape == (2,)


def test_a_channel_that_nobody_in_training_had_is_no_modality(windows):
    """Windows that have nothing of a modality but such a channel lack it."""
    arrays = {k: v[:].copy() for k, v in windows.arrays.items()}
    is_new = (windows.keys["subject_id"] == "P04").to_numpy()
    arrays["bio"][~is_new, :, 0] = np.nan
    odd = windows.replace(arrays)
    fitted = fit_late_fusion(*parts(odd), **HOW)
    arrays = {k: v[:].copy() for k, v in arrays.items()}
    arrays["bio"][is_new, :, 1:] = np.nan
    gone = {**arrays, "bio": np.full_like(arrays["bio"], np.nan)}
    new = [people(odd.replace(a), "P04") for a in (arrays, gone)]
    np.testing.assert_array_equal(fitted.score(new[0]), fitted.score(new[1]))


def test_each_network_goes_on_from_its_own_checkpoint(windows, fitted, tmp_path, monkeypatch):
    """Stopped in the second network, the first is not trained again; the weights are the same; nothing is left."""
    from affectflow.train.models.trainer import Trainer

    train, validation = parts(windows)
    job = Checkpoint(tmp_path / "checkpoint.safetensors", {"job": 1})
    real, epochs = Trainer.run_epoch, []

    def run_epoch(self, epoch, *rest):
        epochs.append(epoch)
        if len(epochs) == 7:
            raise KeyboardInterrupt
        return real(self, epoch, *rest)

    monkeypatch.setattr(Trainer, "run_epoch", run_epoch)
    with pytest.raises(KeyboardInterrupt):
        fit_late_fusion(train, validation, checkpoint=job, **HOW)
    assert len(list(tmp_path.iterdir())) == 2
    again = Checkpoint(tmp_path / "checkpoint.safetensors", {"job": 1})
    resumed = fit_late_fusion(train, validation, checkpoint=again, **HOW)
    assert epochs == [1, 2, 3, 4, 1, 2, 3, 3, 4]
    assert all(resumed.weights[k].tobytes() == fitted.weights[k].tobytes() for k in fitted.weights)
    again.remove()
    assert not list(tmp_path.iterdir())
