"""Fine-tune a network on labelled pictures: train on some people, stop by others, say what it sees in a third group."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import polars as pl
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from affectflow.device import MixedPrecision, choose_device, mixed_precision, reproducible
from affectflow.errors import DesignError
from affectflow.io.trained import Trained
from affectflow.io.weights import Checkpoint
from affectflow.pictures.batches import Changes, PictureBatches
from affectflow.pictures.picture_model import FineTuned, PictureModel
from affectflow.schema import PICTURE_PREDICTIONS
from affectflow.train.models.loop import run_epochs, seeded
from affectflow.train.models.objective import Objective, network_outputs
from affectflow.train.models.trainer import Trainer, arrays_of

logger = logging.getLogger("affectflow")
# Pictures of one pass where nothing is learnt: more are slower on a CPU, and fill its memory.
CPU_PASS, CUDA_PASS = 8, 64
JUDGED = ("validation", "test")


def train_pictures(
    pictures: pl.DataFrame,
    roles: pl.DataFrame,
    read: Callable[[str], NDArray[np.uint8]],
    model: PictureModel,
    *,
    weights: Mapping[str, NDArray[Any]] | None,
    loop: dict[str, Any],
    unfreeze_after: int | None,
    unfreeze_factor: float,
    changes: Changes | None,
    seed: int,
    device: str = "cpu",
    granted_gpus: int = 0,
    threads: int = 1,
    checkpoint: Checkpoint | None = None,
) -> Trained:
    """Fine-tune a network, keep its best epoch on the validation pictures, and let it look at those and the test ones.

    Test pictures are looked at twice, before the first epoch and after the
    best one, and decide nothing.

    Parameters
    ----------
    pictures, roles
        `schema.PICTURES`, `schema.PICTURE_ROLES`.
    read
        Path → picture.
    model
        The network and its loss.
    weights
        Official ones to begin with; None = at random.
    loop
        `config.pictures.PictureLoop` as a dict.
    unfreeze_after
        Epochs in which the trunk stays as it is, batch norms included; 0 = it learns from the first, None = it never
        learns.
    unfreeze_factor
        On the step size from then on.
    changes
        Of training pictures.
    seed
        Of a random beginning, the order of pictures and their changes.
    device, granted_gpus, threads
        See `device.choose_device`; CPU threads.
    checkpoint
        Where the state goes after each epoch.

    Raises
    ------
    DesignError
        If there are no training or validation pictures, or the training diverged.
    InputError
        If a picture can no longer be read.
    """
    table = pictures.join(roles.select("picture_id", "role"), on="picture_id", maintain_order="left")
    place = choose_device(device, granted_gpus=granted_gpus)
    model.prepare(table.filter(pl.col("role") == "train").drop("role"))
    parts = {role: _part(table, role, read, model, place, loop["workers"]) for role in ("train", *JUDGED)}
    for role, part in parts.items():
        if not part.pictures.height:
            raise DesignError(f"train_pictures: there are no {role} pictures. Re-run split_pictures.")
    if parts["train"].pictures.height < 2:
        raise DesignError("train_pictures: one picture is too few to train on. Bring more.")
    parts["train"].changes = changes
    logger.info("%s begins %s", model.name, beginning(model, weights))
    if weights is None and unfreeze_after is None:
        logger.warning("the trunk is random and never learns: set pictures.unfreeze_after")
    with reproducible(place, threads=threads), seeded(place, seed):
        network = model.network(weights).to(place)
        seen = {"start": _looked_at(network, model, parts)}
        training = Trainer(
            network,
            {**loop, "at_once": 0},
            checkpoint,
            _objective(model, unfreeze_after=unfreeze_after, factor=unfreeze_factor, where=place),
        )
        training.resume()
        run_epochs(
            training, parts["train"], parts["validation"], n_train=parts["train"].pictures.height, seed=seed
        )
        training.best()
        seen["tuned"] = _looked_at(network, model, parts)
    facts = {
        "model": model.name,
        "start": "random" if weights is None else "official",
        "licence": model.licence
        if weights is not None
        else "These weights began at random: nobody's licence binds them.",
        "best_epoch": training.best_epoch,
        "chosen_by": model.chosen_by,
        "epochs": training.epoch,
        "trunk_learnt": unfreeze_after is not None and training.best_epoch > unfreeze_after,
        "n_parameters": sum(p.numel() for p in network.parameters()),
        "n_pictures": {role: part.pictures.height for role, part in parts.items()},
        "n_people": {role: part.pictures["person"].n_unique() for role, part in parts.items()},
        "seed": seed,
    }
    return Trained(
        predictions=pl.concat([_predictions(parts, model, seen[state], state) for state in seen]),
        weights=arrays_of(network.inner),
        log=training.log,
        facts=facts,
    )


def beginning(model: PictureModel, weights: Mapping[str, NDArray[Any]] | None) -> str:
    """Say how a network begins."""
    if weights is None:
        return "with random weights (pictures.start: random): it has never seen a face"
    return f"with the official weights of {model.name}"


def _part(
    table: pl.DataFrame,
    role: str,
    read: Callable[[str], NDArray[np.uint8]],
    model: PictureModel,
    device: torch.device,
    workers: int,
) -> PictureBatches:
    own = table.filter(pl.col("role") == role)
    return PictureBatches(own, model.labels(own), read, model.crop, device, workers=workers)


def _objective(
    model: PictureModel, *, unfreeze_after: int | None, factor: float, where: torch.device
) -> Objective:
    def before_epoch(network: nn.Module, epoch: int) -> float:
        assert isinstance(network, FineTuned)
        frozen = unfreeze_after is None or epoch <= unfreeze_after
        if network.frozen and not frozen:
            logger.info("epoch %d: the trunk learns from here on", epoch)
        network.freeze(frozen)
        return 1.0 if frozen or unfreeze_after == 0 else factor

    def judge(
        network: nn.Module, batches: PictureBatches, precision: MixedPrecision
    ) -> tuple[float, dict[str, float]]:
        outputs = network_outputs(
            network, batches, batches.pictures.height, precision, batch_size=_pass_size(where)
        )
        return model.measures(outputs, torch.from_numpy(batches.labels_nm))

    return Objective(
        loss=lambda outputs, labels, _: model.loss(outputs, labels),
        judge=judge,
        columns=model.columns,
        cost=model.columns[0].replace("_", " "),
        section="pictures.loop",
        before_epoch=before_epoch,
        patient_from=unfreeze_after or 0,
    )


def _pass_size(device: torch.device) -> int:
    return CUDA_PASS if device.type == "cuda" else CPU_PASS


class _Reader(nn.Module):
    """A network as `network_outputs` calls one, saying what the model reads off its pictures."""

    def __init__(self, network: nn.Module, read: Callable[[nn.Module, Tensor], Tensor]) -> None:
        super().__init__()
        self._network, self._read = network, read

    def forward(self, x_nchw: Tensor) -> Tensor:
        return self._read(self._network, x_nchw)


def _looked_at(
    network: FineTuned, model: PictureModel, parts: Mapping[str, PictureBatches]
) -> dict[str, NDArray[np.float32]]:
    reader = _Reader(network, model.read)
    made = {}
    for role in JUDGED:
        batches = parts[role]
        full, size = mixed_precision("off", batches.device), _pass_size(batches.device)
        made[role] = network_outputs(reader, batches, batches.pictures.height, full, batch_size=size).numpy()
    return made


def _predictions(
    parts: Mapping[str, PictureBatches],
    model: PictureModel,
    seen: Mapping[str, NDArray[np.float32]],
    state: str,
) -> pl.DataFrame:
    tables = []
    for role in JUDGED:
        known = parts[role].pictures.select(pl.lit(state).alias("state"), "picture_id", "person", "role")
        tables.append(known.with_columns(**model.predictions(seen[role])))
    made = pl.concat(tables)
    return made.select(PICTURE_PREDICTIONS.names + sorted(set(made.columns) - set(PICTURE_PREDICTIONS.names)))
