"""Integrated gradients of networks: what each input added to a window's log-odds, from an average window on.

Sundararajan, Taly and Yan (2017, arXiv 1703.01365), through Captum. The
baseline is 0 on the scaled inputs, the mean of the training people; what was
not measured lies on the baseline and gets nothing. Attributions of a window
add up to its log-odds minus those of the baseline (completeness), but for the
error of the numerical integral, which is returned beside them.

Axes: b = window of a batch, n = window, t = time, c = channel.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import torch
from captum.attr import IntegratedGradients
from torch import Tensor

from affectflow.device import reproducible
from affectflow.train.models.base import Score
from affectflow.train.models.late_fusion import FusedScore
from affectflow.train.models.networks import CPU, NetworkScore
from affectflow.train.windows.window_set import WindowSet

# Windows, and points of their paths, that are in memory at once: of the driving study's network 16 points take 0.9 GiB,
# 64 twice as much, and no less time.
AT_ONCE, POINTS_AT_ONCE = 8, 16
# A window's sum may miss the change of its log-odds by so much, and by this share of the change; else its path gets
# twice as many points, and again: networks that bend sharply do so in few windows.
LEAST_GAP, SHARE_OF_CHANGE, MOST_STEPS = 0.02, 0.02, 1024


@dataclass(frozen=True)
class Attributed:
    """Attributions of windows to one network's inputs, in log-odds.

    Attributes
    ----------
    logit_n
        The network's log-odds.
    gap_n
        By how much the attributions miss their sum: the integral's error.
    channel_nc
        Modality → attribution of each channel, summed over the window.
    value_nc
        Modality → mean of each channel over the window, on the network's scale.
    time_nt
        Modality → attribution of each moment, summed over channels.
    present_nt
        Modality → whether anything was measured.
    """

    logit_n: np.ndarray
    gap_n: np.ndarray
    channel_nc: Mapping[str, np.ndarray]
    value_nc: Mapping[str, np.ndarray]
    time_nt: Mapping[str, np.ndarray]
    present_nt: Mapping[str, np.ndarray]


def attribute(score: Score, windows: WindowSet, *, steps: int) -> Attributed | None:
    """Attribute the log-odds of windows to the inputs of a network.

    Where several networks' log-odds are added with factors (late fusion),
    their attributions are added in the same way; `logit_n` is then without the
    constant.

    Parameters
    ----------
    score
        As `RESTORE` gives it.
    windows
        Windows of people whom the network never saw; read in batches.
    steps
        Points of the integral; a window that needs more gets them.

    Returns
    -------
    None for a model that is no network.
    """
    if isinstance(score, NetworkScore):
        return _attribute_one(score, windows, steps, factor=1.0)
    if not isinstance(score, FusedScore):
        return None
    made = []
    for name, part in score.scores.items():
        assert isinstance(part, NetworkScore)
        made.append(_attribute_one(part, windows, steps, factor=score.factors[name]))
    return Attributed(
        np.sum([m.logit_n for m in made], axis=0),
        np.sum([m.gap_n for m in made], axis=0),
        *({k: v for m in made for k, v in getattr(m, field).items()} for field in MAPPINGS),
    )


MAPPINGS = ("channel_nc", "value_nc", "time_nt", "present_nt")


def _attribute_one(score: NetworkScore, windows: WindowSet, steps: int, *, factor: float) -> Attributed:
    found: dict[str, dict[str, list[np.ndarray]]] = {
        m: {name: [] for name in score.modalities} for m in MAPPINGS
    }
    logits, gaps = [np.zeros(0)], [np.zeros(0)]
    with reproducible(CPU, threads=1):
        for inputs, _ in score.batches(windows).run(np.arange(len(windows)), AT_ONCE):
            values, masks = _halves(inputs)
            made, gap_b = _integrate_well(score, values, masks, steps)
            with torch.no_grad():
                logit_b = score.network(*values, *masks).double()
            # Of several networks, one without a single sample has no say.
            any_b = torch.stack([m.any(dim=1) for m in masks]).any(dim=0)
            logits.append((factor * logit_b * any_b).numpy())
            gaps.append((factor * gap_b).numpy())
            for name, a_btc, v_btc, m_bt in zip(score.modalities, made, values, masks, strict=True):
                a_btc = factor * a_btc
                n_b1 = m_bt.sum(dim=1, keepdim=True).clamp(min=1)
                parts = (a_btc.sum(dim=1), v_btc.sum(dim=1) / n_b1, a_btc.sum(dim=2), m_bt)
                for field, part in zip(MAPPINGS, parts, strict=True):
                    found[field][name].append(part.numpy())
    joined = [{name: np.concatenate(v) for name, v in found[field].items()} for field in MAPPINGS]
    return Attributed(np.concatenate(logits), np.concatenate(gaps), *joined)


def _integrate_well(
    score: NetworkScore, values: list[Tensor], masks: list[Tensor], steps: int
) -> tuple[list[Tensor], Tensor]:
    """Return the integrated gradients of one batch and their gaps, with as many points as each window needs."""
    with torch.no_grad():
        change_b = score.network(*values, *masks).double()
        change_b -= score.network(*(torch.zeros_like(v) for v in values), *masks).double()
    made = [torch.zeros_like(v) for v in values]
    gap_b = torch.zeros_like(change_b)
    left = torch.arange(len(change_b))
    while len(left):
        found = integrate(score, [v[left] for v in values], [m[left] for m in masks], steps=steps)
        for whole, part in zip(made, found, strict=True):
            whole[left] = part
        total = torch.stack([a.double().sum(dim=(1, 2)) for a in found]).sum(dim=0)
        gap_b[left] = total - change_b[left]
        wrong = gap_b[left].abs() > LEAST_GAP + SHARE_OF_CHANGE * change_b[left].abs()
        steps *= 2
        left = left[wrong] if steps <= MOST_STEPS else left[:0]
    return made, gap_b


def integrate(score: NetworkScore, values: list[Tensor], masks: list[Tensor], *, steps: int) -> list[Tensor]:
    """Return the integrated gradients of one batch, (b, t, c) of each modality.

    Parameters
    ----------
    score
        The network.
    values, masks
        Its inputs, as `batches.Batches` gives them.
    steps
        Points of the integral (Gauss-Legendre).
    """
    made = IntegratedGradients(score.network).attribute(
        tuple(values),
        baselines=tuple(torch.zeros_like(v) for v in values),
        additional_forward_args=tuple(masks),
        n_steps=steps,
        method="gausslegendre",
        internal_batch_size=max(POINTS_AT_ONCE, len(masks[0])),
    )
    return [a.detach() for a in made]


def _halves(inputs: list[Tensor]) -> tuple[list[Tensor], list[Tensor]]:
    return inputs[: len(inputs) // 2], inputs[len(inputs) // 2 :]
