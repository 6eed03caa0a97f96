"""The training loop: same result twice, resumed, and with more threads; stops in time."""

import numpy as np
import pytest
import torch
from torch import nn

from affectflow.errors import ConfigError, DesignError
from affectflow.io.weights import Checkpoint
from affectflow.train.models.cross_modal import CrossModal, CrossModalConfig
from affectflow.train.models.loop import fit_network
from affectflow.train.models.trainer import Trainer
from tests.support.models import LOOP, SMALL, make_windows, people


@pytest.fixture(scope="module")
def parts():
    windows, _ = make_windows(n_people=4, effect=2.0)
    return people(windows, "P00", "P01", "P02"), people(windows, "P03")


def fit(parts, *, loop=LOOP, seed=0, **how):
    face, bio = (parts[0].arrays[n].shape[2] for n in ("face", "bio"))
    config = CrossModalConfig(n_channels=(face, bio), n_time=(20, 20), **SMALL["cross_modal"])
    return fit_network(
        lambda: CrossModal(config), *parts, modalities=("face", "bio"), loop=loop, seed=seed, **how
    )


def same(a, b):
    return all(np.array_equal(a.weights[k], b.weights[k], equal_nan=True) for k in a.weights)


def test_the_state_of_torch_outside_does_not_matter(parts):
    torch.manual_seed(1)
    first = fit(parts)
    before = torch.random.get_rng_state()
    torch.manual_seed(2)
    second = fit(parts)
    assert same(first, second)
    assert not same(first, fit(parts, seed=1))
    torch.manual_seed(1)
    assert torch.equal(torch.random.get_rng_state(), before), "the random state of the caller was changed"


class KilledError(Exception):
    """Stands for kill -9."""


@pytest.mark.parametrize("last_epoch", [1, 4])
def test_a_training_that_goes_on_ends_with_the_same_weights(parts, tmp_path, monkeypatch, last_epoch):
    """Interrupted after an epoch was saved, in the middle of the next one."""
    whole = fit(parts)
    checkpoint = Checkpoint(tmp_path / "checkpoint.safetensors", {"seed": 0})
    run_epoch = Trainer.run_epoch

    def killed(self, epoch, *rest):
        run_epoch(self, epoch, *rest)
        if epoch > last_epoch:
            raise KilledError

    monkeypatch.setattr(Trainer, "run_epoch", killed)
    with pytest.raises(KilledError):
        fit(parts, checkpoint=checkpoint)
    assert checkpoint.load()[1]["epoch"] == last_epoch

    epochs = []

    def counted(self, epoch, *rest):
        epochs.append(epoch)
        run_epoch(self, epoch, *rest)

    monkeypatch.setattr(Trainer, "run_epoch", counted)
    resumed = fit(parts, checkpoint=checkpoint)
    assert epochs == list(range(last_epoch + 1, LOOP["epochs"] + 1))
    assert same(whole, resumed)
    assert resumed.log.equals(whole.log)


def test_a_checkpoint_of_other_settings_is_not_used(parts, tmp_path):
    path = tmp_path / "checkpoint.safetensors"
    fit(parts, checkpoint=Checkpoint(path, {"seed": 0}))
    assert Checkpoint(path, {"seed": 0}).load() is not None
    assert Checkpoint(path, {"seed": 1}).load() is None


def test_it_stops_when_the_validation_loss_has_not_improved(parts):
    loop = {**LOOP, "epochs": 100, "patience": 3, "learning_rate": 0.01}
    fitted = fit(parts, loop=loop)
    losses = fitted.log["validation_loss"].to_list()
    best = fitted.facts["best_epoch"]
    assert losses[best - 1] == min(losses)
    assert len(losses) == best + 3 < 100


def test_the_best_epoch_s_weights_are_returned(parts):
    loop = {**LOOP, "epochs": 30, "patience": 30, "learning_rate": 0.02}
    fitted = fit(parts, loop=loop)
    assert fitted.facts["best_epoch"] < 30
    label, score = parts[1].label_n, fitted.score(parts[1])
    loss = -np.mean(np.where(label == 1, np.log(score), np.log1p(-score)))
    assert loss == pytest.approx(min(fitted.log["validation_loss"]), abs=1e-5)


