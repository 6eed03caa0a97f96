"""Fine-tuning: a frozen trunk is frozen, a thawed one learns, a killed job ends as one that ran through, and faces are learnt."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time

import numpy as np
import polars as pl
import pytest
import torch

from affectflow.errors import DesignError
from affectflow.io.tables import check_table
from affectflow.io.weights import read_weights
from affectflow.pictures.batches import Changes
from affectflow.pictures.emonet_model import EmoNetModel
from affectflow.pictures.train_pictures import train_pictures
from affectflow.train.models.trainer import Trainer
from affectflow.train.scores.agreement import concordance_correlation
from tests.conftest import ROOT
from tests.support.small_emonet import LOOP, SETTINGS, SmallModel, SmallNet
from tests.support.stills import drawn_stills, shuffled_labels

HOW = {
    "weights": None,
    "loop": LOOP,
    "unfreeze_after": None,
    "unfreeze_factor": 0.3,
    "changes": Changes(),
    "seed": 1,
}


@pytest.fixture(scope="module")
def stills():
    return drawn_stills(people=5, each=6)


@pytest.fixture(scope="module")
def start():
    torch.manual_seed(7)
    return {name: value.numpy().copy() for name, value in SmallNet().state_dict().items()}


def fit(stills, *, model=None, pictures=None, loop=None, **changes):
    how = {**HOW, **changes, "loop": {**LOOP, **(loop or {})}}
    table = stills.pictures if pictures is None else pictures
    return train_pictures(table, stills.roles, stills.read, model or SmallModel(), **how)


def same(a, b):
    return all(np.array_equal(a[name], b[name]) for name in a)


@pytest.fixture
def epochs(monkeypatch):
    """After each epoch: the network's state, its step size, and whether it is frozen."""
    seen = []
    judge = Trainer.judge

    def watched(self, batches):
        state = {k: v.detach().clone().numpy() for k, v in self.network.inner.state_dict().items()}
        seen.append((state, self.optimiser.param_groups[0]["lr"], self.network.frozen))
        judge(self, batches)

    monkeypatch.setattr(Trainer, "judge", watched)
    return seen


def differing(a, b):
    return {name for name in a if not np.array_equal(a[name], b[name])}


def trunk_of(state):
    return {name for name in state if not name.startswith("head.")}


def test_a_frozen_trunk_keeps_every_byte_and_the_head_learns(stills, start, epochs):
    made = fit(stills, weights=start)
    assert len(epochs) == 2
    for state, _, frozen in epochs:
        assert frozen
        changed = differing(start, state)
        assert not changed & trunk_of(start), (
            "the trunk, or a running statistic of its batch norms, has changed"
        )
        assert changed == set(start) - trunk_of(start)
    assert same({k: start[k] for k in trunk_of(start)}, made.weights)
    assert made.facts["trunk_learnt"] is False


def test_the_trunk_learns_after_its_time_and_not_before(stills, start, epochs):
    fit(stills, weights=start, unfreeze_after=2, loop={"epochs": 4, "warmup_steps": 0})
    changed = [differing(start, state) & trunk_of(start) for state, _, _ in epochs]
    assert changed[0] == changed[1] == set()
    assert changed[2] == changed[3] == trunk_of(start)
    assert differing(epochs[2][0], epochs[3][0]) >= {"stem.0.weight", "stem.1.running_mean"}
    assert [frozen for _, _, frozen in epochs] == [True, True, False, False]
    rates = np.array([rate for _, rate, _ in epochs])
    np.testing.assert_allclose(rates, LOOP["learning_rate"] * np.array([1, 1, 0.3, 0.3]))


def test_from_the_first_epoch_there_is_no_drop(stills, start, epochs):
    fit(stills, weights=start, unfreeze_after=0, loop={"epochs": 1, "warmup_steps": 0})
    assert epochs[0][1] == LOOP["learning_rate"]
    assert differing(start, epochs[0][0]) == set(start)


