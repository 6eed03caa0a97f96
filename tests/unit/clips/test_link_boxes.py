"""Which boxes belong together: the worked example in both rules, then gaps, cuts, crossings, each worked out by hand."""

from __future__ import annotations

import polars as pl
import pytest

from affectflow.clips.finish_tracks import number_lasting
from affectflow.clips.link_boxes import follow_one_face, link_boxes

FPS = 25
A, B = (
    {1: (0, 0, 10, 10), 2: (1, 0, 11, 10), 4: (2, 0, 12, 10), 5: (3, 0, 13, 10)},
    {
        2: (50, 0, 60, 10),
        4: (50, 0, 60, 10),
        5: (51, 0, 61, 10),
    },
)
# docs: face-tracking.md, section 2; frame 4 has B first.
EXAMPLE = [
    [("A", A[1])],
    [("A", A[2]), ("B", B[2])],
    [],
    [("B", B[4]), ("A", A[4])],
    [("A", A[5]), ("B", B[5])],
]


def boxes(frames, *, fps=FPS, score=0.9):
    """A table of (name, box) lists, frame after frame; `name` is the truth."""
    rows = []
    for i, found in enumerate(frames):
        for name, box in found or [(None, (None,) * 4)]:
            row = dict(zip(("x0_px", "y0_px", "x1_px", "y1_px"), box, strict=True))
            rows.append(
                {"frame_id": i, "time_s": i / fps, "score": score if name else None, "name": name, **row}
            )
    kinds = {"frame_id": pl.Int32, "time_s": pl.Float64, "score": pl.Float32, "name": pl.String}
    return pl.DataFrame(rows, schema=kinds | dict.fromkeys(("x0_px", "y0_px", "x1_px", "y1_px"), pl.Float32))


def named(table, track_n):
    """Per track, the (name, frame counted from 1) of its boxes."""
    found: dict[int, list[str]] = {}
    for track, name, frame in zip(track_n, table["name"], table["frame_id"], strict=True):
        if track >= 0:
            found.setdefault(int(track), []).append(f"{name}{frame + 1}")
    return found


def test_the_worked_example_by_the_project_s_rule():
    table = boxes(EXAMPLE)
    track_n = link_boxes(table, iou_min=0.5, max_gap_s=2 / FPS)
    assert named(table, track_n) == {0: ["A1", "A2", "A4", "A5"], 1: ["B2", "B4", "B5"]}


def test_the_worked_example_by_the_seed_s_rule():
    table = boxes(EXAMPLE)
    assert named(table, follow_one_face(table)) == {0: ["A1", "A2"], 1: ["B4", "B5"]}


def test_the_seed_s_rule_takes_the_first_box_where_none_shares_half():
    far = (30, 0, 40, 10)
    table = boxes([[("A", A[1])], [("C", far), ("B", B[2])], [("B", B[2]), ("C", far)]])
    assert named(table, follow_one_face(table)) == {0: ["A1"], 1: ["C2", "C3"]}


@pytest.mark.parametrize(("missed", "n_tracks"), [(2, 1), (3, 2)])
def test_a_gap_up_to_the_longest_keeps_the_track(missed, n_tracks):
    table = boxes([[("A", A[1])], *[[]] * missed, [("A", A[1])]])
    # Time from one sighting to the next is one frame more than was missed.
    assert link_boxes(table, max_gap_s=3 / FPS).max() + 1 == n_tracks


def test_after_a_gap_a_face_is_looked_for_where_it_was_heading():
    def at(x):
        return [("A", (x, 0, x + 10, 10))]

    moving = boxes([at(0), at(3), at(6), [], at(12)])
    assert link_boxes(moving).max() == 0
    # Where it was last seen it shares a quarter of the box, less than it takes.
    back = boxes([at(0), at(3), at(6), [], at(2)])
    assert link_boxes(back, return_iou_min=0.5).max() == 1


def test_two_faces_that_meet_keep_their_tracks_whoever_comes_first():
    walk = [(x, 40 - x) for x in range(0, 20, 2)]
    frames = [[("A", (a, 0, a + 20, 20)), ("B", (b, 4, b + 20, 24))] for a, b in walk]
    turned = [f[::-1] if i % 2 else f for i, f in enumerate(frames)]
    table = boxes(turned)
    found = named(table, link_boxes(table))
    assert [{n[0] for n in names} for names in found.values()] == [{"A"}, {"B"}]


def test_a_refused_pair_does_not_keep_a_good_one_away():
    # a-d1 shares 0.45. a-d2 and b-d1 share 0.39 each, too little; together it is more than the one good pair.
    a, b, d1, d2 = ((x, 0, x + 10, 10) for x in (0, 8.2, 3.8, -4.4))
    table = boxes([[("a", a), ("b", b)], [("d", d1), ("e", d2)]])
    assert link_boxes(table, iou_min=0.4).tolist() == [0, 1, 0, 2]


def test_no_track_crosses_a_cut():
    table = boxes([[("A", A[1])]] * 4)
    assert link_boxes(table, cuts={2}).tolist() == [0, 0, 1, 1]


def test_a_faint_face_goes_on_with_a_track_and_starts_none():
    sure, faint = boxes([[("A", A[1])]]), boxes([[("A", A[1])]], score=0.4)
    later = faint.with_columns(pl.col("frame_id") + 1, pl.col("time_s") + 1 / FPS)
    assert link_boxes(pl.concat([sure, later])).tolist() == [0, 0]
    assert link_boxes(pl.concat([faint, later])).tolist() == [-1, -1]


def test_nothing_in_nothing_out():
    for table in (boxes([]), boxes([[], []])):
        assert (link_boxes(table) == -1).all()
        assert (follow_one_face(table) == -1).all()
        assert (number_lasting(table, link_boxes(table)) == -1).all()


def test_short_tracks_go_and_the_others_are_numbered_by_frame_then_area():
    small, large, late = (0, 0, 10, 10), (50, 0, 90, 40), (200, 0, 210, 10)
    frames = [
        [
            ("s", small),
            ("l", large),
            *([("x", late)] if 3 <= i < 7 else []),
            *([("y", (300, 0, 310, 10))] if i >= 4 else []),
        ]
        for i in range(12)
    ]
    table = boxes(frames)
    number = number_lasting(table, link_boxes(table), min_frames=5, min_s=0.2)
    assert {k: v[0][0] for k, v in named(table, number).items()} == {0: "l", 1: "s", 2: "y"}


def test_in_a_clip_shorter_than_the_least_a_face_that_is_there_all_the_time_stays():
    table = boxes([[("A", A[1]), ("B", B[2])], [("A", A[1]), ("B", B[2])], [("A", A[1])]])
    assert named(table, number_lasting(table, link_boxes(table))) == {0: ["A1", "A2", "A3"]}
