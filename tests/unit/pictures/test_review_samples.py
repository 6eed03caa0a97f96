"""Which pictures are looked at: the best and worst, the surest and least sure, and any."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from affectflow.errors import DesignError
from affectflow.pictures.evaluate_emotions import evaluate_emotions
from affectflow.pictures.review_samples import GROUPS, choose_samples, judged_pictures, log_loss
from tests.support.emotions import emotion_tables


@pytest.fixture(scope="module")
def tables():
    return emotion_tables(seed=3)


@pytest.fixture(scope="module")
def judged(tables):
    pictures, _, predictions = tables
    return judged_pictures(pictures, predictions, evaluate_emotions(*tables, n_resamples=10).emotions)


def test_log_loss_by_hand_and_never_infinite():
    label = np.array([[True, False], [True, True]])
    p = np.array([[0.5, 0.5], [1.0, 0.0]])
    np.testing.assert_allclose(log_loss(label, p), [np.log(2), -np.log(1e-4) / 2])


def test_every_test_picture_once_with_what_was_told_by_its_thresholds(judged, tables):
    _, roles, _ = tables
    assert judged["picture_id"].to_list() == roles.filter(role="test")["picture_id"].to_list()
    thresholds = evaluate_emotions(*tables, n_resamples=10).emotions.filter(state="tuned")
    at = dict(thresholds.select("emotion", "threshold").rows())
    for row in judged.head(10).iter_rows(named=True):
        expected = [name for name, least in at.items() if least is not None and row[f"p_{name}"] >= least]
        assert row["told"] == expected
    # Nobody has yearning: there is no threshold, and it is never told.
    assert not judged["told"].list.contains("yearning").any()
    assert judged["doubt"].is_between(0, 1).all()


def test_samples_are_the_extremes_and_any(judged):
    samples = choose_samples(judged, each=5, seed=1)
    assert list(dict.fromkeys(samples["group"])) == list(GROUPS)
    own = {group: samples.filter(group=group)["picture_id"].to_list() for group in GROUPS}
    by_loss = judged.sort("loss")["picture_id"].to_list()
    assert own["best"] == by_loss[:5]
    assert own["worst"] == by_loss[::-1][:5]
    by_doubt = judged.sort("doubt")["picture_id"].to_list()
    assert own["surest"] == by_doubt[:5]
    assert own["least_sure"] == by_doubt[::-1][:5]
    assert len(set(own["random"])) == 5
    assert choose_samples(judged, each=5, seed=1).equals(samples)
    other = choose_samples(judged, each=5, seed=2).filter(group="random")["picture_id"].to_list()
    assert other != own["random"]


def test_fewer_pictures_than_asked_for(judged):
    assert choose_samples(judged.head(2), each=5, seed=1).height == 2 * len(GROUPS)


def test_pictures_without_such_labels_are_one_line(tables):
    pictures, _, predictions = tables
    emotions = evaluate_emotions(*tables, n_resamples=10).emotions
    bare = pictures.with_columns(emotions=pl.lit(None, pl.List(pl.String)))
    with pytest.raises(DesignError, match="no test picture has labels of emotions"):
        judged_pictures(bare, predictions, emotions)
