"""Train one model on one fold and score the fold's validation and test people."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import Any
from zlib import crc32

import numpy as np
import polars as pl

from affectflow.errors import DesignError
from affectflow.registry import load
from affectflow.train.models import FACTS, MODELS
from affectflow.train.normalise import normalise_people
from affectflow.train.split_subjects import check_folds
from affectflow.train.window_set import WindowSet

logger = logging.getLogger("affectflow")


@dataclass(frozen=True)
class Trained:
    """Predictions (`schema.PREDICTIONS`), everything learnt, the training log, facts for the reader."""

    predictions: pl.DataFrame
    weights: dict[str, np.ndarray]
    log: pl.DataFrame
    facts: dict[str, Any]


def train_model(
    windows: WindowSet,
    folds: pl.DataFrame,
    *,
    model: str,
    fold: int,
    subject_norm: str,
    seed: int,
    options: dict[str, Any],
    **how: Any,
) -> Trained:
    """Train a model on the training people of a fold.

    The scaler, the regularisation and the stopping epoch come from training and
    validation people; the test people are scored once, at the end.

    Parameters
    ----------
    windows
        Labelled windows with the arrays the model reads.
    folds
        `schema.FOLDS`.
    model
        A name in `models.MODELS`.
    fold
        0-based number of the fold.
    subject_norm
        "none", or "transductive" (`normalise.normalise_people`).
    seed
        The study's seed; the model's own is derived from it, model and fold.
    options
        The model's own settings.
    how
        Passed to the model's fit function (loop, device, threads, checkpoint).

    Raises
    ------
    DesignError
        If the fold does not exist, or windows and folds do not belong together.
    """
    fit = load(MODELS, model, "model")
    check_folds(folds)
    windows = WindowSet(
        windows.keys,
        windows.label_n,
        {name: windows.arrays[name] for name in FACTS[model].inputs},
        {name: windows.columns[name] for name in FACTS[model].inputs},
    )
    role_n = _roles(windows, folds, fold)
    if subject_norm == "transductive":
        windows = normalise_people(windows)
    parts = {role: windows.take(role_n == role) for role in ("train", "validation", "test")}
    for role, part in parts.items():
        logger.info("%s: %d people, %d windows", role, part.keys["subject_id"].n_unique(), len(part))
    own_seed = int(
        np.random.SeedSequence([seed, crc32(f"train_model/{model}/{fold}".encode())]).generate_state(1)[0]
    )
    fitted = fit(parts["train"], parts["validation"], options=options, seed=own_seed, **how)
    logger.info(
        "%s, fold %d: %s",
        model,
        fold,
        {k: v for k, v in fitted.facts.items() if not isinstance(v, list | dict)},
    )
    scored = [
        _predictions(parts[role], fitted.score(parts[role]), model, fold, role)
        for role in ("validation", "test")
    ]
    facts = {**fitted.facts, "model": model, "fold": fold, "subject_norm": subject_norm, "options": options}
    return Trained(pl.concat(scored), fitted.weights, fitted.log, facts)


def _roles(windows: WindowSet, folds: pl.DataFrame, fold: int) -> np.ndarray:
    """Return each window's role in the fold."""
    own = folds.filter(pl.col("fold") == fold).select("recording_id", "role")
    if own.is_empty():
        raise DesignError(
            f"folds: there is no fold {fold} (found {folds['fold'].n_unique()}). Re-run split_subjects."
        )
    roles = windows.keys.join(own, on="recording_id", how="left", maintain_order="left")["role"]
    if roles.null_count():
        missing = windows.keys["recording_id"].filter(roles.is_null()).unique().sort().to_list()
        raise DesignError(f"folds: no role for {', '.join(missing)}. Re-run split_subjects.")
    return roles.to_numpy()


def _predictions(windows: WindowSet, score_n: np.ndarray, model: str, fold: int, role: str) -> pl.DataFrame:
    return windows.keys.select(
        pl.lit(model).alias("model"),
        pl.lit(fold, pl.Int32).alias("fold"),
        pl.lit(role).alias("role"),
        "subject_id",
        "recording_id",
        pl.col("window_id").cast(pl.Int32),
        "start_s",
        "end_s",
        pl.Series("label", windows.label_n, pl.Int8),
        pl.Series("score", score_n, pl.Float64),
    )
