"""Transformer in which the face and the biosignals attend to each other.

After the model of the driving-stress study (arXiv 2601.04376): per modality
multi-scale depthwise convolutions, learnt positions and Transformer encoder
layers; then blocks in which each modality queries the other; attention pooling;
one logit. With the sizes published there (168 + 6 inputs, 270 samples) it has
1,069,186 parameters.

Axes: b = window, t, s = time, c = input channel, d = width of a token, h = head.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812  # the name everybody uses

from affectflow.train.models.base import Fitted, Score
from affectflow.train.models.networks import restore_network, train_network
from affectflow.train.window_set import WindowSet

KERNELS = (3, 5, 7)


@dataclass(frozen=True)
class CrossModalConfig:
    """Sizes; the defaults are the published ones, but for attention dropout (0.1 there)."""

    n_face: int
    n_bio: int
    n_time: int
    d_model: int = 96
    conv_width: int = 64
    heads: int = 4
    feed_forward: int = 384
    encoder_layers: int = 2
    cross_blocks: int = 2
    dropout: float = 0.1
    attention_dropout: float = 0.0


class CrossModal(nn.Module):
    """Two modalities on a common time grid → one logit per window.

    Samples that were not measured take no part in attention or pooling; a
    modality that is missing for a whole window adds zeros.
    """

    def __init__(self, config: CrossModalConfig) -> None:
        super().__init__()
        self.face = Stem(config.n_face, config)
        self.bio = Stem(config.n_bio, config)
        self.cross = nn.ModuleList(CrossBlock(config) for _ in range(config.cross_blocks))
        self.pool = Pool(config.d_model)
        width = 2 * config.d_model
        self.head = nn.Sequential(
            nn.Linear(width, width), nn.LeakyReLU(0.1), nn.Dropout(config.dropout), nn.Linear(width, 1)
        )

    def forward(self, face_btc: Tensor, bio_btc: Tensor, face_bt: Tensor, bio_bt: Tensor) -> Tensor:
        """Return logits (b,).

        Parameters
        ----------
        face_btc, bio_btc
            Standardised inputs, 0 where not measured.
        face_bt, bio_bt
            True where any channel of the modality was measured.
        """
        a_btd, b_btd = self.face(face_btc, face_bt), self.bio(bio_btc, bio_bt)
        for block in self.cross:
            a_btd, b_btd = block(a_btd, b_btd, face_bt, bio_bt)
        pooled_b2d = torch.cat([self.pool(a_btd, face_bt), self.pool(b_btd, bio_bt)], dim=1)
        return self.head(pooled_b2d).squeeze(1)


class Stem(nn.Module):
    """One modality alone: convolutions over time, positions, encoder layers."""

    def __init__(self, n_channels: int, config: CrossModalConfig) -> None:
        super().__init__()
        width = config.conv_width
        self.narrow = nn.Conv1d(n_channels, width, 1)
        self.scales = nn.ModuleList(
            nn.Sequential(
                nn.Conv1d(width, width, k, padding=k // 2, groups=width),
                nn.Conv1d(width, width, 1),
                nn.GELU(),
            )
            for k in KERNELS
        )
        self.widen = nn.Conv1d(len(KERNELS) * width, config.d_model, 1)
        self.norm = nn.LayerNorm(config.d_model)
        self.position_td = nn.Parameter(torch.empty(config.n_time, config.d_model).normal_(std=0.02))
        self.layers = nn.ModuleList(Attend(config) for _ in range(config.encoder_layers))

    def forward(self, x_btc: Tensor, present_bt: Tensor) -> Tensor:
        """Return tokens (b, t, d)."""
        # Missing samples stay 0 after the first layer's bias too, as if beyond the edge.
        x_bct = self.narrow(x_btc.transpose(1, 2)) * present_bt[:, None, :]
        x_bct = self.widen(torch.cat([scale(x_bct) for scale in self.scales], dim=1))
        x_btd = self.norm(x_bct.transpose(1, 2)) + self.position_td[: x_btc.shape[1]]
        for layer in self.layers:
            x_btd = layer(x_btd, x_btd, present_bt)
        return x_btd


class CrossBlock(nn.Module):
    """Each modality queries the other, both from the same previous states."""

    def __init__(self, config: CrossModalConfig) -> None:
        super().__init__()
        self.face_asks = Attend(config)
        self.bio_asks = Attend(config)

    def forward(self, a_btd: Tensor, b_btd: Tensor, a_bt: Tensor, b_bt: Tensor) -> tuple[Tensor, Tensor]:
        """Return both modalities' new tokens."""
        return self.face_asks(a_btd, b_btd, b_bt), self.bio_asks(b_btd, a_btd, a_bt)


