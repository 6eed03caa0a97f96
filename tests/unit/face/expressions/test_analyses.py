"""What lasts: runs and windows by seconds, gaps, ends, worked by hand."""

from __future__ import annotations

from functools import partial

import numpy as np
import pytest

from affectflow.face.expressions.analyses import Interval, mask_of, one_dominant, two_dominant, unstable

one = partial(one_dominant, score_min=0.3, margin_min=0.14, run_min_s=0.6)
two = partial(two_dominant, score_min=0.3, run_min_s=0.6)
mixed = partial(unstable, window_min_s=2.0, window_max_s=12.0, tops_min=5, range_max=0.2, mean_above=0.25)


def at(fps: float, *pieces: tuple[float, list[float]]) -> tuple[np.ndarray, np.ndarray]:
    """Scores that stay for so many seconds each, and the frames' times."""
    rows = [row for length_s, row in pieces for _ in range(round(length_s * fps))]
    return np.array(rows, dtype=float), np.arange(len(rows)) / fps


@pytest.mark.parametrize("fps", [10.0, 25.0, 60.0])
def test_a_run_lasts_seconds_not_frames(fps):
    still = [0.1, 0.1, 0.1]
    scores, time_s = at(
        fps, (1, still), (0.6, [0.5, 0.1, 0.1]), (1, still), (0.5, [0.1, 0.5, 0.1]), (1, still)
    )
    (found,) = one(scores, time_s)
    assert found == Interval(round(fps), round(1.6 * fps) - 1, (0,))


def test_a_leader_needs_height_and_distance():
    near, low, good = [0.5, 0.37, 0], [0.29, 0, 0], [0.5, 0.35, 0]
    scores, time_s = at(25, (1, near), (1, low), (1, good))
    assert one(scores, time_s) == [Interval(50, 74, (0,))]


def test_another_leader_begins_another_run():
    scores, time_s = at(25, (1, [0.5, 0, 0]), (1, [0, 0.5, 0]))
    assert one(scores, time_s) == [Interval(0, 24, (0,)), Interval(25, 49, (1,))]


def test_a_run_that_reaches_the_end_counts_but_not_as_the_original_has_it():
    scores, time_s = at(25, (1, [0.5, 0, 0]), (1, [0, 0.5, 0.5]))
    assert len(one(scores, time_s)) == 1
    assert two(scores, time_s) == [Interval(25, 49, (1, 2))]
    assert two(scores, time_s, legacy_last_run=True) == []
    assert len(one(scores, time_s, legacy_last_run=True)) == 1
    assert one(scores[:25], time_s[:25], legacy_last_run=True) == []


def test_a_gap_breaks_a_run():
    scores, time_s = at(25, (0.8, [0.5, 0, 0]))
    assert len(one(scores, time_s)) == 1
    scores[10] = np.nan
    assert one(scores, time_s) == []
    longer, time_s = at(25, (2, [0.5, 0, 0]))
    longer[20:22] = np.nan
    assert one(longer, time_s) == [Interval(0, 19, (0,)), Interval(22, 49, (0,))]


def test_irregular_frames():
    # Four frames, and the last of them stands for 0.25 s: 0.6 s in all.
    time_s = np.array([0, 0.1, 0.2, 0.35, 0.6, 0.7, 0.8])
    scores = np.array([[0.5, 0, 0]] * 4 + [[0, 0, 0]] * 3)
    assert one(scores, time_s) == [Interval(0, 3, (0,))]
    assert one(scores, np.array([0, 0.1, 0.2, 0.35, 0.55, 0.7, 0.8])) == []


def test_a_hole_in_the_video_breaks_a_run():
    # Two frames of a smile on either side of 30 s without a frame are not 30 s of a smile.
    scores, time_s = at(25, (1, [0, 0, 0]), (0.16, [0.5, 0, 0]), (1, [0, 0, 0]))
    time_s[27:] += 30
    assert one(scores, time_s) == two(scores, time_s) == []
    longer, time_s = at(25, (2, [0.5, 0.5, 0]))
    time_s[20:] += 30
    assert two(longer, time_s) == [Interval(0, 19, (0, 1)), Interval(20, 49, (0, 1))]


def test_two_lead_together_in_either_order():
    scores, time_s = at(
        25, (0.4, [0.5, 0.4, 0]), (0.4, [0.4, 0.5, 0]), (1, [0.5, 0.2, 0]), (0.4, [0.5, 0, 0.4])
    )
    assert two(scores, time_s) == [Interval(0, 19, (0, 1))]
    assert two(scores[:, :1], time_s) == []


def turns(n: int, *, length_s: float, top: float = 0.4) -> tuple[np.ndarray, np.ndarray]:
    """N expressions lead in turn for so long each, out of six."""
    return at(25, *((length_s, [top if k == i % 6 else 0.1 for k in range(6)]) for i in range(n)))


def test_many_leaders_in_a_window_of_seconds():
    scores, time_s = turns(5, length_s=0.5)
    (found,) = mixed(scores, time_s)
    assert (found.first, found.last) == (0, len(scores) - 1)
    assert set(found.columns) == {0, 1, 2, 3, 4}
    # Four leaders; five within less than 2 s; five, never in one window of 12 s; too low; of differing height.
    assert mixed(*turns(4, length_s=1)) == []
    assert mixed(*turns(5, length_s=0.36)) == []
    assert mixed(*turns(6, length_s=4.2)) == []
    assert mixed(*turns(5, length_s=0.5, top=0.25)) == []
    uneven = scores.copy()
    uneven[30] = uneven[30] * 2
    assert mixed(uneven, time_s) == []


def test_the_mark_reaches_as_far_as_a_window_holds():
    # Five take turns for 3 s, then one alone for 20 s: a window begins while five leaders still fit and
    # ends 12 s later.
    scores, time_s = at(
        25, *((0.6, [0.4 if k == i else 0.1 for k in range(6)]) for i in range(5)), (20, [0.1] * 5 + [0.4])
    )
    (found,) = mixed(scores, time_s)
    assert found.first == 0
    # The last window with five leaders begins with the last frame of the second (the first is gone by then).
    assert time_s[found.last] == pytest.approx(time_s[2 * 15 - 1] + 12 - 1 / 25)
    assert found.columns[0] == 5


def test_a_gap_breaks_a_window():
    scores, time_s = turns(5, length_s=0.5)
    scores[31] = np.nan
    assert mixed(scores, time_s) == []


def test_a_hole_in_the_video_breaks_a_window():
    scores, time_s = turns(5, length_s=0.5)
    time_s[31:] += 4
    assert mixed(scores, time_s) == []
    # Long enough on either side: two findings, not one.
    (scores, time_s), n = turns(10, length_s=0.5), 62
    time_s[n:] += 4
    assert [(each.first, each.last) for each in mixed(scores, time_s)] == [(0, n - 1), (n, len(scores) - 1)]


def test_masks_and_nothing_at_all():
    np.testing.assert_array_equal(
        mask_of([Interval(1, 2, ()), Interval(4, 4, ())], 6), [False, True, True, False, True, False]
    )
    nobody, time_s = np.full((30, 3), np.nan), np.arange(30) / 25
    assert one(nobody, time_s) == two(nobody, time_s) == mixed(nobody, time_s) == []
    assert one(nobody[:0], time_s[:0]) == two(nobody[:0], time_s[:0]) == mixed(nobody[:0], time_s[:0]) == []
