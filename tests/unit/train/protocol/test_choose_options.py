"""Hyper-parameters are chosen on validation people, inside the split."""

import math

import numpy as np
import polars as pl
import pytest
from sklearn.metrics import log_loss

from affectflow.config.train import Train
from affectflow.errors import ConfigError, DesignError
from affectflow.io.weights import Checkpoint
from affectflow.train.models.base import Fitted
from affectflow.train.models.boosting import fit_boosting
from affectflow.train.models.choices import check_choices, choices_of
from affectflow.train.models.late_fusion import fit_late_fusion
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


# Weights of this size overflow in the first step.
DIVERGING = {**HOW, "loop": {**HOW["loop"], "clip_norm": 1e30, "warmup_steps": 0}}


@pytest.mark.parametrize(("fit", "name"), [(fit_tcn, "tcn"), (fit_late_fusion, "late_fusion")])
def test_a_combination_that_diverges_is_not_chosen_and_the_others_go_on(parts, fit, name, caplog):
    how = {**DIVERGING, "options": SMALL[name], "choices": {"learning_rate": [1e30, 0.02]}}
    fitted = choose_options(fit, *parts[:2], **how)
    first, second = fitted.facts["choices"]["tried"]
    assert first == {"options": {"learning_rate": 1e30}, "validation_loss": math.inf}
    assert math.isfinite(second["validation_loss"])
    assert fitted.facts["choices"]["chosen"] == {"learning_rate": 0.02}
    alone = fit(*parts[:2], options=SMALL[name], loop={**DIVERGING["loop"], "learning_rate": 0.02}, seed=0)
    assert (fitted.score(parts[2]) == alone.score(parts[2])).all()
    assert fitted.log.filter("chosen")["choice"].unique().to_list() == [1]
    assert not fitted.log.filter(choice=0)["validation_loss"].is_finite().any()
    assert "choice 0, {'learning_rate': 1e+30}: diverged and is not chosen" in caplog.text


def test_a_model_that_gives_no_number_for_somebody_is_not_chosen(parts):
    """Such as one whose loss was a number in half precision."""

    def fit(train, validation, *, options, **_):
        score_n = np.full(len(validation), 0.5)
        score_n[0] = math.nan if options["bad"] else 0.5
        return Fitted(lambda _: score_n, {}, pl.DataFrame({"epoch": [1]}))

    fitted = choose_options(fit, *parts[:2], options={}, choices={"bad": [True, False]})
    assert [t["validation_loss"] for t in fitted.facts["choices"]["tried"]] == [math.inf, math.log(2)]


def test_where_all_diverge_one_line_says_so(parts):
    with pytest.raises(DesignError, match=r"each of the 2 combinations of train\.choices") as error:
        choose_options(fit_tcn, *parts[:2], **DIVERGING, choices={"learning_rate": [1e30, 1e31]})
    assert "learning_rate: [1e+30, 1e+31]" in str(error.value)
    assert "\n" not in str(error.value)


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
        check_choices(Train(choices=choices), trained=list(SMALL))


@pytest.mark.parametrize("choices", [{"cross_modal": {"d_model": [30]}}, {"tcn": {"width": [-1]}}])
def test_a_refused_value_is_named_once_with_its_key(choices):
    with pytest.raises(ConfigError, match=rf"^config: train\.choices\.{next(iter(choices))}: \S") as error:
        check_choices(Train(choices=choices), trained=list(SMALL))
    assert ": :" not in str(error.value)
    assert len(str(error.value)) < 110


def test_choices_of_a_model_that_is_not_trained_are_refused_with_their_key():
    """A model that is trained as a control has its choices too; a study without models chooses nothing."""
    train = Train(models=["logistic"], controls=["pose_only"], choices={"tcn": {"width": [8]}})
    with pytest.raises(ConfigError, match=r"train\.choices\.tcn: tcn is not trained \(logistic\)"):
        check_choices(train, trained=["logistic"])
    check_choices(train, trained=["logistic", "tcn"])
    check_choices(train, trained=[])


def test_values_are_read_as_the_settings_read_them():
    """YAML takes 1e-3 for a word; the option's type decides."""
    train = Train(choices={"tcn": {"learning_rate": ["1e-3", 0.01], "width": [8]}})
    assert choices_of(train, "tcn") == {"learning_rate": [0.001, 0.01], "width": [8]}
    assert choices_of(train, "logistic") == {}
