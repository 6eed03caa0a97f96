"""The task of resnet50 with a network that learns in seconds on a CPU, and a miniature of EMOTIC for it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl
from torch import Tensor, nn

from affectflow.datasets.pictures.emotic import EMOTIONS, list_emotic
from affectflow.datasets.simulated.emotic import simulate_emotic
from affectflow.io.pictures import read_picture
from affectflow.pictures.index_pictures import index_pictures
from affectflow.pictures.picture_model import FineTuned
from affectflow.pictures.resnet50 import start_bias
from affectflow.pictures.resnet50_model import ResNet50Model
from affectflow.pictures.split_pictures import split_pictures
from tests.support.stills import Stills

SETTINGS = {
    "loss": "ccc", "emotion_weight": 10.0, "imbalance": "effective_number", "dropout": 0.2, "resnet50_px": 64, "flip": True,
}  # fmt: skip


class SmallNet(nn.Module):
    """Two blocks that stand for the trunk, and a head."""

    def __init__(self, width: int = 16) -> None:
        super().__init__()
        self.trunk = nn.Sequential(
            nn.Conv2d(3, width, 5, 2, 2), nn.BatchNorm2d(width), nn.ReLU(),
            nn.Conv2d(width, 2 * width, 3, 2, 1), nn.BatchNorm2d(2 * width), nn.ReLU(), nn.AdaptiveAvgPool2d(4), nn.Flatten(),
        )  # fmt: skip
        self.emotions = nn.Linear(32 * width, len(EMOTIONS))
        self.affect = nn.Linear(32 * width, 2)

    def forward(self, x_bchw: Tensor) -> tuple[Tensor, Tensor]:
        x_bf = self.trunk(x_bchw - 0.5)
        return self.emotions(x_bf), self.affect(x_bf).tanh()


class SmallResNet(ResNet50Model):
    """The model's labels, loss, measures and crops over `SmallNet`."""

    def __init__(self, settings=SETTINGS) -> None:
        super().__init__(settings)
        self._cut: dict[str, np.ndarray] = {}

    def network(self, weights) -> FineTuned:
        inner = SmallNet()
        start_bias(inner, self._share_k)
        return FineTuned(inner, head=("emotions", "affect"), outputs=_side_by_side)

    def crop(self, rgb, row):
        name = row["picture_id"]
        if name not in self._cut:
            self._cut[name] = super().crop(rgb, row)
        return self._cut[name]


def _side_by_side(made: tuple[Tensor, Tensor]) -> Tensor:
    import torch

    return torch.cat(made, dim=1)


def drawn_emotic(folder: Path, *, people: int, each: int, seed: int = 1) -> Stills:
    """A miniature in a folder, its table and its roles."""
    simulate_emotic(folder, people=people, each=each, seed=seed)

    def read(path: str) -> np.ndarray:
        return read_picture(folder / path)

    pictures = index_pictures(list_emotic(folder), read, threads=2)
    return Stills(pictures, split_pictures(pictures, validation_share=0.2, test_share=0.2, seed=seed), read)


def shuffled_emotions(stills: Stills, *, seed: int = 0) -> pl.DataFrame:
    """The table with labels dealt out anew among the training pictures, and among the validation pictures."""
    rng = np.random.default_rng(seed)
    role = stills.roles["role"].to_numpy()
    order = np.arange(len(role))
    for side in ("train", "validation"):
        own = np.flatnonzero(role == side)
        order[own] = rng.permutation(own)
    names = ("emotions", "valence", "arousal")
    return stills.pictures.with_columns(stills.pictures[name].gather(order) for name in names)
