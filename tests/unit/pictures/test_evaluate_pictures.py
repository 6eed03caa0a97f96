"""Scores are those of the field's definitions, intervals are over persons, and a network that knows nothing is seen to."""

from __future__ import annotations

import re

import numpy as np
import polars as pl
import pytest
from sklearn.metrics import accuracy_score, balanced_accuracy_score

from affectflow.datasets.pictures.rows import EXPRESSIONS
from affectflow.errors import DesignError
from affectflow.pictures.card import card_text
from affectflow.pictures.evaluate_pictures import evaluate_pictures
from affectflow.pictures.resampled import class_measures, class_sums, number_measures, number_sums
from affectflow.train.scores import agreement
from affectflow.viz.picture_scores_page import picture_scores_page
from tests.support.stills import picture_rows

BY_HAND = {
    "ccc": agreement.concordance_correlation,
    "pcc": agreement.pearson,
    "rmse": agreement.root_mean_square_error,
    "sagr": agreement.sign_agreement,
    "icc": agreement.intraclass_correlation,
}


@pytest.fixture
def rng():
    return np.random.default_rng(0)


def test_measures_from_sums_are_those_of_the_sample(rng):
    label = rng.uniform(-1, 1, 60)
    said = 0.4 * label + rng.normal(0.1, 0.3, 60)
    group = rng.integers(0, 7, 60)
    sums = number_sums(label, said, group, n_groups=7)
    made = number_measures(sums.sum(axis=0, keepdims=True))
    for name, measure in BY_HAND.items():
        assert made[name][0] == pytest.approx(measure(label, said), abs=1e-12), name
    # A resample: the pictures of a group as often as it is drawn.
    times = np.array([2, 0, 1, 1, 3, 0, 0])
    drawn = np.repeat(np.arange(60), times[group])
    made = number_measures((times @ sums)[None])
    for name, measure in BY_HAND.items():
        assert made[name][0] == pytest.approx(measure(label[drawn], said[drawn]), abs=1e-12), name


def test_classes_from_sums_are_scikit_learns(rng):
    label, said, group = rng.integers(0, 4, 80), rng.integers(0, 6, 80), rng.integers(0, 5, 80)
    sums = class_sums(label, said, group, n_groups=5, n_classes=8)
    made = class_measures(sums.sum(axis=0, keepdims=True))
    assert made["accuracy"][0] == pytest.approx(accuracy_score(label, said))
    with pytest.warns(UserWarning, match="y_pred contains classes"):
        assert made["balanced_accuracy"][0] == pytest.approx(balanced_accuracy_score(label, said))


def test_a_constant_has_no_correlation_and_no_concordance(rng):
    label = rng.uniform(-1, 1, 50)
    made = number_measures(number_sums(label, np.full(50, 0.1), np.zeros(50, int), n_groups=1))
    assert made["ccc"][0] == pytest.approx(0, abs=1e-12)
    assert np.isnan(made["pcc"][0])
    assert made["rmse"][0] == pytest.approx(agreement.root_mean_square_error(label, np.full(50, 0.1)))


