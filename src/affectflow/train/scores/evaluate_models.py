"""Compare models on the test people of all splits: measures, intervals, paired differences."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from zlib import crc32

import numpy as np
import polars as pl

from affectflow.errors import DesignError
from affectflow.train.scores import calibration, decisions, metrics
from affectflow.train.scores.bootstrap import interval, person_weights
from affectflow.train.scores.compare_models import compare_models
from affectflow.train.scores.model_tables import (
    Scored,
    choose_thresholds,
    people_table,
    reliability_table,
    roc_curve,
)
from affectflow.train.scores.notes import OF_ORDER, note_of
from affectflow.train.scores.same_windows import check_same_windows, number_splits

logger = logging.getLogger("affectflow")
LEVEL = 0.95
# The band of the ROC curve is for the eye; more resamples would not be seen.
MOST_CURVES = 1000


@dataclass(frozen=True)
class Evaluation:
    """Result tables.

    Attributes
    ----------
    scores
        A row per model and measure: estimate, low, high, chance, counts;
        `kind` is main, model or control, `note` what `notes.note_of` says.
    comparisons
        A row per measure and other model: main minus other, low, high, p, p_holm.
    curves
        The ROC curve of each model: fpr, tpr, low, high.
    reliability
        A row per model and bin of scores: mean score, share of stressor windows, low, high.
    calibration
        A row per model: slope and intercept of the calibration.
    thresholds
        A row per model and split: the threshold and what it was chosen on.
    people
        A row per model and person: measures among the person's own windows.
    """

    scores: pl.DataFrame
    comparisons: pl.DataFrame
    curves: pl.DataFrame
    reliability: pl.DataFrame
    calibration: pl.DataFrame
    thresholds: pl.DataFrame
    people: pl.DataFrame


def evaluate_models(
    predictions: pl.DataFrame,
    *,
    main: str,
    controls: Sequence[str] = (),
    shuffled: Sequence[str] = (),
    n_resamples: int,
    seed: int,
    subject_norm: str,
) -> Evaluation:
    """Evaluate models that scored the same windows in the same splits.

    Measures over the test windows of all repeats, folds and seeds; how scores
    of different splits are put together is said in `metrics`, `decisions` and
    `calibration`. The threshold of a split is the best one on its validation
    people. Intervals and paired differences come from the same resamples of
    people: a person drawn counts with all repeats and seeds, which therefore
    make nothing surer than the people do.

    Parameters
    ----------
    predictions
        `schema.PREDICTIONS` of all models and splits; those of the final
        training play no part.
    main
        The model that is compared with every other one.
    controls
        Which of the models are controls; they may have labels of their own.
    shuffled
        Which of the controls have shuffled labels: of some people, and in some
        splits, they may have no predictions.
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
        If models were not tested on the same windows and splits, a window was
        tested twice by one seed of a repeat, or the main model has no predictions.
    """
    models = predictions["model"].unique(maintain_order=True).to_list()
    if main not in models:
        found = ", ".join(models) or "none"
        raise DesignError(
            f"predictions: there are none of the main model {main!r} (found: {found}). Re-run train_model."
        )
    predictions = number_splits(predictions.filter(pl.col("fold").is_not_null()))
    test = predictions.filter(pl.col("role") == "test")
    check_same_windows(test, models, controls, shuffled)
    if gone := [name for name in controls if name not in models]:
        logger.warning("controls without predictions are not compared: %s", ", ".join(gone))
    people = test["subject_id"].unique().sort().to_list()
    weight_rs = _weights(len(people), n_resamples, seed)
    facts = {"n_resamples": n_resamples, "subject_norm": subject_norm}
    tables: dict[str, list[pl.DataFrame]] = {}
    values: dict[tuple[str, str], np.ndarray] = {}
    n_people: dict[tuple[str, str], int] = {}
    for model in models:
        own = predictions.filter(pl.col("model") == model)
        kind = "control" if model in controls else "main" if model == main else "model"
        of_measure, of_people, made = _evaluate_one(own, model, people, weight_rs)
        tested = own.filter(pl.col("role") == "test")
        notes = [note_of(tested, m, shuffled=model in shuffled) for m in made["scores"]["measure"]]
        made["scores"] = made["scores"].with_columns(
            kind=pl.lit(kind),
            **{k: pl.lit(v) for k, v in (_counts(tested) | facts).items()},
            note=pl.Series(notes, dtype=pl.String),
        )
        for name, table in made.items():
            tables.setdefault(name, []).append(
                table.select(pl.lit(model).alias("model"), pl.exclude("model"))
            )
        values |= {(model, name): value_r for name, value_r in of_measure.items()}
        n_people |= {(model, name): n for name, n in of_people.items()}
    comparisons = compare_models(
        values,
        main=main,
        others=[m for m in models if m != main],
        measures=tuple(of_measure),
        n_people=n_people,
        main_on=_main_on_fewer(predictions, main, people, weight_rs),
        level=LEVEL,
    )
    return Evaluation(comparisons=comparisons, **{name: pl.concat(parts) for name, parts in tables.items()})


def _main_on_fewer(
    predictions: pl.DataFrame, main: str, people: Sequence[str], weight_rs: np.ndarray
) -> dict[str, dict[str, np.ndarray]]:
    """Return the main model's measures on the windows of each control that was tested on fewer than it was."""
    window = ["split", "recording_id", "window_id"]
    own = predictions.filter(pl.col("model") == main)
    thresholds = choose_thresholds(own.filter(pl.col("role") == "validation"), main)
    tested = own.filter(pl.col("role") == "test")
    found = {}
    others = predictions.filter((pl.col("role") == "test") & (pl.col("model") != main))
    for (other,), rows in others.partition_by("model", as_dict=True).items():
        both = tested.join(rows.select(window), on=window, how="semi", maintain_order="left")
        if both.height < tested.height:
            scored, weights = _scored(both, thresholds, people, weight_rs)
            found[other] = {name: measure(weights) for name, (measure, _) in _measures(scored).items()}
    return found


