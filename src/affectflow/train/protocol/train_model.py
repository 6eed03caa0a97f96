"""Train one model on some of the study's splits, one after another."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from importlib.metadata import version
from typing import Any

import polars as pl

from affectflow.io.trained import Trained
from affectflow.io.weights import Checkpoint
from affectflow.train.models import facts_of
from affectflow.train.protocol.split_subjects import check_folds
from affectflow.train.protocol.splits import Split
from affectflow.train.protocol.train_split import NO_PREDICTIONS, train_split
from affectflow.train.windows.normalise import normalise_people
from affectflow.train.windows.window_set import WindowSet

logger = logging.getLogger("affectflow")
# What decides about a training's numbers beside the settings.
PACKAGES = ("numpy", "polars", "scikit-learn", "scipy", "torch")


def train_model(
    windows: WindowSet,
    folds: pl.DataFrame,
    *,
    name: str,
    model: str,
    splits: Sequence[Split],
    subject_norm: str,
    seed: int,
    options: dict[str, Any],
    modalities: Sequence[str] = ("face", "bio"),
    checkpoints: Mapping[str, Checkpoint] | None = None,
    **how: Any,
) -> Trained:
    """Train a model on the training people of each split.

    Parameters
    ----------
    windows
        Labelled windows with at least the arrays the model reads.
    folds
        `schema.FOLDS`.
    name
        What the predictions are called: the model's, or that of a control made of it.
    model
        A name in `models.MODELS`.
    splits
        What to train; the windows are read and put on a common scale once.
    subject_norm
        "none", or "transductive" (`normalise.normalise_people`).
    seed, options
        See `train_split`.
    modalities
        What models of several modalities see (`train.modalities`).
    checkpoints
        Name of a split → where the state of its training goes. The caller
        removes them when the results of all splits are written: of a job that
        was killed, finished splits are then not trained again.
    how
        Passed on (choices, and what the fit function takes: loop, modalities, device, threads). `modalities`
        are the study's: a model of any modalities reads these.

    Returns
    -------
    Predictions of all splits; weights "r0f2s1/name"; the log with repeat, fold
    and seed; facts by name of the split. Splits that `train_split` does not train are in none.

    Raises
    ------
    ConfigError
        If there is no such model.
    DesignError
        If a fold does not exist, or windows and folds do not belong together.
    """
    check_folds(folds)
    facts = facts_of(model)
    inputs = facts.reads(modalities)
    windows = WindowSet(
        windows.keys,
        windows.label_n,
        {n: windows.arrays[n] for n in inputs},
        {n: windows.columns[n] for n in inputs},
    )
    if facts.of_study:
        how["modalities"] = inputs
    if subject_norm == "transductive":
        windows = normalise_people(windows)
    done: dict[Split, Trained] = {}
    for number, split in enumerate(splits, start=1):
        logger.info("%s, %s: split %d of %d", name, split.name, number, len(splits))
        own = {} if checkpoints is None else {"checkpoint": checkpoints[split.name]}
        trained = train_split(
            windows, folds, name=name, model=model, split=split, seed=seed, options=options, **own, **how
        )
        if trained is not None:
            done[split] = trained
    shared = {"subject_norm": subject_norm, "packages": {package: version(package) for package in PACKAGES}}
    return Trained(
        pl.concat([NO_PREDICTIONS, *(t.predictions for t in done.values())]),
        {f"{split.name}/{key}": a for split, t in done.items() for key, a in t.weights.items()},
        _log(done),
        {split.name: {**t.facts, **shared} for split, t in done.items()},
    )


def _log(done: Mapping[Split, Trained]) -> pl.DataFrame:
    numbers = {"repeat": pl.Int32, "fold": pl.Int32, "seed": pl.Int32}
    tables = [
        t.log.select(
            *(pl.lit(getattr(split, name), dtype).alias(name) for name, dtype in numbers.items()), pl.all()
        )
        for split, t in done.items()
    ]
    return pl.concat(tables) if tables else pl.DataFrame(schema=numbers)
