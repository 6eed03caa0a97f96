"""The whole protocol on simulated windows: labels, folds by person, training, evaluation."""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl

from affectflow.train.protocol.split_subjects import split_subjects
from affectflow.train.protocol.splits import all_splits
from affectflow.train.protocol.train_model import train_model
from affectflow.train.scores.evaluate_models import Evaluation, evaluate_models
from affectflow.train.windows.label_windows import label_windows
from affectflow.train.windows.window_set import WindowSet
from tests.support.models import LOOP, SMALL, make_windows

# Large steps: what there is to find is large too, and a few passes find it.
FAST = {"learning_rate": 0.02}


def run_protocol(
    models: Sequence[str],
    *,
    shuffled: bool = False,
    seed: int = 0,
    n_folds: int = 4,
    epochs: int = 8,
    n_resamples: int = 500,
    **study,
) -> Evaluation:
    """Train and compare models on a simulated study; the last one is the main one.

    With `shuffled` the labels are the control's. `study` goes to `synth_windows.make_study`.
    """
    windows, made = make_windows(seed=seed, **study)
    examples = label_windows(made.windows, baseline="baseline", stressor="stressor", seed=seed)
    label = "shuffled_label" if shuffled else "label"
    windows = WindowSet(windows.keys, examples[label].to_numpy(), windows.arrays, windows.columns)
    folds = split_subjects(examples, n_folds=n_folds, validation_share=0.25, seed=seed)
    tables = [
        train_model(
            windows,
            folds,
            name=model,
            model=model,
            splits=all_splits(n_repeats=1, n_folds=n_folds, n_seeds=1),
            subject_norm="none",
            seed=seed,
            options=SMALL[model],
            loop={**LOOP, **FAST, "epochs": epochs},
        ).predictions
        for model in models
    ]
    return evaluate_models(
        pl.concat(tables), main=models[-1], n_resamples=n_resamples, seed=seed, subject_norm="none"
    )


def auroc(result: Evaluation, model: str) -> dict[str, float]:
    """Return estimate, low and high of a model's AUROC."""
    row = result.scores.filter(pl.col("model") == model, pl.col("measure") == "auroc")
    return row.select("estimate", "low", "high").row(0, named=True)
