"""Train a network on clips of faces: on some people, stop by others, say what it makes of a third group.

Axes: n = clip, b = clip of a batch, t = sample of a clip.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol

import polars as pl
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from affectflow.device import MixedPrecision, choose_device, mixed_precision, reproducible
from affectflow.eda.begin_with import begin_with
from affectflow.eda.clip_changes import ClipChanges
from affectflow.eda.clips import ClipBatches, Recording, common_scale, cut_clips, own_scale
from affectflow.eda.losses import negative_pearson, pearson
from affectflow.eda.models import ClipNetwork
from affectflow.eda.predictions import predictions_table
from affectflow.errors import DesignError
from affectflow.io.trained import Trained
from affectflow.io.weights import Checkpoint
from affectflow.train.models.loop import run_epochs, seeded
from affectflow.train.models.objective import Objective, network_outputs
from affectflow.train.models.trainer import Trainer, arrays_of

logger = logging.getLogger("affectflow")
# Clips of one pass where nothing is learnt.
PASS = 4
LOSSES: dict[str, Callable[[Tensor, Tensor], Tensor]] = {
    "mse": nn.functional.mse_loss,
    "pearson": negative_pearson,
    "both": lambda made, true: nn.functional.mse_loss(made, true) + negative_pearson(made, true),
}


class Build(Protocol):
    """A function of `EDA_MODELS`."""

    def __call__(self, *, size_px: int, length: int) -> ClipNetwork:
        """Return an untrained network."""


def train_eda(
    recordings: Sequence[Recording],
    folds: pl.DataFrame,
    build: Build,
    *,
    name: str,
    fold: int,
    length: int,
    stride: int,
    target_scale: str,
    loss: str,
    loop: dict[str, Any],
    changes: ClipChanges | None,
    seed: int,
    device: str = "cpu",
    granted_gpus: int = 0,
    threads: int = 1,
    checkpoint: Checkpoint | None = None,
    start: Mapping[str, NDArray[Any]] | None = None,
) -> Trained:
    """Train on a fold's training people, keep the best epoch on its validation people, predict its test people.

    Parameters
    ----------
    recordings
        Of all people, targets as measured.
    folds
        `schema.EDA_FOLDS`.
    build, name
        A function of `EDA_MODELS` and its name.
    fold
        Which one.
    length, stride
        Samples of a clip, and from one training clip's beginning to the next.
    target_scale
        recording: each in standard deviations from its own mean; training: all in those of the training people.
    loss
        A name in `LOSSES`.
    loop
        `config.eda.EdaLoop` as a dict.
    changes
        Of training clips.
    seed
        Of the weights' start, the order of clips, dropout and changes.
    device, granted_gpus, threads
        See `device.choose_device`; CPU threads.
    checkpoint
        Where the state goes after each epoch.
    start
        Weights to begin with (`begin_with`); None = at random.

    Raises
    ------
    DesignError
        If a role has no clip, or the training diverged.
    ConfigError
        If the weights to begin with are for other pictures.
    """
    sides = _sides(recordings, folds.filter(pl.col("fold") == fold), target_scale)
    place = choose_device(device, granted_gpus=granted_gpus)
    size_px = recordings[0].file.shape("crops")[1]
    with reproducible(place, threads=threads), seeded(place, seed):
        network = build(size_px=size_px, length=length).to(place)
        if start is not None:
            begin_with(network, start, name=name)
        parts = {
            role: _batches(
                role, own, network, length, stride if role == "train" else None, place, loop["workers"]
            )
            for role, own in sides.items()
        }
        parts["train"].changes = changes
        objective = objective_of(LOSSES[loss])
        training = Trainer(network, {**loop, "at_once": 0}, checkpoint, objective)
        training.resume()
        run_epochs(training, parts["train"], parts["validation"], n_train=len(parts["train"]), seed=seed)
        training.best()
        test = parts["test"]
        made_nt = _outputs(network, test, mixed_precision("off", place)).numpy()
    facts = {
        "model": name,
        "fold": fold,
        "loss": loss,
        "target_scale": target_scale,
        "length": length,
        "size_px": size_px,
        "best_epoch": training.best_epoch,
        "epochs": training.epoch,
        "start": "random" if start is None else "toolbox",
        "n_parameters": sum(p.numel() for p in network.parameters()),
        "n_clips": {role: len(part) for role, part in parts.items()},
        "n_people": {role: len({r.subject_id for r in own}) for role, own in sides.items()},
        "seed": seed,
    }
    return Trained(
        predictions=predictions_table(made_nt, test, train=sides["train"], model=name, fold=fold),
        weights=arrays_of(network.inner),
        log=training.log,
        facts=facts,
    )


def _sides(
    recordings: Sequence[Recording], roles: pl.DataFrame, target_scale: str
) -> dict[str, list[Recording]]:
    """The recordings of each role, on the networks' scale."""
    role = dict(roles.select("recording_id", "role").iter_rows())
    sides = {r: [x for x in recordings if role[x.recording_id] == r] for r in ("train", "validation", "test")}
    if target_scale == "recording":
        return {r: [own_scale(x) for x in own] for r, own in sides.items()}
    centre, scale = common_scale(sides["train"])
    return {r: [x.scaled(centre, scale) for x in own] for r, own in sides.items()}


def _batches(
    role: str,
    own: Sequence[Recording],
    network: ClipNetwork,
    length: int,
    stride: int | None,
    device: torch.device,
    workers: int,
) -> ClipBatches:
    clips = cut_clips(
        own, length=length, stride=stride or length, pulse=network.pulse, to_the_end=stride is None
    )
    if not len(clips):
        raise DesignError(
            f"train_eda: the {len(own)} {role} recordings have no {length} samples in a row with a picture"
            f"{', a pulse' if network.pulse else ''} and skin conductance that varies. Lower eda.clips.length, or see the log of "
            "crop_faces."
        )
    return ClipBatches(own, clips, length, device, pulse=network.pulse, workers=workers)


def _outputs(network: nn.Module, batches: ClipBatches, precision: MixedPrecision) -> Tensor:
    return network_outputs(network, batches, len(batches), precision, batch_size=PASS)


def objective_of(loss: Callable[[Tensor, Tensor], Tensor]) -> Objective:
    """Return what clips are trained for with a loss of `LOSSES`: least loss on validation people."""

    def judge(
        network: nn.Module, batches: ClipBatches, precision: MixedPrecision
    ) -> tuple[float, dict[str, float]]:
        made_nt, true_nt = _outputs(network, batches, precision), torch.from_numpy(batches.targets_nt)
        cost, r = float(loss(made_nt, true_nt)), float(pearson(made_nt, true_nt).mean())
        return cost, {"validation_loss": cost, "validation_r": r}

    return Objective(
        loss=lambda outputs, labels, _: loss(outputs, labels),
        judge=judge,
        columns=("validation_loss", "validation_r"),
        cost="validation loss",
        section="eda.loop",
    )