class Attend(nn.Module):
    """Attention of one sequence to another (or to itself), then feed-forward; post-norm."""

    def __init__(self, config: CrossModalConfig) -> None:
        super().__init__()
        d = config.d_model
        self.heads, self.attention_dropout = config.heads, config.attention_dropout
        self.query, self.key_value, self.out = nn.Linear(d, d), nn.Linear(d, 2 * d), nn.Linear(d, d)
        self.norm_attention, self.norm_forward = nn.LayerNorm(d), nn.LayerNorm(d)
        self.forward_layers = nn.Sequential(
            nn.Linear(d, config.feed_forward),
            nn.GELU(),
            nn.Dropout(config.dropout),
            nn.Linear(config.feed_forward, d),
        )
        self.dropout = nn.Dropout(config.dropout)

    def forward(self, x_btd: Tensor, other_bsd: Tensor, present_bs: Tensor) -> Tensor:
        """Return new tokens of `x_btd`; only samples of `other_bsd` where `present_bs` are attended to."""
        x_btd = self.norm_attention(x_btd + self.dropout(self._attention(x_btd, other_bsd, present_bs)))
        return self.norm_forward(x_btd + self.dropout(self.forward_layers(x_btd)))

    def _attention(self, x_btd: Tensor, other_bsd: Tensor, present_bs: Tensor) -> Tensor:
        b, t, d = x_btd.shape
        split = (b, -1, self.heads, d // self.heads)
        q_bhtd = self.query(x_btd).view(split).transpose(1, 2)
        k_bhsd, v_bhsd = (x.view(split).transpose(1, 2) for x in self.key_value(other_bsd).chunk(2, dim=2))
        # With nothing to attend to, soft-max has no value: attend to all, then count it as nothing.
        any_b = present_bs.any(dim=1)
        mask_b11s = (present_bs | ~any_b[:, None])[:, None, None, :]
        dropout = self.attention_dropout if self.training else 0.0
        y_bhtd = F.scaled_dot_product_attention(
            q_bhtd, k_bhsd, v_bhsd, attn_mask=mask_b11s, dropout_p=dropout
        )
        return self.out(y_bhtd.transpose(1, 2).reshape(b, t, d)) * any_b[:, None, None]


class Pool(nn.Module):
    """Weighted mean over time; the weights come from a small tanh network."""

    def __init__(self, d: int) -> None:
        super().__init__()
        self.score = nn.Sequential(nn.Linear(d, d), nn.Tanh(), nn.Linear(d, 1))

    def forward(self, x_btd: Tensor, present_bt: Tensor) -> Tensor:
        """Return (b, d); zeros for a window without a single sample."""
        any_b1 = present_bt.any(dim=1, keepdim=True)
        score_bt = self.score(x_btd).squeeze(2).masked_fill(~(present_bt | ~any_b1), float("-inf"))
        return (score_bt.softmax(dim=1)[:, :, None] * x_btd).sum(dim=1) * any_b1


def fit_cross_modal(
    train: WindowSet, validation: WindowSet, *, options: dict[str, Any], **how: Any
) -> Fitted:
    """Train the cross-modal transformer on the arrays "face" and "bio".

    Parameters
    ----------
    train, validation
        Windows on a time grid.
    options
        `config.train.CrossModalOptions` as a dict.
    how
        Passed to `networks.train_network`.
    """
    _, n_time, n_face = train.arrays["face"].shape
    config = CrossModalConfig(n_face=n_face, n_bio=train.arrays["bio"].shape[2], n_time=n_time, **options)
    return train_network(CrossModal, config, train, validation, modalities=("face", "bio"), **how)


def restore_cross_modal(weights: dict[str, np.ndarray], facts: dict[str, Any]) -> Score:
    """Return the score function of stored weights."""
    return restore_network(CrossModal, CrossModalConfig, weights, facts)
