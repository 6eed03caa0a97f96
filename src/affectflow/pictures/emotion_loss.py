"""What the network of several emotions is trained on: each emotion for itself, rare ones not drowned by frequent ones.

Axes: n = picture, k = emotion.
"""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

Numbers = NDArray[np.float64]
# Of the effective number of samples: how much alike pictures of one emotion are taken to be.
BETA = 0.9999
# An emotion with hardly a picture would else decide every step.
MOST_WEIGHT = 20.0


def effective_number_weights(
    n_k: NDArray[np.int64], *, beta: float = BETA, most: float = MOST_WEIGHT
) -> Numbers:
    """Return how much each emotion's part of the loss counts, from its number of pictures.

    One over the effective number of samples, (1 - beta^n) / (1 - beta) (Cui et
    al. 2019, CVPR), brought to a mean of 1, then cut.

    Parameters
    ----------
    n_k
        Training pictures with each emotion. One without any counts as if it had one.
    beta
        0..1; 0 = all alike, 1 = one over the number.
    most
        Largest weight.
    """
    n_k = np.maximum(np.asarray(n_k, np.float64), 1.0)
    effective_k = n_k if beta == 1 else (1 - beta**n_k) / (1 - beta)
    weight_k = 1 / effective_k
    return np.minimum(weight_k * len(n_k) / weight_k.sum(), most)


def positive_weights(n_k: NDArray[np.int64], n: int, *, most: float = MOST_WEIGHT) -> Numbers:
    """Return how much a picture with an emotion counts against one without: pictures without over pictures with.

    Parameters
    ----------
    n_k
        Training pictures with each emotion. One without any counts as if it had one.
    n
        All training pictures.
    most
        Largest weight.
    """
    n_k = np.maximum(np.asarray(n_k, np.float64), 1.0)
    return np.clip((n - n_k) / n_k, 1 / most, most)


class EmotionLoss(nn.Module):
    """Mean binary cross entropy over pictures and emotions.

    Parameters
    ----------
    imbalance
        effective_number: each emotion's part is weighted by `effective_number_weights`. positive: pictures
        with an emotion are weighted by `positive_weights`. none: all alike.
    label_nk
        Labels of the training pictures; nothing but their numbers is used.
    """

    weight: Tensor
    positive: Tensor

    def __init__(self, imbalance: str, label_nk: NDArray[np.bool_]) -> None:
        super().__init__()
        n_k = label_nk.sum(axis=0)
        ones = np.ones(label_nk.shape[1])
        weight = effective_number_weights(n_k) if imbalance == "effective_number" else ones
        positive = positive_weights(n_k, len(label_nk)) if imbalance == "positive" else ones
        self.register_buffer("weight", torch.tensor(weight, dtype=torch.float32), persistent=False)
        self.register_buffer("positive", torch.tensor(positive, dtype=torch.float32), persistent=False)

    def forward(self, logit_nk: Tensor, label_nk: Tensor) -> Tensor:
        """Return the loss of logits against labels of 0 and 1, a number."""
        return nn.functional.binary_cross_entropy_with_logits(
            logit_nk.float(), label_nk.float(), weight=self.weight, pos_weight=self.positive
        )
