"""The parts that the transformers share: stem, attention, pooling.

Sizes are those of the driving-stress study (arXiv 2601.04376). Samples that
were not measured take no part in attention or pooling; where there is none at
all the result is 0.

Each part can hand out its attention weights. A dict `maps` given to it is
filled, and the result is then computed from these very weights; without it the
fused kernel runs, which never has them in memory.

Axes: b = window, t, s = time, c = input channel, d = width of a token, h = head.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812  # the name everybody uses

KERNELS = (3, 5, 7)
Maps = dict[str, Tensor]


@dataclass(frozen=True, kw_only=True)
class Sizes:
    """Sizes; the defaults are the published ones, but for attention dropout (0.1 there)."""

    d_model: int = 96
    conv_width: int = 64
    heads: int = 4
    feed_forward: int = 384
    encoder_layers: int = 2
    dropout: float = 0.1
    attention_dropout: float = 0.0


class Stem(nn.Module):
    """One modality alone: convolutions over time, positions, encoder layers."""

    def __init__(self, n_channels: int, n_time: int, sizes: Sizes) -> None:
        super().__init__()
        width = sizes.conv_width
        self.narrow = nn.Conv1d(n_channels, width, 1)
        self.scales = nn.ModuleList(
            nn.Sequential(
                nn.Conv1d(width, width, k, padding=k // 2, groups=width),
                nn.Conv1d(width, width, 1),
                nn.GELU(),
            )
            for k in KERNELS
        )
        self.widen = nn.Conv1d(len(KERNELS) * width, sizes.d_model, 1)
        self.norm = nn.LayerNorm(sizes.d_model)
        self.position_td = nn.Parameter(torch.empty(n_time, sizes.d_model).normal_(std=0.02))
        self.layers = nn.ModuleList(Attend(sizes) for _ in range(sizes.encoder_layers))

    def forward(self, x_btc: Tensor, present_bt: Tensor, maps: Maps | None = None, name: str = "") -> Tensor:
        """Return tokens (b, t, d); maps get "{name}.encoder.{layer}"."""
        # Missing samples stay 0 after the first layer's bias too, as if beyond the edge.
        x_bct = self.narrow(x_btc.transpose(1, 2)) * present_bt[:, None, :]
        x_bct = self.widen(torch.cat([scale(x_bct) for scale in self.scales], dim=1))
        x_btd = self.norm(x_bct.transpose(1, 2)) + self.position_td[: x_btc.shape[1]]
        for i, layer in enumerate(self.layers):
            x_btd = layer(x_btd, x_btd, present_bt, maps, f"{name}.encoder.{i}")
        return x_btd


class Attend(nn.Module):
    """Attention of one sequence to another (or to itself), then feed-forward; post-norm."""

    def __init__(self, sizes: Sizes) -> None:
        super().__init__()
        d = sizes.d_model
        self.heads, self.attention_dropout = sizes.heads, sizes.attention_dropout
        self.query, self.key_value, self.out = nn.Linear(d, d), nn.Linear(d, 2 * d), nn.Linear(d, d)
        self.norm_attention, self.norm_forward = nn.LayerNorm(d), nn.LayerNorm(d)
        self.forward_layers = nn.Sequential(
            nn.Linear(d, sizes.feed_forward),
            nn.GELU(),
            nn.Dropout(sizes.dropout),
            nn.Linear(sizes.feed_forward, d),
        )
        self.dropout = nn.Dropout(sizes.dropout)

    def forward(
        self, x_btd: Tensor, other_bsd: Tensor, present_bs: Tensor, maps: Maps | None = None, name: str = ""
    ) -> Tensor:
        """Return new tokens of `x_btd`; only samples of `other_bsd` where `present_bs` are attended to.

        Maps get `name`: (b, h, t, s), summing to 1 over s, or 0 throughout with
        nothing to attend to.
        """
        attended_btd = self._attention(x_btd, other_bsd, present_bs, maps, name)
        x_btd = self.norm_attention(x_btd + self.dropout(attended_btd))
        return self.norm_forward(x_btd + self.dropout(self.forward_layers(x_btd)))

    def _attention(
        self, x_btd: Tensor, other_bsd: Tensor, present_bs: Tensor, maps: Maps | None, name: str
    ) -> Tensor:
        b, t, d = x_btd.shape
        split = (b, -1, self.heads, d // self.heads)
        q_bhtd = self.query(x_btd).view(split).transpose(1, 2)
        k_bhsd, v_bhsd = (x.view(split).transpose(1, 2) for x in self.key_value(other_bsd).chunk(2, dim=2))
        # With nothing to attend to, soft-max has no value: attend to all, then count it as nothing.
        any_b = present_bs.any(dim=1)
        mask_b11s = (present_bs | ~any_b[:, None])[:, None, None, :]
        if maps is None:
            dropout = self.attention_dropout if self.training else 0.0
            y_bhtd = F.scaled_dot_product_attention(
                q_bhtd, k_bhsd, v_bhsd, attn_mask=mask_b11s, dropout_p=dropout
            )
        else:
            score_bhts = q_bhtd @ k_bhsd.transpose(2, 3) / (d // self.heads) ** 0.5
            weight_bhts = score_bhts.masked_fill(~mask_b11s, float("-inf")).softmax(dim=3)
            maps[name] = weight_bhts * any_b[:, None, None, None]
            y_bhtd = maps[name] @ v_bhsd
        return self.out(y_bhtd.transpose(1, 2).reshape(b, t, d)) * any_b[:, None, None]


class Pool(nn.Module):
    """Weighted mean over time; the weights come from a small tanh network."""

    def __init__(self, d: int) -> None:
        super().__init__()
        self.score = nn.Sequential(nn.Linear(d, d), nn.Tanh(), nn.Linear(d, 1))

    def forward(self, x_btd: Tensor, present_bt: Tensor, maps: Maps | None = None, name: str = "") -> Tensor:
        """Return (b, d), zeros for a window without a single sample; maps get "pool.{name}": (b, t)."""
        any_b1 = present_bt.any(dim=1, keepdim=True)
        score_bt = self.score(x_btd).squeeze(2).masked_fill(~(present_bt | ~any_b1), float("-inf"))
        weight_bt = score_bt.softmax(dim=1) * any_b1
        if maps is not None:
            maps[f"pool.{name}"] = weight_bt
        return (weight_bt[:, :, None] * x_btd).sum(dim=1)


def make_head(width: int, dropout: float, *, n_logits: int = 1) -> nn.Sequential:
    """Return the layers from what was pooled, (b, width), to one logit, (b, 1), or several."""
    return nn.Sequential(
        nn.Linear(width, width), nn.LeakyReLU(0.1), nn.Dropout(dropout), nn.Linear(width, n_logits)
    )
