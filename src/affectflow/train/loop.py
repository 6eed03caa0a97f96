"""The training loop all networks share: AdamW, warm-up, clipping, early stopping, resume.

Axes: n = window, b = window of a batch, t = time, c = channel.
"""

from __future__ import annotations

import logging
import math
from collections.abc import Callable
from typing import Any

import numpy as np
import polars as pl
import torch
from sklearn.metrics import roc_auc_score
from torch import Tensor, nn

from affectflow.device import choose_device, reproducible
from affectflow.errors import DesignError
from affectflow.io.log import progress
from affectflow.io.weights import Checkpoint
from affectflow.train.models.base import Fitted
from affectflow.train.normalise import Scaler
from affectflow.train.window_set import WindowSet

logger = logging.getLogger("affectflow")
LARGEST_BATCH = 256
LOG_COLUMNS = ("epoch", "steps", "train_loss", "validation_loss", "validation_auroc")


def fit_network(
    build: Callable[[], nn.Module],
    train: WindowSet,
    validation: WindowSet,
    *,
    modalities: tuple[str, ...],
    loop: dict[str, Any],
    seed: int,
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
    device, granted_gpus
        See `device.choose_device`.
    threads
        CPU threads.
    checkpoint
        Where the state goes after each epoch; None = nowhere.
    """
    scaler = Scaler.fit(train, modalities)
    place = choose_device(device, granted_gpus=granted_gpus)
    with reproducible(place, threads=threads), torch.random.fork_rng(devices=_cards(place)):
        torch.manual_seed(_derived(seed, 0))
        training = _Training(build().to(place), loop, checkpoint)
        inputs, labels_n = _tensors(scaler.apply(train), place), _labels(train, place)
        held_out, held_labels_n = _tensors(scaler.apply(validation), place), _labels(validation, place)
        training.resume()
        for epoch in progress(
            range(training.epoch + 1, loop["epochs"] + 1), total=loop["epochs"], label="epochs"
        ):
            if training.stopped:
                break
            torch.manual_seed(_derived(seed, epoch))
            order_n = torch.randperm(len(train)).to(place)
            training.run_epoch(epoch, inputs, labels_n, order_n)
            training.judge(held_out, held_labels_n)
        network = training.best()
    return Fitted(
        score=lambda windows: _score(network, scaler, windows, place, threads),
        weights=_weights(network, scaler),
        log=pl.DataFrame(training.rows).select(LOG_COLUMNS),
        facts={
            "n_parameters": sum(p.numel() for p in network.parameters()),
            "best_epoch": training.best_epoch,
            "epochs": training.epoch,
            "columns": {name: list(train.columns[name]) for name in modalities},
            "seed": seed,
        },
    )


class _Training:
    """What changes during a training; everything that a checkpoint must hold."""

    def __init__(self, network: nn.Module, loop: dict[str, Any], checkpoint: Checkpoint | None) -> None:
        self.network, self.loop, self.checkpoint = network, loop, checkpoint
        flat = [p for p in network.parameters() if p.dim() < 2]
        deep = [p for p in network.parameters() if p.dim() >= 2]
        groups = [
            {"params": deep, "weight_decay": loop["weight_decay"]},
            {"params": flat, "weight_decay": 0.0},
        ]
        self.optimiser = torch.optim.AdamW(groups, lr=loop["learning_rate"])
        self.epoch = self.step = self.best_epoch = 0
        self.best_loss = math.inf
        self.best_state: dict[str, Tensor] = {}
        self.rows: list[dict[str, float]] = []

    @property
    def stopped(self) -> bool:
        """Whether the validation loss has not improved for long enough."""
        return self.epoch - self.best_epoch >= self.loop["patience"]

    def run_epoch(self, epoch: int, inputs: list[Tensor], labels_n: Tensor, order_n: Tensor) -> None:
        """Take one optimiser step per batch of the epoch."""
        self.network.train()
        total = 0.0
        for chosen_b in order_n.split(self.loop["batch_size"]):
            self.step += 1
            warm = min(1.0, self.step / max(1, self.loop["warmup_steps"]))
            for group in self.optimiser.param_groups:
                group["lr"] = self.loop["learning_rate"] * warm
            logits_b = self.network(*(x[chosen_b] for x in inputs))
            loss = nn.functional.binary_cross_entropy_with_logits(logits_b, labels_n[chosen_b])
            self.optimiser.zero_grad()
            loss.backward()
            nn.utils.clip_grad_norm_(self.network.parameters(), self.loop["clip_norm"])
            self.optimiser.step()
            total += loss.item() * len(chosen_b)
        self.epoch = epoch
        self.rows.append({"epoch": epoch, "steps": self.step, "train_loss": total / len(labels_n)})

    def judge(self, inputs: list[Tensor], labels_n: Tensor) -> None:
        """Look at the validation people, remember the best weights, save the state."""
        logits_n = _logits(self.network, inputs)
        loss = float(nn.functional.binary_cross_entropy_with_logits(logits_n, labels_n))
        known = math.isfinite(loss)
        auroc = float(roc_auc_score(labels_n.cpu().numpy(), logits_n.cpu().numpy())) if known else math.nan
        self.rows[-1] |= {"validation_loss": loss, "validation_auroc": auroc}
        if loss < self.best_loss:
            self.best_loss, self.best_epoch = loss, self.epoch
            self.best_state = {k: v.detach().clone() for k, v in self.network.state_dict().items()}
        if self.checkpoint is not None:
            self._save(self.checkpoint)

    def best(self) -> nn.Module:
        """Return the network with the weights of its best epoch."""
        if not self.best_state:
            raise DesignError(
                f"training diverged: the validation loss was {self.rows[-1]['validation_loss']} in every epoch. "
                "Lower train.loop.learning_rate."
            )
        self.network.load_state_dict(self.best_state)
        return self.network.eval()

    def _save(self, checkpoint: Checkpoint) -> None:
        parts = {"network": self.network.state_dict(), "best": self.best_state}
        arrays = {f"{part}.{name}": v for part, state in parts.items() for name, v in state.items()}
        for i, state in self.optimiser.state_dict()["state"].items():
            arrays |= {f"optimiser.{i}.{name}": torch.as_tensor(v) for name, v in state.items()}
        state = {
            "epoch": self.epoch,
            "step": self.step,
            "best_epoch": self.best_epoch,
            "best_loss": self.best_loss,
        }
        checkpoint.save(
            {n: v.detach().cpu().numpy() for n, v in arrays.items()}, {**state, "rows": self.rows}
        )

    def resume(self) -> None:
        """Take up the state of the checkpoint, if there is one of this job."""
        loaded = self.checkpoint.load() if self.checkpoint is not None else None
        if loaded is None:
            return
        arrays, state = loaded
        device = next(self.network.parameters()).device
        parts: dict[str, dict[str, Tensor]] = {"network": {}, "best": {}, "optimiser": {}}
        for name, array in arrays.items():
            part, _, rest = name.partition(".")
            parts[part][rest] = torch.from_numpy(np.array(array)).to(device)
        self.network.load_state_dict(parts["network"])
        self.best_state = parts["best"]
        optimiser = self.optimiser.state_dict()
        for name, value in parts["optimiser"].items():
            i, _, key = name.partition(".")
            optimiser["state"].setdefault(int(i), {})[key] = value
        self.optimiser.load_state_dict(optimiser)
        self.epoch, self.step = state["epoch"], state["step"]
        self.best_epoch, self.best_loss, self.rows = state["best_epoch"], state["best_loss"], state["rows"]
        logger.info("going on after epoch %d", self.epoch)


def _tensors(arrays: dict[str, np.ndarray], device: torch.device) -> list[Tensor]:
    """Return values (0 where missing) of every modality, then masks (n, t) of every modality."""
    values = [torch.from_numpy(np.nan_to_num(a, nan=0.0)).to(device) for a in arrays.values()]
    masks = [torch.from_numpy(np.isfinite(a).any(axis=2)).to(device) for a in arrays.values()]
    return values + masks


def _labels(windows: WindowSet, device: torch.device) -> Tensor:
    return torch.from_numpy(windows.label_n.astype(np.float32)).to(device)


def _logits(network: nn.Module, inputs: list[Tensor]) -> Tensor:
    network.eval()
    with torch.no_grad():
        batches = zip(*(x.split(LARGEST_BATCH) for x in inputs), strict=True)
        return torch.cat([network(*batch) for batch in batches])


def _score(
    network: nn.Module, scaler: Scaler, windows: WindowSet, device: torch.device, threads: int
) -> np.ndarray:
    if not len(windows):
        return np.zeros(0)
    with reproducible(device, threads=threads):
        logits_n = _logits(network, _tensors(scaler.apply(windows), device))
        return logits_n.double().sigmoid().cpu().numpy()


def _weights(network: nn.Module, scaler: Scaler) -> dict[str, np.ndarray]:
    weights = {f"network.{k}": v.detach().cpu().numpy().copy() for k, v in network.state_dict().items()}
    weights |= {f"scaler.centre.{k}": v for k, v in scaler.centre.items()}
    return weights | {f"scaler.scale.{k}": v for k, v in scaler.scale.items()}


def _derived(seed: int, epoch: int) -> int:
    return int(np.random.SeedSequence([seed, epoch]).generate_state(1)[0])


def _cards(device: torch.device) -> list[int]:
    return [device.index or 0] if device.type == "cuda" else []