def test_emonets_own_trunk_is_frozen_to_the_byte(emonet_weights):
    """The real network: 680 tensors, batch norms in every block."""
    few = drawn_stills(people=4, each=2)
    official = {
        name.removeprefix("emonet_8."): emonet_weights[name]
        for name in emonet_weights
        if name.startswith("emonet_8.")
    }
    made = train_pictures(
        few.pictures, few.roles, few.read, EmoNetModel({**SETTINGS, "flip": False}),
        **{**HOW, "weights": emonet_weights, "loop": {**LOOP, "epochs": 1, "batch_size": 4, "workers": 0, "warmup_steps": 0}},
    )  # fmt: skip
    learnt = ("conv1x1_input_emo_2.", "emo_net_2.", "emo_fc_2.")
    changed = {n for n, v in official.items() if not np.array_equal(v, made.weights[n])}
    assert set(made.weights) == set(official)
    assert all(name.startswith(learnt) for name in changed)
    assert changed == {name for name in official if name.startswith(learnt)}
    assert made.facts["start"] == "official"
    assert "must not be passed on" in made.facts["licence"]


def test_the_same_seed_gives_the_same_whatever_else_runs(stills, start):
    torch.manual_seed(1)
    first = fit(stills)
    torch.manual_seed(2)
    again = fit(stills, loop={"workers": 3})
    assert same(first.weights, again.weights)
    assert first.predictions.equals(again.predictions)
    assert not same(first.weights, fit(stills, seed=2).weights)
    assert not same(first.weights, fit(stills, changes=None).weights)


def test_predictions_are_of_everybody_who_did_not_train(stills):
    made = fit(stills)
    table = check_table(made.predictions, "picture_predictions", "predictions")
    roles = dict(stills.roles.select("picture_id", "role").rows())
    for state in ("start", "tuned"):
        own = table.filter(pl.col("state") == state)
        assert set(own["picture_id"]) == {
            name for name, role in roles.items() if role in ("validation", "test")
        }
        assert all(roles[name] == role for name, role in own.select("picture_id", "role").rows())
    sums = table.select(pl.sum_horizontal(pl.col("^p_.*$"))).to_series()
    assert np.abs(sums.to_numpy() - 1).max() < 1e-5
    assert table["predicted_valence"].abs().max() <= 1
    best = table.select(pl.concat_list(pl.col("^p_.*$")).list.arg_max()).to_series()
    names = [name.removeprefix("p_") for name in table.columns if name.startswith("p_")]
    assert [names[i] for i in best] == table["predicted_expression"].to_list()


def test_the_epoch_with_the_best_concordance_is_kept_and_patience_ends_it(stills):
    made = fit(stills, unfreeze_after=0, loop={"epochs": 60, "patience": 3, "learning_rate": 0.03})
    best = made.log["epoch"][int(made.log["validation_ccc"].arg_max())]
    assert made.facts["best_epoch"] == best
    assert made.facts["epochs"] == best + 3 < 60
    own = made.predictions.filter((pl.col("state") == "tuned") & (pl.col("role") == "validation"))
    labelled = own.join(stills.pictures, on="picture_id")
    # Seen in the mirror as well, so not the very numbers of the log.
    again = np.mean(
        [concordance_correlation(labelled[d], labelled[f"predicted_{d}"]) for d in ("valence", "arousal")]
    )
    assert again == pytest.approx(made.log["validation_ccc"].max(), abs=0.15)


def test_patience_does_not_end_it_before_the_trunk_has_learnt(stills, start, epochs):
    """The head gets nowhere (its steps are nothing), which says nothing of what the trunk can learn."""
    loop = {"epochs": 9, "patience": 1, "learning_rate": 1e-30, "warmup_steps": 0}
    made = fit(stills, weights=start, unfreeze_after=3, loop=loop)
    assert [frozen for _, _, frozen in epochs][:4] == [True, True, True, False]
    assert made.facts["epochs"] < 9


def test_half_precision_trains_as_well(stills):
    made = fit(stills, loop={"amp": "bf16"})
    assert np.isfinite(made.log["train_loss"].to_numpy()).all()
    assert not same(made.weights, fit(stills).weights)


def test_what_has_no_labels_of_one_kind_learns_the_other(stills):
    bare = stills.pictures.with_columns(pl.lit(None, pl.String).alias("expression"))
    made = fit(stills, pictures=bare)
    assert np.isnan(made.log["validation_accuracy"].to_numpy()).all()
    assert np.isfinite(made.log["validation_ccc"].to_numpy()).all()
    names = stills.pictures.with_columns(pl.lit(None, pl.Float32).alias(n) for n in ("valence", "arousal"))
    made = fit(stills, pictures=names)
    assert np.isfinite(made.log["validation_accuracy"].to_numpy()).all()
    assert made.facts["best_epoch"] > 0


