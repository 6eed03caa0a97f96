"""Where in a window each modality looks: mean attention over windows, by class.

Axes: b = window of a batch, h = head, t, s = time, q, k = bin of time.
"""

from __future__ import annotations

import inspect
from collections.abc import Iterator

import numpy as np
import polars as pl
import torch
from torch import Tensor

from affectflow.device import reproducible
from affectflow.train.models.base import Score
from affectflow.train.models.networks import CPU, NetworkScore
from affectflow.train.windows.window_set import WindowSet

AT_ONCE = 16
# Cells of a map to either side: what a figure can show.
BINS = 24
TYPES = {
    "map": pl.String,
    "head": pl.Int32,
    "label": pl.Int8,
    "from_bin": pl.Int32,
    "to_bin": pl.Int32,
    "n_from": pl.Int32,
    "n_to": pl.Int32,
    "weight": pl.Float64,
    "n_windows": pl.Int32,
}


def mean_attention(score: Score, windows: WindowSet) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """Return the mean attention of one network over the windows of each class.

    Parameters
    ----------
    score
        As `RESTORE` gives it.
    windows
        Windows of people whom the network never saw; read in batches.

    Returns
    -------
    Name of each map (`models.cross_modal`) → weights (2, h, q, k), summing to
    1 over k, and number of windows (2,) of each class that had anything to
    look at; of a pooling h and q are 1. Empty for a model without maps. Heads
    come from the most to the least focused: which number a head has in a
    network is chance, and says nothing about the head of that number in another.
    """
    if (
        not isinstance(score, NetworkScore)
        or "maps" not in inspect.signature(score.network.forward).parameters
    ):
        return {}
    sums: dict[str, np.ndarray] = {}
    counts: dict[str, np.ndarray] = {}
    for maps, label_b in _maps(score, windows):
        for name, map_b in maps.items():
            map_bhts = map_b if map_b.ndim == 4 else map_b[:, None, None, :]
            small_bhqk = _binned(map_bhts)
            looked_b = small_bhqk.sum(axis=(1, 2, 3)) > 0
            for label in (0, 1):
                own = small_bhqk[looked_b & (label_b == label)]
                sums.setdefault(name, np.zeros((2, *small_bhqk.shape[1:])))[label] += own.sum(axis=0)
                counts.setdefault(name, np.zeros(2))[label] += len(own)
    return {name: (_by_focus(total, counts[name]), counts[name]) for name, total in sums.items()}


def _maps(score: NetworkScore, windows: WindowSet) -> Iterator[tuple[dict[str, Tensor], np.ndarray]]:
    with reproducible(CPU, threads=1), torch.no_grad():
        for inputs, labels_b in score.batches(windows).run(np.arange(len(windows)), AT_ONCE):
            maps: dict[str, Tensor] = {}
            score.network(*inputs, maps=maps)
            yield maps, labels_b.numpy()


def _binned(map_bhts: Tensor) -> np.ndarray:
    """Return the mean over queries of a bin, the sum over what is looked at in a bin."""
    to_tq, to_sk = (_bins(n).to(map_bhts.dtype) for n in map_bhts.shape[2:])
    share_qt = (to_tq / to_tq.sum(dim=0)).T
    return (share_qt @ map_bhts @ to_sk).double().numpy()


def _bins(n: int) -> Tensor:
    """Return the share of each of n samples that lies in each of at most `BINS` even bins, (n, bins).

    A sample on a limit counts in both: whole samples would give some bins more of them than others, and attention
    that is the same everywhere would look like stripes.
    """
    wanted = min(n, BINS)
    sample_n, bin_k = (
        torch.arange(n, dtype=torch.float64) / n,
        torch.arange(wanted, dtype=torch.float64) / wanted,
    )
    begin_nk = torch.maximum(sample_n[:, None], bin_k)
    end_nk = torch.minimum(sample_n[:, None] + 1 / n, bin_k + 1 / wanted)
    return (end_nk - begin_nk).clamp(min=0) * n


def _by_focus(sum_lhqk: np.ndarray, count_l: np.ndarray) -> np.ndarray:
    """Return means, heads sorted by the entropy of where they look over all windows."""
    mean_hqk = sum_lhqk.sum(axis=0) / max(count_l.sum(), 1)
    entropy_h = -(mean_hqk * np.log(np.maximum(mean_hqk, 1e-30))).sum(axis=2).mean(axis=1)
    mean_lhqk = sum_lhqk / np.maximum(count_l, 1)[:, None, None, None]
    return mean_lhqk[:, np.argsort(entropy_h, kind="stable")]


def attention_table(of_splits: list[dict[str, tuple[np.ndarray, np.ndarray]]]) -> pl.DataFrame:
    """Return the mean over networks of their maps, by the number of windows of each.

    Parameters
    ----------
    of_splits
        Of `mean_attention`, for each network.

    Returns
    -------
    A row per map, head (0 = the most focused), class, bin of who asks (0 for a
    pooling) and bin that is looked at; `weight` sums to 1 over `to_bin`.
    `n_from` and `n_to` bins share the window evenly.
    """
    tables = [pl.DataFrame(schema=TYPES)]
    for name in dict.fromkeys(name for maps in of_splits for name in maps):
        means, counts = zip(*(maps[name] for maps in of_splits if name in maps), strict=True)
        count_l = np.sum(counts, axis=0)
        for label in (0, 1):
            if count_l[label] == 0:
                continue
            mean_hqk = sum(m[label] * c[label] for m, c in zip(means, counts, strict=True)) / count_l[label]
            head, asks, looks = (i.ravel() for i in np.indices(mean_hqk.shape))
            n_from, n_to = mean_hqk.shape[1:]
            tables.append(
                pl.DataFrame({"head": head, "from_bin": asks, "to_bin": looks, "weight": mean_hqk.ravel()})
                .with_columns(
                    map=pl.lit(name), label=pl.lit(label), n_from=pl.lit(n_from), n_to=pl.lit(n_to),
                    n_windows=pl.lit(int(count_l[label])),
                )
                .select(pl.col(c).cast(t) for c, t in TYPES.items())
            )  # fmt: skip
    return pl.concat(tables)
