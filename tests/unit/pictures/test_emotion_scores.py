"""Scores of several emotions at once, against hand-worked ones."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from affectflow.pictures.emotion_scores import (
    choose_thresholds,
    mean_scores,
    score_emotions,
    share_together,
    told,
)

NAMES = ("peace", "anger", "pain")
#                    peace  anger  pain
LABELS = np.array([[1, 0, 0], [1, 1, 0], [0, 1, 0], [0, 0, 0]], bool)
SCORES = np.array([[0.9, 0.4, 0.2], [0.3, 0.6, 0.1], [0.5, 0.8, 0.3], [0.2, 0.7, 0.9]])


def test_thresholds_are_where_f1_is_highest():
    # peace: at 0.3 two of three are right, F1 0.8; at 0.9 one of one, F1 0.667. anger: at 0.6 F1 0.8.
    thresholds = choose_thresholds(LABELS, SCORES)
    assert thresholds[:2].tolist() == [0.3, 0.6]
    assert np.isnan(thresholds[2])


def test_an_emotion_that_every_picture_has_leaves_nothing_to_choose():
    assert np.isnan(choose_thresholds(np.ones((3, 1), bool), np.array([[0.1], [0.2], [0.3]]))).all()


def test_of_equal_thresholds_the_highest_is_taken():
    # At 0.9: 1 of 1, recall 1/2, F1 2/3. At 0.2: 2 of 4, recall 1, F1 2/3.
    label, score = np.array([[1], [0], [0], [1]], bool), np.array([[0.9], [0.5], [0.4], [0.2]])
    assert choose_thresholds(label, score).tolist() == [0.9]


def test_without_a_threshold_nothing_is_told():
    assert told(np.array([[1.0, 0.5]]), np.array([np.nan, 0.5])).tolist() == [[False, True]]


def test_a_row_per_emotion_with_hand_worked_numbers():
    table = score_emotions(LABELS, SCORES, np.array([0.5, 0.65, np.nan]), names=NAMES)
    assert table["emotion"].to_list() == list(NAMES)
    assert table["n_labelled"].to_list() == [2, 2, 0]
    assert table["n_told"].to_list() == [2, 2, 0]
    assert table["n_both"].to_list() == [1, 1, 0]
    peace, anger, pain = table.iter_rows(named=True)
    assert (peace["precision"], peace["recall"], peace["f1"]) == (0.5, 0.5, 0.5)
    # Ranked 0.9 (has it), 0.5, 0.3 (has it), 0.2: precision 1 and 2/3 at the two that have it.
    assert peace["average_precision"] == pytest.approx((1 + 2 / 3) / 2)
    assert anger["average_precision"] == pytest.approx((1 + 2 / 3) / 2)
    # Of two of four in random order, on average: 1 + 1/2 + 1/3 + 1/4 = 25/12.
    assert peace["chance"] == pytest.approx((25 / 12 + (4 - 25 / 12) / 3) / 4)
    for name in ("threshold", "precision", "recall", "f1", "average_precision", "chance"):
        assert pain[name] is None


def test_an_emotion_told_never_has_no_precision_but_a_recall_of_nothing():
    table = score_emotions(LABELS[:, :1], SCORES[:, :1], np.array([0.95]), names=NAMES[:1])
    assert table.select("precision", "recall", "f1").row(0) == (None, 0.0, 0.0)


def test_means_count_each_emotion_once_or_by_its_pictures_and_leave_out_what_is_not_defined():
    scores = pl.DataFrame(
        {
            "n_labelled": [3, 1, 0],
            "precision": [1.0, 0.0, None],
            "recall": [0.5, None, None],
            "f1": [0.6, 0.2, None],
            "average_precision": [0.8, 0.4, None],
            "chance": [0.3, 0.1, None],
        }
    )
    macro, weighted = mean_scores(scores).iter_rows(named=True)
    assert macro["mean"], weighted["mean"] == ("macro", "weighted")
    assert (macro["precision"], weighted["precision"]) == (0.5, 0.75)
    assert (macro["recall"], macro["n_recall"]) == (0.5, 1)
    assert macro["average_precision"] == pytest.approx(0.6)
    assert weighted["average_precision"] == pytest.approx(0.7)
    assert macro["n_average_precision"] == 2


def test_means_of_nothing_are_null():
    empty = score_emotions(np.zeros((2, 1), bool), np.zeros((2, 1)), np.array([np.nan]), names=["pain"])
    assert mean_scores(empty)["f1"].to_list() == [None, None]


def test_pairs_say_how_often_one_emotion_comes_with_another():
    pairs = share_together(LABELS, LABELS, names=NAMES)
    lookup = {(r["emotion"], r["other"]): r for r in pairs.iter_rows(named=True)}
    assert lookup["peace", "anger"]["share"] == 0.5
    assert lookup["peace", "peace"]["share"] == 1.0
    assert lookup["peace", "pain"]["share"] == 0.0
    assert lookup["pain", "peace"]["share"] is None
    assert lookup["peace", "anger"]["base"] == 0.5
    # With what was told: rows are labels, columns what was told.
    crossed = share_together(LABELS[:2], np.array([[0, 1, 0], [0, 0, 1]], bool), names=NAMES)
    row = crossed.filter(emotion="peace", other="anger").row(0, named=True)
    assert (row["n_emotion"], row["n_both"], row["share"]) == (2, 1, 0.5)
    assert crossed.filter(emotion="anger", other="peace")["share"].item() == 0.0


def test_scores_that_are_no_numbers_are_refused():
    with pytest.raises(ValueError, match="finite"):
        choose_thresholds(LABELS, np.where(SCORES > 0.8, np.nan, SCORES))
    with pytest.raises(ValueError, match="alike"):
        score_emotions(LABELS[:2], SCORES, np.full(3, 0.5), names=NAMES)


def test_means_of_precision_and_of_chance_are_over_the_same_emotions():
    """An emotion that all pictures have is ranked right by any scores, and would raise the one and not the other."""
    label = np.array([[1, 1], [0, 1], [1, 1], [0, 1]], bool)
    table = score_emotions(label, np.full((4, 2), 0.5), np.full(2, np.nan), names=["peace", "anger"])
    assert table["average_precision"].is_null().to_list() == table["chance"].is_null().to_list()
    macro = mean_scores(table).row(0, named=True)
    assert macro["n_average_precision"] == macro["n_chance"] == 1
    assert macro["average_precision"] == pytest.approx(0.5)
