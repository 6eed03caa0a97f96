"""One training of a network: its optimiser, its best weights, and the checkpoint it goes on from.

Axes: n = example (window, picture), b = example of a batch.
"""

from __future__ import annotations

import logging
import math
from collections.abc import Iterator
from typing import Any

import numpy as np
import polars as pl
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from affectflow.device import mixed_precision
from affectflow.io.weights import Checkpoint
from affectflow.train.models.base import DivergedError
from affectflow.train.models.objective import WINDOWS, Objective, Source

logger = logging.getLogger("affectflow")
LOG_COLUMNS = ("epoch", "steps", "train_loss")


class Trainer:
    """What changes during a training; everything that a checkpoint must hold.

    Parameters
    ----------
    network
        Untrained, where it is to be trained.
    loop
        `config.train.Loop` as a dict.
    checkpoint
        Where the state goes after each epoch; None = nowhere.
    objective
        What it is trained for.
    """

    def __init__(
        self,
        network: nn.Module,
        loop: dict[str, Any],
        checkpoint: Checkpoint | None,
        objective: Objective = WINDOWS,
    ) -> None:
        self.network, self.loop, self.checkpoint, self.objective = network, loop, checkpoint, objective
        flat = [p for p in network.parameters() if p.dim() < 2]
        deep = [p for p in network.parameters() if p.dim() >= 2]
        groups = [
            {"params": deep, "weight_decay": loop["weight_decay"]},
            {"params": flat, "weight_decay": 0.0},
        ]
        self.optimiser = torch.optim.AdamW(groups, lr=loop["learning_rate"])
        device = next(network.parameters()).device
        self.precision = mixed_precision(loop["amp"], device, section=objective.section)
        # On a GPU a batch that is large enough to be fast is what its memory is for.
        on_cpu = self.precision.device_type == "cpu"
        # 0 = a batch as a whole, however large its source makes it.
        self._at_once = loop["at_once"] if on_cpu else 0
        self.epoch = self.step = self.best_epoch = 0
        self.best_loss = math.inf
        self.best_state: dict[str, Tensor] = {}
        self.rows: list[dict[str, float]] = []

    @property
    def stopped(self) -> bool:
        """Whether the cost on the validation examples has not improved for long enough."""
        return self.epoch - max(self.best_epoch, self.objective.patient_from) >= self.loop["patience"]

    def run_epoch(self, epoch: int, batches: Source, order_n: np.ndarray) -> None:
        """Take one optimiser step per batch of the epoch."""
        factor = self.objective.before_epoch(self.network, epoch)
        self.network.train()
        scaler, total = self.precision.scaler, 0.0
        for inputs, labels_b in batches.run(order_n, self.loop["batch_size"]):
            self.step += 1
            warm = min(1.0, self.step / max(1, self.loop["warmup_steps"]))
            for group in self.optimiser.param_groups:
                group["lr"] = self.loop["learning_rate"] * warm * factor
            self.optimiser.zero_grad()
            for part in _parts([*inputs, labels_b], self._at_once or len(labels_b)):
                with self.precision.autocast():
                    outputs = self.network(*part[:-1])
                loss = self.objective.loss(outputs.float(), part[-1], len(labels_b))
                scaler.scale(loss).backward()
                total += loss.item() * len(labels_b)
            scaler.unscale_(self.optimiser)
            nn.utils.clip_grad_norm_(self.network.parameters(), self.loop["clip_norm"])
            scaler.step(self.optimiser)
            scaler.update()
        self.epoch = epoch
        self.rows.append({"epoch": epoch, "steps": self.step, "train_loss": total / len(order_n)})

    def judge(self, batches: Source) -> None:
        """Look at the validation examples, remember the best weights, save the state."""
        loss, measures = self.objective.judge(self.network, batches, self.precision)
        self.rows[-1] |= measures
        if loss < self.best_loss:
            self.best_loss, self.best_epoch = loss, self.epoch
            self.best_state = {k: v.detach().clone() for k, v in self.network.state_dict().items()}
        if self.checkpoint is not None:
            self._save(self.checkpoint)

    @property
    def log(self) -> pl.DataFrame:
        """One row per epoch."""
        return pl.DataFrame(self.rows).select(*LOG_COLUMNS, *self.objective.columns)

    def best(self) -> nn.Module:
        """Return the network with the weights of its best epoch.

        Raises
        ------
        DivergedError
            If the cost on the validation examples was a number in no epoch.
        """
        if not self.best_state:
            raise DivergedError(
                f"training diverged: the {self.objective.cost} was {self.rows[-1][self.objective.columns[0]]} in every "
                f"epoch. Lower {self.objective.section}.learning_rate.",
                self.log,
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
            "precision": self.precision.scaler.state_dict(),
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
        if state["precision"]:
            self.precision.scaler.load_state_dict(state["precision"])
        self.epoch, self.step = state["epoch"], state["step"]
        self.best_epoch, self.best_loss, self.rows = state["best_epoch"], state["best_loss"], state["rows"]
        logger.info("going on after epoch %d", self.epoch)


def _parts(tensors: list[Tensor], size: int) -> Iterator[tuple[Tensor, ...]]:
    """Split tensors of a batch alike."""
    return zip(*(x.split(size) for x in tensors), strict=True)


def arrays_of(network: nn.Module, *, prefix: str = "") -> dict[str, NDArray[Any]]:
    """Return copies of a network's tensors under their names, `prefix` before each."""
    return {prefix + k: v.detach().cpu().numpy().copy() for k, v in network.state_dict().items()}
