"""Train one model on one split and score the split's validation and test people."""

from __future__ import annotations

import logging
from typing import Any
from zlib import crc32

import numpy as np
import polars as pl

from affectflow.errors import DesignError
from affectflow.io.trained import Trained
from affectflow.registry import load
from affectflow.schema import PREDICTIONS
from affectflow.train.models import MODELS
from affectflow.train.protocol.choose_options import choose_options
from affectflow.train.protocol.split_subjects import ROLES
from affectflow.train.protocol.splits import Split
from affectflow.train.scores.decisions import best_threshold
from affectflow.train.windows.window_set import WindowSet

logger = logging.getLogger("affectflow")
NO_PREDICTIONS = pl.DataFrame(schema={c.name: c.dtype for c in PREDICTIONS.columns})


def train_split(
    windows: WindowSet,
    folds: pl.DataFrame,
    *,
    name: str,
    model: str,
    split: Split,
    seed: int,
    options: dict[str, Any],
    **how: Any,
) -> Trained | None:
    """Train a model on the training people of a split.

    The scaler, the hyper-parameters, the stopping epoch and the threshold come
    from training and validation people; the test people are scored once, at
    the end.

    Parameters
    ----------
    windows
        Labelled windows with the arrays the model reads, and no others.
    folds
        `schema.FOLDS`.
    name
        What the predictions are called.
    model
        A name in `models.MODELS`.
    split
        Which repeat, fold and seed.
    seed
        The study's seed; the model's own is derived from it, model and split.
    options
        The model's own settings.
    how
        Passed to `choose_options.choose_options` (choices) and the model's fit
        function (loop, modalities, device, threads, checkpoint).

    Returns
    -------
    None where the fold has nobody to test: a person of the sheet, to be left
    out alone, of whom there are no windows, or no shuffled label. None too where
    shuffled labels, dealt among people, left its training or validation people
    with one label.

    Raises
    ------
    DesignError
        If the fold does not exist, or windows and folds do not belong together.
    """
    fit = load(MODELS, model, "model")
    role_n = _roles(windows, folds, split)
    if not split.final and not (role_n == "test").any():
        logger.warning("%s: fold %d has no test people; nothing is trained", split.name, split.fold)
        return None
    parts = {role: windows.take(role_n == role) for role in ROLES}
    if alike := [role for role in ("train", "validation") if len(np.unique(parts[role].label_n)) < 2]:
        # Of true labels `split_subjects` has seen to it.
        logger.warning(
            "%s, %s: the labels of the %s people do not differ; nothing is trained",
            *(name, split.name, " and ".join(alike)),
        )
        return None
    people = {role: part.keys["subject_id"].unique().sort().to_list() for role, part in parts.items()}
    for role, part in parts.items():
        logger.info("%s, %s: %d people, %d windows", split.name, role, len(people[role]), len(part))
    fitted = choose_options(
        fit, parts["train"], parts["validation"], options=options, seed=_seed(seed, model, split), **how
    )
    plain = {k: v for k, v in fitted.facts.items() if not isinstance(v, list | dict)}
    logger.info("%s, %s: %s", name, split.name, plain)
    held_out = {role: fitted.score(parts[role]).astype(np.float64) for role in ("validation", "test")}
    scored = [_predictions(parts[role], score_n, name, split, role) for role, score_n in held_out.items()]
    facts = {
        **fitted.facts,
        "entry": name,
        "model": model,
        "repeat": split.repeat,
        "fold": split.fold,
        "seed_number": split.seed,
        "options": options,
        "threshold": best_threshold(parts["validation"].label_n, held_out["validation"]),
        "people": people,
    }
    return Trained(pl.concat([NO_PREDICTIONS, *scored]), fitted.weights, fitted.log, facts)


def _seed(seed: int, model: str, split: Split) -> int:
    name = f"train_model/{model}/{split.name}".encode()
    return int(np.random.SeedSequence([seed, crc32(name)]).generate_state(1)[0])


def _roles(windows: WindowSet, folds: pl.DataFrame, split: Split) -> np.ndarray:
    """Return each window's role in the split."""
    own = folds.filter(
        pl.col("repeat").eq_missing(pl.lit(split.repeat, pl.Int32)),
        pl.col("fold").eq_missing(pl.lit(split.fold, pl.Int32)),
    ).select("recording_id", "role")
    if own.is_empty():
        found = folds.drop_nulls("fold").select(pl.col("repeat", "fold").n_unique()).row(0)
        raise DesignError(
            f"folds: there is no fold for {split.name} (found {found[0]} repeats of {found[1]} folds). "
            "Re-run split_subjects."
        )
    roles = windows.keys.join(own, on="recording_id", how="left", maintain_order="left")["role"]
    if roles.null_count():
        missing = windows.keys["recording_id"].filter(roles.is_null()).unique().sort().to_list()
        raise DesignError(f"folds: no role for {', '.join(missing)}. Re-run split_subjects.")
    return roles.to_numpy()


def _predictions(windows: WindowSet, score_n: np.ndarray, name: str, split: Split, role: str) -> pl.DataFrame:
    return windows.keys.select(
        pl.lit(name).alias("model"),
        pl.lit(split.repeat, pl.Int32).alias("repeat"),
        pl.lit(split.fold, pl.Int32).alias("fold"),
        pl.lit(split.seed, pl.Int32).alias("seed"),
        pl.lit(role).alias("role"),
        "subject_id",
        "recording_id",
        pl.col("window_id").cast(pl.Int32),
        "start_s",
        "end_s",
        pl.Series("label", windows.label_n, pl.Int8),
        pl.Series("score", score_n, pl.Float64),
    )
