"""ResNet-50, fine-tuned on pictures with several emotions at once (EMOTIC), valence and arousal.

Axes: n = picture, b = picture of a batch, k = output (26 logits, valence, arousal), m = label, likewise.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any

import numpy as np
import polars as pl
import torch
from numpy.typing import NDArray
from sklearn.metrics import average_precision_score
from torch import Tensor, nn

from affectflow.datasets.pictures.emotic import EMOTIONS
from affectflow.errors import DesignError
from affectflow.pictures.emotion_loss import EmotionLoss
from affectflow.pictures.losses import dimension_loss
from affectflow.pictures.picture_model import FineTuned, PictureModel
from affectflow.pictures.resnet50 import EmotionNetwork, Told, start_bias, start_from_imagenet, whole_picture
from affectflow.train.scores.agreement import concordance_correlation

logger = logging.getLogger("affectflow")
DIMENSIONS = ("valence", "arousal")
N = len(EMOTIONS)
HEAD = ("shared", "emotions", "affect")


class ResNet50Model(PictureModel):
    """See the module."""

    name = "resnet50"
    licence = (
        "These weights began as torchvision's, which were trained on ImageNet: for research and teaching. What the pictures of "
        "the fine-tuning allow binds them as well."
    )
    chosen_by = "mean of average precision and concordance"
    columns = (
        "validation_score",
        "validation_average_precision",
        *(f"validation_ccc_{name}" for name in DIMENSIONS),
    )

    def __init__(self, settings: Mapping[str, Any]) -> None:
        super().__init__(settings)
        self._loss: EmotionLoss | None = None
        self._share_k = np.full(N, 0.5)

    def prepare(self, train: pl.DataFrame) -> None:
        """Take how often each emotion is there among the training pictures; see `PictureModel.prepare`.

        Raises
        ------
        DesignError
            If none of them has labels of emotions.
        """
        there = self.labels(train)[:, :N]
        known = there[np.isfinite(there).all(axis=1)].astype(bool)
        if not len(known):
            raise DesignError(
                "train_pictures: no training picture has labels of several emotions, which resnet50 learns. Choose the model "
                "emonet, or a data set of format emotic."
            )
        self._share_k = known.mean(axis=0)
        self._loss = EmotionLoss(self.settings["imbalance"], known)
        rarest = int(known.sum(axis=0).min())
        logger.info(
            "emotions in %d to %d of %d training pictures; imbalance: %s",
            *(rarest, known.sum(axis=0).max(), len(known), self.settings["imbalance"]),
        )
        if absent := [name for name, share in zip(EMOTIONS, self._share_k, strict=True) if not share]:
            logger.warning("no training picture has %s: nothing can be learnt of it", ", ".join(absent))

    def network(self, weights: Mapping[str, NDArray[Any]] | None) -> FineTuned:
        """Build the network; see `PictureModel.network`. It begins by telling each emotion as often as it is there."""
        inner = EmotionNetwork(N, dropout=self.settings["dropout"])
        if weights is not None:
            start_from_imagenet(inner, weights)
        start_bias(inner, self._share_k)
        return FineTuned(inner, head=HEAD, outputs=_side_by_side)

    def crop(self, rgb: NDArray[np.uint8], row: Mapping[str, Any]) -> NDArray[np.uint8]:
        """Return the whole picture, which is a person's crop, stretched to a square."""
        return whole_picture(rgb, side_px=self.settings["resnet50_px"])

    def labels(self, pictures: pl.DataFrame) -> NDArray[np.float32]:
        """Return which emotions are there, valence and arousal, (n, 28)."""
        there = [pl.col("emotions").list.contains(name).cast(pl.Float32).alias(name) for name in EMOTIONS]
        table = pictures.select(*there, *(pl.col(name) for name in DIMENSIONS))
        return table.fill_null(np.nan).to_numpy().astype(np.float32)

    def loss(self, outputs_bk: Tensor, labels_bm: Tensor) -> Tensor:
        """Return the loss of both dimensions, and `emotion_weight` times that of the emotions."""
        assert self._loss is not None, "prepare has not seen the training labels"
        kind = self.settings["loss"]
        both = [
            dimension_loss(outputs_bk[:, N + i], labels_bm[:, N + i], kind=kind)
            for i in range(len(DIMENSIONS))
        ]
        known = labels_bm[:, :N].isfinite().all(dim=1)
        emotions = (
            self._loss.to(outputs_bk.device)(outputs_bk[known, :N], labels_bm[known, :N])
            if bool(known.any())
            else 0.0 * outputs_bk[:, :N].sum()
        )
        return torch.stack(both).sum() + self.settings["emotion_weight"] * emotions

    def measures(self, outputs_nk: Tensor, labels_nm: Tensor) -> tuple[float, dict[str, float]]:
        """Return minus the mean of macro average precision and mean concordance, of those that have labels."""
        made: dict[str, float] = {}
        if not bool(outputs_nk.isfinite().all()):
            return float("nan"), dict.fromkeys(self.columns, float("nan"))
        for i, name in enumerate(DIMENSIONS):
            known = labels_nm[:, N + i].isfinite()
            label, said = (x[known, N + i].double().numpy() for x in (labels_nm, outputs_nk))
            made[f"validation_ccc_{name}"] = concordance_correlation(label, said)
        known = labels_nm[:, :N].isfinite().all(dim=1)
        made["validation_average_precision"] = macro_average_precision(
            labels_nm[known, :N].numpy().astype(bool), outputs_nk[known, :N].double().numpy()
        )
        both = _mean([made[f"validation_ccc_{name}"] for name in DIMENSIONS])
        made["validation_score"] = _mean([made["validation_average_precision"], both])
        return -made["validation_score"], made

    def read(self, network: nn.Module, x_nchw: Tensor) -> Tensor:
        """Return probabilities, valence and arousal, means over the picture and its mirror image with `flip`, (n, 28)."""
        seen = _as_read(network(x_nchw).float())
        if self.settings["flip"]:
            seen = (seen + _as_read(network(x_nchw.flip(3)).float())) / 2
        return seen

    def predictions(self, read_nk: NDArray[np.float32]) -> dict[str, pl.Series]:
        """Return both dimensions and the probability of each emotion."""
        numbers = {f"predicted_{name}": read_nk[:, N + i] for i, name in enumerate(DIMENSIONS)}
        numbers |= {f"p_{name}": read_nk[:, k] for k, name in enumerate(EMOTIONS)}
        columns = {name: pl.Series(name, value, dtype=pl.Float32) for name, value in numbers.items()}
        return columns | {"predicted_expression": pl.Series([None] * len(read_nk), dtype=pl.String)}


def macro_average_precision(label_nk: NDArray[np.bool_], score_nk: NDArray[np.float64]) -> float:
    """Return the mean average precision over the emotions that some pictures have and some have not; NaN without any."""
    there = np.flatnonzero(label_nk.any(axis=0) & ~label_nk.all(axis=0))
    return _mean([float(average_precision_score(label_nk[:, k], score_nk[:, k])) for k in there])


def _side_by_side(made: Told) -> Tensor:
    return torch.cat((made.emotions, made.affect), dim=1)


def _as_read(outputs_nk: Tensor) -> Tensor:
    return torch.cat((outputs_nk[:, :N].sigmoid(), outputs_nk[:, N:]), dim=1)


def _mean(values: list[float]) -> float:
    known = [value for value in values if np.isfinite(value)]
    return float(np.mean(known)) if known else float("nan")