def test_learning_rate_warms_up_and_vectors_do_not_decay(parts, monkeypatch):
    seen = []
    step = torch.optim.AdamW.step

    def spy(self, *args, **kwargs):
        seen.append([(g["lr"], g["weight_decay"], {p.dim() for p in g["params"]}) for g in self.param_groups])
        return step(self, *args, **kwargs)

    monkeypatch.setattr(torch.optim.AdamW, "step", spy)
    fit(parts, loop={**LOOP, "epochs": 4, "warmup_steps": 4, "learning_rate": 0.004, "weight_decay": 0.3})
    assert [groups[0][0] for groups in seen[:5]] == pytest.approx([0.001, 0.002, 0.003, 0.004, 0.004])
    for (_, decay, deep), (_, none, flat) in seen:
        assert (decay, none) == (0.3, 0.0)
        assert min(deep) >= 2
        assert max(flat) <= 1


def test_the_gradient_is_clipped(parts, monkeypatch):
    norms = []
    step = torch.optim.AdamW.step

    def spy(self, *args, **kwargs):
        grads = [p.grad.norm() for g in self.param_groups for p in g["params"]]
        norms.append(float(torch.stack(grads).norm()))
        return step(self, *args, **kwargs)

    monkeypatch.setattr(torch.optim.AdamW, "step", spy)
    fit(parts, loop={**LOOP, "clip_norm": 1e-3})
    assert max(norms) <= 1e-3 * 1.001


def test_a_training_that_diverges_says_so(parts):
    class Broken(nn.Module):
        def __init__(self):
            super().__init__()
            self.weight = nn.Parameter(torch.zeros(1))

        def forward(self, face, *_):
            return self.weight * torch.full((len(face),), float("nan"))

    with pytest.raises(DesignError, match=r"training diverged.*Lower train.loop.learning_rate"):
        fit_network(Broken, *parts, modalities=("face", "bio"), loop=LOOP, seed=0)


def test_a_batch_in_parts_has_the_gradient_of_the_whole(parts, monkeypatch):
    grads = []
    step = torch.optim.AdamW.step

    def spy(self, *args, **kwargs):
        grads.append([p.grad.clone() for g in self.param_groups for p in g["params"]])
        return step(self, *args, **kwargs)

    monkeypatch.setattr(torch.optim.AdamW, "step", spy)
    still = {"dropout": 0.0, "attention_dropout": 0.0}
    monkeypatch.setitem(SMALL, "cross_modal", {**SMALL["cross_modal"], **still})
    loop = {**LOOP, "epochs": 1, "batch_size": 8}
    whole = fit(parts, loop={**loop, "at_once": 0})
    n = len(grads)
    parted = fit(parts, loop={**loop, "at_once": 3})
    for a, b in zip(grads[0], grads[n], strict=True):
        torch.testing.assert_close(a, b, rtol=1e-4, atol=1e-6)
    assert parted.log["train_loss"][0] == pytest.approx(whole.log["train_loss"][0], rel=1e-4)


def test_mixed_precision_learns_the_same_and_goes_on_the_same(parts, tmp_path):
    loop = {**LOOP, "amp": "bf16"}
    mixed, plain = fit(parts, loop=loop), fit(parts)
    assert mixed.log["train_loss"][-1] == pytest.approx(plain.log["train_loss"][-1], abs=0.05)
    assert not same(mixed, plain)
    checkpoint = Checkpoint(tmp_path / "checkpoint.safetensors", {"seed": 0})
    fit(parts, loop={**loop, "epochs": 3}, checkpoint=checkpoint)
    assert same(mixed, fit(parts, loop=loop, checkpoint=checkpoint))
    with pytest.raises(ConfigError, match="fp16 needs a GPU"):
        fit(parts, loop={**LOOP, "amp": "fp16"})


def test_workers_and_the_log_of_the_pace(parts, caplog):
    with caplog.at_level("INFO", "affectflow"):
        results = [fit(parts, loop={**LOOP, "workers": w}) for w in (0, 1, 4)]
    assert same(results[0], results[1])
    assert same(results[0], results[2])
    assert "% of them waiting for data" in caplog.text
