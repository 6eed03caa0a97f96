"""Train a network to tell the emotion of clips: on some people, stop by others, say what it makes of a third group.

Axes: n = clip, b = clip of a batch, t = step, c = code, k = emotion.
"""

from __future__ import annotations

import logging
from typing import Any

import numpy as np
import polars as pl
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812  # the name everybody uses

from affectflow.clips.clip_scores import most_frequent
from affectflow.datasets.clips.emotions import EMOTIONS
from affectflow.device import MixedPrecision, choose_device, mixed_precision, reproducible
from affectflow.errors import DesignError
from affectflow.io.trained import Trained
from affectflow.io.weights import Checkpoint
from affectflow.schema import CLIP_PREDICTIONS
from affectflow.train.models.batches import Batches
from affectflow.train.models.loop import run_epochs, seeded
from affectflow.train.models.objective import Objective, network_outputs
from affectflow.train.models.trainer import Trainer, arrays_of
from affectflow.train.models.unimodal import Unimodal, UnimodalConfig
from affectflow.train.windows.normalise import Scaler
from affectflow.train.windows.window_set import WindowSet

logger = logging.getLogger("affectflow")
MODALITY = "face"
ROLES = ("train", "validation", "test")


def train_clips(
    codes_ntc: NDArray[np.float32],
    folds: pl.DataFrame,
    *,
    recording_ids: list[str],
    columns: list[str],
    fold: int,
    sizes: dict[str, Any],
    loop: dict[str, Any],
    imbalance: str,
    seed: int,
    device: str = "cpu",
    granted_gpus: int = 0,
    threads: int = 1,
    checkpoint: Checkpoint | None = None,
) -> Trained:
    """Train on a fold's training people, keep the best epoch on its validation people, predict its test people.

    Codes are standardised with mean and standard deviation of the training
    clips. Clips without a face teach nothing and are told nothing.

    Parameters
    ----------
    codes_ntc, recording_ids, columns
        As `sample_clips.sample_clips` returns them.
    folds
        `schema.CLIP_FOLDS`.
    fold
        Which one.
    sizes
        `config.train.TransformerOptions` as a dict.
    loop
        The fields of `config.clips.ClipTrain` that `train.models.trainer.Trainer` reads.
    imbalance
        none, root or inverse: see `class_weights`.
    seed
        Of the weights' start, the order of clips and dropout.
    device, granted_gpus, threads
        See `device.choose_device`; CPU threads.
    checkpoint
        Where the state goes after each epoch.

    Raises
    ------
    DesignError
        If a clip of the folds was not sampled, no training or validation clip shows a face, or the training diverged.
    """
    own = folds.filter(pl.col("fold") == fold)
    labels = sorted(folds["label"].unique().to_list())
    sides = _sides(codes_ntc, own, recording_ids, columns, labels)
    scaler = Scaler.fit(sides["train"], (MODALITY,))
    weight_k = class_weights(sides["train"].label_n, len(labels), imbalance)
    if not weight_k[sides["validation"].label_n].any():
        raise DesignError(
            f"train_clips: no validation clip of fold {fold} has an emotion that is trained. Add clips."
        )
    place = choose_device(device, granted_gpus=granted_gpus)
    parts = {role: Batches(side, (MODALITY,), scaler, place) for role, side in sides.items()}
    config = UnimodalConfig(modality=MODALITY, n_channels=len(columns), n_time=codes_ntc.shape[1], **sizes)
    with reproducible(place, threads=threads), seeded(place, seed):
        network = Unimodal(config, n_logits=len(labels)).to(place)
        training = Trainer(network, {**loop, "at_once": 0}, checkpoint, _objective(weight_k, place))
        training.resume()
        run_epochs(training, parts["train"], parts["validation"], n_train=len(sides["train"]), seed=seed)
        training.best()
        logits_nk = network_outputs(network, parts["test"], len(sides["test"]), mixed_precision("off", place))
    facts = {
        "fold": fold,
        "labels": labels,
        "columns": columns,
        "sizes": {**sizes, "n_time": config.n_time},
        "imbalance": imbalance,
        "class_weights": [round(float(w), 6) for w in weight_k],
        "best_epoch": training.best_epoch,
        "epochs": training.epoch,
        "n_parameters": sum(p.numel() for p in network.parameters()),
        "n_clips": {role: len(side) for role, side in sides.items()},
        "n_people": {role: side.keys["subject_id"].n_unique() for role, side in sides.items()},
        "seed": seed,
    }
    weights = arrays_of(network, prefix="network.")
    weights |= {"scaler.centre": scaler.centre[MODALITY], "scaler.scale": scaler.scale[MODALITY]}
    told = _told(sides["test"], logits_nk, labels)
    return Trained(_predictions(own, told), weights, training.log, facts)