def study(rng, *, people=40, each=5, knows=0.9):
    """Pictures, roles, and predictions: `tuned` knows that much of the label, `start` nothing."""
    table = picture_rows([f"P{i // each:02d}" for i in range(people * each)])
    role = np.array(["test", "validation", "train", "train"])[np.arange(table.height) // each % 4]
    roles = table.select("picture_id", "person").with_columns(
        group=pl.Series(np.arange(table.height) // each, dtype=pl.Int32),
        role=pl.Series(role),
        reason=pl.lit(None, pl.String),
    )
    judged = table.filter(pl.Series(role != "train"))
    parts = []
    for state, share in (("start", 0.0), ("tuned", knows)):
        said = {
            f"predicted_{name}": (
                share * judged[name].to_numpy() + (1 - share) * rng.uniform(-1, 1, judged.height)
            ).astype(np.float32)
            for name in ("valence", "arousal")
        }
        guess = np.where(
            rng.uniform(size=judged.height) < share,
            judged["expression"],
            rng.choice(EXPRESSIONS[:4], judged.height),
        )
        parts.append(
            judged.select(pl.lit(state).alias("state"), "picture_id").with_columns(
                **{k: pl.Series(v) for k, v in said.items()},
                predicted_expression=pl.Series(guess.astype(str)),
            )
        )
    return table, roles, pl.concat(parts)


def scored(parts, **changes):
    return evaluate_pictures(*parts, **{"n_resamples": 400, "seed": 1, **changes})


def one(scores, **where):
    found = scores.filter(pl.all_horizontal(pl.col(k).eq_missing(pl.lit(v)) for k, v in where.items()))
    assert found.height == 1
    return found.row(0, named=True)


def test_every_measure_is_that_of_its_own_pictures(rng):
    table, roles, predictions = parts = study(rng)
    scores = scored(parts)
    both = predictions.join(table, on="picture_id").join(roles.select("picture_id", "role"), on="picture_id")
    for role in ("test", "validation"):
        for state in ("start", "tuned"):
            own = both.filter((pl.col("role") == role) & (pl.col("state") == state))
            for target in ("valence", "arousal"):
                for name, measure in BY_HAND.items():
                    row = one(scores, role=role, state=state, against=None, target=target, measure=name)
                    assert row["estimate"] == pytest.approx(
                        measure(own[target], own[f"predicted_{target}"]), abs=1e-6
                    )
                    assert row["low"] <= row["estimate"] <= row["high"]
                    assert (row["n_pictures"], row["n_groups"]) == (50, 10)
            row = one(scores, role=role, state=state, against=None, measure="accuracy")
            assert row["estimate"] == pytest.approx((own["expression"] == own["predicted_expression"]).mean())


def test_the_constant_is_the_training_pictures_and_no_others(rng):
    table, roles, predictions = study(rng)
    train = table.filter(roles["role"] == "train")
    scores = scored((table, roles, predictions))
    own = table.filter(roles["role"] == "test")
    row = one(scores, role="test", state="constant", against=None, target="valence", measure="rmse")
    assert row["estimate"] == pytest.approx(
        np.sqrt(np.mean((own["valence"].to_numpy() - train["valence"].mean()) ** 2)), abs=1e-6
    )
    most = train["expression"].value_counts(sort=True)["expression"][0]
    row = one(scores, role="test", state="constant", against=None, measure="accuracy")
    assert row["estimate"] == pytest.approx((own["expression"] == most).mean())
    # Labels of the test pictures move nothing of it.
    moved = table.with_columns(
        valence=pl.when(roles["role"] == "test").then(pl.col("valence") / 2).otherwise("valence")
    )
    again = one(
        scored((moved, roles, predictions)),
        role="test",
        state="constant",
        against=None,
        target="valence",
        measure="rmse",
    )
    expected = np.sqrt(np.mean((own["valence"].to_numpy() / 2 - train["valence"].mean()) ** 2))
    assert again["estimate"] == pytest.approx(expected, abs=1e-6)


def test_differences_tell_what_was_learnt_from_what_was_not(rng):
    learnt, not_learnt = scored(study(rng)), scored(study(rng, knows=0.0))
    where = {"role": "test", "state": "tuned", "against": "start", "target": "valence", "measure": "ccc"}
    assert one(learnt, **where)["low"] > 0.5
    assert one(not_learnt, **where)["low"] < 0 < one(not_learnt, **where)["high"]
    row = one(learnt, **where)
    ends = [one(learnt, **{**where, "state": s, "against": None})["estimate"] for s in ("tuned", "start")]
    assert row["estimate"] == pytest.approx(ends[0] - ends[1])


def test_persons_are_resampled_not_pictures(rng):
    """Every picture ten times over knows no more: the interval stays as wide."""
    table, roles, predictions = study(rng, people=40, each=2)
    copies = [
        [part.with_columns(pl.col("picture_id") + f"x{i}") for i in range(10)]
        for part in (table, roles, predictions)
    ]
    where = {"role": "test", "state": "tuned", "against": None, "target": "arousal", "measure": "ccc"}
    few = one(scored((table, roles, predictions)), **where)
    many = one(scored([pl.concat(c) for c in copies]), **where)
    assert many["estimate"] == pytest.approx(few["estimate"])
    assert many["high"] - many["low"] == pytest.approx(few["high"] - few["low"])


def test_the_same_seed_gives_the_same_and_missing_labels_are_left_out(rng):
    table, roles, predictions = parts = study(rng)
    assert scored(parts).equals(scored(parts))
    gone = table.with_columns(
        expression=pl.lit(None, pl.String), arousal=pl.when(pl.int_range(pl.len()) % 2 == 0).then("arousal")
    )
    scores = scored((gone, roles, predictions))
    assert "expression" not in scores["target"]
    assert set(scores.filter(pl.col("target") == "arousal")["n_pictures"]) < set(range(20, 31))
    bare = gone.with_columns(valence=pl.lit(None, pl.Float32), arousal=pl.lit(None, pl.Float32))
    with pytest.raises(DesignError, match="no test picture has a label"):
        scored((bare, roles, predictions))


FACTS = {
    "affectflow": "0.1.0", "stage_version": 1,
    "params": {"settings": {"loss": "ccc"}, "unfreeze_after": 3, "unfreeze_factor": 0.3, "changes": {}, "loop": {"epochs": 9}, "seed": 1},
    "training": {
        "model": "emonet", "start": "official", "licence": "May not be passed on.", "best_epoch": 4, "epochs": 7, "trunk_learnt": True,
        "chosen_by": "mean of this and that",
        "n_parameters": 5, "n_pictures": {"train": 100, "validation": 50, "test": 50},
        "n_people": {"train": 20, "validation": 10, "test": 10},
    },
}  # fmt: skip


def test_page_and_card_say_the_numbers_and_the_licence(rng):
    scores = scored(study(rng))
    row = one(scores, role="test", state="tuned", against=None, target="valence", measure="ccc")
    shown = f"{row['estimate']:.2f} [{row['low']:.2f}, {row['high']:.2f}]"
    card = card_text(scores, FACTS, source="stills", simulated=True)
    line = next(line for line in card.splitlines() if line.startswith("| CCC of valence"))
    assert line.endswith(f"{shown} |")
    assert "May not be passed on." in card
    assert "Simulated pictures: not a finding about people" in card
    assert "the trunk learnt as well" in card
    assert "Epoch 4 of 7 was kept, the one with the best mean of this and that on the validation" in card
    assert "(training mean, most frequent expression)" in card
    numbers = card_text(
        scores.filter(pl.col("target") != "expression"), FACTS, source="stills", simulated=True
    )
    assert "the same for every picture (training mean)" in numbers
    assert "expression" not in numbers
    assert "Simulated" not in card_text(scores, FACTS, source="stills", simulated=False)
    page = picture_scores_page(
        scores, source="stills", model="emonet", start="with <random> weights", simulated=True
    )
    assert shown in page
    assert "Simulated pictures" in page
    assert "&lt;random&gt;" in page
    assert "Pictures with labels: test: 50 of 10 groups; validation: 50" in page
    assert "-0.00" not in page + card
    assert page.index("<td>test</td>") < page.index("<td>validation</td>")
    # Every heading is explained above the table.
    headings = re.findall("<th>([^<]+)</th>", page)
    assert headings[:3] == ["pictures", "what is told", "answers"]
    for heading in headings:
        assert f"<p>{heading.removesuffix(' ↓')}: " in page, heading
    assert "a group: what stays on one side" in card
