"""Compare models on the test people of all folds: measures, intervals, paired differences."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import combinations
from zlib import crc32

import numpy as np
import polars as pl

from affectflow.errors import DesignError
from affectflow.train import metrics
from affectflow.train.bootstrap import interval, person_weights

LEVEL = 0.95
GRID = np.linspace(0.0, 1.0, 201)
# The band of the ROC curve is for the eye; more resamples would not be seen.
MOST_CURVES = 1000


@dataclass(frozen=True)
class Evaluation:
    """Result tables.

    Attributes
    ----------
    scores
        A row per model and measure: estimate, low, high, chance, counts.
    comparisons
        A row per pair of models and measure: difference, low, high.
    curves
        The ROC curve of each model: fpr, tpr, low, high.
    people
        A row per model and person: AUROC among the person's own windows.
    """

    scores: pl.DataFrame
    comparisons: pl.DataFrame
    curves: pl.DataFrame
    people: pl.DataFrame


def evaluate_models(
    predictions: pl.DataFrame, *, n_resamples: int, seed: int, subject_norm: str
) -> Evaluation:
    """Evaluate models that scored the same windows in the same folds.

    AUROC, AUPRC and balanced accuracy over the test windows of all folds; how
    scores of different folds are put together is said in `metrics`. The
    threshold of a fold is the best one on its validation people. Intervals and
    paired differences come from the same resamples of people.

    Parameters
    ----------
    predictions
        `schema.PREDICTIONS` of all models and folds.
    n_resamples
        Resamples of people.
    seed
        The study's seed.
    subject_norm
        How inputs were put on a common scale between people; copied into the
        results, since "transductive" is an easier task.

    Raises
    ------
    DesignError
        If models were not tested on the same windows and folds, or a window
        was tested twice.
    """
    models = predictions["model"].unique(maintain_order=True).to_list()
    predictions = _number_splits(predictions)
    test = predictions.filter(pl.col("role") == "test").sort(
        "split", "subject_id", "recording_id", "window_id"
    )
    _check_same_windows(test, models)
    people = test["subject_id"].unique().sort().to_list()
    derived = np.random.SeedSequence([seed, crc32(b"evaluate_models")]).generate_state(1)[0]
    weight_rs = person_weights(len(people), n_resamples=n_resamples, seed=int(derived))
    # The first row is the sample itself.
    weight_rs = np.concatenate([np.ones((1, len(people))), weight_rs])

    scores, curves, by_person = [], [], []
    values: dict[tuple[str, str], np.ndarray] = {}
    for model in models:
        own = test.filter(pl.col("model") == model)
        thresholds = _thresholds(
            predictions.filter((pl.col("model") == model) & (pl.col("role") == "validation"))
        )
        measures, facts = _measures(own, people, thresholds)
        for name, (measure, chance) in measures.items():
            value_r = values[model, name] = measure(weight_rs)
            low, high = interval(value_r[1:], n_people=len(people), level=LEVEL)
            row = {
                "model": model,
                "measure": name,
                "estimate": value_r[0],
                "low": low,
                "high": high,
                "chance": chance,
            }
            scores.append({**row, **facts, "n_resamples": n_resamples, "subject_norm": subject_norm})
        curves.append(
            _curve(own, people, weight_rs[: MOST_CURVES + 1]).insert_column(0, pl.lit(model).alias("model"))
        )
        by_person.append(_by_person(own, model, people))
    return Evaluation(
        pl.DataFrame(scores),
        _comparisons(values, models, len(people)),
        pl.concat(curves),
        pl.concat(by_person),
    )


def _number_splits(predictions: pl.DataFrame) -> pl.DataFrame:
    """Add `split`, which trained network scored a row: of repeat, fold and seed, numbered in order."""
    key = ["repeat", "fold", "seed"]
    splits = predictions.select(key).unique().sort(key).with_row_index("split")
    return predictions.join(splits, on=key, how="left", maintain_order="left")


def _check_same_windows(test: pl.DataFrame, models: list[str]) -> None:
    key = ["split", "subject_id", "recording_id", "window_id"]
    windows = {m: test.filter(pl.col("model") == m).select([*key, "label"]) for m in models}
    for model, table in windows.items():
        own = test.filter(pl.col("model") == model).select("repeat", "seed", *key[1:])
        if own.is_duplicated().any():
            raise DesignError(
                f"predictions of {model}: a window was tested in two folds. Re-run split_subjects."
            )
        if not table.equals(windows[models[0]]):
            raise DesignError(
                f"predictions: {model} and {models[0]} were tested on other windows or folds "
                f"({table.height} and {windows[models[0]].height} windows). Re-run train_model."
            )


def _thresholds(validation: pl.DataFrame) -> dict[int, float]:
    return {
        int(split): metrics.best_threshold(part["label"].to_numpy(), part["score"].to_numpy())
        for (split,), part in validation.partition_by("split", as_dict=True).items()
    }


def _measures(
    test: pl.DataFrame, people: list[str], thresholds: Mapping[int, float]
) -> tuple[dict[str, tuple[metrics.Measure, float]], dict[str, int]]:
    label_n, score_n, person_n, split_n = _arrays(test, people)
    threshold_n = np.array([thresholds[int(k)] for k in split_n])
    decision_n = (score_n >= threshold_n).astype(np.int8)
    measures = {
        "auroc": (metrics.auroc(label_n, score_n, person_n, split_n), 0.5),
        "auprc": (
            metrics.auprc(label_n, score_n, person_n, split_n),
            metrics.auprc_of_chance(label_n, split_n),
        ),
        "balanced_accuracy": (metrics.balanced_accuracy(label_n, decision_n, person_n), 0.5),
    }
    # Every window is tested once in each repeat by each seed.
    passes = test.select("repeat", "seed").n_unique()
    facts = {
        "n_people": len(people),
        "n_windows": len(label_n) // passes,
        "n_positive": int(label_n.sum()) // passes,
        "n_folds": test["fold"].n_unique(),
        "n_repeats": test["repeat"].n_unique(),
        "n_seeds": test["seed"].n_unique(),
    }
    return measures, facts


def _comparisons(
    values: Mapping[tuple[str, str], np.ndarray], models: list[str], n_people: int
) -> pl.DataFrame:
    rows = []
    # The later model against the earlier: baselines come first in the settings.
    for b, a in combinations(models, 2):
        for measure in dict.fromkeys(name for _, name in values):
            difference_r = values[a, measure] - values[b, measure]
            low, high = interval(difference_r[1:], n_people=n_people, level=LEVEL)
            row = {
                "model": a,
                "than": b,
                "measure": measure,
                "difference": difference_r[0],
                "low": low,
                "high": high,
            }
            rows.append(row)
    columns = {"model": pl.String, "than": pl.String, "measure": pl.String}
    return pl.DataFrame(
        rows, schema={**columns, "difference": pl.Float64, "low": pl.Float64, "high": pl.Float64}
    )


def _curve(test: pl.DataFrame, people: list[str], weight_rs: np.ndarray) -> pl.DataFrame:
    curve_rg = metrics.roc(*_arrays(test, people), GRID)(weight_rs)
    bands = [interval(column, n_people=len(people), level=LEVEL) for column in curve_rg[1:].T]
    low, high = zip(*bands, strict=True)
    return pl.DataFrame({"fpr": GRID, "tpr": curve_rg[0], "low": low, "high": high})


def _by_person(test: pl.DataFrame, model: str, people: list[str]) -> pl.DataFrame:
    """Return each person's AUROC among the person's own windows; null with one condition only."""
    label_n, score_n, person_n, split_n = _arrays(test, people)
    rows = []
    for number, person in enumerate(people):
        own = person_n == number
        value = metrics.auroc(label_n[own], score_n[own], np.zeros(own.sum(), int), split_n[own])(
            np.ones((1, 1))
        )[0]
        rows.append({"model": model, "subject_id": person, "n_windows": int(own.sum()), "auroc": value})
    return pl.DataFrame(rows).with_columns(pl.col("auroc").fill_nan(None))


def _arrays(test: pl.DataFrame, people: list[str]) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    person_n = np.searchsorted(np.array(people), test["subject_id"].to_numpy())
    return test["label"].to_numpy(), test["score"].to_numpy(), person_n, test["split"].to_numpy()
