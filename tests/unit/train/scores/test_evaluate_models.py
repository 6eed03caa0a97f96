"""Models compared on the same people."""

import numpy as np
import polars as pl
import pytest
from sklearn.metrics import (
    average_precision_score,
    balanced_accuracy_score,
    brier_score_loss,
    f1_score,
    roc_auc_score,
)

from affectflow.errors import DesignError
from affectflow.train.protocol.split_subjects import split_subjects
from affectflow.train.protocol.splits import all_splits
from affectflow.train.protocol.train_model import train_model
from affectflow.train.scores.bootstrap import least_p
from affectflow.train.scores.evaluate_models import Evaluation, evaluate_models
from affectflow.train.windows.label_windows import label_windows
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
    result = evaluate_models(both, main="good", **HOW)
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
    result = evaluate_models(pl.concat([own, own.with_columns(model=pl.lit("b"))]), main="b", **HOW)
    assert (result.comparisons.select("difference", "low", "high") == 0).to_numpy().all()
    assert (result.comparisons.select("p", "p_holm") == 1).to_numpy().all()


def test_thresholds_come_from_validation_people():
    """Folds on different scales: one threshold for all would fail, the folds' own do not."""
    own = predictions_of("a", 4.0)
    estimate = score_of(evaluate_models(own, main="a", **HOW), "a", "balanced_accuracy")["estimate"]
    test = own.filter(pl.col("role") == "test")
    assert estimate > 0.9
    assert balanced_accuracy_score(test["label"], test["score"] >= 0.5) < 0.8
    # Labels of test people do not move a threshold.
    flipped = own.with_columns(
        label=pl.when(pl.col("role") == "test").then(1 - pl.col("label")).otherwise("label")
    )
    flipped = flipped.with_columns(pl.col("label").cast(pl.Int8))
    assert score_of(evaluate_models(flipped, main="a", **HOW), "a", "balanced_accuracy")[
        "estimate"
    ] == pytest.approx(1 - estimate)


def test_same_seed_same_result_and_order_of_rows_changes_nothing():
    both = pl.concat([predictions_of("a", 1.0), predictions_of("b", 0.5, seed=1)])
    first = evaluate_models(both, main="a", **HOW)
    second = evaluate_models(
        pl.concat([both.filter(pl.col("model") == m).reverse() for m in "ab"]), main="a", **HOW
    )
    for name in Evaluation.__dataclass_fields__:
        assert getattr(first, name).equals(getattr(second, name)), name
    assert not evaluate_models(both, main="a", **{**HOW, "seed": 2}).scores.equals(first.scores)


def test_models_tested_on_other_windows_are_not_compared():
    a, b = predictions_of("a", 1.0), predictions_of("b", 1.0).head(-1)
    b = b.filter(~((pl.col("role") == "test") & (pl.col("window_id") == 3)))
    with pytest.raises(DesignError, match="b and a were tested on other windows or folds"):
        evaluate_models(pl.concat([a, b]), main="a", **HOW)
    twice = pl.concat([a, a.filter(pl.col("fold") == 0).with_columns(fold=pl.lit(1, pl.Int32))])
    with pytest.raises(DesignError, match="tested in two folds"):
        evaluate_models(twice, main="a", **HOW)


def test_curve_ends_in_the_corners_and_holds_its_band():
    curve = evaluate_models(predictions_of("a", 1.0), main="a", **HOW).curves
    assert curve["fpr"].to_list()[0] == 0
    assert curve["tpr"].to_list()[-1] == 1
    assert ((curve["low"] <= curve["tpr"] + 1e-9) & (curve["tpr"] <= curve["high"] + 1e-9)).mean() > 0.95


