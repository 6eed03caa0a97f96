"""A verdict that can go both ways, and the numbers it rests on."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from affectflow.clips.clip_scores import clip_scores
from affectflow.clips.evaluate_clips import evaluate_clips, summary, verdict
from affectflow.io.tables import check_table
from affectflow.schema import CLIP_PREDICTIONS


def predictions(*, right, n_people=24, each=6, faceless=0, uneven=False, seed=0):
    """Clips of three emotions, a share of them told right, the others told Happy (3) as the baseline does."""
    rng = np.random.default_rng(seed)
    n = n_people * each
    label = rng.choice([0, 3, 5], n, p=(0.1, 0.8, 0.1) if uneven else (1 / 3, 1 / 3, 1 / 3))
    told = [None if i < faceless else int(v) if rng.random() < right else 3 for i, v in enumerate(label)]
    return pl.DataFrame(
        {
            "fold": [i // each % 4 for i in range(n)],
            "recording_id": [f"c{i:03d}" for i in range(n)],
            "subject_id": [f"p{i // each:02d}" for i in range(n)],
            "label": label,
            "predicted": told,
            "baseline": 3,
        },
        schema={c.name: c.dtype for c in CLIP_PREDICTIONS.columns},
    )


def evaluated(table):
    return evaluate_clips(check_table(table, "clip_predictions", "made"), n_resamples=500, seed=1)


def test_scores_are_those_of_clip_scores_and_differences_are_paired():
    table = predictions(right=0.7)
    found = evaluated(table)
    alone = clip_scores(table, n_resamples=500, seed=1)
    columns = ["measure", "value", "low", "high", "n_clips", "n_people", "n_folds"]
    assert found.scores.filter(method="predicted").select(columns).equals(alone.select(columns))
    value = {(m, k): v for m, k, v in found.scores.select("method", "measure", "value").iter_rows()}
    for measure, difference, low, high in found.comparisons.select(
        "measure", "difference", "low", "high"
    ).iter_rows():
        assert difference == pytest.approx(value["predicted", measure] - value["baseline", measure])
        # Both are right about the same clips: the difference is surer than either.
        own = found.scores.filter(method="predicted", measure=measure).select(pl.col("high") - pl.col("low"))
        assert low < difference < high
        assert high - low < 1.4 * own.item()


def test_a_network_that_tells_something_beats_the_baseline():
    found = evaluated(predictions(right=0.8))
    assert found.comparisons["beats"].to_list() == [True, True]
    assert verdict(found).startswith("The network tells emotions better")
    assert "144 clips of 24 people it never saw, 4 folds" in verdict(found)


def test_one_that_says_what_the_baseline_says_does_not():
    found = evaluated(predictions(right=0.0))
    assert found.comparisons["beats"].to_list() == [False, False]
    assert found.comparisons["difference"].to_list() == [0, 0]
    assert verdict(found).startswith("Nothing beats the baseline")
    assert "-0.000" not in summary(found)


def test_better_by_one_measure_and_not_by_the_other_is_said_so():
    # Always a rare emotion's own, often wrong about the frequent one: more of the emotions, fewer of the clips.
    table = (
        predictions(right=1.0, uneven=True)
        .with_columns(
            predicted=pl.when((pl.col("label") == 3) & (pl.int_range(pl.len()) % 3 == 0))
            .then(0)
            .otherwise("label")
        )
        .cast({"predicted": pl.Int32})
    )
    found = evaluated(table)
    assert dict(found.comparisons.select("measure", "beats").iter_rows()) == {"war": False, "uar": True}
    assert ", by UAR," in verdict(found)
    assert verdict(found).endswith("By WAR it cannot be shown to.")


def test_clips_without_a_face_are_told_wrong_and_counted():
    found = evaluated(predictions(right=1.0, faceless=6))
    assert found.scores.filter(method="predicted", measure="war")["value"].item() < 1
    text = summary(found)
    assert "Clips without a face that was coded, which count as told wrong: 6 of 144." in text
    assert "| Angry | Happy | Sad | no face |" in text
    assert found.confusion.filter(pl.col("predicted").is_null())["n_clips"].sum() == 6
    assert found.confusion["n_clips"].sum() == 144
    shares = found.confusion.group_by("label").agg(pl.col("share").sum())["share"]
    assert shares.to_list() == pytest.approx([1, 1, 1])


def test_clips_of_unknown_people_say_what_their_intervals_leave_out():
    table = predictions(right=0.5, n_people=60, each=1)
    text = summary(evaluated(table))
    assert "Every clip counts as a person of its own." in text
    assert "on 60 clips it never saw, 4 folds" in text
    assert "Every clip counts" not in summary(evaluated(predictions(right=0.5)))
