"""Permutation importance: what a trained model loses when a group of inputs comes from other windows.

Breiman (2001), on held-out people and by groups: inputs that say the same can
stand in for each other, and one alone would then look like nothing.

Axes: n = window, r = resample, s = person, k = permutation.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import polars as pl

from affectflow.train.models.base import Score
from affectflow.train.scores import metrics
from affectflow.train.scores.bootstrap import interval
from affectflow.train.windows.grid_source import Windowed
from affectflow.train.windows.window_set import WindowSet

# Whose windows are exchanged.
WITHIN, ACROSS = "within_person", "across_people"
LEAST_DROP = 1e-12
TYPES = {
    "group": pl.String,
    "exchanged": pl.String,
    "n_inputs": pl.Int32,
    "auroc": pl.Float64,
    "auroc_without": pl.Float64,
    "drop": pl.Float64,
    "low": pl.Float64,
    "high": pl.Float64,
    "moved": pl.Float64,
}
Permuted = dict[tuple[str, str], np.ndarray]


@dataclass(frozen=True)
class Exchanged:
    """An array of windows some of whose channels come from other windows, put together when it is read.

    Attributes
    ----------
    source
        The array as it is, (n, …, c).
    channels
        Positions of the channels that come from elsewhere.
    own_n, from_n
        Positions in the source: of the window itself, and of the one that lends the channels.
    """

    source: Windowed
    channels: Sequence[int]
    own_n: np.ndarray
    from_n: np.ndarray

    @property
    def shape(self) -> tuple[int, ...]:
        """As of the source."""
        return (len(self.own_n), *self.source.shape[1:])

    def __getitem__(self, positions: Any) -> np.ndarray:
        """Return windows; of one position, one."""
        chosen = np.arange(len(self.own_n))[positions]
        if chosen.ndim == 0:
            return self[chosen[None]][0]
        values = np.array(self.source[self.own_n[chosen]])
        values[..., self.channels] = self.source[self.from_n[chosen]][..., self.channels]
        return values

    def take(self, indices: Any, axis: int = 0) -> Exchanged:
        """Return fewer windows; axis 0 alone is meant."""
        assert axis == 0
        return replace(self, own_n=self.own_n[indices], from_n=self.from_n[indices])


def permuted_scores(
    score: Score,
    windows: WindowSet,
    groups: Mapping[str, Mapping[str, Sequence[int]]],
    *,
    n_permutations: int,
    seed: int,
) -> Permuted:
    """Score windows with one group of inputs after the other exchanged among them.

    All groups are exchanged in the same way in a permutation, so that they
    differ in nothing else.

    Parameters
    ----------
    score
        A trained model.
    windows
        Windows of people whom it never saw.
    groups
        See `input_groups.input_groups`.
    n_permutations
        How often.
    seed
        Of the permutations.

    Returns
    -------
    (group, exchanged) → scores (k, n). `WITHIN`: among windows of the same
    person, so that what is lost is what tells a person's windows apart.
    `ACROSS`: among windows of all the people, which also breaks what a window
    says together with who it is from; only with several people.
    """
    made: Permuted = {}
    for exchanged, from_kn in _permutations(windows, n_permutations, seed):
        for group, arrays in groups.items():
            rows = [_scored(score, windows, arrays, from_n) for from_n in from_kn]
            made[group, exchanged] = np.stack(rows)
    return made


def _permutations(windows: WindowSet, n: int, seed: int) -> Iterator[tuple[str, list[np.ndarray]]]:
    people, person_n = np.unique(windows.keys["subject_id"].to_numpy(), return_inverse=True)
    within, across = (np.random.default_rng(s) for s in np.random.SeedSequence(seed).spawn(2))
    of_person = [np.flatnonzero(person_n == p) for p in range(len(people))]
    made = []
    for _ in range(n):
        from_n = np.arange(len(person_n))
        for own in of_person:
            from_n[own] = within.permutation(own)
        made.append(from_n)
    yield WITHIN, made
    if len(people) > 1:
        yield ACROSS, [across.permutation(len(person_n)) for _ in range(n)]


def _scored(
    score: Score, windows: WindowSet, arrays: Mapping[str, Sequence[int]], from_n: np.ndarray
) -> np.ndarray:
    own_n = np.arange(len(windows))
    changed = {
        name: Exchanged(windows.arrays[name], channels, own_n, from_n) for name, channels in arrays.items()
    }
    return score(windows.replace(changed))


def importance_table(
    label_n: np.ndarray,
    person_n: np.ndarray,
    split_n: np.ndarray,
    score_n: np.ndarray,
    permuted: Permuted,
    weight_rs: np.ndarray,
    *,
    n_inputs: Mapping[str, int],
    level: float = 0.95,
) -> pl.DataFrame:
    """Return by how much the AUROC drops without each group, with intervals over people.

    Parameters
    ----------
    label_n, person_n, split_n, score_n
        As `metrics.auroc`.
    permuted
        Of `permuted_scores`, over the same windows; NaN where a split has no
        such permutation.
    weight_rs
        Weights of people; the sample itself first.
    n_inputs
        Inputs of each group.
    level
        Of the intervals, 0..1.

    Returns
    -------
    A row per group and kind of exchange, the greatest drop within people
    first: `auroc` of the model as it is, `auroc_without`, the mean over
    permutations, and the `drop` with `low` and `high`; `moved`, by how much
    a score changes on average, which also shows a group that others can stand
    in for. Null without a value.
    """
    rows, n_people = [], weight_rs.shape[1]
    for (group, exchanged), permuted_kn in permuted.items():
        there_n = np.isfinite(permuted_kn[0])
        of_n = (label_n[there_n], person_n[there_n], split_n[there_n])
        own_r = _auroc(*of_n, score_n[there_n], weight_rs)
        each_kr = [_auroc(*of_n, one[there_n], weight_rs) for one in permuted_kn]
        without_r = np.mean(each_kr, axis=0)
        # The mean over permutations of equal values differs from them in the last digit.
        drop_r = np.where(np.abs(own_r - without_r) < LEAST_DROP, 0.0, own_r - without_r)
        low, high = interval(drop_r[1:], n_people=n_people, level=level)
        moved = float(np.abs(permuted_kn[:, there_n] - score_n[there_n]).mean()) if there_n.any() else np.nan
        numbers = (float(own_r[0]), float(without_r[0]), float(drop_r[0]), low, high, moved)
        rows.append((group, exchanged, n_inputs[group], *numbers))
    table = pl.DataFrame(rows, schema=TYPES, orient="row").with_columns(pl.selectors.float().fill_nan(None))
    order = pl.col("drop").filter(pl.col("exchanged") == WITHIN).first().over("group")
    return table.sort(order, "group", "exchanged", descending=[True, False, True], nulls_last=True)


def _auroc(
    label_n: np.ndarray, person_n: np.ndarray, split_n: np.ndarray, score_n: np.ndarray, weight_rs: np.ndarray
) -> np.ndarray:
    if not len(label_n):
        return np.full(len(weight_rs), np.nan)
    # A person without windows here has a weight all the same.
    measure = metrics.auroc(label_n, score_n, person_n, split_n)
    return measure(weight_rs[:, : int(person_n.max()) + 1])
