"""Lasting and primary tracks, on small tables worked out by hand."""

from __future__ import annotations

import polars as pl
import pytest

from affectflow.face.finish_faces import TrackTotals, finish_faces
from affectflow.io.tables import check_table
from affectflow.schema import FACES

FPS = 10


def faces_table(rows: list[tuple[int, int, float]]) -> pl.DataFrame:
    """Rows of (frame, track, height of the square box); track -1 has no face."""
    table = []
    for frame_id, track_id, size in rows:
        valid = track_id >= 0
        row = {c.name: None for c in FACES.columns} | {
            "recording_id": "a",
            "frame_id": frame_id,
            "time_s": frame_id / FPS,
            "track_id": track_id,
            "primary": valid,
            "valid": valid,
        }
        if valid:
            row |= {
                "score": 1.0,
                "detection_score": 0.9,
                "x0_px": 0.0,
                "y0_px": 10.0,
                "x1_px": size,
                "y1_px": 10 + size,
            }
            row["landmarks_px"] = [float(track_id)] * 1434
        table.append(row)
    return pl.DataFrame(table, schema={c.name: c.dtype for c in FACES.columns})


def finished(rows, *, piece_frames: int = 4, min_track_s: float = 0.3):
    """Stream a table in pieces of whole frames through both passes."""
    table, totals = faces_table(rows), TrackTotals(min_track_s=min_track_s)
    n_frames = table["frame_id"].n_unique()
    pieces = [
        table.filter(pl.col("frame_id").is_between(first, first + piece_frames - 1))
        for first in range(0, n_frames, piece_frames)
    ]
    assert [p.equals(q) for p, q in zip(totals.watch(pieces), pieces, strict=True)] == [True] * len(pieces)
    assert totals.n_frames == n_frames
    lasting, primary = totals.lasting_tracks(), totals.primary_tracks()
    result = pl.concat(finish_faces(p, lasting=lasting, primary=primary) for p in pieces)
    return check_table(result, "faces", "test")


def track(track_id: int, frames: range, size: float) -> list[tuple[int, int, float]]:
    return [(i, track_id, size) for i in frames]


def primary_of(table: pl.DataFrame) -> dict[int, bool]:
    """Track → primary; the same in all of its rows."""
    pairs = set(table.filter("valid").select("track_id", "primary").iter_rows())
    assert len(pairs) == len({track_id for track_id, _ in pairs})
    return dict(sorted(pairs))


def test_one_face_is_primary_and_nothing_else_changes():
    rows = track(0, range(9), 50)
    assert finished(rows).equals(faces_table(rows))


def test_the_largest_face_over_time_is_primary():
    # Twice the height in half the frames: 4 × 1/2 = twice the sum of areas.
    rows = sorted(track(0, range(12), 50) + track(1, range(6), 100))
    assert primary_of(finished(rows)) == {0: False, 1: True}
    rows = sorted(track(0, range(12), 50) + track(1, range(4, 6), 100) + track(2, range(9, 12), 60))
    assert primary_of(finished(rows, min_track_s=0.0)) == {0: True, 1: False, 2: False}


def test_a_person_who_comes_back_stays_primary():
    rows = track(0, range(6), 100) + track(-1, range(6, 10), 0) + track(1, range(10, 16), 80)
    assert primary_of(finished(rows)) == {0: True, 1: True}


def test_a_small_face_in_the_background_does_not_stand_in():
    rows = track(0, range(6), 100) + track(1, range(6, 16), 40)
    assert primary_of(finished(rows)) == {0: True, 1: False}


def test_short_finds_are_no_faces_and_the_others_are_counted_anew():
    rows = track(-1, range(2), 0) + track(0, range(2, 4), 60) + track(-1, range(4, 6), 0)
    rows += track(1, range(6, 12), 60) + track(2, range(12, 13), 60) + track(-1, range(13, 16), 0)
    table = finished(rows)
    assert table["frame_id"].to_list() == list(range(16))
    assert table["track_id"].to_list() == [-1] * 6 + [0] * 6 + [-1] * 4
    empty = table.filter(~pl.col("valid"))
    assert empty.select(c.name for c in FACES.columns if c.nullable).null_count().row(0) == (10,) * 7
    assert not empty["primary"].any()
    assert table.filter("valid")["landmarks_px"].arr.first().unique().to_list() == [1.0]


def test_a_short_find_beside_a_true_face_leaves_no_row():
    rows = sorted(track(0, range(12), 60) + track(1, range(3, 4), 50) + track(2, range(3, 4), 50))
    assert finished(rows).equals(faces_table(track(0, range(12), 60)))


def test_two_short_finds_in_one_frame_leave_one_row():
    rows = sorted(track(0, range(1), 60) + track(1, range(1), 60) + track(-1, range(1, 6), 0))
    table = finished(rows)
    assert table["frame_id"].to_list() == list(range(6))
    assert not table["valid"].any()


@pytest.mark.parametrize("n_frames", [1, 2, 5])
def test_a_face_that_is_there_at_the_end_stays(n_frames):
    rows = track(-1, range(3), 0) + track(0, range(3, 3 + n_frames), 60)
    assert finished(rows)["valid"].sum() == n_frames


def test_no_face_at_all():
    rows = track(-1, range(7), 0)
    assert finished(rows).equals(faces_table(rows))
