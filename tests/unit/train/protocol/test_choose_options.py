"""Hyper-parameters are chosen on validation people, inside the split."""

import numpy as np
import polars as pl
import pytest
from sklearn.metrics import log_loss

from affectflow.config.train import Train
from affectflow.errors import ConfigError
from affectflow.io.weights import Checkpoint
from affectflow.train.models.boosting import fit_boosting
from affectflow.train.models.choices import check_choices, choices_of
from affectflow.train.models.tcn import fit_tcn
from affectflow.train.protocol.choose_options import choose_options
from tests.support.models import LOOP, SMALL, make_windows, people

CHOICES = {"width": [4, 8], "learning_rate": [0.02, 0.0001]}
HOW = {"options": SMALL["tcn"], "loop": {**LOOP, "epochs": 3}, "seed": 0}


@pytest.fixture(scope="module")
def parts():
    windows = make_windows(n_people=5, effect=1.5)[0]
    return people(windows, "P00", "P01", "P02"), people(windows, "P03"), people(windows, "P04")


@pytest.fixture(scope="module")
def fitted(parts):
    return choose_options(fit_tcn, *parts[:2], choices=CHOICES, **HOW)


def test_the_combination_with_the_least_validation_loss_is_kept(parts, fitted):
    """The same as training each alone: the width goes to the network, the step size to the loop."""
    train, validation, test = parts
    losses, models = {}, {}
    for width in (4, 8):
        for rate in (0.02, 0.0001):
            options, loop = {**SMALL["tcn"], "width": width}, {**HOW["loop"], "learning_rate": rate}
            model = fit_tcn(train, validation, options=options, loop=loop, seed=0)
            models[width, rate] = model
            losses[width, rate] = log_loss(validation.label_n, model.score(validation))
    assert len(set(losses.values())) == 4
    best = min(losses, key=losses.get)
    assert fitted.facts["choices"]["chosen"] == dict(zip(CHOICES, best, strict=True))
    tried = {tuple(t["options"].values()): t["validation_loss"] for t in fitted.facts["choices"]["tried"]}
    assert tried == pytest.approx(losses)
    assert (fitted.score(test) == models[best].score(test)).all()
    assert fitted.facts["sizes"]["width"] == best[0]


def test_the_log_has_every_combination_and_says_which_was_chosen(fitted):
    log = fitted.log
    assert log.group_by("choice").len().sort("choice")["len"].to_list() == [3, 3, 3, 3]
    chosen = log.filter("chosen")["choice"].unique().to_list()
    tried = fitted.facts["choices"]["tried"]
    assert [tried[i]["options"] for i in chosen] == [fitted.facts["choices"]["chosen"]]
    own = log.filter("chosen")["validation_loss"].min()
    assert own == pytest.approx(log["validation_loss"].min())


def test_without_choices_the_model_is_as_it_was(parts):
    train, validation, _ = parts
    a = choose_options(fit_tcn, train, validation, choices={}, **HOW)
    b = fit_tcn(train, validation, **HOW)
    assert a.facts == b.facts
    assert a.log.equals(b.log)


def test_of_equal_losses_the_first_is_kept(parts):
    """A seed has no part in boosting's trees here, so both values of a needless option score the same."""
    train, validation, _ = parts
    options = {**SMALL["boosting"], "leaves": [2], "rounds": 3}
    fitted = choose_options(
        fit_boosting, train, validation, options=options, choices={"leaves": [[4], [4, 4]]}, seed=0
    )
    losses = [t["validation_loss"] for t in fitted.facts["choices"]["tried"]]
    assert losses[0] == losses[1]
    assert fitted.facts["choices"]["chosen"] == {"leaves": [4]}


def test_finished_combinations_are_not_trained_again(parts, fitted, tmp_path, monkeypatch):
    from affectflow.train.models.trainer import Trainer

    real, epochs = Trainer.run_epoch, []

    def run_epoch(self, epoch, *rest):
        epochs.append(epoch)
        if len(epochs) == 5:
            raise KeyboardInterrupt
        return real(self, epoch, *rest)

    monkeypatch.setattr(Trainer, "run_epoch", run_epoch)
    how = {**HOW, "choices": CHOICES}
    with pytest.raises(KeyboardInterrupt):
        choose_options(fit_tcn, *parts[:2], checkpoint=Checkpoint(tmp_path / "c.safetensors", {}), **how)
    checkpoint = Checkpoint(tmp_path / "c.safetensors", {})
    again = choose_options(fit_tcn, *parts[:2], checkpoint=checkpoint, **how)
    assert epochs[5:] == [2, 3, 1, 2, 3, 1, 2, 3]
    assert all(np.array_equal(again.weights[k], fitted.weights[k], equal_nan=True) for k in fitted.weights)
    assert again.log.equals(fitted.log)
    checkpoint.remove()
    assert not list(tmp_path.iterdir())


def test_the_log_can_be_written_as_a_table(fitted):
    assert pl.read_csv(fitted.log.write_csv().encode()).columns[-2:] == ["choice", "chosen"]


@pytest.mark.parametrize(
    ("choices", "message"),
    [
        ({"tnc": {"width": [4]}}, "'tnc' is no model. Did you mean tcn"),
        ({"tcn": {"with": [4]}}, "tcn: with is not an option. Did you mean width"),
        ({"logistic": {"learning_rate": [0.1]}}, "learning_rate is not an option"),
        ({"tcn": {"width": [4, -1]}}, "width: input should be greater than 0"),
        ({"cross_modal": {"d_model": [32, 30], "heads": [4]}}, "d_model 30 is not a multiple of heads 4"),
        ({"tcn": {"learning_rate": ["fast"]}}, "learning_rate: input should be a valid number"),
    ],
)
def test_wrong_choices_are_refused_before_anything_runs(choices, message):
    with pytest.raises(ConfigError, match=message):
        check_choices(Train(choices=choices))


def test_values_are_read_as_the_settings_read_them():
    """YAML takes 1e-3 for a word; the option's type decides."""
    train = Train(choices={"tcn": {"learning_rate": ["1e-3", 0.01], "width": [8]}})
    assert choices_of(train, "tcn") == {"learning_rate": [0.001, 0.01], "width": [8]}
    assert choices_of(train, "logistic") == {}
