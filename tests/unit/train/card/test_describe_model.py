"""The card of a model: its numbers are those of the tables, its limits follow from them, nobody is named."""

import json
import math

import polars as pl
import pytest

from affectflow.errors import DesignError
from affectflow.train.card.describe_model import describe_model
from affectflow.train.card.limits import limits_of
from affectflow.train.card.text import card_text
from affectflow.train.protocol.split_subjects import split_subjects
from affectflow.train.windows.label_windows import label_windows
from tests.support.stored import train_final

DIGESTS = {f"results/small/grids/P0{i}_stressor.safetensors": f"{i}" * 64 for i in range(3)}
INPUTS = {"results/small/windows.parquet": "a" * 64, **DIGESTS}
CODES = {"facemesh": 8}


def evaluation(entry, *, low=0.6, time_low=0.4, p=0.01, least=0.01):
    counts = {"n_people": 4, "n_windows": 40, "n_positive": 20, "n_folds": 2, "n_repeats": 1, "n_seeds": 1}
    scores = [
        {
            "model": m,
            "kind": kind,
            "measure": measure,
            "estimate": 0.8,
            "low": bound,
            "high": 0.95,
            "chance": 0.5,
        }
        | {**counts, "n_resamples": 300}
        for m, kind, bound in (
            (entry, "main", low),
            ("boosting", "model", 0.5),
            ("time_only", "control", time_low),
        )
        for measure in ("auroc", "brier")
    ]
    difference = {"model": entry, "measure": "auroc", "difference": 0.1, "low": 0.02, "high": 0.2, "p": p}
    thresholds = {
        "model": entry,
        "repeat": 0,
        "fold": [0, 1],
        "seed": 0,
        "threshold": [0.4, 0.6],
        "n_people": 1,
    }
    return {
        "scores": pl.DataFrame(scores).with_columns(note=pl.lit(None, pl.String)),
        "comparisons": pl.DataFrame([{**difference, "than": "boosting", "p_holm": p, "p_least": least}]),
        "calibration": pl.DataFrame({"model": [entry], "slope": [0.9], "intercept": [-0.1]}),
        "thresholds": pl.DataFrame({**thresholds, "chosen_on": "balanced accuracy of the validation people"}),
    }


def describe(model="logistic", *, codes=CODES, tables=None, changes=None, change=lambda f: f, **how):
    final = train_final(model, **how)
    examples = label_windows(final.study.windows, baseline="baseline", stressor="stressor")
    folds = split_subjects(examples, n_folds=2, validation_share=0.5, seed=1)
    params = {"options": {"a": 1}, "choices": {}, "settings": {}, "seed": 1, "subject_norm": "none"}
    facts = {**final.facts, "inputs": INPUTS, "affectflow": "0.1.0"}
    facts["params"] = {**facts["params"], **params}
    facts["made_of"] = {**facts["made_of"], **(changes or {})}
    return describe_model(change(facts), folds, tables or evaluation(model), codes=codes)


def test_what_the_card_says_is_what_the_tables_say():
    card = json.loads(json.dumps(describe(seeds=2)))
    assert card["sample"] == {"n_people": 4, "n_windows": 40, "n_positive": 20}
    auroc = {"measure": "auroc", "estimate": 0.8, "low": 0.6, "high": 0.95, "chance": 0.5}
    assert card["measures"][0] == {**auroc, "note": None}
    assert [row["model"] for row in card["beside"]] == ["boosting", "time_only"]
    assert card["thresholds"]["median"] == 0.5
    assert [(r["fold"], r["test_people"]) for r in card["folds"]] == [(0, 2), (1, 2), (None, 0)]
    assert list(card["trainings"]) == ["final_s0", "final_s1"]
    final = card["trainings"]["final_s0"]
    assert final["people"]["train"] + final["people"]["validation"] == 4
    assert card["inputs"]["arrays"]["summary"]["n_columns"] == len(
        card["inputs"]["arrays"]["summary"]["columns"]
    )
    assert set(card["versions"]) == {"affectflow", "numpy", "polars", "scikit-learn", "scipy", "torch"}
    text = card_text(card)
    assert "| AUROC | 0.80 [0.60, 0.95] | 0.50 |" in text
    assert "affectflow predict results/small/models/logistic/final RECORDING" in text


