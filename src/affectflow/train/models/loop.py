"""The training loop all networks share: AdamW, warm-up, clipping, early stopping, resume (`trainer.Trainer`).

Axes: n = window, b = window of a batch, t = time, c = channel. Windows are read batch by batch (`batches.Batches`).
"""

from __future__ import annotations

import logging
import math
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import torch
from torch import nn

from affectflow.device import choose_device, mixed_precision, reproducible
from affectflow.io.log import progress
from affectflow.io.weights import Checkpoint
from affectflow.train.models.base import Fitted
from affectflow.train.models.batches import Batches
from affectflow.train.models.objective import Source, network_logits
from affectflow.train.models.trainer import Trainer, arrays_of
from affectflow.train.windows.normalise import CLIP_SD, Scaler
from affectflow.train.windows.window_set import WindowSet

logger = logging.getLogger("affectflow")


def fit_network(
    build: Callable[[], nn.Module],
    train: WindowSet,
    validation: WindowSet,
    *,
    modalities: tuple[str, ...],
    loop: dict[str, Any],
    seed: int,
    norm: str = "global",
    clip_sd: float = CLIP_SD,
    device: str = "cpu",
    granted_gpus: int = 0,
    threads: int = 1,
    checkpoint: Checkpoint | None = None,
) -> Fitted:
    """Train a network and return it as it was at its best epoch.

    Best = least loss on the validation people. Every epoch has its own seed, so
    a training that was interrupted and goes on from its checkpoint ends with
    the same weights as one that was not.

    Parameters
    ----------
    build
        Makes the untrained network. It is called with, for each modality, the
        values (b, t, c; 0 where missing) and then, for each, a mask (b, t) of
        samples where anything was measured; it returns logits (b,).
    train, validation
        Windows with the arrays `modalities`.
    modalities
        Arrays the network sees, in the order of its arguments.
    loop
        `config.train.Loop` as a dict.
    seed
        Of the weights' start, the order of windows and dropout.
    norm, clip_sd
        See `normalise.Scaler.fit`; a `clip_sd` of 0 cuts nothing.
    device, granted_gpus
        See `device.choose_device`.
    threads
        CPU threads.
    checkpoint
        Where the state goes after each epoch; None = nowhere.
    """
    scaler = Scaler.fit(train, modalities, norm=norm, clip_sd=clip_sd or math.inf)
    place = choose_device(device, granted_gpus=granted_gpus)

    def batches(windows: WindowSet) -> Batches:
        return Batches(windows, modalities, scaler, place, workers=loop["workers"])

    with reproducible(place, threads=threads), seeded(place, seed):
        training = Trainer(build().to(place), loop, checkpoint)
        of_train, of_validation = batches(train), batches(validation)
        training.resume()
        run_epochs(training, of_train, of_validation, n_train=len(train), seed=seed)
        network = training.best()

    def score(windows: WindowSet) -> np.ndarray:
        with reproducible(place, threads=threads):
            return network_scores(network, batches(windows))

    return Fitted(
        score=score,
        weights=_weights(network, scaler),
        log=training.log,
        facts={
            "n_parameters": sum(p.numel() for p in network.parameters()),
            "best_epoch": training.best_epoch,
            "epochs": training.epoch,
            "columns": {name: list(train.columns[name]) for name in modalities},
            "norm": norm,
            "clip_sd": clip_sd,
            "seed": seed,
        },
    )


@contextmanager
def seeded(device: torch.device, seed: int) -> Iterator[None]:
    """Run a block that begins with a random state of its own, and put the caller's back."""
    cards = [device.index or 0] if device.type == "cuda" else []
    with torch.random.fork_rng(devices=cards):
        torch.manual_seed(_derived(seed, 0))
        yield


def run_epochs(training: Trainer, train: Source, validation: Source, *, n_train: int, seed: int) -> None:
    """Train from where a training is to its last epoch, or until it stops.

    Parameters
    ----------
    training
        Fresh, or resumed.
    train, validation
        Examples, where the network is.
    n_train
        How many there are to train on.
    seed
        Every epoch's order (and dropout, and changes of inputs) has a seed derived from it.
    """
    started, epochs = time.perf_counter(), training.loop["epochs"]
    for epoch in progress(range(training.epoch + 1, epochs + 1), total=epochs, label="epochs"):
        if training.stopped:
            break
        torch.manual_seed(_derived(seed, epoch))
        training.run_epoch(epoch, train, torch.randperm(n_train).numpy())
        training.judge(validation)
    _log_pace(training, train, validation, time.perf_counter() - started)


def network_scores(network: nn.Module, batches: Batches) -> np.ndarray:
    """Return the probability of every window of a set, in full precision, float64 (n,)."""
    logits_n = network_logits(network, batches, mixed_precision("off", batches.device))
    return logits_n.double().sigmoid().numpy()


def _log_pace(training: Trainer, train: Source, validation: Source, seconds: float) -> None:
    """Say how fast it went and whether the network had to wait for its data."""
    waited = train.waited_s + validation.waited_s
    logger.info(
        "%d epochs in %.1f s, %.0f %% of them waiting for data; best epoch %d",
        *(training.epoch, seconds, 100 * waited / max(seconds, 1e-9), training.best_epoch),
    )


def _weights(network: nn.Module, scaler: Scaler) -> dict[str, np.ndarray]:
    weights = arrays_of(network, prefix="network.")
    weights |= {f"scaler.centre.{k}": v for k, v in scaler.centre.items()}
    return weights | {f"scaler.scale.{k}": v for k, v in scaler.scale.items()}


def _derived(seed: int, epoch: int) -> int:
    return int(np.random.SeedSequence([seed, epoch]).generate_state(1)[0])
