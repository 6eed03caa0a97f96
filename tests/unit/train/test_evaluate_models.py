"""Models compared on the same people."""

import numpy as np
import polars as pl
import pytest
from sklearn.metrics import balanced_accuracy_score

from affectflow.errors import DesignError
from affectflow.train.evaluate_models import evaluate_models
from affectflow.train.split_subjects import split_subjects
from affectflow.train.splits import all_splits
from affectflow.train.train_model import train_model
from affectflow.train.window_set import label_windows
from tests.support.models import LOOP, SMALL, make_windows

HOW = {"n_resamples": 500, "seed": 1, "subject_norm": "none"}


def predictions_of(model, strength, *, n_people=9, seed=0):
    """Scores that tell the conditions apart by `strength` standard deviations; folds on different scales."""
    rng = np.random.default_rng(seed)
    rows = []
    for fold in range(3):
        for i in range(n_people):
            role = "test" if i % 3 == fold else "validation" if (i + 1) % 3 == fold else None
            for k in range(8 if role else 0):
                label = k % 2
                z = rng.normal() + strength * label + (fold - 1) * 3
                row = {
                    "model": model,
                    "repeat": 0,
                    "fold": fold,
                    "seed": 0,
                    "role": role,
                    "subject_id": f"P{i}",
                }
                row |= {
                    "recording_id": f"P{i}_{label}",
                    "window_id": k,
                    "label": label,
                    "score": 1 / (1 + np.exp(-z)),
                }
                rows.append(row)
    types = {"repeat": pl.Int32, "fold": pl.Int32, "seed": pl.Int32, "window_id": pl.Int32, "label": pl.Int8}
    return pl.DataFrame(rows, schema_overrides=types)


def score_of(evaluation, model, measure="auroc"):
    return evaluation.scores.filter((pl.col("model") == model) & (pl.col("measure") == measure)).row(
        0, named=True
    )


def test_an_effect_is_found_and_none_is_not():
    both = pl.concat([predictions_of("blind", 0.0), predictions_of("good", 2.5)])
    result = evaluate_models(both, **HOW)
    good, blind = score_of(result, "good"), score_of(result, "blind")
    assert good["low"] > 0.5
    assert good["estimate"] > 0.9
    assert blind["low"] < 0.5 < blind["high"]
    assert result.scores["model"].unique(maintain_order=True).to_list() == ["blind", "good"]
    difference = result.comparisons.filter(pl.col("measure") == "auroc").row(0, named=True)
    assert (difference["model"], difference["than"]) == ("good", "blind")
    assert difference["difference"] == pytest.approx(good["estimate"] - blind["estimate"])
    assert difference["low"] > 0
    assert result.people.height == 18
    chance = {
        name: score_of(result, "good", name)["chance"] for name in ("auroc", "auprc", "balanced_accuracy")
    }
    assert chance == {"auroc": 0.5, "auprc": pytest.approx(0.565, abs=0.005), "balanced_accuracy": 0.5}
    assert set(result.scores["subject_norm"]) == {"none"}


def test_a_model_compared_with_itself_differs_by_exactly_nothing():
    own = predictions_of("a", 1.0)
    result = evaluate_models(pl.concat([own, own.with_columns(model=pl.lit("b"))]), **HOW)
    assert (result.comparisons.select("difference", "low", "high") == 0).to_numpy().all()


def test_thresholds_come_from_validation_people():
    """Folds on different scales: one threshold for all would fail, the folds' own do not."""
    own = predictions_of("a", 4.0)
    estimate = score_of(evaluate_models(own, **HOW), "a", "balanced_accuracy")["estimate"]
    test = own.filter(pl.col("role") == "test")
    assert estimate > 0.9
    assert balanced_accuracy_score(test["label"], test["score"] >= 0.5) < 0.8
    # Labels of test people do not move a threshold.
    flipped = own.with_columns(
        label=pl.when(pl.col("role") == "test").then(1 - pl.col("label")).otherwise("label")
    )
    flipped = flipped.with_columns(pl.col("label").cast(pl.Int8))
    assert score_of(evaluate_models(flipped, **HOW), "a", "balanced_accuracy")["estimate"] == pytest.approx(
        1 - estimate
    )


def test_same_seed_same_result_and_order_of_rows_changes_nothing():
    both = pl.concat([predictions_of("a", 1.0), predictions_of("b", 0.5, seed=1)])
    first = evaluate_models(both, **HOW)
    second = evaluate_models(pl.concat([both.filter(pl.col("model") == m).reverse() for m in "ab"]), **HOW)
    for name in ("scores", "comparisons", "curves", "people"):
        assert getattr(first, name).equals(getattr(second, name)), name
    assert not evaluate_models(both, **{**HOW, "seed": 2}).scores.equals(first.scores)


def test_models_tested_on_other_windows_are_not_compared():
    a, b = predictions_of("a", 1.0), predictions_of("b", 1.0).head(-1)
    b = b.filter(~((pl.col("role") == "test") & (pl.col("window_id") == 3)))
    with pytest.raises(DesignError, match="b and a were tested on other windows or folds"):
        evaluate_models(pl.concat([a, b]), **HOW)
    twice = pl.concat([a, a.filter(pl.col("fold") == 0).with_columns(fold=pl.lit(1, pl.Int32))])
    with pytest.raises(DesignError, match="tested in two folds"):
        evaluate_models(twice, **HOW)


def test_curve_ends_in_the_corners_and_holds_its_band():
    curve = evaluate_models(predictions_of("a", 1.0), **HOW).curves
    assert curve["fpr"].to_list()[0] == 0
    assert curve["tpr"].to_list()[-1] == 1
    assert ((curve["low"] <= curve["tpr"] + 1e-9) & (curve["tpr"] <= curve["high"] + 1e-9)).mean() > 0.95


def study_scores(effect, seed, models, *, subject_norm="none", n_people=6):
    windows, study = make_windows(n_people=n_people, effect=effect, seed=seed)
    labelled = label_windows(study.windows, baseline="baseline", stressor="stressor")
    folds = split_subjects(labelled, n_folds=3, validation_share=0.25, seed=1)
    splits = all_splits(n_repeats=1, n_folds=3, n_seeds=1)
    loop = {**LOOP, "epochs": 30}
    tables = [
        train_model(
            windows,
            folds,
            model=m,
            splits=splits,
            subject_norm=subject_norm,
            seed=1,
            options=SMALL[m],
            loop=loop,
        ).predictions
        for m in models
    ]
    return evaluate_models(pl.concat(tables), **{**HOW, "subject_norm": subject_norm})


@pytest.mark.parametrize("subject_norm", ["none", "transductive"])
def test_six_simulated_people_from_windows_to_interval(subject_norm):
    """Both models: the interval lies above 0.5 with a clear effect, and not without one."""
    models = ("logistic", "cross_modal")
    there = study_scores(2.0, 0, models, subject_norm=subject_norm)
    absent = study_scores(0.0, 0, models, subject_norm=subject_norm)
    for model in models:
        assert score_of(there, model)["low"] > 0.5, model
        assert score_of(absent, model)["low"] < 0.5, model


@pytest.mark.slow
def test_null_studies_are_rarely_called_an_effect():
    """Sixty studies of six people without an effect: at most one in ten intervals lies above 0.5."""
    above = [score_of(study_scores(0.0, seed, ("logistic",)), "logistic")["low"] > 0.5 for seed in range(60)]
    assert np.mean(above) <= 0.10