def several(model, strength, *, n_repeats=2, n_seeds=2, seed=0):
    """Repeats and seeds of one model; repeats test in other folds."""
    tables = []
    for repeat in range(n_repeats):
        for k in range(n_seeds):
            table = predictions_of(model, strength, seed=seed + 10 * repeat + k)
            fold = (pl.col("fold") + repeat) % 3
            types = {"repeat": pl.Int32, "seed": pl.Int32}
            numbers = {"repeat": pl.lit(repeat), "seed": pl.lit(k), "fold": fold}
            tables.append(table.with_columns(**numbers).cast(types))
    return pl.concat(tables)


def test_repeats_and_seeds_are_told_and_no_person_more():
    """Numbers of people and windows are those of the study; each trained network has its own threshold."""
    result = evaluate_models(several("a", 1.5), main="a", **HOW)
    row = score_of(result, "a")
    assert [row[f"n_{k}"] for k in ("people", "windows", "positive", "folds", "repeats", "seeds")] == [
        9,
        72,
        36,
        3,
        2,
        2,
    ]
    assert result.thresholds.height == 12
    assert result.thresholds.select("repeat", "fold", "seed").unique().height == 12
    assert set(result.people["n_scores"]) == {8 * 4}


def test_seeds_copied_make_nothing_surer():
    """The same predictions five times over: the same interval, since people are drawn and not rows."""
    one = predictions_of("a", 1.0)
    copies = pl.concat([one.with_columns(seed=pl.lit(k, pl.Int32)) for k in range(5)])
    first, second = (evaluate_models(t, main="a", **HOW) for t in (one, copies))
    numbers = ("estimate", "low", "high")
    np.testing.assert_allclose(first.scores.select(numbers), second.scores.select(numbers), atol=1e-12)


def test_repeats_in_another_order_and_the_final_training_change_nothing():
    own = several("a", 1.0)
    last = own.filter((pl.col("seed") == 0) & (pl.col("role") == "validation")).with_columns(
        repeat=pl.lit(None, pl.Int32), fold=pl.lit(None, pl.Int32)
    )
    first = evaluate_models(own, main="a", **HOW)
    second = evaluate_models(pl.concat([last, own.reverse()]), main="a", **HOW)
    for name in Evaluation.__dataclass_fields__:
        assert getattr(first, name).equals(getattr(second, name)), name


