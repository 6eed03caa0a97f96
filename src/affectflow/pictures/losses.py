"""Losses of valence and arousal, and of expressions, where some labels are missing.

Axes: b = picture of a batch.
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor
from torch.nn import functional as F  # noqa: N812  # the name everybody uses

# In the concordance's denominator: a batch of one and the same label has no concordance.
EPS = 1e-8
# Where the Huber loss turns from squares to distances, in units of -1..1.
HUBER_DELTA = 0.5


def concordance_loss(predicted_b: Tensor, label_b: Tensor) -> Tensor:
    """Return 1 - CCC of a batch (Lin 1989), with variances of the population; 0..2."""
    mean, of_label = predicted_b.mean(), label_b.mean()
    shared = ((predicted_b - mean) * (label_b - of_label)).mean()
    apart = predicted_b.var(correction=0) + label_b.var(correction=0) + (mean - of_label) ** 2
    return 1 - 2 * shared / (apart + EPS)


LOSSES: dict[str, Callable[[Tensor, Tensor], Tensor]] = {
    "ccc": concordance_loss,
    "mse": F.mse_loss,
    "mae": F.l1_loss,
    "huber": lambda predicted_b, label_b: F.huber_loss(predicted_b, label_b, delta=HUBER_DELTA),
}


def dimension_loss(predicted_b: Tensor, label_b: Tensor, *, kind: str) -> Tensor:
    """Return the loss of one dimension over the pictures that have its label (NaN = none); 0 with fewer than two."""
    known = label_b.isfinite()
    if int(known.sum()) < 2:
        return 0.0 * predicted_b.sum()
    return LOSSES[kind](predicted_b[known], label_b[known])


def expression_loss(logits_bk: Tensor, label_b: Tensor) -> Tensor:
    """Return the cross-entropy over the pictures that have an expression (a class's number; NaN = none); 0 without any."""
    known = label_b.isfinite()
    if not bool(known.any()):
        return 0.0 * logits_bk.sum()
    return F.cross_entropy(logits_bk[known], label_b[known].to(torch.int64))
