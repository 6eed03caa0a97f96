"""Several emotions, valence and arousal of a picture at once: a ResNet-50 with two heads.

The trunk is torchvision's (He et al. 2016, deep residual learning), under its
names, so that its file for ImageNet loads strictly. On a layer of 256 with batch
norm, ReLU and dropout (as Kosti et al. 2019, EMOTIC) stand both: one gives a logit per
emotion (a picture may have several), the other valence and arousal through a
tanh, as the EMOTIC project does.

Axes: n = picture, c = channel, h, w = rows and columns, f = feature (256), k = emotion.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from affectflow.face.emoca.resnet import N_FEATURES, ResNet50Trunk
from affectflow.face.load_network import load_network

# Mean and standard deviation of ImageNet's pictures, red, green, blue in 0..1.
MEAN, SD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
# What the trunk's file was trained with.
PICTURE_PX = 224
# Width of the layer that both heads stand on (Kosti et al. 2019).
N_SHARED = 256


class Told(NamedTuple):
    """What the network says of n pictures.

    Attributes
    ----------
    emotions
        Logits (n, k).
    affect
        Valence and arousal (n, 2), -1..1.
    """

    emotions: Tensor
    affect: Tensor


class EmotionNetwork(nn.Module):
    """Pictures to emotions, valence and arousal.

    Parameters
    ----------
    n_emotions
        How many emotions are told apart (EMOTIC: 26).
    dropout
        Share of features that each training step leaves out, 0..1.
    """

    mean: Tensor
    sd: Tensor

    def __init__(self, n_emotions: int, *, dropout: float = 0.5) -> None:
        super().__init__()
        self.trunk = ResNet50Trunk()
        # The trunk's features are all positive: heads right on them would move all their outputs at once.
        self.shared = nn.Sequential(
            nn.Linear(N_FEATURES, N_SHARED), nn.BatchNorm1d(N_SHARED), nn.ReLU(), nn.Dropout(dropout)
        )
        self.emotions = nn.Linear(N_SHARED, n_emotions)
        self.affect = nn.Linear(N_SHARED, 2)
        self.register_buffer("mean", torch.tensor(MEAN)[:, None, None], persistent=False)
        self.register_buffer("sd", torch.tensor(SD)[:, None, None], persistent=False)

    def forward(self, x_nchw: Tensor) -> Told:
        """Return what is told of pictures (n, 3, h, w), RGB in 0..1, sides of 32 pixels at least."""
        if x_nchw.shape[1] != 3 or min(x_nchw.shape[2:]) < 32:
            raise ValueError(f"pictures are {tuple(x_nchw.shape)}, not (n, 3, 32 at least, 32 at least)")
        x_nf = self.shared(self.trunk((x_nchw - self.mean) / self.sd))
        return Told(self.emotions(x_nf), torch.tanh(self.affect(x_nf)))


def start_from_imagenet(network: EmotionNetwork, weights: Mapping[str, NDArray[Any]]) -> None:
    """Put a converted file of ImageNet weights into the trunk, in place; the heads stay at random.

    Parameters
    ----------
    network
        On the CPU.
    weights
        As `weights.open_model.open_model` opens them.

    Raises
    ------
    InputError
        If a tensor is missing or has another shape.
    """
    trunk = load_network(ResNet50Trunk, weights, prefix="trunk.", backend="resnet50")
    network.trunk.load_state_dict(trunk.state_dict())


def start_bias(network: EmotionNetwork, prevalence_k: NDArray[np.float64]) -> None:
    """Let the network start by telling each emotion as often as it is there, in place (Lin et al. 2017, 3.3).

    From a start at one half the first steps would only learn that most emotions are rare.

    Parameters
    ----------
    network
        Before training.
    prevalence_k
        Share of training pictures with each emotion, 0..1; kept away from 0 and 1 by a thousandth.
    """
    share_k = np.clip(prevalence_k, 1e-3, 1 - 1e-3)
    with torch.no_grad():
        network.emotions.bias.copy_(torch.from_numpy(np.log(share_k / (1 - share_k))))


def whole_picture(rgb: NDArray[np.uint8], *, side_px: int = PICTURE_PX) -> NDArray[np.uint8]:
    """Return a picture stretched to a square, (side_px, side_px, 3): a person's crop as the EMOTIC project feeds it.

    Parameters
    ----------
    rgb
        uint8 (h, w, 3).
    side_px
        Side of the square.
    """
    smaller = side_px < min(rgb.shape[:2])
    how = cv2.INTER_AREA if smaller else cv2.INTER_LINEAR
    return np.asarray(cv2.resize(rgb, (side_px, side_px), interpolation=how), np.uint8)
