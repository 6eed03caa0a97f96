"""What a network is trained for: its loss, how an epoch is judged, and what changes from epoch to epoch.

Axes: n = example, b = example of a batch.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
import torch
from sklearn.metrics import roc_auc_score
from torch import Tensor, nn

from affectflow.device import MixedPrecision
from affectflow.train.models.batches import Batches

LARGEST_BATCH = 64


class Source(Protocol):
    """Examples, a batch at a time."""

    waited_s: float

    def run(self, order_n: np.ndarray, batch_size: int) -> Iterator[tuple[list[Tensor], Tensor]]:
        """Yield the network's inputs and the labels of each batch, in an order that is given."""


def _nothing(network: nn.Module, epoch: int) -> float:
    return 1.0


@dataclass(frozen=True)
class Objective:
    """What `trainer.Trainer` asks of a kind of training.

    Attributes
    ----------
    loss
        (outputs, labels, n_batch) of a batch, or of a part of it where the loop cuts batches up → its share of the
        batch's mean loss.
    judge
        (network, validation examples, precision) → cost (the least epoch is kept) and what the log says of it.
    columns
        Names of what the log says.
    cost
        What the cost is, and whose loop's setting to lower where it is never a number, for messages.
    section
        The settings' section of the loop.
    before_epoch
        (network, epoch) → factor on the step size. May change what is trained; depends on nothing else, so that
        a training can go on from a checkpoint.
    patient_from
        Epoch from which on the loop's patience counts: before it, what matters does not learn yet.
    """

    loss: Callable[[Tensor, Tensor, int], Tensor]
    judge: Callable[[nn.Module, Any, MixedPrecision], tuple[float, dict[str, float]]]
    columns: tuple[str, ...]
    cost: str
    section: str
    before_epoch: Callable[[nn.Module, int], float] = _nothing
    patient_from: int = 0


def network_outputs(
    network: nn.Module, batches: Source, n: int, precision: MixedPrecision, *, batch_size: int = LARGEST_BATCH
) -> Tensor:
    """Return the outputs for examples 0..n-1, in their order, on the CPU, float32."""
    network.eval()
    with torch.no_grad(), precision.autocast():
        made = [network(*inputs).float().cpu() for inputs, _ in batches.run(np.arange(n), batch_size)]
    return torch.cat(made) if made else torch.zeros(0)


def network_logits(network: nn.Module, batches: Batches, precision: MixedPrecision) -> Tensor:
    """Return the logits of all windows of a set, in their order, on the CPU."""
    return network_outputs(network, batches, len(batches.windows), precision)


def _window_loss(logits_b: Tensor, labels_b: Tensor, n_batch: int) -> Tensor:
    summed = nn.functional.binary_cross_entropy_with_logits(logits_b, labels_b, reduction="sum")
    return summed / n_batch


def _judge_windows(
    network: nn.Module, batches: Batches, precision: MixedPrecision
) -> tuple[float, dict[str, float]]:
    logits_n = network_logits(network, batches, precision)
    labels_n = torch.from_numpy(batches.windows.label_n.astype(np.float32))
    loss = float(nn.functional.binary_cross_entropy_with_logits(logits_n, labels_n))
    auroc = float(roc_auc_score(labels_n.numpy(), logits_n.numpy())) if math.isfinite(loss) else math.nan
    return loss, {"validation_loss": loss, "validation_auroc": auroc}


# Windows of two conditions, a logit each.
WINDOWS = Objective(
    loss=_window_loss,
    judge=_judge_windows,
    columns=("validation_loss", "validation_auroc"),
    cost="validation loss",
    section="train.loop",
)