def test_controls_are_told_apart_and_may_have_labels_of_their_own():
    main, other = predictions_of("main", 2.0), predictions_of("other", 1.0, seed=1)
    shuffled = predictions_of("shuffled_labels", 0.0, seed=2).with_columns(
        label=(pl.col("label") + pl.col("window_id") // 4).mod(2).cast(pl.Int8)
    )
    all_three = pl.concat([other, main, shuffled])
    result = evaluate_models(all_three, main="main", controls=["shuffled_labels"], **HOW)
    kinds = dict(result.scores.select("model", "kind").rows())
    assert kinds == {"other": "model", "main": "main", "shuffled_labels": "control"}
    assert set(result.comparisons.select("model", "than").rows()) == {
        ("main", "other"),
        ("main", "shuffled_labels"),
    }
    with pytest.raises(DesignError, match="shuffled_labels and other were tested on other windows"):
        evaluate_models(all_three, main="main", **HOW)
    with pytest.raises(DesignError, match=r"none of the main model 'x' .found: other, main"):
        evaluate_models(all_three, main="x", **HOW)


def test_shuffled_labels_may_be_of_some_people_and_splits_but_then_of_all_their_windows():
    main = predictions_of("main", 2.0)
    own = predictions_of("shuffled_labels", 0.0, seed=2)
    some = own.filter(~pl.col("subject_id").is_in(["P0", "P4"]), pl.col("fold") != 2)
    how = {"main": "main", "controls": ["shuffled_labels"], **HOW}
    with pytest.raises(DesignError, match="tested on other windows"):
        evaluate_models(pl.concat([main, some]), **how)
    result = evaluate_models(pl.concat([main, some]), shuffled=["shuffled_labels"], **how)
    row = score_of(result, "shuffled_labels")
    assert {k: row[k] for k in ("n_people", "n_windows", "n_folds")} == {
        "n_people": 4,
        "n_windows": 32,
        "n_folds": 2,
    }
    assert (
        row["note"] == "tested on 4 people with shuffled labels, of whom fewer than 6 say little about chance"
    )
    alone = evaluate_models(some.with_columns(model=pl.lit("x")), main="x", **HOW)
    assert row["estimate"] == score_of(alone, "x")["estimate"]
    assert (row["low"] < row["estimate"] < row["high"], row["chance"]) == (True, 0.5)
    assert result.people.group_by("model").len().sort("model")["len"].to_list() == [9, 4]
    # All others are as they were without the control.
    before = evaluate_models(main, main="main", **HOW)
    assert result.scores.filter(model="main").equals(before.scores)
    one = pl.col("subject_id").eq("P1") & (pl.col("window_id") == 0)
    with pytest.raises(DesignError, match="tested on other windows"):
        evaluate_models(pl.concat([main, some.filter(~one)]), shuffled=["shuffled_labels"], **how)


def test_how_many_folds_an_auroc_is_of_is_said():
    own = predictions_of("a", 1.0)
    one = own.filter((pl.col("fold") != 1) | (pl.col("role") != "test") | (pl.col("label") == 1))
    note = "AUROC and AUPRC are of 2 of 3 test folds; the others have windows of one label only"
    assert score_of(evaluate_models(one, main="a", **HOW), "a")["note"] == note
    assert evaluate_models(own, main="a", **HOW).scores["note"].null_count() == 6


def test_measures_are_those_of_scikit_learn_in_one_split():
    own = predictions_of("a", 1.0).filter(pl.col("fold") == 0)
    test = own.filter(pl.col("role") == "test")
    result = evaluate_models(own, main="a", **HOW)
    y, score = test["label"].to_numpy(), test["score"].to_numpy()
    decision = score >= result.thresholds["threshold"][0]
    expected = {
        "auroc": roc_auc_score(y, score),
        "auprc": average_precision_score(y, score),
        "balanced_accuracy": balanced_accuracy_score(y, decision),
        "f1": f1_score(y, decision),
        "brier": brier_score_loss(y, score),
    }
    for name, value in expected.items():
        assert score_of(result, "a", name)["estimate"] == pytest.approx(value, abs=1e-12), name
    assert score_of(result, "a", "calibration_error")["chance"] is None
    assert result.reliability["n_scores"].sum() == test.height


def test_one_person_left_out_who_has_one_condition_makes_no_auroc_but_decisions():
    """Grouped people, each alone in a fold: there is nothing to order, and no error."""
    own = predictions_of("a", 2.0)
    person = pl.col("subject_id").str.slice(1).cast(pl.Int32)
    test = own.filter(pl.col("role") == "test", pl.col("label") == person % 2).with_columns(fold=person)
    validation = own.filter(pl.col("role") == "validation")
    tables = [validation.filter(pl.col("fold") == 0).with_columns(fold=pl.lit(k, pl.Int32)) for k in range(9)]
    both = pl.concat([test, *tables])
    result = evaluate_models(pl.concat([both, both.with_columns(model=pl.lit("b"))]), main="a", **HOW)
    assert score_of(result, "a")["estimate"] is None
    assert score_of(result, "a")["low"] is None
    assert score_of(result, "a", "balanced_accuracy")["estimate"] > 0.5
    for measure in ("auroc", "auprc"):
        assert "no test fold has windows of both labels" in score_of(result, "a", measure)["note"]
    assert score_of(result, "a", "balanced_accuracy")["note"] is None
    assert result.comparisons.filter(pl.col("measure") == "auroc")["p"].null_count() == 1
    assert result.people["auroc"].null_count() == 18


def study_scores(effect, seed, models, *, subject_norm="none", n_people=6):
    windows, study = make_windows(n_people=n_people, effect=effect, seed=seed)
    labelled = label_windows(study.windows, baseline="baseline", stressor="stressor")
    folds = split_subjects(labelled, n_folds=3, validation_share=0.25, seed=1)
    splits = all_splits(n_repeats=1, n_folds=3, n_seeds=1)
    loop = {**LOOP, "epochs": 8, "learning_rate": 0.02}
    tables = [
        train_model(
            windows,
            folds,
            name=m,
            model=m,
            splits=splits,
            subject_norm=subject_norm,
            seed=1,
            options=SMALL[m],
            loop=loop,
        ).predictions
        for m in models
    ]
    return evaluate_models(pl.concat(tables), main=models[-1], **{**HOW, "subject_norm": subject_norm})


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


def left_out_alone(model, strength, *, n_people=14, n_both=3):
    """Each person alone in a fold; only the first `n_both` have windows of both labels."""
    rng, rows = np.random.default_rng(len(model)), []
    names = [f"P{i:02d}" for i in range(n_people)]
    for fold, tested in enumerate(names):
        for name, role in ((tested, "test"), (names[(fold + 1) % n_both], "validation")):
            place = names.index(name)
            for label in (0, 1) if place < n_both else (place % 2,):
                for k in range(8):
                    score = 1 / (1 + np.exp(-rng.normal() - strength * (label - 0.5)))
                    rows.append((model, 0, fold, 0, role, name, f"{name}_{label}", k, label, score))
    columns = (
        "model",
        "repeat",
        "fold",
        "seed",
        "role",
        "subject_id",
        "recording_id",
        "window_id",
        "label",
        "score",
    )
    types = {"repeat": pl.Int32, "fold": pl.Int32, "seed": pl.Int32, "window_id": pl.Int32, "label": pl.Int8}
    return pl.DataFrame(rows, schema=columns, orient="row", schema_overrides=types)


def test_people_whose_folds_have_no_auroc_make_it_no_surer():
    both = pl.concat([left_out_alone("other", 0.0), left_out_alone("main", 3.0)])
    counted = pl.col("subject_id").is_in(["P00", "P01", "P02"])
    all_of_them = evaluate_models(both, main="main", **{**HOW, "n_resamples": 3000})
    alone = evaluate_models(both.filter(counted), main="main", **{**HOW, "n_resamples": 3000})
    p, p_alone = (
        r.comparisons.filter(pl.col("measure") == "auroc")["p"].item() for r in (all_of_them, alone)
    )
    assert p == pytest.approx(p_alone, rel=0.3)
    assert p > 0.05  # what 3 people can show at most; 14 people could show 0.001
    widths = [score_of(r, "main")["high"] - score_of(r, "main")["low"] for r in (all_of_them, alone)]
    assert widths[0] == pytest.approx(widths[1], abs=0.02)
    # Decisions are of everybody.
    f1 = all_of_them.comparisons.filter(pl.col("measure") == "balanced_accuracy")["p"].item()
    assert f1 < 0.05


def test_a_control_of_few_people_is_compared_on_their_windows():
    main, control = predictions_of("main", 2.0, n_people=12), predictions_of("few", 0.0, n_people=12, seed=4)
    few = ["P0", "P1", "P2", "P3"]
    control = control.filter(pl.col("subject_id").is_in(few))
    result = evaluate_models(
        pl.concat([main, control]),
        main="main",
        controls=["few"],
        shuffled=["few"],
        **{**HOW, "n_resamples": 3000},
    )
    own = evaluate_models(
        main.filter(pl.col("subject_id").is_in(few) | (pl.col("role") == "validation")), main="main", **HOW
    )
    row = result.comparisons.filter(pl.col("measure") == "auroc").row(0, named=True)
    expected = score_of(own, "main")["estimate"] - score_of(result, "few")["estimate"]
    assert row["difference"] == pytest.approx(expected)
    assert row["p"] >= least_p(4, n_resamples=3000) > 0.05