def class_weights(label_n: NDArray[np.integer], n_classes: int, imbalance: str) -> NDArray[np.float32]:
    """Return how much a clip of each class counts, (k,): 1 for the mean training clip, 0 for a class without any.

    Parameters
    ----------
    label_n
        Classes of the training clips.
    n_classes
        k.
    imbalance
        none: all alike; inverse: one over how often the class is there; root: one over the square root of that.
    """
    count_k = np.bincount(label_n, minlength=n_classes).astype(np.float64)
    power = {"none": 0.0, "root": 0.5, "inverse": 1.0}[imbalance]
    weight_k = np.where(count_k > 0, np.maximum(count_k, 1) ** -power, 0.0)
    return (weight_k * count_k.sum() / (weight_k * count_k).sum()).astype(np.float32)


def _sides(
    codes_ntc: NDArray[np.float32],
    own: pl.DataFrame,
    recording_ids: list[str],
    columns: list[str],
    labels: list[int],
) -> dict[str, WindowSet]:
    """The clips of each role that show a face."""
    place = {name: i for i, name in enumerate(recording_ids)}
    if unknown := sorted(set(own["recording_id"]) - set(place)):
        raise DesignError(
            f"train_clips: clip {unknown[0]} was not sampled. Re-run: snakemake -R sample_clips"
        )
    row_n = np.array([place[name] for name in own["recording_id"]], np.intp)
    class_n = own["label"].replace_strict({v: i for i, v in enumerate(labels)}).to_numpy().astype(np.int8)
    there_n = np.isfinite(codes_ntc).any(axis=(1, 2))[row_n]
    sides = {}
    for role in ROLES:
        chosen = (own["role"] == role).to_numpy() & there_n
        sides[role] = WindowSet(
            own.select("recording_id", "subject_id").filter(chosen),
            class_n[chosen],
            {MODALITY: codes_ntc[row_n[chosen]]},
            {MODALITY: tuple(columns)},
        )
        if role != "test" and not len(sides[role]):
            raise DesignError(
                f"train_clips: no {role} clip shows a face that was coded. See the log of sample_clips."
            )
    return sides


def _objective(weight_k: NDArray[np.float32], place: torch.device) -> Objective:
    """Cross-entropy in which classes weigh as said; the least on the validation clips is kept."""
    weights, here = torch.from_numpy(weight_k), torch.from_numpy(weight_k).to(place)

    def loss(logits_bk: Tensor, labels_b: Tensor, n_batch: int) -> Tensor:
        return F.cross_entropy(logits_bk, labels_b.long(), weight=here, reduction="sum") / n_batch

    def judge(
        network: nn.Module, batches: Batches, precision: MixedPrecision
    ) -> tuple[float, dict[str, float]]:
        logits_nk = network_outputs(network, batches, len(batches.windows), precision)
        label_n = torch.from_numpy(batches.windows.label_n.astype(np.int64))
        cost = float(F.cross_entropy(logits_nk, label_n, weight=weights))
        right = (logits_nk.argmax(dim=1) == label_n).double()
        recalls = [float(right[label_n == k].mean()) for k in label_n.unique()]
        return cost, {
            "validation_loss": cost,
            "validation_war": float(right.mean()),
            "validation_uar": float(np.mean(recalls)),
        }

    columns = ("validation_loss", "validation_war", "validation_uar")
    return Objective(loss=loss, judge=judge, columns=columns, cost="validation loss", section="clips.train")


def _told(test: WindowSet, logits_nk: Tensor, labels: list[int]) -> pl.DataFrame:
    p_nk = logits_nk.double().softmax(dim=1).numpy() if len(test) else np.empty((0, len(labels)))
    said = [labels[int(k)] for k in p_nk.argmax(axis=1)]
    return test.keys.select("recording_id").with_columns(
        pl.Series("predicted", said, pl.Int32),
        *(pl.Series(probability_column(v), p_nk[:, k], pl.Float32) for k, v in enumerate(labels)),
    )


def probability_column(label: int) -> str:
    """Return the column of an emotion's probability, such as p_happy."""
    return f"p_{EMOTIONS[label].lower()}"


def _predictions(own: pl.DataFrame, told: pl.DataFrame) -> pl.DataFrame:
    tested = most_frequent(own).rename({"predicted": "baseline"}).cast({"baseline": pl.Int32})
    joined = tested.join(told, on="recording_id", how="left", maintain_order="left")
    further = [c for c in joined.columns if c.startswith("p_")]
    return joined.select(*CLIP_PREDICTIONS.names, *further)
