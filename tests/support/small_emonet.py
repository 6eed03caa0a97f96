"""EmoNet's task with a network that learns in seconds on a CPU."""

from __future__ import annotations

import cv2
import numpy as np
import torch
from torch import Tensor, nn

from affectflow.datasets.pictures.rows import EXPRESSIONS
from affectflow.pictures.emonet_model import EmoNetModel, face_crop
from affectflow.pictures.picture_model import FineTuned

SETTINGS = {"loss": "ccc", "expression_weight": 0.3, "flip": True}
LOOP = {
    "epochs": 2, "patience": 20, "batch_size": 16, "learning_rate": 3e-3, "weight_decay": 1e-4, "warmup_steps": 3,
    "clip_norm": 1.0, "amp": "off", "workers": 1,
}  # fmt: skip


class SmallNet(nn.Module):
    """Two blocks that stand for the trunk, a third for the head; batch norms in each."""

    def __init__(self, width: int = 16) -> None:
        super().__init__()
        self.stem = nn.Sequential(nn.Conv2d(3, width, 3, 2, 1), nn.BatchNorm2d(width), nn.ReLU())
        self.middle = nn.Sequential(
            nn.Conv2d(width, 2 * width, 3, 2, 1), nn.BatchNorm2d(2 * width), nn.ReLU()
        )
        self.head = nn.Sequential(
            nn.Conv2d(2 * width, 2 * width, 3, 2, 1), nn.BatchNorm2d(2 * width), nn.ReLU(),
            nn.AdaptiveAvgPool2d(4), nn.Flatten(), nn.Linear(32 * width, 2 + len(EXPRESSIONS)),
        )  # fmt: skip

    def forward(self, x_bchw: Tensor) -> Tensor:
        return self.head(self.middle(self.stem(x_bchw - 0.5)))


class SmallModel(EmoNetModel):
    """EmoNet's labels, loss, crops and measures over `SmallNet`, which sees 64 x 64 pixels."""

    def __init__(self, settings=SETTINGS) -> None:
        super().__init__(settings)
        self._cut: dict[str, np.ndarray] = {}

    def network(self, weights) -> FineTuned:
        inner = SmallNet()
        if weights is not None:
            inner.load_state_dict({name: torch.from_numpy(np.array(w)) for name, w in weights.items()})
        return FineTuned(inner, head=("head",), outputs=lambda made: made)

    def crop(self, rgb, row):
        # Cut once: the reference's own resampling takes longer than this network.
        name = row["picture_id"]
        if name not in self._cut:
            self._cut[name] = cv2.resize(face_crop(rgb, row), (64, 64), interpolation=cv2.INTER_AREA)
        return self._cut[name]
