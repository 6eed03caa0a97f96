"""The cumulative label, worked by hand."""

from __future__ import annotations

import numpy as np

from affectflow.face.expressions.labels import cumulative_label, ranked

NAN4 = [np.nan] * 4


def test_ranks_of_equals_go_by_column_and_missing_frames_have_none():
    scores = np.array([[0.1, 0.4, 0.4], [np.nan] * 3])
    np.testing.assert_array_equal(ranked(scores, 2), [[1, 2], [-1, -1]])


def test_the_last_seconds_decide():
    # Four frames of column 0, then column 1: after four more they are even, and 0 still wins by its place;
    # after five column 1 leads. With a window of 2 s (three frames) it leads after two.
    scores = np.array([[0.9, 0, 0, 0]] * 4 + [[0, 0.9, 0, 0]] * 6)
    time_s = np.arange(10.0)
    np.testing.assert_array_equal(cumulative_label(scores, time_s, window_s=100), [0] * 8 + [1] * 2)
    np.testing.assert_array_equal(cumulative_label(scores, time_s, window_s=2), [0] * 5 + [1] * 5)


def test_second_places_count_half_as_much():
    # Column 1 is second in three frames (6 of 7) and never first; column 0 first once (4), 2 twice (8).
    scores = np.array([[0.9, 0.5, 0, 0], [0, 0.5, 0.9, 0], [0, 0.5, 0.9, 0]])
    np.testing.assert_array_equal(cumulative_label(scores, np.arange(3.0), window_s=9), [0, 0, 2])
    twice = np.array([[0.9, 0.5, 0, 0], [0, 0.5, 0.9, 0]])
    # 4, 4 and 4: the first of equals.
    np.testing.assert_array_equal(cumulative_label(twice, np.arange(2.0), window_s=9), [0, 0])


def test_time_counts_not_frames():
    # Column 0 leads in five frames of 0.01 s, column 1 in one of 0.2 s.
    scores = np.array([[0.9, 0, 0, 0]] * 5 + [[0, 0.9, 0, 0]] * 2)
    time_s = np.array([0, 0.01, 0.02, 0.03, 0.04, 0.05, 0.25])
    assert cumulative_label(scores, time_s, window_s=9)[-1] == 1


def test_neutral_takes_a_place_but_no_vote():
    neutral_first = np.array([[0.2, 0, 0, 0.9]] * 3)
    np.testing.assert_array_equal(cumulative_label(neutral_first, np.arange(3.0), window_s=9), [0] * 3)
    nothing = np.array([[0, 0, 0, 0.9]] * 3)
    np.testing.assert_array_equal(cumulative_label(nothing, np.arange(3.0), window_s=9), [3] * 3)


def test_gaps_have_no_label_and_do_not_count():
    scores = np.array([[0.9, 0, 0, 0], NAN4, NAN4, [0, 0.9, 0, 0], [0, 0.9, 0, 0]])
    np.testing.assert_array_equal(cumulative_label(scores, np.arange(5.0), window_s=9), [0, -1, -1, 0, 1])
    assert cumulative_label(scores[:1], np.zeros(1), window_s=9).tolist() == [0]
    assert cumulative_label(scores[:0], np.zeros(0), window_s=9).size == 0


def test_the_last_frame_before_a_hole_does_not_vote_for_the_hole():
    # Four frames of column 1 before 20 s without a frame, and 1 s of column 0 after them.
    time_s = np.concatenate([np.arange(4) / 25, 20 + np.arange(25) / 25])
    scores = np.array([[0, 0.9, 0, 0]] * 4 + [[0.9, 0, 0, 0]] * 25)
    assert cumulative_label(scores, time_s, window_s=60)[-1] == 0
