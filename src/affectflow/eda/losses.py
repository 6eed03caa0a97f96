"""What a network that predicts a course of time is trained on.

Axes: n = clip, t = time.
"""

from __future__ import annotations

from torch import Tensor

# Keeps the correlation of a flat course finite: it is 0 then.
LEAST_SPREAD = 1e-8


def pearson(predicted_nt: Tensor, true_nt: Tensor) -> Tensor:
    """Return Pearson's r of each clip, (n,); 0 where one of the two is flat."""
    p = predicted_nt - predicted_nt.mean(dim=1, keepdim=True)
    y = true_nt - true_nt.mean(dim=1, keepdim=True)
    norms = (
        p.square().sum(dim=1).clamp_min(LEAST_SPREAD).sqrt()
        * y.square().sum(dim=1).clamp_min(LEAST_SPREAD).sqrt()
    )
    return (p * y).sum(dim=1) / norms


def negative_pearson(predicted_nt: Tensor, true_nt: Tensor) -> Tensor:
    """Return the mean over clips of 1 − r, 0..2: one clip, one correlation, whatever the batch (Yu, Li and Zhao 2019)."""
    return (1 - pearson(predicted_nt, true_nt)).mean()