def _scored(
    test: pl.DataFrame, thresholds: pl.DataFrame, people: Sequence[str], weight_rs: np.ndarray
) -> tuple[Scored, np.ndarray]:
    """Return test windows as arrays, and the weights of the people who have some."""
    there = set(test["subject_id"])
    if len(there) < len(people):
        # Of shuffled labels: the same resamples, without whom no dealing could change.
        weight_rs = np.ascontiguousarray(weight_rs[:, [name in there for name in people]])
        people = [name for name in people if name in there]
    return Scored.of(test, people=people, thresholds=thresholds), weight_rs


def _evaluate_one(
    own: pl.DataFrame, model: str, people: Sequence[str], weight_rs: np.ndarray
) -> tuple[dict[str, np.ndarray], dict[str, int], dict[str, pl.DataFrame]]:
    """Return a model's measures in all resamples, of how many people each is, and its tables but the comparisons."""
    thresholds = choose_thresholds(own.filter(pl.col("role") == "validation"), model)
    test = own.filter(pl.col("role") == "test")
    scored, weight_rs = _scored(test, thresholds, people, weight_rs)
    people = [name for name in people if name in set(test["subject_id"])]
    of_order = metrics.people_of_order(scored.label_n, scored.person_n, scored.split_n)
    values, n_people, rows = {}, {}, []
    for name, (measure, chance) in _measures(scored).items():
        values[name] = measure(weight_rs)
        n_people[name] = of_order if name in OF_ORDER else len(people)
        low, high = interval(values[name][1:], n_people=n_people[name], level=LEVEL)
        rows.append((name, float(values[name][0]), low, high, chance))
    numbers = ("estimate", "low", "high", "chance")
    types = {"measure": pl.String, **dict.fromkeys(numbers, pl.Float64)}
    slope, intercept = calibration.slope_and_intercept(scored.label_n, scored.score_n)
    return (
        values,
        n_people,
        {
            "scores": pl.DataFrame(rows, schema=types, orient="row").with_columns(
                pl.col(numbers).fill_nan(None)
            ),
            "curves": roc_curve(scored, weight_rs[: MOST_CURVES + 1], n_people=of_order),
            "reliability": reliability_table(scored, weight_rs, n_people=len(people)),
            "calibration": pl.DataFrame({"slope": [slope], "intercept": [intercept]}).fill_nan(None),
            "thresholds": thresholds.drop("split"),
            "people": people_table(scored, people),
        },
    )


def _measures(scored: Scored) -> dict[str, tuple[metrics.Measure, float]]:
    """Return each measure with the value that is reached without any knowledge; NaN where there is none."""
    label_n, split_n = scored.label_n, scored.split_n
    by_score = (label_n, scored.score_n, scored.person_n)
    by_decision = (label_n, scored.decision_n, scored.person_n)
    return {
        "auroc": (metrics.auroc(*by_score, split_n), 0.5),
        "auprc": (metrics.auprc(*by_score, split_n), metrics.auprc_of_chance(label_n, split_n)),
        "balanced_accuracy": (decisions.balanced_accuracy(*by_decision), 0.5),
        "f1": (decisions.f1(*by_decision), decisions.f1_of_chance(label_n)),
        "brier": (calibration.brier(*by_score), calibration.brier_of_chance(label_n)),
        "calibration_error": (calibration.calibration_error(*by_score), np.nan),
    }


def _weights(n_people: int, n_resamples: int, seed: int) -> np.ndarray:
    """Return the weights of people, the sample itself first."""
    derived = np.random.SeedSequence([seed, crc32(b"evaluate_models")]).generate_state(1)[0]
    drawn_rs = person_weights(n_people, n_resamples=n_resamples, seed=int(derived))
    return np.concatenate([np.ones((1, n_people)), drawn_rs])


def _counts(own: pl.DataFrame) -> dict[str, int]:
    windows = own.unique(["recording_id", "window_id"])
    return {
        "n_people": own["subject_id"].n_unique(),
        "n_windows": windows.height,
        "n_positive": int(windows["label"].sum()),
        **{f"n_{name}s": own[name].n_unique() for name in ("fold", "repeat", "seed")},
    }