def test_a_training_that_diverges_names_its_setting(stills):
    with pytest.raises(DesignError, match=r"validation ccc was nan.*Lower pictures\.loop\.learning_rate"):
        fit(stills, unfreeze_after=0, loop={"learning_rate": 1e30, "warmup_steps": 0})


def test_a_side_without_pictures_is_told(stills):
    roles = stills.roles.with_columns(role=pl.col("role").replace({"validation": "train"}))
    with pytest.raises(DesignError, match="no validation pictures"):
        train_pictures(stills.pictures, roles, stills.read, SmallModel(), **HOW)


JOB = """
import sys
import time
from pathlib import Path
from affectflow.io.weights import Checkpoint, write_weights
from affectflow.pictures.batches import Changes
from affectflow.pictures.train_pictures import train_pictures
from tests.support.small_emonet import LOOP, SmallModel
from tests.support.stills import drawn_stills

folder, pause_s = Path(sys.argv[1]), float(sys.argv[2])
stills = drawn_stills(people=5, each=6)

def read(path):
    time.sleep(pause_s)
    return stills.read(path)

made = train_pictures(
    stills.pictures, stills.roles, read, SmallModel(), weights=None, loop={**LOOP, "epochs": 20},
    unfreeze_after=3, unfreeze_factor=0.3, changes=Changes(), seed=1,
    checkpoint=Checkpoint(folder / "checkpoint.safetensors", {"job": 1}),
)
write_weights(made.weights, folder / "weights.safetensors", facts={"rows": made.log.height})
made.predictions.write_parquet(folder / "predictions.parquet")
"""


def job(folder, *, pause_s=0.0):
    folder.mkdir(exist_ok=True)
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(ROOT / "src"), str(ROOT)])}
    return subprocess.Popen(
        [sys.executable, "-c", JOB, str(folder), str(pause_s)], env=environment, stderr=subprocess.DEVNULL
    )


def test_a_job_that_was_killed_ends_with_the_same_weights(tmp_path):
    """kill -9 in the middle, after the trunk began to learn; then the same command again."""
    whole, killed = tmp_path / "whole", tmp_path / "killed"
    # Slowly, or it might be over on a busy machine.
    running, beside = job(killed, pause_s=0.02), job(whole)
    place, until, at = killed / "checkpoint.safetensors", time.monotonic() + 300, 0
    while at < 5 and time.monotonic() < until and running.poll() is None:
        if place.exists():
            at = read_weights(place)[1]["state"]["epoch"]
        time.sleep(0.01)
    assert running.poll() is None, "it was over before it could be killed"
    running.send_signal(signal.SIGKILL)
    assert running.wait() == -signal.SIGKILL
    assert at >= 5
    assert not (killed / "weights.safetensors").exists()
    assert job(killed).wait() == beside.wait() == 0
    for name in ("weights.safetensors", "predictions.parquet"):
        assert (killed / name).read_bytes() == (whole / name).read_bytes()


def test_faces_are_learnt_and_shuffled_labels_are_not():
    """On people it never saw: far better than it began, and nothing of it with labels dealt out anew."""
    stills = drawn_stills(people=12, each=20)
    loop = {"epochs": 24, "batch_size": 32}
    scores = {}
    for name, pictures in (("true", stills.pictures), ("shuffled", shuffled_labels(stills))):
        made = fit(stills, pictures=pictures, unfreeze_after=0, loop=loop)
        test = made.predictions.filter(pl.col("role") == "test").join(stills.pictures, on="picture_id")
        for state in ("start", "tuned"):
            own = test.filter(pl.col("state") == state)
            scores[name, state] = [
                concordance_correlation(own[d], own[f"predicted_{d}"]) for d in ("valence", "arousal")
            ]
    assert max(np.abs(scores["true", "start"])) < 0.1
    assert min(scores["true", "tuned"]) > 0.6
    assert max(np.abs(scores["shuffled", "tuned"])) < 0.35
