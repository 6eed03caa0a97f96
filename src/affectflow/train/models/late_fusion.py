"""Late fusion: one network per modality, their log-odds weighed by a logistic regression.

What is learnt on whom: each modality's scaler and network on the training
people, its best epoch on the validation people; the weights of the combination
on the same validation people, whose scores no network was fitted to. On
training people they would be weighed by how well a network knows them by
heart. Nothing is learnt on test people. The validation people thus choose
twice, so the validation loss in the log is of the parts alone; only test
people say what the combination is worth.

Axes: n = window, m = modality.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl
from scipy.special import expit, logit
from sklearn.linear_model import LogisticRegression

from affectflow.io.weights import Checkpoint
from affectflow.train.models.base import Fitted, Score
from affectflow.train.models.unimodal import fit_unimodal, restore_unimodal
from affectflow.train.windows.window_set import WindowSet

# Of the combination: with few validation people its weights must not run away from even ones.
STRENGTH = 1.0
# Log-odds end here: a probability that rounds to 0 or 1 has none.
LEAST = 1e-12
# Windows looked through at a time.
AT_ONCE = 256


def fit_late_fusion(
    train: WindowSet,
    validation: WindowSet,
    *,
    options: dict[str, Any],
    modalities: Sequence[str] = ("face", "bio"),
    checkpoint: Checkpoint | None = None,
    **how: Any,
) -> Fitted:
    """Train a transformer per modality, then how much each counts.

    Parameters
    ----------
    train, validation
        Windows on time grids.
    options
        `config.train.TransformerOptions` as a dict.
    modalities
        Arrays; each gets a network.
    checkpoint
        Of the job; every network has its own part of it.
    how
        Passed to `unimodal.fit_unimodal`.
    """
    parts = {
        name: fit_unimodal(
            train,
            validation,
            modality=name,
            options=options,
            checkpoint=checkpoint.part(name) if checkpoint is not None else None,
            **how,
        )
        for name in modalities
    }
    weights = {f"{name}.{key}": array for name, part in parts.items() for key, array in part.weights.items()}
    odds_nm = _log_odds({name: part.score for name, part in parts.items()}, weights, validation)
    combined = LogisticRegression(C=STRENGTH, max_iter=2000, tol=1e-6).fit(odds_nm, validation.label_n)
    weights["combination.weight"] = np.asarray(combined.coef_[0], np.float64)
    weights["combination.bias"] = np.asarray(combined.intercept_, np.float64)
    facts = {
        "modalities": list(modalities),
        "parts": {name: part.facts for name, part in parts.items()},
        "combination": dict(zip(modalities, combined.coef_[0].tolist(), strict=True)),
        "n_parameters": sum(p.facts["n_parameters"] for p in parts.values()) + len(modalities) + 1,
        "columns": {name: part.facts["columns"][name] for name, part in parts.items()},
        "seed": how["seed"],
    }
    log = pl.concat([part.log.with_columns(modality=pl.lit(name)) for name, part in parts.items()])
    scores = {name: part.score for name, part in parts.items()}
    return Fitted(lambda windows: _score(scores, weights, windows), weights, log, facts)


@dataclass(frozen=True)
class FusedScore:
    """The score function of networks whose log-odds are weighed, with its parts for those who look inside."""

    scores: dict[str, Score]
    weights: dict[str, np.ndarray]

    def __call__(self, windows: WindowSet) -> np.ndarray:
        """Return the probability of every window."""
        return _score(self.scores, self.weights, windows)

    @property
    def factors(self) -> dict[str, float]:
        """By how much each modality's log-odds count."""
        return dict(zip(self.scores, self.weights["combination.weight"].tolist(), strict=True))


def restore_late_fusion(weights: dict[str, np.ndarray], facts: dict[str, Any]) -> FusedScore:
    """Return the score function of stored weights."""
    scores: dict[str, Score] = {}
    for name in facts["modalities"]:
        own = {k.removeprefix(f"{name}."): v for k, v in weights.items() if k.startswith(f"{name}.")}
        scores[name] = restore_unimodal(own, facts["parts"][name])
    return FusedScore(scores, weights)


def _score(scores: dict[str, Score], weights: dict[str, np.ndarray], windows: WindowSet) -> np.ndarray:
    odds_nm = _log_odds(scores, weights, windows)
    return expit(odds_nm @ weights["combination.weight"] + weights["combination.bias"])


def _log_odds(scores: dict[str, Score], weights: dict[str, np.ndarray], windows: WindowSet) -> np.ndarray:
    """Return the log-odds of each modality, 0 in windows where it is missing: there it says nothing."""
    columns = []
    for name, score in scores.items():
        known_c = np.isfinite(weights[f"{name}.scaler.centre.{name}"])
        odds_n = logit(np.clip(score(windows), LEAST, 1 - LEAST))
        columns.append(np.where(_measured(windows, name, known_c), odds_n, 0.0))
    return np.stack(columns, axis=1)


def _measured(windows: WindowSet, name: str, known_c: np.ndarray) -> np.ndarray:
    """Return (n,): True where a window has any value of a channel that the training people had."""
    array, n = windows.arrays[name], len(windows)
    pieces = [np.arange(i, min(i + AT_ONCE, n)) for i in range(0, n, AT_ONCE)]
    found = [np.isfinite(array[piece][..., known_c]).any(axis=(1, 2)) for piece in pieces]
    return np.concatenate(found) if found else np.zeros(0, bool)