@pytest.mark.parametrize("model", ["logistic", "cross_modal", "late_fusion"])
def test_nobody_is_named(model):
    card = describe(model)
    for name in ("P00", "P01", "P02", "P03"):
        assert name not in json.dumps(card)
        assert name not in card_text(card)


def test_the_digest_is_of_the_inputs_content():
    card = describe()
    assert card["data"]["inputs"] == {
        "windows.parquet": "a" * 64,
        **{f"grid {i:04d}": digest for i, digest in enumerate(DIGESTS.values(), start=1)},
    }
    assert len(card["data"]["digest"]) == 64
    before, value = card["data"]["digest"], INPUTS["results/small/windows.parquet"]
    INPUTS["results/small/windows.parquet"] = "b" * 64
    try:
        assert describe()["data"]["digest"] != before
    finally:
        INPUTS["results/small/windows.parquet"] = value


def said(card, words):
    return any(words in limit for limit in limits_of(card))


@pytest.mark.parametrize(
    ("words", "with_limit", "without"),
    [
        ("simulated data", {}, {"changes": {"simulated": False}}),
        ("more than one source", {"codes": {"facemesh": 4, "codes in emoca_csv files": 4, "no video": 1}}, {}),
        ("It is transductive", {"subject_norm": "transductive"}, {}),
        ("needs a control recording (condition baseline)",
         {"model": "cross_modal", "label": "phase", "emoca_mode": ("measures", "control_slope")},
         {"model": "cross_modal"}),
        ("backend facemesh alone", {}, {"model": "bio_transformer"}),
        ("not shown to be better than chance", {"tables": evaluation("logistic", low=0.45)}, {}),
        ("The control time_only alone is above chance", {"tables": evaluation("logistic", time_low=0.55)}, {}),
        ("not shown to differ from boosting", {"tables": evaluation("logistic", p=0.2)}, {}),
        ("corrected p are never below 0.22", {"tables": evaluation("logistic", least=0.22)}, {}),
    ],
)  # fmt: skip
def test_limits_are_said_where_they_hold_and_nowhere_else(words, with_limit, without):
    assert said(describe(**with_limit), words)
    assert not said(describe(**without), words)


def test_a_choice_that_diverged_is_null_since_json_has_no_infinite_numbers():
    def add(facts):
        tried = [
            {"options": {"a": 1}, "validation_loss": math.inf},
            {"options": {"a": 2}, "validation_loss": 0.5},
        ]
        training = {
            k: {**v, "choices": {"tried": tried, "chosen": {"a": 2}}} for k, v in facts["training"].items()
        }
        return {**facts, "training": training}

    card = describe(change=add)
    tried = json.loads(json.dumps(card, allow_nan=False))["trainings"]["final_s0"]["choices"]["tried"]
    assert [t["validation_loss"] for t in tried] == [None, 0.5]


def test_what_limits_a_score_is_said_once():
    card = describe()
    control = next(row for row in card["beside"] if row["kind"] == "control")
    control["note"] = "tested on 4 people"
    assert said(card, "The control time_only: tested on 4 people.")
    card["measures"][0]["note"] = control["note"] = "AUROC and AUPRC are of 2 of 3 test folds"
    assert said(card, "AUROC and AUPRC are of 2 of 3 test folds.")
    assert not said(card, "The control time_only: ")


def test_a_model_that_was_not_evaluated_has_no_card():
    with pytest.raises(DesignError, match="scores: there are none of logistic"):
        describe(tables=evaluation("tcn"))


def test_many_folds_are_summed_up_and_missing_measures_are_said():
    card = describe()
    row = card["folds"][0]
    many = {**card, "folds": [*({**row, "repeat": r} for r in range(20)), card["folds"][-1]]}
    many["measures"] = [{**m, "estimate": None, "low": None, "high": None} for m in card["measures"]]
    text = card_text(many)
    assert "| 20 folds | " in text
    assert "| AUROC | none | 0.50 |" in text
    assert said(many, "It has no AUROC")


def test_words_of_users_break_no_table():
    card = describe()
    card["beside"][0]["model"] = "a|b*"
    assert "| a\\|b\\* | model |" in card_text(card)
